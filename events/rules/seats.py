"""From which counters a person may take a seat, and in which order."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from events.values import Mode, Quota


def choose_mode(event_mode: Mode, wish: Mode | None) -> Mode | None:
    """Settle how a person attends; None when the wish and the event do not fit.

    >>> choose_mode(Mode.ONLINE, None).value, choose_mode(Mode.HYBRID, None)
    ('online', None)
    >>> choose_mode(Mode.HYBRID, Mode.ON_SITE).value, choose_mode(Mode.ONLINE, Mode.ON_SITE)
    ('on_site', None)
    """
    if wish is None:
        return None if event_mode is Mode.HYBRID else event_mode
    if wish is Mode.HYBRID or event_mode not in (wish, Mode.HYBRID):
        return None
    return wish


def rank_quotas(
    quotas: Sequence[Quota], *, mode: Mode, homes: Collection[str], host: str | None = None
) -> tuple[Quota, ...]:
    """Rank the counters to try: her own society's quota first, so the pool lasts longer.

    Args:
        quotas: of the event, in its order.
        mode: how she attends.
        homes: codes of her societies; only their quotas are hers.
        host: the one quota she asks for; the pool is then the last resort.

    >>> quotas = [Quota(None, Mode.ONLINE, 5), Quota("comp", Mode.ONLINE, 2),
    ...           Quota("phys", Mode.ONLINE, 2), Quota(None, Mode.ON_SITE, 9)]
    >>> [quota.host for quota in rank_quotas(quotas, mode=Mode.ONLINE, homes={"phys"})]
    ['phys', None]
    >>> [q.host for q in rank_quotas(quotas, mode=Mode.ONLINE, homes={"phys"}, host="comp")]
    [None]
    """
    fitting = [quota for quota in quotas if quota.mode is mode]
    own = [
        quota
        for quota in fitting
        if quota.host is not None and quota.host in homes and host in (None, quota.host)
    ]
    return (*own, *(quota for quota in fitting if quota.host is None))
