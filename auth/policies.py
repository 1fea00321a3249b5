"""Who may do what in auth: pure questions over principals."""

from consortium.kernel.principal import Principal

OBJECT_KINDS = frozenset({"branch", "event", "institute"})
"""Places that an upper package owns; it has decided by its own policy before it asks."""


def is_operator(principal: Principal) -> bool:
    """Whether somebody runs the node: the system itself or an operator."""
    return principal.is_system or principal.holds("operator", "node")


def may_grant_role(principal: Principal, *, kind: str, key: str) -> bool:
    """Whether somebody may give or end roles over a place.

    A society's administrator gives roles over it, a consortium's secretariat over that; the
    node's are the operator's.

    >>> from consortium.kernel.principal import SYSTEM, ANONYMOUS
    >>> may_grant_role(SYSTEM, kind="node", key=""), may_grant_role(ANONYMOUS, kind="node", key="")
    (True, False)
    """
    if is_operator(principal):
        return True
    if kind == "society":
        return principal.holds("society_admin", "society", key)
    if kind == "consortium":
        return principal.holds("secretariat", "consortium", key)
    return kind in OBJECT_KINDS and not principal.is_anonymous


def may_manage_clients(principal: Principal, society: str | None) -> bool:
    """Whether somebody may register, change or remove clients of a society (None: the node)."""
    if is_operator(principal):
        return True
    return society is not None and principal.holds("society_admin", "society", society)


def may_manage_accounts(principal: Principal) -> bool:
    """Whether somebody may open accounts and set passwords of others."""
    return is_operator(principal)
