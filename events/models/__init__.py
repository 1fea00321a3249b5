"""Tables of events."""

from events.models.event import Event, EventHost, EventRevision, EventSignature
from events.models.registration import EventQuota, Registration

__all__ = [
    "Event",
    "EventHost",
    "EventQuota",
    "EventRevision",
    "EventSignature",
    "Registration",
]
