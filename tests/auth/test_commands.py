"""`flask auth ...` as its users see it: one JSON object, exit codes."""

import json
from typing import Any

import pytest
from flask import Flask

from consortium.kernel.clock import FixedClock
from tests.auth.browsing import PASSWORD, error_of, sign_in, submit


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


@pytest.mark.parametrize("text", ["", "\n", "short\n"])
def test_an_empty_password_is_refused_like_a_short_one(
    app: Flask, societies: object, text: str
) -> None:
    code, told = run(
        app, "account", "add", "--email", "x@math.example", "--name", "X", "--password-stdin",
        text=text,
    )  # fmt: skip
    assert (code, told["code"]) == (1, "password-too-short")
    assert run(app, "grant", "list", "x@math.example")[0] == 1


def add(app: Flask, email: str, *words: str) -> dict[str, Any]:
    code, told = run(app, "account", "add", "--email", email, "--name", "S", *words)
    assert code == 0
    return dict(told)


SECRETARY = ("--society", "math", "--role", "secretary")


def test_an_account_without_a_password_comes_with_a_link_to_set_it(
    app: Flask, societies: object
) -> None:
    told = add(app, "s@math.example", *SECRETARY)
    assert told["link"].startswith("http://localhost:8000/links/")
    assert told["expires_in"] == 24 * 3600
    path = told["link"].removeprefix("http://localhost:8000")
    client = app.test_client()
    shown = [client.get(path), client.get(path)]
    assert [answer.status_code for answer in shown] == [200, 200]
    assert "s***@math.example" in shown[0].text
    weak = submit(client, path, password="12345678")
    assert (weak.status_code, error_of(weak)) == (422, "password-too-common")
    done = submit(client, path, password=PASSWORD)
    assert (done.status_code, done.location) == (303, "/me")
    assert client.get("/me/sites").status_code == 200
    assert client.get(path).status_code == 410
    assert sign_in(app.test_client(), "s@math.example").status_code == 303


def test_a_lost_link_is_made_anew_until_there_is_a_password(
    app: Flask, clock: FixedClock, societies: object
) -> None:
    first = add(app, "s@math.example")["link"].removeprefix("http://localhost:8000")
    clock.advance(seconds=24 * 3600)
    client = app.test_client()
    assert client.get(first).status_code == 410
    links = [run(app, "account", "link", "s@math.example")[1]["link"] for _ in range(2)]
    paths = [link.removeprefix("http://localhost:8000") for link in links]
    assert submit(client, paths[0], password=PASSWORD).status_code == 303
    # The other one would set a password over hers.
    assert client.get(paths[1]).status_code == 410
    code, told = run(app, "account", "link", "s@math.example")
    assert (code, told["code"]) == (1, "password-set")
    assert run(app, "account", "link", "nobody@math.example")[0] == 1


def held(app: Flask, email: str) -> list[tuple[str, str, str | None]]:
    told = run(app, "grant", "list", email)[1]
    rows = told if isinstance(told, list) else [told]
    return [(row["role"], row["since"], row["until"]) for row in rows]


def test_a_role_is_given_for_a_period_of_days_where_the_society_is(
    app: Flask, clock: FixedClock, societies: object
) -> None:
    add(app, "s@math.example")
    code, told = run(
        app, "grant", "add", "s@math.example", *SECRETARY,
        "--since", "2026-07-01", "--until", "2026-12-31",
    )  # fmt: skip
    assert code == 0
    assert (told["since"], told["until"]) == ("2026-06-30T16:00:00Z", "2026-12-31T16:00:00Z")
    code, told = run(
        app, "grant", "add", "s@math.example", "--society", "math", "--role", "organiser",
        "--until", "2026-12-31T00:00:00Z",
    )  # fmt: skip
    assert (code, told["until"]) == (0, "2026-12-31T00:00:00Z")
    for until in ("2026-05-31", "2026-01-01T00:00:00Z"):
        code, told = run(app, "grant", "add", "s@math.example", *SECRETARY, "--until", until)
        assert (code, told["code"]) == (1, "period-invalid")
    assert run(app, "grant", "add", "s@math.example", *SECRETARY, "--until", "soon")[0] == 2


def test_a_role_is_ended_by_its_person_role_and_place(
    app: Flask, clock: FixedClock, societies: object
) -> None:
    add(app, "s@math.example", *SECRETARY)
    run(app, "grant", "add", "s@math.example", "--society", "comp", "--role", "secretary")
    now = clock.now().isoformat().replace("+00:00", "Z")
    code, told = run(app, "grant", "end", "s@math.example", *SECRETARY)
    assert (code, told["role"], told["key"], told["until"]) == (0, "secretary", "math", now)
    assert [until for _, _, until in held(app, "s@math.example")] == [now, None]
    code, told = run(app, "grant", "end", "s@math.example", *SECRETARY)
    assert (code, told["code"]) == (1, "grant-not-found")


def test_a_role_is_ended_by_the_id_that_the_list_prints(app: Flask, societies: object) -> None:
    add(app, "s@math.example", *SECRETARY)
    grant_id = run(app, "grant", "list", "s@math.example")[1]["id"]
    code, told = run(app, "grant", "end", grant_id, "--until", "2100-12-31")
    assert (code, told["id"], told["until"]) == (0, grant_id, "2100-12-31T16:00:00Z")
    ended = [run(app, "grant", "end", grant_id) for _ in range(2)]
    assert [code for code, _ in ended] == [0, 0]
    assert ended[0][1]["until"] == ended[1][1]["until"] != told["until"]
    code, told = run(app, "grant", "end", "0198c0de-0000-7000-8000-000000000000")
    assert (code, told["code"]) == (1, "grant-not-found")
    assert run(app, "grant", "end", "s@math.example")[0] == 2


def test_the_last_operator_stays(app: Flask, societies: object) -> None:
    # She has no password yet, so she could not run the node.
    add(app, "new@node.example", "--role", "operator")
    code, _ = run(
        app, "account", "add", "--email", "op@node.example", "--name", "Op", "--role", "operator",
        "--password-stdin", text=f"{PASSWORD}\n",
    )  # fmt: skip
    assert code == 0
    code, told = run(app, "grant", "end", "op@node.example", "--role", "operator")
    assert (code, told["code"]) == (1, "last-operator")
    assert "flask auth operator create" in told["detail"]
    assert held(app, "op@node.example")[0][2] is None
    link = run(app, "account", "link", "new@node.example")[1]["link"]
    submit(app.test_client(), link.removeprefix("http://localhost:8000"), password=PASSWORD)
    assert run(app, "grant", "end", "op@node.example", "--role", "operator")[0] == 0
    code, told = run(app, "grant", "end", "new@node.example", "--role", "operator")
    assert (code, told["code"]) == (1, "last-operator")


def test_an_operator_for_a_while_does_not_stand_in_for_good(app: Flask, societies: object) -> None:
    for name in ("first", "second"):
        code, _ = run(
            app, "account", "add", "--email", f"{name}@node.example", "--name", name,
            "--role", "operator", "--password-stdin", text=f"{PASSWORD}\n",
        )  # fmt: skip
        assert code == 0
    end = ("grant", "end", "second@node.example", "--role", "operator")
    assert run(app, *end, "--until", "2100-12-31")[0] == 0
    code, told = run(app, "grant", "end", "first@node.example", "--role", "operator")
    assert (code, told["code"]) == (1, "last-operator")
    # Whoever ends before the other one may end sooner still.
    assert run(app, *end)[0] == 0


@pytest.mark.parametrize("until", ["9999-12-31", "9999-12-31T23:59:59-12:00"])
def test_an_end_that_no_calendar_holds_is_wrong_usage(
    app: Flask, societies: object, until: str
) -> None:
    add(app, "s@math.example", *SECRETARY)
    assert run(app, "grant", "end", "s@math.example", *SECRETARY, "--until", until)[0] == 2
