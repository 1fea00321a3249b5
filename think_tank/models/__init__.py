"""Tables of the think tank."""

from think_tank.models.experts import (
    ExpertConflict,
    ExpertConsent,
    ExpertDiscipline,
    ExpertEvidence,
    ExpertImport,
    ExpertLink,
    ExpertRow,
)
from think_tank.models.institutes import InstituteCharter, InstituteRow
from think_tank.models.panels import BriefRow, PanelRow, PanelSeat, SolveRun

__all__ = [
    "BriefRow",
    "ExpertConflict",
    "ExpertConsent",
    "ExpertDiscipline",
    "ExpertEvidence",
    "ExpertImport",
    "ExpertLink",
    "ExpertRow",
    "InstituteCharter",
    "InstituteRow",
    "PanelRow",
    "PanelSeat",
    "SolveRun",
]
