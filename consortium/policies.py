"""Who may do what to the register: pure, tested as tables of actor, role and verdict."""

from consortium.kernel.principal import Principal

FEED_SCOPE = "feed:read"


def may_register(principal: Principal) -> bool:
    """Register and correct organisations: the operator of the node.

    >>> may_register(Principal())
    False
    """
    return principal.is_system or principal.holds("operator", "node")


def may_govern(principal: Principal, consortium: str) -> bool:
    """Admit, suspend, restore, expel, adopt a charter: the consortium's secretariat."""
    return may_register(principal) or principal.holds("secretariat", "consortium", consortium)


def may_keep_branches(principal: Principal, society: str) -> bool:
    """Add branches of a society: its own administrators and secretary."""
    offices = ("secretary", "society_admin")
    return may_register(principal) or any(
        principal.holds(role, "society", society) for role in offices
    )


def may_keep_peers(principal: Principal) -> bool:
    """Add, pause and remove peers, run links: the operator of the node."""
    return principal.is_system or principal.holds("operator", "node")


def may_see_links(principal: Principal, society: str | None = None) -> bool:
    """See whether sync is healthy: the operator, and each society's secretary."""
    if may_keep_peers(principal):
        return True
    return society is not None and principal.holds("secretary", "society", society)


def may_read_every_topic(principal: Principal) -> bool:
    """Read the whole feed as it is: the operator, and a program of the node itself.

    Neither reads it by a token that was given for something else.

    >>> reads = frozenset({"feed:read"})
    >>> may_read_every_topic(Principal(client_id="c", scopes=reads))
    True
    >>> may_read_every_topic(Principal(client_id="c", society="math", scopes=reads))
    False
    >>> may_read_every_topic(Principal(client_id="c", scopes=frozenset({"api"})))
    False
    """
    if principal.client_id is None:
        return may_keep_peers(principal)
    return may_read_feed(principal) and principal.society is None


def may_read_feed(principal: Principal) -> bool:
    """Read the feed's public topics: a program whose token has the scope `feed:read`.

    >>> may_read_feed(Principal(client_id="c", scopes=frozenset({"feed:read"})))
    True
    """
    return principal.client_id is not None and FEED_SCOPE in principal.scopes
