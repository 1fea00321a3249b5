"""Who may do what in the think tank: pure questions about a principal."""

from consortium.kernel.principal import Principal


def may_found_institute(principal: Principal, consortium: str) -> bool:
    """Say whether the principal may found an institute of a consortium.

    >>> from consortium.kernel.principal import Grant
    >>> may_found_institute(Principal(grants=(Grant("coordinator", "consortium", "demo"),)), "demo")
    True
    """
    return principal.is_system or any(
        principal.holds(role, "consortium", consortium) for role in ("coordinator", "secretariat")
    )


def may_coordinate(principal: Principal, *, institute: str, consortium: str) -> bool:
    """Say whether the principal may write briefs, solve them and seat panels of an institute.

    Args:
        institute: the institute's id as text, the key of `coordinator` grants over it.

    >>> from consortium.kernel.principal import ANONYMOUS
    >>> may_coordinate(ANONYMOUS, institute="i", consortium="demo")
    False
    """
    return (
        principal.is_system
        or principal.holds("coordinator", "consortium", consortium)
        or principal.holds("coordinator", "institute", institute)
    )


def may_import_experts(principal: Principal, society: str) -> bool:
    """Say whether the principal may enter a society's experts and the consents it holds."""
    return principal.is_system or principal.holds("secretary", "society", society)


def may_search_experts(principal: Principal) -> bool:
    """Say whether the principal may search the pool: coordinators, secretaries, programs.

    A program is found by the society that owns it. Nobody finds an expert without her consent.

    >>> may_search_experts(Principal(client_id="c", society="comp", scopes=frozenset({"api"})))
    True
    >>> may_search_experts(Principal(client_id="c"))
    False
    """
    if principal.is_system or principal.speaks_for is not None:
        return True
    roles = {("coordinator", "consortium"), ("coordinator", "institute"), ("secretary", "society")}
    held = {(grant.role, grant.kind) for grant in principal.grants}
    return not held.isdisjoint(roles | {("secretariat", "consortium"), ("operator", "node")})


def may_record_conflicts(principal: Principal) -> bool:
    """Say whether the principal may record conflicts of interest between experts."""
    held = {(grant.role, grant.kind) for grant in principal.grants}
    return principal.is_system or not held.isdisjoint(
        {("coordinator", "consortium"), ("operator", "node")}
    )
