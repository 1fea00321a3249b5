"""Pages: language, theme, CSRF, headers, refusals."""

from pathlib import Path

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient

from tests.kernel.board import READER
from tests.kernel.webbing import build_board, fetch_token, token_of


@pytest.fixture
def board(tmp_path: Path) -> Flask:
    return build_board(tmp_path)


@pytest.fixture
def client(board: Flask) -> FlaskClient:
    return board.test_client()


@pytest.mark.parametrize(
    ("query", "cookie", "header", "html"),
    [
        ("", None, None, "zh-Hans"),
        ("", None, "en-GB,en;q=0.9", "en"),
        ("", None, "zh-HK", "zh-Hant"),
        ("", None, "zh-Hant-TW", "zh-Hant"),
        ("", None, "fr", "zh-Hans"),
        ("", "zh-TW", "en", "zh-Hant"),
        ("?lang=en", "zh-TW", "zh-CN", "en"),
        ("?lang=xx", "zh-TW", "zh-CN", "zh-Hant"),
    ],
)
def test_language_comes_from_query_then_cookie_then_browser(
    client: FlaskClient, query: str, cookie: str | None, header: str | None, html: str
) -> None:
    if cookie:
        client.set_cookie("lang", cookie)
    headers = {"Accept-Language": header} if header else {}
    answer = client.get(f"/board/math{query}", headers=headers)
    assert f'<html lang="{html}"' in answer.text


def test_language_wish_is_remembered(client: FlaskClient) -> None:
    client.get("/board/math?lang=en")
    assert '<html lang="en"' in client.get("/board/math", headers={"Accept-Language": "zh"}).text


def test_theme_is_the_readers_choice_or_none(client: FlaskClient) -> None:
    assert "data-theme" not in client.get("/board/math").text
    assert 'data-theme="dark"' in client.get("/board/math?theme=dark").text
    assert 'data-theme="dark"' in client.get("/board/math").text
    client.get("/board/math?theme=auto")
    assert "data-theme" not in client.get("/board/math").text


@pytest.mark.parametrize(
    ("method", "referrer", "leads_to"),
    [
        ("POST", "http://localhost/board/math?page=2", "/board/math?page=2&lang=en"),
        ("POST", "http://localhost/only-a-form", "/?lang=en"),
        ("POST", "http://evil.example/board/math", "/?lang=en"),
        ("POST", None, "/?lang=en"),
        ("GET", None, "/?lang=en"),
    ],
)
def test_switches_on_a_refused_form_lead_to_a_page(
    board: Flask, method: str, referrer: str | None, leads_to: str
) -> None:
    board.post("/only-a-form")(lambda: abort(400))
    client = board.test_client()
    token = fetch_token(client)
    headers = {"Accept": "text/html", **({"Referer": referrer} if referrer else {})}
    told = client.open("/only-a-form", method=method, data={"csrf_token": token}, headers=headers)
    assert told.status_code == (400 if method == "POST" else 405)
    assert f'href="{leads_to.replace("&", "&amp;")}" lang="en"' in told.text


def test_switches_on_a_page_that_is_nowhere_stay_there(client: FlaskClient) -> None:
    told = client.get("/nowhere", headers={"Accept": "text/html"})
    assert 'href="/nowhere?lang=en"' in told.text


def test_body_names_the_page(client: FlaskClient) -> None:
    assert '<body data-page="board.show_board">' in client.get("/board/math").text


def test_headers_are_strict_and_nonces_fresh(client: FlaskClient) -> None:
    first, second = client.get("/board/math"), client.get("/board/math")
    policy = first.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert policy != second.headers["Content-Security-Policy"]
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert first.headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in first.headers


def test_strict_transport_is_for_https_issuers(tmp_path: Path) -> None:
    client = build_board(tmp_path, issuer="https://node.example").test_client()
    answer = client.get("/board/math", base_url="https://node.example")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    assert "Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("path", ["/board/travel", "/board/a?next=/me", "/board/a?client_id=x"])
def test_forms_that_end_at_another_site_are_not_held_back(client: FlaskClient, path: str) -> None:
    assert "form-action" not in client.get(path).headers["Content-Security-Policy"]


def test_foreign_hosts_are_refused_but_probes_answered(tmp_path: Path) -> None:
    client = build_board(tmp_path, issuer="https://node.example").test_client()
    refused = client.get("/board/math", headers={"Host": "evil.example"})
    assert (refused.status_code, "wrong-host" in refused.text) == (400, True)
    assert client.get("/livez", headers={"Host": "10.1.2.3:8000"}).status_code == 200


def test_proxies_are_believed_only_when_the_settings_name_them(tmp_path: Path) -> None:
    told = {"X-Forwarded-Host": "node.example", "X-Forwarded-Proto": "https", "Host": "inner"}
    for hops, status in ((1, 200), (0, 400)):
        app = build_board(tmp_path, issuer="https://node.example", trusted_proxies=hops)
        assert app.test_client().get("/board/math", headers=told).status_code == status


@pytest.mark.parametrize("token", [None, "", "forged"])
def test_a_form_without_our_token_is_refused(client: FlaskClient, token: str | None) -> None:
    client.get("/board/math")
    form = {} if token is None else {"csrf_token": token}
    answer = client.post("/board/math", data=form)
    assert answer.status_code == 400
    assert 'data-code="csrf-failed"' in answer.text


def test_a_token_of_another_session_is_refused(board: Flask, client: FlaskClient) -> None:
    foreign = fetch_token(board.test_client())
    client.get("/board/math")
    answer = client.post("/board/math", data={"csrf_token": foreign})
    assert 'data-code="csrf-failed"' in answer.text


def test_a_refused_form_keeps_what_was_typed_and_shows_the_fault(client: FlaskClient) -> None:
    form = {"csrf_token": fetch_token(client), "title": "Old <title>", "text": "body"}
    answer = client.post("/board/math?lang=en", data=form)
    assert answer.status_code == 422
    assert answer.text.count("error-summary") == 1
    assert 'data-code="title-taken"' in answer.text
    assert '<a href="#f-title">This title is taken.</a>' in answer.text
    assert 'value="Old &lt;title&gt;"' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_a_refused_form_leads_back_to_its_page(client: FlaskClient) -> None:
    told = {"Referer": "http://localhost/board/math?a=1"}
    html = client.post("/board/math", headers=told).text
    assert '<a role="button" data-primary href="/board/math?a=1">' in html
    assert 'href="/board/math?a=1&amp;lang=en"' in html
    foreign = client.post("/board/math", headers={"Referer": "https://evil.example/x"}).text
    assert "evil.example" not in foreign


def test_a_program_gets_the_same_refusal_as_problem(client: FlaskClient) -> None:
    form = {"csrf_token": fetch_token(client)}
    answer = client.post("/board/math?lang=en", data=form, headers={"Accept": "application/json"})
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert answer.json == {
        "type": "urn:consortium:problem:title-taken",
        "title": "The title is taken.",
        "status": 422,
        "detail": "Choose another title.",
        "code": "title-taken",
        "errors": [{"pointer": "/title", "code": "taken", "message": "This title is taken."}],
    }


def test_a_refusal_is_a_page_with_its_code(client: FlaskClient) -> None:
    answer = client.get("/board/refused?lang=en")
    assert answer.status_code == 409
    assert 'data-code="board-full"' in answer.text
    assert "Only 3 places: take one down first." in answer.text


def test_a_failure_shows_its_number_and_no_detail(board: Flask, client: FlaskClient) -> None:
    answer = client.get("/board/broken?lang=en")
    assert answer.status_code == 500
    assert 'data-code="internal-error"' in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert "secret detail" not in answer.text
    assert "Traceback" not in answer.text


def test_a_failure_of_the_error_page_is_still_answered(board: Flask, client: FlaskClient) -> None:
    def fail() -> object:
        raise RuntimeError("no database")

    board.extensions["consortium.principal_loader"] = fail
    answer = client.get("/board/math?lang=en")
    assert (answer.status_code, answer.mimetype) == (500, "text/plain")
    assert answer.headers["X-Request-Id"] in answer.text


def test_unknown_pages_say_so(client: FlaskClient) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert 'data-code="not-found"' in answer.text


def test_wrong_methods_name_the_right_ones(client: FlaskClient) -> None:
    token = fetch_token(client)
    answer = client.delete("/board/refused", headers={"X-CSRFToken": token})
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/board/a%00b", "/board/a?x=%00", "/api/v1/notices?limit=%00"])
def test_null_characters_are_refused(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 400


def test_null_characters_in_forms_are_refused(client: FlaskClient) -> None:
    form = {"csrf_token": fetch_token(client), "title": "a\x00b"}
    answer = client.post("/board/math", data=form)
    assert 'data-code="invalid-characters"' in answer.text


def test_sign_in_is_asked_for_and_leads_back(client: FlaskClient) -> None:
    answer = client.get("/board/mine?a=1")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/sign-in?next=%2Fboard%2Fmine%3Fa%3D1"
    program = client.get("/board/mine", headers={"Accept": "application/json"})
    assert program.status_code == 401
    assert program.headers["WWW-Authenticate"].startswith("Bearer")


def test_own_page_shows_the_tiles_and_her_name(client: FlaskClient) -> None:
    assert client.get("/me").status_code == 302
    client.get("/board/enter")
    answer = client.get("/me")
    assert f"<h2>Board</h2><p>{READER}</p>" in answer.text
    assert "张三" in answer.text
    assert token_of(answer.text)


def test_navigation_shows_what_the_reader_may_see_in_order(client: FlaskClient) -> None:
    assert ">First<" not in client.get("/board/math").text
    client.get("/board/enter")
    html = client.get("/me").text
    assert html.index(">First<") < html.index(">Second<")
    assert "Absent" not in html
    assert '<a href="/me" aria-current="page">First</a>' in html


def test_static_files_are_named_by_content_and_kept(client: FlaskClient) -> None:
    html = client.get("/board/math").text
    address = html.split('rel="stylesheet" href="')[2].split('"')[0]
    assert address.startswith("/static/app.css?v=")
    with client.get(address) as named, client.get("/static/app.css") as unnamed:
        assert named.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert unnamed.headers["Cache-Control"] == "no-cache"


def test_pages_hold_no_inline_handlers_or_styles(client: FlaskClient) -> None:
    html = client.get("/board/math").text
    assert " style=" not in html
    assert " onclick" not in html


def test_last_day_is_written_inclusive(client: FlaskClient) -> None:
    html = client.get("/board/math?lang=zh-CN").text
    assert '<time datetime="2026-12-31">2026年12月31日</time>（含当日）' in html
    assert 'datetime="2026-12-31T16:00:00Z"' in html
    assert "2026年12月31日 17:00 (UTC+1)" in html
