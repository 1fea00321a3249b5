from typing import Any

import pytest
from flask.testing import FlaskClient

from consortium.kernel.principal import Principal, acting_as
from consortium.kernel.signing import public_keys, verify_json
from events.rules.content import LARGEST_AMOUNT
from tests.events.worlds import House, member, program, stranger
from tests.kernel.counting import count_statements

EVENT = {
    "title": {"zh": "联合大会", "en": "Joint Congress"},
    "slug": "joint-congress",
    "starts_at": "2026-09-01T01:00:00Z",
    "ends_at": "2026-09-03T09:30:00Z",
    "time_zone": "Asia/Shanghai",
    "mode": "on_site",
    "place": "Hangzhou",
    "prices": {
        "full": {"amount": 200000, "currency": "CNY"},
        "member": {"amount": 120000, "currency": "CNY"},
    },
    "quotas": [{"host": None, "mode": "on_site", "seats": 2, "release_at": None}],
    "split": {"comp": "1/2", "phys": "1/2"},
}


class Caller:
    """A client of the API that acts for somebody."""

    def __init__(self, client: FlaskClient, principal: Principal) -> None:
        self.client = client
        self.principal = principal

    def __call__(self, method: str, path: str, json: Any = None, **headers: str) -> Any:
        # A token is sent on purpose, so no CSRF token is asked; who it is for is set here.
        sent = {"Authorization": "Bearer test", "Accept-Language": "en"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        with acting_as(self.principal):
            return self.client.open(f"/api/v1/events{path}", method=method, json=json, headers=sent)


@pytest.fixture
def published(house: House, client: FlaskClient) -> str:
    comp, phys = Caller(client, house.comp), Caller(client, house.phys)
    made = comp("POST", "", EVENT)
    assert made.status_code == 201, made.json
    path = f"/{made.json['id']}"
    invited = comp("POST", f"{path}/hosts", {"society": "phys", "role": "co_organiser"})
    assert (invited.status_code, invited.json["missing"]) == (201, ["comp", "phys"])
    assert comp("POST", f"{path}/hosts/comp/signature").status_code == 201
    refused = comp("POST", f"{path}/publication")
    assert (refused.status_code, refused.json["code"]) == (409, "signatures-missing")
    assert refused.json["missing"] == ["phys"]
    assert phys("POST", f"{path}/hosts/phys/signature", {}).json["missing"] == []
    shown = comp("POST", f"{path}/publication")
    assert (shown.status_code, shown.json["state"]) == (200, "published")
    return path


def test_an_event_goes_from_draft_to_public_over_http(published: str, client: FlaskClient) -> None:
    found = client.get(f"/api/v1/events{published}").json
    assert {name: found[name] for name in EVENT} == EVENT
    assert [(host["society"], host["signed"]) for host in found["hosts"]] == [
        ("comp", True),
        ("phys", True),
    ]
    page = client.get("/api/v1/events").json
    assert ([item["id"] for item in page["items"]], page["next"]) == ([found["id"]], None)


def test_registration_answers_with_price_and_reason(
    published: str, client: FlaskClient, house: House
) -> None:
    made = Caller(client, member("math"))("POST", f"{published}/registrations", {})
    assert (made.status_code, made.json["status"]) == (201, "awaiting_payment")
    assert made.json["price"] == {"amount": 120000, "currency": "CNY"}
    assert made.json["price_reason"]["code"] == "recognised-by-host"
    assert "Comp Society" in made.json["price_reason"]["text"]
    full = Caller(client, member("mech"))("POST", f"{published}/registrations", {"mode": "on_site"})
    assert full.json["price"] == {"amount": 200000, "currency": "CNY"}
    refused = Caller(client, stranger())("POST", f"{published}/registrations", {})
    assert (refused.status_code, refused.json["code"]) == (409, "event-full")
    seats = client.get(f"/api/v1/events{published}/seats").json
    assert seats == {
        "pool": {"host": None, "quota": 2, "taken": 2, "held": 0, "released": 0, "free": 0},
        "pools": [
            {
                "host": None,
                "mode": "on_site",
                "quota": 2,
                "taken": 2,
                "held": 0,
                "released": 0,
                "free": 0,
            }
        ],
        "hosts": [],
        "waiting": 0,
    }


def test_one_key_takes_one_seat(published: str, client: FlaskClient, house: House) -> None:
    caller = Caller(client, member("math"))
    first = caller("POST", f"{published}/registrations", {}, Idempotency_Key="k1")
    again = caller("POST", f"{published}/registrations", {}, Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    other = caller("POST", f"{published}/registrations", {"mode": "on_site"}, Idempotency_Key="k1")
    assert (other.status_code, other.json["code"]) == (422, "idempotency-key-reused")
    assert client.get(f"/api/v1/events{published}/seats").json["pool"]["taken"] == 1


def test_a_registration_is_cancelled_by_delete(
    published: str, client: FlaskClient, house: House
) -> None:
    caller = Caller(client, member("math"))
    made = caller("POST", f"{published}/registrations", {}).json
    path = f"{published}/registrations/{made['id']}"
    assert caller("GET", path).json == made
    assert [caller("DELETE", path).status_code for _ in range(2)] == [204, 204]
    assert caller("GET", path).json["status"] == "cancelled"
    assert client.get(f"/api/v1/events{published}/seats").json["pool"]["taken"] == 0
    assert Caller(client, stranger())("DELETE", path).status_code == 404
    assert caller("GET", f"/{made['id']}/registrations/{made['id']}").status_code == 404


def test_a_program_registers_members_of_its_own_society(
    published: str, client: FlaskClient, house: House
) -> None:
    member("math", "M-9")
    own = Caller(client, program("math", "api"))
    made = own("POST", f"{published}/registrations", {"person": "math:M-9"})
    assert made.status_code == 201, made.json
    missing = own("POST", f"{published}/registrations", {})
    assert (missing.status_code, missing.json["errors"][0]["pointer"]) == (422, "/person")
    other = Caller(client, program("comp", "api"))
    refused = other("POST", f"{published}/registrations", {"person": "math:M-9"})
    nobody = other("POST", f"{published}/registrations", {"person": "math:M-0"})
    assert (refused.status_code, refused.json) == (404, nobody.json)


def test_a_change_needs_the_version_that_was_read(
    published: str, client: FlaskClient, house: House
) -> None:
    comp = Caller(client, house.comp)
    read = comp("GET", published)
    tag = read.headers["ETag"]
    without = comp("PATCH", published, {"place": "Ningbo"})
    assert (without.status_code, without.json["code"]) == (428, "precondition-required")
    changed = comp("PATCH", published, {"place": "Ningbo"}, If_Match=tag)
    assert (changed.status_code, changed.json["state"]) == (200, "changing")
    assert changed.json["missing"] == ["comp", "phys"]
    late = comp("PATCH", published, {"place": "Jinan"}, If_Match=tag)
    assert (late.status_code, late.json["code"]) == (412, "version-mismatch")
    public = client.get(f"/api/v1/events{published}").json
    assert (public["place"], public["state"], public["missing"]) == ("Hangzhou", "changing", [])


def test_anybody_verifies_the_signatures(published: str, client: FlaskClient) -> None:
    found = client.get(f"/api/v1/events{published}/signatures").json
    assert [row["society"] for row in found["signatures"]] == ["comp", "phys"]
    for row in found["signatures"]:
        assert row["payload"]["content_hash"] == found["content_hash"]
        keys = public_keys(row["society"])
        assert verify_json(keys, row["payload"], row["jws"]) is not None


def test_a_host_answers_over_http(house: House, client: FlaskClient) -> None:
    comp, phys = Caller(client, house.comp), Caller(client, house.phys)
    path = f"/{comp('POST', '', EVENT).json['id']}"
    comp("POST", f"{path}/hosts", {"society": "phys"})
    accepted = phys("POST", f"{path}/hosts/phys/acceptance")
    assert [host["state"] for host in accepted.json["hosts"]] == ["accepted", "accepted"]
    declined = phys("POST", f"{path}/hosts/phys/refusal")
    assert declined.status_code == 200
    twice = comp("POST", f"{path}/hosts", {"society": "comp"})
    assert (twice.status_code, twice.json["code"]) == (409, "host-invited-already")
    unknown = comp("POST", f"{path}/hosts", {"society": "nobody"})
    assert unknown.status_code == 404


def test_cancellation_over_http(published: str, client: FlaskClient, house: House) -> None:
    comp = Caller(client, house.comp)
    assert comp("POST", f"{published}/postponement").json["state"] == "postponed"
    assert comp("POST", f"{published}/cancellation").json["state"] == "cancelled"
    refused = Caller(client, member("math"))("POST", f"{published}/registrations", {})
    assert (refused.status_code, refused.json["code"]) == (409, "registration-closed")


def test_cancellation_of_a_version_that_is_not_any_more_is_refused(
    published: str, client: FlaskClient, house: House
) -> None:
    comp = Caller(client, house.comp)
    old = comp("GET", published).headers["ETag"]
    comp("POST", f"{published}/postponement")
    late = comp("POST", f"{published}/cancellation", **{"If-Match": old})
    assert (late.status_code, late.json["code"]) == (412, "version-mismatch")
    now = comp("GET", published).headers["ETag"]
    done = comp("POST", f"{published}/cancellation", **{"If-Match": now})
    assert (done.status_code, done.json["state"]) == (200, "cancelled")


BAD = [
    ({"title": {"zh": "", "en": ""}}, "/title"),
    ({"title": "Congress"}, "/title"),
    ({"starts_at": "tomorrow"}, "/starts_at"),
    ({"ends_at": EVENT["starts_at"]}, "/ends_at"),
    ({"time_zone": "Mars/Base"}, "/time_zone"),
    ({"mode": "by-mail"}, "/mode"),
    ({"prices": {}}, "/prices"),
    ({"prices": {"full": {"amount": -1, "currency": "CNY"}}}, "/prices/full"),
    ({"prices": {"full": {"amount": 1.5, "currency": "CNY"}}}, "/prices/full"),
    ({"quotas": [{"seats": -1}]}, "/quotas/0/seats"),
    ({"quotas": [{"seats": 1, "mode": "online"}]}, "/quotas/0/mode"),
    (
        {"prices": {"full": EVENT["prices"]["member"], "member": EVENT["prices"]["full"]}},
        "/prices/member/amount",
    ),
    ({"prices": {"full": {"amount": 1, "currency": "ZZZ"}}}, "/prices/full/currency"),
    ({"place": "a\r\nb"}, "/place"),
    ({"place": "\u202eevil"}, "/place"),
    ({"quotas": [{"seats": 1, "host": "nobody"}]}, "/quotas/0/host"),
    ({"split": {"comp": "1/3"}}, "/split"),
    ({"slug": "Not a slug"}, "/slug"),
    ({"extra": 1}, "/extra"),
]


def test_bad_input_is_refused_with_its_pointer(house: House, client: FlaskClient) -> None:
    for change, pointer in BAD:
        refused = Caller(client, house.comp)("POST", "", EVENT | change)
        assert refused.status_code == 422, refused.json
        assert pointer in [fault["pointer"] for fault in refused.json["errors"]]


def test_the_documents_limits_of_a_price_are_the_services(
    house: House, client: FlaskClient
) -> None:
    comp = Caller(client, house.comp)
    schemas = client.get("/api/v1/openapi.json").json["components"]["schemas"]
    for name in ("EventIn", "EventPatch", "EventOut"):
        money = schemas[name]["properties"]["prices"]["additionalProperties"]
        amount = money["properties"]["amount"]
        assert (amount["minimum"], amount["maximum"]) == (0, LARGEST_AMOUNT)
    for amount, status in ((0, 201), (LARGEST_AMOUNT, 201), (-1, 422), (LARGEST_AMOUNT + 1, 422)):
        slug = f"price-{amount + 1}-{status}"
        prices = {"full": {"amount": amount, "currency": "CNY"}}
        made = comp("POST", "", EVENT | {"slug": slug, "prices": prices})
        assert made.status_code == status, made.json


def test_writes_need_a_caller(house: House, client: FlaskClient) -> None:
    refused = client.post("/api/v1/events", json=EVENT)
    assert (refused.status_code, refused.json["code"]) == (401, "sign-in-required")


def test_lists_take_the_same_number_of_statements_however_long(
    house: House, client: FlaskClient
) -> None:
    seen = []
    for number in range(3):
        house.publish(slug=f"event-{number}")
        if number in (0, 2):
            with count_statements() as statements:
                found = client.get("/api/v1/events").json
            seen.append((len(found["items"]), len(statements)))
    assert [rows for rows, _ in seen] == [1, 3]
    assert seen[0][1] == seen[1][1]


def test_a_list_is_walked_by_its_cursor(house: House, client: FlaskClient) -> None:
    made = [str(house.publish(slug=f"event-{number}").id) for number in range(3)]
    found: list[str] = []
    address: str | None = "/api/v1/events?limit=2"
    while address:
        page = client.get(address).json
        found += [item["id"] for item in page["items"]]
        address = page["next"]
    assert sorted(found) == sorted(made)
