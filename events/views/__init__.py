"""Pages of events."""

from events.views.blueprint import blueprint
from events.views.desk import show_desk
from events.views.desk_hosts import invite_host
from events.views.public import list_events

__all__ = ["blueprint", "invite_host", "list_events", "show_desk"]
