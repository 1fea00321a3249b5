"""JSON doors of membership."""

from membership.api.agreements import blueprint as agreements
from membership.api.recognitions import blueprint as recognitions

BLUEPRINTS = (recognitions, agreements)
