"""JSON doors of events."""

from events.api.blueprint import blueprint
from events.api.events import create_event
from events.api.hosts import invite_host
from events.api.registrations import register

__all__ = ["blueprint", "create_event", "invite_host", "register"]
