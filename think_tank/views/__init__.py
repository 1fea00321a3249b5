"""Pages of the think tank."""

from think_tank.views import consent, desk, public
from think_tank.views.blueprint import blueprint

__all__ = ["blueprint", "consent", "desk", "public"]
