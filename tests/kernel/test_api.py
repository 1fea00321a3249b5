"""The API's grammar: strict input, problems, cursors, versions."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.kernel.webbing import build_board, fetch_token

PROGRAM = {"Authorization": "Bearer good", "Accept-Language": "en"}
PATH = "/api/v1/notices"


@pytest.fixture
def board(tmp_path: Path) -> Flask:
    return build_board(tmp_path)


@pytest.fixture
def client(board: Flask) -> FlaskClient:
    return board.test_client()


def post(client: FlaskClient, wish: Any) -> Any:
    return client.post(PATH, json=wish, headers=PROGRAM)


def faults(answer: Any) -> list[tuple[str, str]]:
    return [(fault["pointer"], fault["code"]) for fault in answer.json["errors"]]


def test_a_program_writes_without_csrf_token(client: FlaskClient) -> None:
    answer = post(client, {"title": "Call for papers"})
    assert answer.status_code == 201
    assert answer.json == {"number": 1, "title": "Call for papers", "version": 1}


def test_a_stranger_is_asked_for_a_token(client: FlaskClient) -> None:
    answer = client.post(PATH, json={"title": "x"})
    assert (answer.status_code, answer.json and answer.json["code"]) == (401, "sign-in-required")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="consortium"'


def test_a_session_writes_with_the_token_of_any_page(client: FlaskClient) -> None:
    client.get("/board/enter")
    refused = client.post(PATH, json={"title": "x"})
    assert (refused.status_code, refused.json and refused.json["code"]) == (400, "csrf-failed")
    told = {"X-CSRFToken": fetch_token(client, "/me")}
    assert client.post(PATH, json={"title": "x"}, headers=told).status_code == 201


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({}, [("/title", "required")]),
        ({"title": None}, [("/title", "null")]),
        ({"title": ""}, [("/title", "wrong-length")]),
        ({"title": "x", "a/b": 1}, [("/a~1b", "unknown-field")]),
        ({"title": "x", "tags": ["ok", 7]}, [("/tags/1", "invalid-type")]),
        ({"title": "x", "kind": "loud"}, [("/kind", "not-a-choice")]),
        ({"title": "x", "copies": 10}, [("/copies", "out-of-range")]),
        ({"title": "x", "copies": 10**30}, [("/copies", "out-of-range")]),
        ({"title": "a\x00b"}, [("/title", "invalid-characters")]),
        ({"title": "\ud800"}, [("/title", "invalid-characters")]),
        ({"title": "x", "at": "2026-01-01"}, [("/at", "invalid-instant")]),
        ({"title": "x", "at": "2026-01-01T00:00:00"}, [("/at", "invalid-instant")]),
        ({"title": "x", "at": "0001-01-01T00:00:00+23:59"}, [("/at", "invalid-instant")]),
        ({"title": "x", "at": "9999-12-31T23:59:59-23:59"}, [("/at", "invalid-instant")]),
        ({"title": "x", "at": "9999-12-31T23:59:59Z"}, [("/at", "invalid-instant")]),
        (
            {"title": "x", "price": {"amount": 1.5, "currency": "CNY"}},
            [("/price", "invalid-money")],
        ),
        ({"title": "x", "price": {"amount": 1, "currency": "cny"}}, [("/price", "invalid-money")]),
        ({"title": "x", "author": "nobody at all"}, [("/author", "invalid-person")]),
        ([], [("", "invalid-type")]),
        ("text", [("", "invalid-type")]),
    ],
)
def test_invalid_input_is_told_by_pointer_and_code(
    client: FlaskClient, wish: Any, expected: list[tuple[str, str]]
) -> None:
    answer = post(client, wish)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid-input")
    assert faults(answer) == expected


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"{'a': 1}",
        b'{"title": NaN}',
        b'{"title": "\xff"}',
        b'{"copies": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b"[" * 2000 + b"]" * 2000,
    ],
)
def test_what_is_not_json_is_refused(client: FlaskClient, raw: bytes) -> None:
    answer = client.post(PATH, data=raw, content_type="application/json", headers=PROGRAM)
    assert (answer.status_code, answer.json and answer.json["code"]) == (400, "malformed-json")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "a/b"])
def test_other_media_types_are_refused(client: FlaskClient, kind: str) -> None:
    answer = client.post(PATH, data=b"title=x", content_type=kind, headers=PROGRAM)
    assert answer.status_code == 415
    assert answer.json and answer.json["code"] == "unsupported-media-type"


def test_instants_of_any_offset_are_taken(client: FlaskClient, board: Flask) -> None:
    answer = post(client, {"title": "x", "at": "2027-01-01T00:00:00.1234567+08:00"})
    assert answer.status_code == 201
    kept = board.extensions["test.notices"][1].more["at"]
    assert kept.isoformat() == "2026-12-31T16:00:00.123456+00:00"


def test_unknown_paths_and_methods_are_problems(client: FlaskClient) -> None:
    missing = client.get("/api/v1/nothing", headers=PROGRAM)
    assert (missing.status_code, missing.mimetype) == (404, "application/problem+json")
    wrong = client.delete(PATH, headers=PROGRAM)
    assert (wrong.status_code, wrong.json and wrong.json["code"]) == (405, "method-not-allowed")
    assert set(wrong.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


@pytest.mark.parametrize("number", ["0", "9999999999999999999999", "9" * 5000, "x", "-1"])
def test_numbers_in_paths_never_fail(client: FlaskClient, number: str) -> None:
    assert client.get(f"{PATH}/{number}").status_code == 404


def test_lists_are_walked_by_cursor(client: FlaskClient) -> None:
    for title in "abcde":
        post(client, {"title": title})
    titles: list[str] = []
    address: str | None = f"{PATH}?limit=2&lang=en"
    pages = 0
    while address:
        answer = client.get(address)
        assert answer.json is not None
        assert set(answer.json) == {"items", "next"}
        titles += [item["title"] for item in answer.json["items"]]
        address = answer.json["next"]
        assert address is None or address.startswith("http://localhost:8000/api/v1/notices?limit=2")
        pages += 1
    assert (titles, pages) == (list("abcde"), 3)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("limit=0", 422, "invalid-input"),
        ("limit=201", 422, "invalid-input"),
        ("limit=x", 422, "invalid-input"),
        ("limit=99999999999999999999", 422, "invalid-input"),
        ("cursor=forged", 400, "invalid-cursor"),
        ("cursor=", 400, "invalid-cursor"),
    ],
)
def test_bad_queries_are_refused(client: FlaskClient, query: str, status: int, code: str) -> None:
    answer = client.get(f"{PATH}?{query}")
    assert (answer.status_code, answer.json and answer.json["code"]) == (status, code)


def test_changes_name_the_version_they_are_about(client: FlaskClient) -> None:
    post(client, {"title": "x"})
    assert client.get(f"{PATH}/1").headers["ETag"] == '"1"'

    def change(tag: str | None) -> Any:
        told = {**PROGRAM, **({"If-Match": tag} if tag else {})}
        return client.patch(f"{PATH}/1", json={"title": "y"}, headers=told)

    assert change(None).json["code"] == "precondition-required"
    assert change('W/"1"').status_code == 412
    assert change('"7"').json["code"] == "version-mismatch"
    changed = change('"1"')
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert change('"1"').status_code == 412
    # RFC 9110, section 13.1.1: one of a list, or whatever there is.
    assert change('"x", "2"').headers["ETag"] == '"3"'
    assert change('"1","2" , W/"3"').status_code == 412
    assert change('"a,b",,"3",').headers["ETag"] == '"4"'
    assert change("*").headers["ETag"] == '"5"'
    for nothing in ("5", '"5', '"5" "6"', '*, "4"', ","):
        assert change(nothing).json["code"] == "version-mismatch"


def test_refusals_speak_the_readers_language_and_keep_their_code(client: FlaskClient) -> None:
    answer = client.get("/api/v1/nothing", headers={"Accept-Language": "en"})
    assert answer.json is not None
    assert answer.json["title"] == "Nothing is here."
    assert answer.json["code"] == "not-found"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_that_nobody_has_is_refused(client: FlaskClient, method: str) -> None:
    answer = client.open(PATH, method=method, json={}, headers={"Authorization": "Bearer bad"})
    assert (answer.status_code, answer.json and answer.json["code"]) == (401, "token-invalid")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="consortium", error="invalid_token"'


def test_an_instant_too_far_away_is_told_so(client: FlaskClient) -> None:
    (fault,) = post(client, {"title": "x", "at": "9999-12-31T23:59:59Z"}).json["errors"]
    assert "the years 1801 to 8999" in fault["message"]
    assert post(client, {"title": "x", "at": "8999-12-31T23:59:59Z"}).status_code == 201
