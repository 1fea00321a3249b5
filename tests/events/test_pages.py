import re

import pytest
from flask.testing import FlaskClient

from consortium.kernel.principal import SYSTEM, Principal, acting_as
from consortium.kernel.web import tiles
from events.services import listings, publication, reads
from events.values import EventKind, Mode, Quota
from tests.events.worlds import House, member, stranger
from tests.kernel.counting import count_statements
from tests.kernel.webbing import token_of

FORM = {
    "society": "comp",
    "slug": "small-workshop",
    "title.zh": "",
    "title.en": "Small Workshop",
    "starts_at": "2026-09-01T09:00",
    "ends_at": "2026-09-01T17:30",
    "time_zone": "Asia/Shanghai",
    "mode": "on_site",
    "place": "Hangzhou",
    "currency": "CNY",
    "prices.full": "1200.50",
    "prices.member": "0",
    "seats.on_site": "10",
    "seats.online": "",
}


@pytest.fixture
def browser(client: FlaskClient) -> FlaskClient:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    return client


class Reader:
    """Somebody at a browser; forms are sent with the token of the page before."""

    def __init__(self, browser: FlaskClient, principal: Principal) -> None:
        self.browser = browser
        self.principal = principal
        self.html = ""
        self.status = 0

    def open(self, path: str) -> "Reader":
        with acting_as(self.principal):
            answer = self.browser.get(path, follow_redirects=True)
        self.html, self.status = answer.text, answer.status_code
        return self

    def send(self, path: str, **fields: str) -> "Reader":
        data = {"csrf_token": token_of(self.html), **fields}
        with acting_as(self.principal):
            answer = self.browser.post(path, data=data, follow_redirects=True)
        self.html, self.status = answer.text, answer.status_code
        return self

    def told(self, attribute: str) -> list[str]:
        return re.findall(rf'{attribute}="([^"]*)"', self.html)


def test_the_event_page_shows_hosts_dates_and_prices_to_everybody(
    house: House, browser: FlaskClient
) -> None:
    made = house.publish()
    page = browser.get(f"/events/{made.slug}").text
    assert re.findall(r'data-host="(\w+)"', page) == ["comp", "phys"]
    assert "Organised by" in page
    assert "Co-organised by" in page
    assert "1 Sept 2026, 09:00" in page or "1 Sep 2026, 09:00" in page
    assert "/sign-in?next=/events/" in page
    assert "Your price" not in page
    assert page.count("data-primary") == 1


def test_the_reader_sees_her_price_and_why(house: House, browser: FlaskClient) -> None:
    made = house.publish()
    reader = Reader(browser, member("math")).open(f"/events/{made.slug}")
    assert reader.told("data-category") == ["member"]
    assert reader.told("data-amount") == ["120000"]
    assert reader.told("data-reason") == ["recognised-by-host"]
    assert "Comp Society hosts this event and recognises your membership of Math" in reader.html
    assert 'rel="help" data-why="recognised-by-host"' in reader.html
    other = Reader(browser, member("mech")).open(f"/events/{made.slug}")
    assert (other.told("data-amount"), other.told("data-reason")) == (
        ["200000"],
        ["not-recognised"],
    )


def test_she_registers_sees_her_ticket_and_cancels(house: House, browser: FlaskClient) -> None:
    made = house.publish()
    reader = Reader(browser, member("math")).open(f"/events/{made.slug}")
    reader.send(f"/events/{made.slug}/registrations", mode="on_site")
    assert reader.status == 200
    assert reader.told("data-page") == ["events.show_ticket"]
    assert reader.told("data-status") == ["awaiting_payment"]
    assert reader.told("data-reason") == ["recognised-by-host"]
    (cancel,) = [path for path in reader.told("action") if path.endswith("/cancellation")]
    reader.send(cancel)
    assert reader.told("data-status") == ["cancelled"]
    own = reader.open("/me/registrations")
    assert len(own.told("data-registration")) == 1


def test_a_full_event_says_so_on_its_own_page(house: House, browser: FlaskClient) -> None:
    made = house.publish(quotas=(Quota(None, Mode.ON_SITE, 0),))
    reader = Reader(browser, member("math")).open(f"/events/{made.slug}")
    reader.send(f"/events/{made.slug}/registrations", mode="on_site")
    assert (reader.status, reader.told("data-code")) == (409, ["event-full"])
    assert reader.told("data-page") == ["events.register"]


def test_another_persons_ticket_is_not_found(house: House, browser: FlaskClient) -> None:
    made = house.publish()
    reader = Reader(browser, member("math")).open(f"/events/{made.slug}")
    reader.send(f"/events/{made.slug}/registrations", mode="on_site")
    (cancel,) = [path for path in reader.told("action") if path.endswith("/cancellation")]
    other = Reader(browser, stranger()).open(cancel.removesuffix("/cancellation"))
    assert other.status == 404


def test_an_event_is_made_signed_and_published_at_the_desk(
    house: House, browser: FlaskClient
) -> None:
    comp, phys = Reader(browser, house.comp), Reader(browser, house.phys)
    comp.open("/desk/events/new")
    assert '<option value="comp">Comp Society</option>' in re.sub(" selected", "", comp.html)
    comp.send("/desk/events", **FORM)
    assert (comp.status, comp.told("data-state")) == (200, ["draft"])
    desk = next(path for path in comp.told("action") if path.endswith("/publication"))
    base = desk.removesuffix("/publication")
    comp.send(f"{base}/hosts", society="phys", role="co_organiser")
    comp.send(f"{base}/hosts/comp/signature")
    comp.send(f"{base}/publication")
    assert (comp.status, comp.told("data-code")) == (409, ["signatures-missing"])
    assert comp.told("data-missing") == ["phys"]
    assert comp.html.count("Not yet signed by: Phys Society.") == 2
    assert comp.html.count("data-primary") == 1
    assert phys.open(base).html.count("data-primary") == 1
    phys.send(f"{base}/hosts/phys/signature")
    assert phys.html.count("data-primary") == 1
    assert phys.told("data-signed") == ["yes", "yes"]
    assert comp.open(base).html.count("data-primary") == 1
    comp.send(f"{base}/publication")
    assert comp.told("data-state") == ["published"]
    page = browser.get("/events/small-workshop").text
    assert "1,200.50" in page


def test_a_faulty_form_names_its_fields_and_keeps_what_was_typed(
    house: House, browser: FlaskClient
) -> None:
    reader = Reader(browser, house.comp).open("/desk/events/new")
    reader.send("/desk/events", **(FORM | {"prices.full": "much", "starts_at": "soon"}))
    assert (reader.status, reader.told("data-code")[0]) == (422, "event-content")
    assert 'href="#f-starts_at"' in reader.html
    assert 'href="#f-prices.full"' in reader.html
    assert 'value="Small Workshop"' in reader.html


def test_a_form_names_every_fault_at_its_field(house: House, browser: FlaskClient) -> None:
    faulty = {
        "title.en": "", "place": "Hall\u202e", "starts_at": "soon", "prices.full": "10",
        "prices.member": "20", "slug": "A B", "seats.on_site": "many",
    }  # fmt: skip
    reader = Reader(browser, house.comp).open("/desk/events/new")
    reader.send("/desk/events", **(FORM | faulty))
    named = set(re.findall(r'<a href="#f-([^"]+)"', reader.html))
    assert named == {"title.zh", "place", "starts_at", "prices.member", "slug", "seats.on_site"}
    reader.send("/desk/events", **(FORM | {"currency": "ZZZ"}))
    assert re.findall(r'<a href="#f-([^"]+)"', reader.html) == ["currency"]


def test_a_form_that_is_old_changes_nothing(house: House, browser: FlaskClient) -> None:
    made = house.draft()
    reader = Reader(browser, house.comp).open(f"/desk/events/{made.id}/change")
    fields = dict(re.findall(r'name="([a-z_.]+)"[^>]*value="([^"]*)"', reader.html))
    sent = {k: v for k, v in FORM.items() if k not in ("society", "slug")}
    version = fields["version"]
    reader.send(f"/desk/events/{made.id}/change", **sent, version=version)
    assert reader.status == 200
    reader.send(f"/desk/events/{made.id}/change", **sent, version=version)
    assert (reader.status, reader.told("data-code")) == (412, ["version-mismatch"])


def test_the_leader_sees_who_registered(house: House, browser: FlaskClient) -> None:
    made = house.publish()
    reader = Reader(browser, member("math")).open(f"/events/{made.slug}")
    reader.send(f"/events/{made.slug}/registrations", mode="on_site")
    desk = Reader(browser, house.comp).open(f"/desk/events/{made.id}/registrations")
    assert "张三" in desk.html
    assert Reader(browser, house.phys).open(f"/desk/events/{made.id}/registrations").status == 404


def test_states_are_told_on_the_page(house: House, browser: FlaskClient) -> None:
    made = house.publish()
    publication.postpone_event(house.comp, event_id=made.id)
    assert 'data-state="postponed"' in browser.get(f"/events/{made.slug}").text
    publication.cancel_event(house.comp, event_id=made.id)
    assert 'data-state="cancelled"' in browser.get(f"/events/{made.slug}").text


def test_a_draft_is_not_found_but_by_its_hosts(house: House, browser: FlaskClient) -> None:
    made = house.draft()
    assert browser.get(f"/events/{made.slug}").status_code == 404
    assert Reader(browser, stranger()).open(f"/events/{made.slug}").status == 404
    assert Reader(browser, house.phys).open(f"/events/{made.slug}").status == 200


def test_listed_conferences_stand_apart_and_take_nobody(house: House, browser: FlaskClient) -> None:
    line = (
        '{"title":"FSE","description":"Fast <b>","dblp":"fse","confs":[{"year":2026,"id":"fse26",'
        '"link":"javascript:alert(1)","date":"October, 2026","place":"Rome"}]}'
    )
    listings.import_conferences(SYSTEM, text=line, society="comp")
    (listed,), _more = reads.list_events(kinds=(EventKind.LISTED,))
    assert "FSE 2026" not in browser.get("/events").text
    assert "FSE 2026" in browser.get("/events?kind=listed").text
    page = browser.get(f"/events/{listed.slug}").text
    assert 'data-kind="listed"' in page
    assert "October 2026" in page
    assert "javascript:" not in page
    assert "<b>" not in page.split("<main")[1].split("</h1>")[0]
    assert "<form" not in page.split("<main")[1]


def test_the_list_page_takes_the_same_number_of_statements_however_long(
    house: House, browser: FlaskClient
) -> None:
    seen = []
    for number in range(3):
        house.publish(slug=f"event-{number}")
        if number in (0, 2):
            with count_statements() as statements:
                browser.get("/events")
            seen.append(len(statements))
    assert seen[0] == seen[1]


def test_tiles_show_what_is_public(house: House, browser: FlaskClient) -> None:
    house.draft(slug="hidden-draft", title=reads.Text("", "Hidden"))
    made = house.publish()
    with browser.application.test_request_context("/"):
        drawn = "".join(tiles("home")) + "".join(tiles("society", code="phys"))
    assert drawn.count(f"/events/{made.slug}") == 2
    assert "Hidden" not in drawn


def test_pages_open_in_every_language(house: House, browser: FlaskClient) -> None:
    made = house.publish()
    for language in ("zh-CN", "zh-TW", "en"):
        for path in ("/events?kind=joint", "/events?kind=listed", f"/events/{made.slug}?now"):
            assert browser.get(f"{path}&lang={language}").status_code == 200
