"""`flask auth ...` as its users see it: one JSON object, exit codes."""

import json
from typing import Any

import pytest
from flask import Flask

from tests.auth.browsing import PASSWORD, sign_in


def run(app: Flask, *words: str, text: str | None = None) -> tuple[int, Any]:
    result = app.test_cli_runner().invoke(args=["auth", *words, "--json"], input=text)
    lines = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    return result.exit_code, lines[0] if len(lines) == 1 else lines


def test_a_site_is_registered(app: Flask, societies: object) -> None:
    code, told = run(
        app, "client", "add", "--name", "Site", "--society", "comp",
        "--redirect-uri", "https://comp.example/cb", "--redirect-uri", "http://localhost:8001/cb",
        "--post-logout-redirect-uri", "https://comp.example/", "--scope", "openid profile",
    )  # fmt: skip
    assert code == 0
    assert told["redirect_uris"] == ["https://comp.example/cb", "http://localhost:8001/cb"]
    assert told["grant_types"] == ["authorization_code"]
    assert told["token_endpoint_auth_method"] == "client_secret_basic"
    assert told["scope"] == "openid profile"
    assert len(told["client_secret"]) >= 43
    shown = run(app, "client", "show", told["client_id"])
    assert shown[0] == 0
    assert "client_secret" not in shown[1]
    assert run(app, "client", "list", "--society", "comp")[1]["client_id"] == told["client_id"]
    assert run(app, "client", "list", "--society", "math")[1] == []
    assert run(app, "client", "remove", told["client_id"])[0] == 0
    code, problem = run(app, "client", "show", told["client_id"])
    assert (code, problem["code"]) == (1, "client-not-found")


def test_an_operators_program_is_registered(app: Flask) -> None:
    code, told = run(
        app, "client", "add", "--name", "Reader", "--grant", "client_credentials",
        "--scope", "feed:read",
    )  # fmt: skip
    assert (code, told["society"], told["scope"]) == (0, None, "feed:read")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--society", "nowhere"], "organisation-not-found"),
        (["--redirect-uri", "http://comp.example/cb"], "client-metadata-invalid"),
        (["--grant", "implicit"], "client-metadata-invalid"),
    ],
)
def test_a_faulty_registration_is_refused(
    app: Flask, societies: object, words: list[str], problem: str
) -> None:
    code, told = run(app, "client", "add", "--name", "Site", *words)
    assert code == 1
    assert told["code"] in {problem, "not-found"}


def test_wrong_usage_exits_2(app: Flask) -> None:
    assert run(app, "client", "add")[0] == 2


def test_an_account_is_added_with_its_role(app: Flask, societies: object) -> None:
    code, told = run(
        app, "account", "add", "--email", "s@math.example", "--name", "S", "--society", "math",
        "--role", "secretary", "--password-stdin", text=f"{PASSWORD}\n",
    )  # fmt: skip
    assert (code, told["email"], told["role"], told["key"]) == (
        0, "s@math.example", "secretary", "math",
    )  # fmt: skip
    code, held = run(app, "grant", "list", "s@math.example")
    assert (held["role"], held["kind"], held["key"]) == ("secretary", "society", "math")
    client = app.test_client()
    assert sign_in(client, "s@math.example").status_code == 303


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--role", "secretary"], "place-unknown"),
        (["--role", "secretary", "--society", "nowhere"], "place-unknown"),
        (["--role", "coordinator", "--consortium", "nowhere"], "place-unknown"),
        (["--role", "king"], "role-unknown"),
        (["--email", "zhang"], "email-invalid"),
        (["--mobile", "12"], "mobile-invalid"),
        (["--name", " "], "name-missing"),
        (["--email", ""], "account-incomplete"),
    ],
)
def test_a_faulty_account_is_refused(
    app: Flask, societies: object, words: list[str], problem: str
) -> None:
    base = ["--email", "x@math.example", "--name", "X"]
    code, told = run(app, "account", "add", *base, *words)
    assert (code, told["code"]) == (1, problem)
    assert run(app, "grant", "list", "x@math.example")[0] == 1


def test_an_operators_link_is_printed(app: Flask) -> None:
    code, told = run(app, "operator", "create")
    assert code == 0
    assert told["link"].startswith("http://localhost:8000/links/")
