"""Who may do what to events: pure questions about a principal."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from consortium.kernel.principal import API_SCOPE, Principal

_OFFICES = ("secretary", "organiser")


def find_office(principal: Principal, society: str) -> str | None:
    """Name the office by which a person acts for a society, the higher one first.

    >>> from consortium.kernel.principal import Grant
    >>> find_office(Principal(grants=(Grant("organiser", "society", "comp"),)), "comp")
    'organiser'
    """
    for office in _OFFICES:
        if principal.holds(office, "society", society):
            return office
    return None


def may_create_event(principal: Principal, society: str) -> bool:
    """Tell whether the principal may make an event in a society's name.

    A program needs the scope; by itself it acts for the society that owns it and for no
    other, and for a person it may do what her office allows.
    """
    if principal.client_id is not None and API_SCOPE not in principal.scopes:
        return False
    if principal.person_id is None:
        return principal.client_id is not None and principal.society == society
    return find_office(principal, society) is not None


def may_manage_event(principal: Principal, *, society: str | None, event_id: UUID) -> bool:
    """Tell whether the principal may change, publish or cancel: the leading society's office."""
    if society is None:
        return False
    if principal.client_id is None and principal.holds("organiser", "event", str(event_id)):
        return True
    return may_create_event(principal, society)


def may_answer_for(principal: Principal, society: str) -> bool:
    """Tell whether the principal may accept or decline an invitation in a society's name."""
    return may_create_event(principal, society)


def may_sign_for(principal: Principal, society: str) -> bool:
    """Tell whether the principal may sign with a society's key: a named officer, in person.

    No program signs, whatever its scopes.
    """
    return (
        principal.client_id is None
        and principal.person_id is not None
        and find_office(principal, society) is not None
    )


def may_list_conferences(principal: Principal, society: str | None) -> bool:
    """Tell whether the principal may import conferences: the operator's command, or an office."""
    if principal.is_system or principal.holds("operator", "node"):
        return True
    return society is not None and may_create_event(principal, society)


def may_see_draft(
    principal: Principal, *, society: str | None, event_id: UUID, hosts: Collection[str]
) -> bool:
    """Tell whether the principal may see what is not public yet: an office of any host."""
    if may_manage_event(principal, society=society, event_id=event_id):
        return True
    return any(may_create_event(principal, host) for host in hosts)


def may_register(
    principal: Principal, *, person_id: UUID, person_societies: Collection[str]
) -> bool:
    """Tell whether the principal may register, or cancel for, a person.

    She may by session; a program that acts for her needs the scope; a program by
    itself needs the scope and registers members of its own society only. Officers
    register nobody else: that is for delegates whom the person has confirmed.
    """
    if principal.person_id is not None:
        in_session = principal.client_id is None
        return principal.person_id == person_id and (in_session or API_SCOPE in principal.scopes)
    if principal.client_id is None or API_SCOPE not in principal.scopes:
        return False
    return principal.society is not None and principal.society in person_societies
