"""Which price a person pays, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from consortium.kernel.errors import N_
from events.values import FULL_PRICE, MEMBER_PRICE, Money, PriceReason, Quote

REASON_TEXTS: Mapping[str, str] = {
    "member-of-host": N_("%(host)s hosts this event and you are its member."),
    "recognised-by-host": N_(
        "%(host)s hosts this event and recognises your membership of %(home)s."
    ),
    "one-price": N_("This event has one price for everybody."),
    "not-a-member": N_("You are not a member of a society that a host of this event recognises."),
    "not-recognised": N_(
        "No host of this event recognises your membership of %(home)s for the member price."
    ),
    "recognition-unknown": N_(
        "%(host)s cannot tell now whether it recognises your membership of %(home)s."
    ),
}


# What recognition says of any benefit, said of this one.
DETAIL_TEXTS: Mapping[str, str] = {
    "no-agreement": N_("No agreement gives members of %(home)s the member price of this event."),
    "benefit-not-covered": N_(
        "The agreement of %(home)s and %(host)s does not cover the member price."
    ),
}

NO_MEMBERSHIP = "no-membership"
# Refusals from the one that she herself can mend to the one that nobody soon will. That no
# agreement exists is said only if nothing else stands in the way anywhere.
_HELPFUL = (
    "consent-missing",
    "dues-unpaid",
    "term-ended",
    "term-suspended",
    "term-not-started",
    "seniority-short",
    "agreement-not-started",
    "agreement-unsigned",
    "home-suspended",
    "host-suspended",
    "grade-not-mapped",
    "class-excluded",
    "recognition-denied",
    "benefit-not-covered",
    "agreement-ended",
    "home-expelled",
    "host-expelled",
    "no-agreement",
)


@dataclass(frozen=True, slots=True)
class HostAnswer:
    """What a recognition decision says for one host of the event.

    `recognised` is None when it is unknown because a fact is stale; `home` is the
    society whose membership it is about (the host itself for its own member) and
    `code` the decision's first reason, with the codes and instants in it as `params`.
    """

    host: str
    recognised: bool | None
    home: str | None
    code: str
    params: Mapping[str, str] = field(default_factory=dict, hash=False)


def select_price(prices: Mapping[str, Money], *, answers: Sequence[HostAnswer]) -> Quote:
    """Select the price: member price for a member of a host or one whom a host recognises.

    Args:
        prices: by category; `full` is always there.
        answers: for hosts that accepted, in the order of hosts.

    >>> prices = {"full": Money(200_000, "CNY"), "member": Money(120_000, "CNY")}
    >>> yes = HostAnswer("comp", True, "math", "recognised")
    >>> no = HostAnswer("phys", False, "math", "no-agreement")
    >>> quote = select_price(prices, answers=[no, yes])
    >>> quote.price.amount, quote.reason.code, quote.reason.host, quote.reason.home
    (120000, 'recognised-by-host', 'comp', 'math')
    >>> quote = select_price(prices, answers=[no])
    >>> quote.price.amount, quote.reason.code, quote.reason.detail
    (200000, 'not-recognised', 'no-agreement')
    >>> own = HostAnswer("phys", True, "phys", "own-member")
    >>> select_price(prices, answers=[yes, own]).reason.code
    'member-of-host'
    >>> select_price(prices, answers=[HostAnswer("comp", False, None, NO_MEMBERSHIP)]).reason.code
    'not-a-member'
    """
    if MEMBER_PRICE not in prices:
        return Quote(FULL_PRICE, prices[FULL_PRICE], PriceReason("one-price"))
    best = select_answer(answers)
    if best is None:
        return Quote(FULL_PRICE, prices[FULL_PRICE], PriceReason("not-a-member"))
    code = _reason_code(best)
    category = MEMBER_PRICE if best.recognised else FULL_PRICE
    params = {} if best.recognised else dict(best.params)
    reason = PriceReason(code, host=best.host, home=best.home, detail=best.code, params=params)
    return Quote(category, prices[category], reason)


def select_answer(answers: Sequence[HostAnswer]) -> HostAnswer | None:
    """Select the answer that settles the price; the first one wins a tie.

    A host's own member comes before one whom a host recognises, that before an unknown
    that may yet change, that before a refusal, and one without any membership last. Of
    refusals that comes first which she can do most about.

    >>> ended = HostAnswer("phys", False, "math", "term-ended")
    >>> select_answer([HostAnswer("comp", False, "mech", "no-agreement"), ended]).code
    'term-ended'
    """
    return min(answers, key=lambda answer: (_order(answer), _rank(answer.code)), default=None)


def _rank(code: str) -> int:
    return _HELPFUL.index(code) if code in _HELPFUL else len(_HELPFUL)


def _order(answer: HostAnswer) -> int:
    if answer.recognised:
        return 0 if answer.home == answer.host else 1
    if answer.recognised is None:
        return 2
    return 4 if answer.code == NO_MEMBERSHIP else 3


def _reason_code(answer: HostAnswer) -> str:
    codes = (
        "member-of-host",
        "recognised-by-host",
        "recognition-unknown",
        "not-recognised",
        "not-a-member",
    )
    return codes[_order(answer)]
