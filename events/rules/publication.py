"""When an event may appear: every host has signed exactly what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from events.values import EventState, HostState

CHANGEABLE = frozenset(
    {
        EventState.DRAFT,
        EventState.SIGNING,
        EventState.PUBLISHED,
        EventState.CHANGING,
        EventState.POSTPONED,
    }
)
PUBLISHABLE = frozenset(
    {EventState.DRAFT, EventState.SIGNING, EventState.CHANGING, EventState.POSTPONED}
)
POSTPONABLE = frozenset({EventState.PUBLISHED, EventState.CHANGING})


@dataclass(frozen=True, slots=True)
class HostStanding:
    """Where one host stands: its answer, and the content hash it last signed, if any."""

    society: str
    state: HostState
    signed_hash: str | None


def list_missing(hosts: Sequence[HostStanding], *, content_hash: str) -> tuple[str, ...]:
    """Name the hosts whose signature over this very content is missing, in signed order.

    An invited host counts: it stands in the content that the others sign. One that
    declined is no host any more.

    >>> hosts = [HostStanding("comp", HostState.ACCEPTED, "h2"),
    ...          HostStanding("phys", HostState.ACCEPTED, "h1"),
    ...          HostStanding("math", HostState.INVITED, None),
    ...          HostStanding("mech", HostState.DECLINED, None)]
    >>> list_missing(hosts, content_hash="h2")
    ('phys', 'math')
    """
    return tuple(
        host.society
        for host in hosts
        if host.state is not HostState.DECLINED
        and (host.state is not HostState.ACCEPTED or host.signed_hash != content_hash)
    )


def state_after_change(state: EventState) -> EventState:
    """Tell where a material change leads: what was shown stays shown until all sign anew.

    >>> state_after_change(EventState.SIGNING).value, state_after_change(EventState.PUBLISHED).value
    ('draft', 'changing')
    >>> state_after_change(EventState.POSTPONED).value
    'postponed'
    """
    if state in (EventState.DRAFT, EventState.SIGNING):
        return EventState.DRAFT
    return EventState.CHANGING if state is EventState.PUBLISHED else state


def state_after_signature(state: EventState) -> EventState:
    """Tell where a host's signature leads.

    >>> state_after_signature(EventState.DRAFT).value
    'signing'
    >>> state_after_signature(EventState.CHANGING).value
    'changing'
    """
    return EventState.SIGNING if state is EventState.DRAFT else state
