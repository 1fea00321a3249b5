"""Who may do what in membership: pure questions about a principal."""

from consortium.kernel.principal import Principal


def may_keep_roster(principal: Principal, society: str) -> bool:
    """Say whether the principal may read and change a society's member files.

    >>> from consortium.kernel.principal import ANONYMOUS, Grant, Principal
    >>> may_keep_roster(Principal(grants=(Grant("secretary", "society", "math"),)), "math")
    True
    >>> may_keep_roster(Principal(grants=(Grant("secretary", "society", "math"),)), "phys")
    False
    """
    return principal.is_system or any(
        principal.holds(role, "society", society) for role in ("secretary", "society_admin")
    )


def may_draft_agreement(principal: Principal, society: str) -> bool:
    """Say whether the principal may draft, version or end an agreement for a society.

    >>> from consortium.kernel.principal import Grant, Principal
    >>> may_draft_agreement(Principal(grants=(Grant("organiser", "society", "math"),)), "math")
    False
    """
    return principal.is_system or principal.holds("secretary", "society", society)


def may_sign_agreement(principal: Principal, society: str) -> bool:
    """Say whether the principal may seal a text: only the society's secretary, in person.

    >>> from consortium.kernel.principal import SYSTEM
    >>> may_sign_agreement(SYSTEM, "math")
    False
    """
    return principal.person_id is not None and principal.holds("secretary", "society", society)


def may_ask_recognition(principal: Principal, *, person_society: str, host: str) -> bool:
    """Say whether a program or officer may ask how a member of one society stands at a host.

    The host and the home society may ask; so may the node's operator. A program speaks for the
    society that owns it.

    >>> from consortium.kernel.principal import Principal
    >>> program = Principal(client_id="c", society="comp", scopes=frozenset({"api"}))
    >>> may_ask_recognition(program, person_society="math", host="comp")
    True
    >>> may_ask_recognition(program, person_society="math", host="mech")
    False
    """
    if principal.is_system or principal.holds("operator", "node"):
        return True
    concerned = {person_society, host}
    if principal.speaks_for in concerned:
        return True
    return any(
        principal.holds(role, "society", society)
        for role in ("secretary", "organiser", "society_admin")
        for society in concerned
    )


def may_replay_decisions(principal: Principal) -> bool:
    """Say whether the principal may re-run kept decisions: the system and the operator.

    >>> from consortium.kernel.principal import ANONYMOUS
    >>> may_replay_decisions(ANONYMOUS)
    False
    """
    return principal.is_system or principal.holds("operator", "node")
