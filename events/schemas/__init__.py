"""What the API takes in and gives out."""

from events.schemas.events import (
    EventHostIn,
    EventIn,
    EventListIn,
    EventOut,
    EventPatch,
    EventSeatsOut,
    EventSignatureIn,
    EventSignatureListOut,
    EventSummaryOut,
)
from events.schemas.registrations import RegistrationIn, RegistrationOut

__all__ = [
    "EventHostIn",
    "EventIn",
    "EventListIn",
    "EventOut",
    "EventPatch",
    "EventSeatsOut",
    "EventSignatureIn",
    "EventSignatureListOut",
    "EventSummaryOut",
    "RegistrationIn",
    "RegistrationOut",
]
