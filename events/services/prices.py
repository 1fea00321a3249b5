"""What a person pays for an event now, decided by recognition at each host."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from consortium.kernel.clock import read_now
from consortium.kernel.principal import ANONYMOUS, Principal
from consortium.kernel.unit_of_work import UnitOfWork, reading
from events.rules.pricing import NO_MEMBERSHIP, HostAnswer, select_price
from events.services.reads import get_event
from events.values import MEMBER_PRICE, Content, HostRole, Quote
from membership.services import recognitions
from membership.values import RecognitionDecision

BENEFIT = "member-price"
PURPOSE = "events.registration"
# Supporters and media lend their name; they do not set the price.
PRICING_ROLES = frozenset(
    {HostRole.GUIDE, HostRole.ORGANISER, HostRole.EXECUTOR, HostRole.CO_ORGANISER}
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A quote, the decision it rests on if there was one to make, and her host societies."""

    quote: Quote
    decision: RecognitionDecision | None
    homes: frozenset[str]


def make_offer(person_id: UUID, content: Content, *, at: datetime) -> Offer:
    """Decide recognition at each host that sets the price, and quote by it.

    Hosts are asked although there is one price only: a host's own quota is for its
    own members.
    """
    asks = MEMBER_PRICE in content.prices or any(quota.host for quota in content.quotas)
    hosts = [each.society for each in content.hosts if asks and each.role in PRICING_ROLES]
    made = recognitions.decide_recognitions(person_id, hosts, BENEFIT, at) if hosts else ()
    decisions = {decision.host: decision for decision in made}
    answers = [_answer(host, decision) for host, decision in decisions.items()]
    quote = select_price(content.prices, answers=answers)
    homes = {answer.host for answer in answers if answer.recognised and answer.home == answer.host}
    return Offer(quote, decisions.get(quote.reason.host or ""), frozenset(homes))


def _answer(host: str, decision: RecognitionDecision) -> HostAnswer:
    code = decision.reason.code
    home = decision.home or decision.reason.params.get("home")
    return HostAnswer(
        host=host,
        recognised=decision.recognised,
        home=None if code == NO_MEMBERSHIP else home,
        code=code,
        params={**decision.reason.params, **decision.reason.hints},
    )


def keep_decision(uow: UnitOfWork, offer: Offer) -> Quote:
    """Keep the decision behind an offer, so that its price can be replayed."""
    if offer.decision is None:
        return offer.quote
    kept = recognitions.record_decision(uow, offer.decision, purpose=PURPOSE)
    reason = replace(offer.quote.reason, decision_id=str(kept))
    return replace(offer.quote, reason=reason)


@reading
def quote_price(principal: Principal, *, event_id: UUID) -> Quote | None:
    """Quote what the signed-in person would pay now; None for nobody.

    Raises:
        NotFound: no such public event.
    """
    if principal.person_id is None:
        return None
    event = get_event(ANONYMOUS, event_id=event_id)
    return make_offer(principal.person_id, event.content, at=read_now()).quote
