"""The full price is told with the reason that she can do most about, in names and her language."""

import json
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from consortium.kernel.clock import FixedClock
from consortium.kernel.principal import SYSTEM, Principal, acting_as
from events.rules.pricing import HostAnswer, select_answer
from events.services import registrations
from events.values import PriceReason
from events.wording import explain_prices
from membership.services import people_refs, terms
from tests.events.test_jobs import suspend
from tests.events.worlds import ENDS, House, member
from tests.kernel.counting import count_statements
from tests.membership import houses

LATER = {"starts_at": ENDS + timedelta(days=400), "ends_at": ENDS + timedelta(days=500)}


def read(client: FlaskClient, principal: Principal, path: str, lang: str = "en") -> str:
    with acting_as(principal):
        return client.get(f"{path}?lang={lang}", headers={"Accept": "text/html"}).text


def lapsed(house: House, clock: FixedClock) -> Principal:
    """A member of math, whom comp recognised until her term ended."""
    principal = member("math")
    clock.advance(days=400)
    return principal


def cut_short(house: House, clock: FixedClock) -> Principal:
    """A member whose society ended her term."""
    principal = member("math")
    chosen = terms.find_term_to_end(SYSTEM, society="math", member_number=number_of(principal))
    terms.end_term(SYSTEM, term_id=chosen)
    return principal


def number_of(principal: Principal) -> str:
    assert principal.person_id is not None
    return (people_refs.ref_of(principal.person_id) or "").partition(":")[2]


def suspended(house: House, clock: FixedClock) -> Principal:
    """A member of a society whose standing is suspended."""
    principal = member("math")
    suspend("math")
    return principal


def unallied(house: House, clock: FixedClock) -> Principal:
    """A member of a society with which no host has an agreement."""
    return member("mech")


def ungraded(house: House, clock: FixedClock) -> Principal:
    """A member in a grade that the agreement does not cover."""
    term = houses.join("math", "M-7", grade="fellow")
    return Principal(person_id=houses.person_of(term))


TOLD: list[tuple[Any, str, str, str]] = [
    (
        lapsed,
        "term-ended",
        "Your membership of Math Society ended on 2027-01-01. Renew it there.",
        "您在math学会的会籍已于 2027-01-01 到期。请向该学会续期。",
    ),
    (
        cut_short,
        "term-ended",
        "Math Society ended your membership on 2026-06-01. Ask its office.",
        "math学会已于 2026-06-01 终止您的会籍。请与该学会联系。",
    ),
    (
        unallied,
        "no-agreement",
        "No agreement gives members of Mech Society the member price of this event.",
        "没有互认协议使mech学会的会员享受本活动的会员价。",
    ),
    (
        suspended,
        "home-suspended",
        "The standing of Math Society is suspended, and with it recognition.",
        "math学会的成员资格已暂停，互认随之暂停。",
    ),
    (
        ungraded,
        "grade-not-mapped",
        "The agreement of Math Society and Comp Society does not cover your grade Fellow.",
        "math学会与comp学会的协议不包括您的会员级别“会士”。",
    ),
]


@pytest.mark.parametrize(("who", "detail", "english", "chinese"), TOLD)
def test_her_full_price_says_what_is_true_of_her(
    house: House, client: FlaskClient, clock: FixedClock,
    who: Any, detail: str, english: str, chinese: str,
) -> None:  # fmt: skip
    made = house.publish(**LATER)
    principal = who(house, clock)
    for lang, sentence in (("en", english), ("zh-CN", chinese)):
        page = read(client, principal, f"/events/{made.slug}", lang)
        assert 'data-reason="not-recognised"' in page
        assert sentence in page
    assert principal.person_id is not None
    ticket = registrations.register(principal, event_id=made.id, person_id=principal.person_id)
    assert ticket.price_reason.detail == detail
    path = f"/events/{made.slug}/registrations/{ticket.id}"
    assert english in read(client, principal, path)
    assert english in read(client, principal, "/me/registrations")
    with acting_as(principal):
        answer = client.get(
            f"/api/v1/events/{made.id}/registrations/{ticket.id}",
            headers={"Authorization": "Bearer t", "Accept-Language": "en"},
        )
    told = json.loads(answer.text)["price_reason"]
    assert (told["code"], told["detail"]) == ("not-recognised", detail)
    assert english in told["text"]


def test_the_organiser_reads_no_more_of_her_file_than_before(
    house: House, client: FlaskClient, clock: FixedClock
) -> None:
    made = house.publish(**LATER)
    principal = lapsed(house, clock)
    assert principal.person_id is not None
    registrations.register(principal, event_id=made.id, person_id=principal.person_id)
    desk = read(client, house.comp, f"/desk/events/{made.id}/registrations")
    assert "ended on" not in desk
    assert "No host of this event recognises your membership of Math Society" in desk


def test_her_list_takes_the_same_number_of_statements_however_long(
    house: House, client: FlaskClient, clock: FixedClock
) -> None:
    made = [house.publish(slug=f"event-{number}", **LATER) for number in range(3)]
    principal = lapsed(house, clock)
    assert principal.person_id is not None
    seen = []
    for few in (made[:1], made[1:]):
        for event in few:
            registrations.register(principal, event_id=event.id, person_id=principal.person_id)
        with count_statements() as statements:
            assert "ended on" in read(client, principal, "/me/registrations")
        seen.append(len(statements))
    assert seen[0] == seen[1]


def test_of_several_hosts_reasons_she_reads_what_she_can_mend() -> None:
    answers = [
        HostAnswer("comp", False, "mech", "no-agreement"),
        HostAnswer("phys", False, "math", "home-suspended"),
        HostAnswer("mech", False, "math", "dues-unpaid"),
    ]
    for hidden, best in ((3, "dues-unpaid"), (2, "home-suspended"), (1, "no-agreement")):
        found = select_answer(answers[:hidden])
        assert found is not None
        assert found.code == best


def test_a_registration_from_before_keeps_its_general_reason(house: House) -> None:
    old = PriceReason("not-recognised", host="comp", home="math", detail="term-ended")
    assert explain_prices([old]) == ["本活动的举办单位均未承认您在math学会的会员身份可享会员价。"]


def test_a_reason_that_cannot_be_told_yet_says_both(house: House) -> None:
    stale = PriceReason(
        "recognition-unknown", host="comp", home="math", detail="facts-stale",
        params={"home": "math", "host": "comp", "since": "2026-01-01T00:00:00Z"},
    )  # fmt: skip
    (told,) = explain_prices([stale])
    assert told.startswith("comp学会目前无法判断是否承认您在math学会的会员身份。")
    assert told.count("math学会") == 2
