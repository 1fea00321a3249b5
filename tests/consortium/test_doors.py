"""Pages, JSON doors and commands of the register."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import KeySet
from prometheus_client import REGISTRY

from consortium.feature import FEATURE
from consortium.kernel import principal, signing
from consortium.kernel.ids import new_id
from consortium.kernel.outbox.models import OutboxRow
from consortium.kernel.outbox.sequencer import number_committed, open_epoch
from consortium.kernel.principal import SYSTEM, Grant, Principal
from consortium.kernel.unit_of_work import unit_of_work
from consortium.services import disciplines, organisations, standing
from tests.kernel.counting import count_statements

register = pytest.mark.usefixtures("register")


@register
@pytest.mark.parametrize("lang", ["zh-CN", "zh-TW", "en"])
@pytest.mark.parametrize(
    ("path", "endpoint", "words"),
    [
        ("/", "consortium.show_home", ["/s/math", "/c/demo"]),
        ("/societies", "consortium.show_societies", ["/s/math", "/s/comp"]),
        ("/s/math", "consortium.show_society", ["/c/demo", "Asia/Shanghai"]),
        ("/c/demo", "consortium.show_consortium", ["/s/math", "/s/phys", "/c/demo/charter/1"]),
        ("/c/demo/charter/1", "consortium.show_charter", ["SHA-256", "第一条"]),
    ],
)
def test_a_page_shows(
    client: FlaskClient, lang: str, path: str, endpoint: str, words: list[str]
) -> None:
    answer = client.get(path, query_string={"lang": lang})

    assert answer.status_code == 200
    assert f'data-page="{endpoint}"' in answer.text
    assert [word for word in words if word not in answer.text] == []
    assert answer.text.count("data-primary") <= 1


@pytest.mark.parametrize("path", ["/", "/societies"])
def test_an_empty_node_has_its_pages(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 200


@register
@pytest.mark.parametrize(
    "path",
    [
        "/s/none",
        "/c/none",
        "/c/demo/charter/9",
        "/c/demo/charter/99999999999999999999",
        "/c/none/charter/1",
    ],
)
def test_what_is_not_there_is_a_404_page(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


@register
def test_the_register_is_searched_in_either_script(client: FlaskClient) -> None:
    found = client.get("/societies", query_string={"q": "物理学会"})

    assert "/s/phys" in found.text
    assert "/s/math" not in found.text


@register
def test_a_pages_cost_does_not_grow_with_its_rows(client: FlaskClient) -> None:
    client.get("/societies")
    with count_statements() as few:
        client.get("/societies")
    for number in range(5):
        organisations.register_organisation(
            SYSTEM, code=f"s{number}", name_zh="学会", name_en="Society"
        )
    with count_statements() as many:
        client.get("/societies")

    assert len(few) == len(many)


@register
def test_the_json_list_is_paged_by_cursor(client: FlaskClient) -> None:
    seen: list[str] = []
    url: str | None = "/api/v1/organisations?limit=2"
    while url is not None:
        page = client.get(url).get_json()
        seen += [item["code"] for item in page["items"]]
        url = page["next"]

    assert seen == ["comp", "math", "phys"]


@register
def test_the_json_list_tells_public_members_only(client: FlaskClient) -> None:
    standing.suspend(SYSTEM, "phys", consortium="demo")

    items = client.get("/api/v1/organisations?consortium=demo").get_json()["items"]

    assert [(item["code"], item["standing"]) for item in items] == [
        ("math", "active"),
        ("phys", "suspended"),
    ]
    assert "id" not in items[0]
    assert items[0]["origin"] is None


@register
@pytest.mark.parametrize(
    ("query", "status"),
    [("cursor=abc", 400), ("limit=0", 422), ("limit=x", 422)],
)
def test_a_malformed_query_is_refused(client: FlaskClient, query: str, status: int) -> None:
    answer = client.get(f"/api/v1/organisations?{query}")

    assert answer.content_type == "application/problem+json"
    assert answer.status_code == status


@register
@pytest.mark.parametrize(
    "path",
    [
        "/societies?q=%00",
        "/societies?after=%00",
        "/societies?q=%ff%fe",
        "/s/%00",
        "/c/%F0%9F%98%80",
        "/api/v1/organisations?consortium=%00",
        "/api/v1/organisations/%00",
        "/api/v1/organisations?cursor=%00",
        "/api/v1/consortia/%00/members",
        "/api/v1/feed?cursor=%00",
        "/api/v1/feed?limit=99999999999999999999",
    ],
)
def test_odd_characters_and_numbers_are_no_fault_of_ours(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code < 500


@register
def test_an_operators_feed_tells_every_topic(app: Flask, client: FlaskClient) -> None:
    number_committed()
    app.extensions[principal.EXTENSION] = lambda: Principal(grants=(Grant("operator", "node"),))

    page = client.get("/api/v1/feed?limit=4").get_json()

    assert [record["topic"] for record in page["records"]] == [
        "consortium.organisation",
        "consortium.organisation",
        "consortium.organisation",
        "consortium.consortium",
    ]
    assert page["records"][0].keys() >= {
        "id", "topic", "key", "version", "op", "origin", "seq", "at", "data"
    }  # fmt: skip
    assert page["next"] != page["head"]
    keys = client.get("/api/v1/feed/keys").get_json()
    assert signing.verify_json(keys, page["seal"], page["signature"])
    assert client.get("/api/v1/feed?cursor=x").status_code == 400
    open_epoch()
    assert client.get(f"/api/v1/feed?cursor={page['next']}").get_json()["code"] == "epoch-changed"


@register
def test_a_stored_record_that_cannot_be_signed_does_not_stop_the_reader(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with unit_of_work() as uow:
        # As an older version let it through.
        uow.emit("test.thing.made", "bad", {"n": 0})
        uow.emit("test.thing.made", "good", {"n": 1})
        uow.write_news()
        uow._news.clear()
        bad = sa.update(OutboxRow).where(OutboxRow.key == "bad")
        uow.execute(bad.values(data={"n": 2**53 + 1}))
    number_committed()
    app.extensions[principal.EXTENSION] = lambda: Principal(grants=(Grant("operator", "node"),))
    labels = {"topic": "test.thing.made"}
    before = REGISTRY.get_sample_value("consortium_unsignable_records_total", labels) or 0

    page = client.get("/api/v1/feed?limit=1000").get_json()

    keys = [record["key"] for record in page["records"] if record["topic"] == "test.thing.made"]
    assert keys == ["good"]
    assert page["next"] == page["head"]
    assert signing.verify_json(signing.NODE, page["seal"], page["signature"])
    assert "feed.record-unsignable" in caplog.messages
    after = REGISTRY.get_sample_value("consortium_unsignable_records_total", labels)
    assert after == before + 1


FEED = frozenset({"feed:read"})
API = frozenset({"api"})
OPERATOR = (Grant("operator", "node"),)


@register
@pytest.mark.parametrize(
    ("who", "status", "code"),
    [
        (Principal(), 401, "sign-in-required"),
        (Principal(person_id=new_id()), 403, "forbidden"),
        (Principal(person_id=new_id(), grants=OPERATOR), 200, None),
        (Principal(client_id="c"), 403, "insufficient-scope"),
        (Principal(client_id="c", scopes=FEED), 200, None),
        (Principal(client_id="c", society="math", scopes=FEED), 200, None),
        (Principal(client_id="c", scopes=API, grants=OPERATOR), 403, "insufficient-scope"),
        (Principal(client_id="c", society="math", scopes=API), 403, "insufficient-scope"),
        (Principal(client_id="c", scopes=API | FEED, grants=OPERATOR), 200, None),
        (Principal(person_id=new_id(), client_id="c", scopes=API, grants=OPERATOR), 403,
         "insufficient-scope"),
    ],
)  # fmt: skip
def test_who_may_read_the_feed(
    app: Flask, client: FlaskClient, who: Principal, status: int, code: str | None
) -> None:
    app.extensions[principal.EXTENSION] = lambda: who

    answer = client.get("/api/v1/feed")

    assert (answer.status_code, answer.get_json().get("code")) == (status, code)
    if code == "insufficient-scope":
        assert "feed:read" in answer.get_json()["detail"]
        assert 'scope="feed:read"' in answer.headers["WWW-Authenticate"]


@register
@pytest.mark.parametrize("token", ["junk", "a.b.c", ""])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_a_token_that_nobody_has_opens_no_feed(
    client: FlaskClient, scheme: str, token: str
) -> None:
    answer = client.get("/api/v1/feed", headers={"Authorization": f"{scheme} {token}"})

    assert (answer.status_code, answer.get_json()["code"]) == (401, "token-invalid")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@register
def test_the_secretariat_suspends_from_the_page(app: Flask, client: FlaskClient) -> None:
    secretariat = Principal(
        person_id=new_id(), grants=(Grant("secretariat", "consortium", "demo"),)
    )
    app.extensions[principal.EXTENSION] = lambda: secretariat
    form = _form(client)

    refused = client.post("/c/demo/standing", data={**form, "csrf_token": "x", "action": "suspend"})
    changed = client.post("/c/demo/standing", data={**form, "action": "suspend"})
    again = client.post("/c/demo/standing", data={**form, "action": "suspend"})

    assert (refused.status_code, changed.status_code, again.status_code) == (400, 303, 409)
    assert 'data-code="standing-unchanged"' in again.text
    assert organisations.get_organisation("math").standing == "suspended"


def _form(client: FlaskClient) -> dict[str, str]:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/c/demo").text)
    assert found is not None
    return {"csrf_token": found[1], "organisation": "math"}


@register
def test_a_societys_keys_verify_what_it_signed(client: FlaskClient) -> None:
    signature = signing.sign_json("math", {"a": 1})

    keys = client.get("/api/v1/organisations/math/keys").get_json()

    assert signing.verify_json(keys, {"a": 1}, signature)
    assert KeySet.import_key_set(keys)
    assert client.get("/api/v1/organisations/none/keys").status_code == 404


@register
def test_consortia_are_told(client: FlaskClient) -> None:
    assert client.get("/api/v1/consortia").get_json()["items"][0]["code"] == "demo"
    assert client.get("/api/v1/consortia/demo").get_json()["charter_version"] == 1
    told = client.get("/api/v1/consortia/demo/members").get_json()["items"]
    assert [item["organisation"] for item in told] == ["math", "phys"]


@register
def test_the_commands_suspend_and_restore(app: Flask) -> None:
    assert _run(app, "suspend", "math", "--consortium", "demo")[1]["standing"] == "suspended"
    assert organisations.get_organisation("math").standing == "suspended"

    code, problem = _run(app, "suspend", "math", "--consortium", "demo")
    assert (code, problem["code"]) == (1, "standing-unchanged")

    assert _run(app, "restore", "math", "--consortium", "demo")[1]["standing"] == "active"
    assert organisations.get_organisation("math").standing == "active"
    assert _run(app, "admit", "comp", "--consortium", "demo")[0] == 0
    assert _run(app, "release", "comp", "--consortium", "demo")[0] == 0
    assert _run(app, "suspend", "math")[0] == 2


@register
def test_no_key_is_made_for_an_organisation_that_is_not_there(app: Flask) -> None:
    code, problem = _run(app, "key", "rotate", "nosoc")
    assert (code, problem["code"]) == (1, "organisation-not-found")
    assert signing.list_keys("nosoc") == []
    assert _run(app, "key", "rotate", "node")[1]["owner"] == "node"


@register
def test_a_key_is_rotated_by_command(app: Flask) -> None:
    assert _run(app, "key", "rotate", "math")[1]["alg"] == "ES256"
    assert _run(app, "key", "rotate", "math")[1]["code"] == "conflict"


def test_the_demonstrations_part_loads(app: Flask) -> None:
    (demo,) = FEATURE.demo
    demo.load()

    assert [item["code"] for item in demo.show()["societies"]] == ["comp", "math", "mech", "phys"]


def test_disciplines_are_known_by_code() -> None:
    found = disciplines.get_discipline("a010101")

    assert (found.code, found.parents) == ("A010101", ("A0101", "A01"))
    assert found.name("zh-Hans") == "解析数论"
    assert disciplines.find_discipline("Z9") is None
    assert disciplines.is_within("A0101", "a01")
    assert len(disciplines.list_disciplines()) == 86
    assert len(disciplines.list_oecd_fields()) == 48


def _run(app: Flask, *words: str) -> tuple[int, dict[str, Any]]:
    found = app.test_cli_runner().invoke(args=["consortium", *words, "--json"])
    line = re.sub(r"\n.*", "", found.stdout, flags=re.S)
    return found.exit_code, json.loads(line) if line.startswith("{") else {}


@pytest.mark.parametrize(
    ("name", "issuer", "words"),
    [
        ("East!", "https://east.example", "The name of a peer"),
        ("east", "http://east.example:8080", "Write https://east.example:8080."),
        ("east", "ftp://east.example", "ftp://east.example is not one"),
        ("east", "https://east.example:99999", "https://east.example:99999 is not one"),
        ("east", "east.example", "east.example is not one"),
        ("east", "http://localhost:8000/", "is this node itself"),
    ],
)
def test_a_peer_that_cannot_be_added_is_told_why(
    app: Flask, name: str, issuer: str, words: str
) -> None:
    command = ["consortium", "peer", "add", name, "--issuer", issuer, "--json"]
    told = app.test_cli_runner().invoke(args=command)
    problem = json.loads(told.stdout)
    assert (told.exit_code, problem["code"]) == (1, "peer-invalid")
    assert words in problem["detail"]


def test_a_key_set_that_is_none_is_told(app: Flask, tmp_path: Path) -> None:
    for text in ("no JSON", "[]", '{"keys": []}'):
        (tmp_path / "keys.json").write_text(text)
        command = ["consortium", "peer", "add", "east", "--issuer", "https://east.example"]
        told = app.test_cli_runner().invoke(
            args=[*command, "--jwks", str(tmp_path / "keys.json"), "--json"]
        )
        problem = json.loads(told.stdout)
        assert (told.exit_code, problem["code"]) == (1, "peer-invalid")
        assert problem["detail"].startswith("The key set is no JWKS")


def test_a_cursor_that_is_none_has_one_code_on_every_list(client: FlaskClient) -> None:
    for path in ("feed", "events"):
        with principal.acting_as(Principal(grants=(Grant("operator", "node"),))):
            told = client.get(f"/api/v1/{path}?cursor=forged")
        assert (told.status_code, told.get_json()["code"]) == (400, "invalid-cursor"), path
