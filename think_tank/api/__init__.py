"""JSON doors of the think tank."""

from think_tank.api.experts import blueprint as experts
from think_tank.api.institutes import blueprint as institutes
from think_tank.api.panels import blueprint as panels
from think_tank.api.solves import blueprint as solves

BLUEPRINTS = (institutes, experts, solves, panels)
