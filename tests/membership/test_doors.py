"""The JSON doors, the pages and the commands of recognition."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from auth.services import subjects
from auth.services.authorizations import issue_client_token
from auth.services.clients import get_client
from auth.services.enrolment import add_account
from consortium.kernel.clock import FixedClock
from consortium.kernel.ids import new_id
from consortium.kernel.outbox.sequencer import number_committed
from consortium.kernel.principal import SYSTEM, Grant, Principal, acting_as
from consortium.kernel.unit_of_work import unit_of_work
from membership import values
from membership.services import agreement_register, terms
from membership.services.enrolment import MembershipRoster
from tests.auth.browsing import PASSWORD, csrf_of, error_of, register_site, sign_in
from tests.conftest import Furnish
from tests.membership import houses
from tests.membership.statements import count_statements

QUESTION = {"person": "math:M001", "host": "comp", "benefit": "member-price"}


def one_member() -> values.Term:
    houses.register("math", "comp", "mech")
    houses.agree("math", "comp", houses.clause("math", "comp", {"senior": "fellow"}))
    made = houses.join("math", "M001")
    number_committed()
    return made


@pytest.fixture
def term(furnish: Furnish, clock: FixedClock) -> values.Term:
    return furnish(one_member)


@pytest.fixture
def token(term: values.Term) -> str:
    return bearer("comp")


def bearer(society: str, scope: str = "api") -> str:
    made = register_site(
        society=society, grant_types=("client_credentials",), scope=scope, redirect_uris=()
    )
    with unit_of_work():
        issued = issue_client_token(get_client(made.client.client_id), scope=scope)
    return issued.token


def get(client: FlaskClient, token: str, **query: str) -> Any:
    return client.get(
        "/api/v1/recognitions",
        query_string={**QUESTION, **query},
        headers={"Authorization": f"Bearer {token}"},
    )


def test_the_answer_has_exactly_the_promised_members(
    client: FlaskClient, token: str, term: values.Term, clock: FixedClock
) -> None:
    clock.advance(seconds=90)
    told = get(client, token).get_json()
    (agreement,), _ = agreement_register.list_agreements()
    reasons = told.pop("reasons")
    digest = told.pop("decision_hash")
    assert told == {
        "recognised": True,
        "home": "math",
        "grade": "senior",
        "host_grade": "fellow",
        "agreement": {
            "id": str(agreement.id),
            "version": 1,
            "hash": agreement.versions[0].hash,
        },
        "next_change_at": "2027-01-01T00:00:00Z",
    }
    assert len(digest) == 64
    assert [(why["code"], why["evidence"][0]) for why in reasons] == [
        ("recognised", {"id": f"term:{term.id}", "age_seconds": 90})
    ]
    assert "math" in reasons[0]["text"]


def test_a_question_takes_six_statements_at_most(client: FlaskClient, token: str) -> None:
    get(client, token)
    with count_statements() as seen:
        get(client, token)
    assert len(seen) <= 6, seen


def test_a_subject_is_a_persons_name_to_its_client_alone(
    client: FlaskClient, token: str, term: values.Term
) -> None:
    person = houses.person_of(term)
    subject = subjects.subject_in("comp", person)
    assert get(client, token, person=subject).get_json()["recognised"] is True
    with count_statements() as seen:
        get(client, token, person=subject)
    assert len(seen) <= 6, seen
    other = get(client, bearer("math"), person=subject, host="math")
    assert (other.status_code, other.get_json()["code"]) == (404, "person-unknown")


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"person": "math:M999"}, 404, "person-unknown"),
        ({"person": "a b"}, 422, "invalid-input"),
        ({"host": "chem"}, 403, "forbidden"),
        ({"valid_at": "yesterday"}, 422, "invalid-input"),
        ({"known_at": "2030-01-01T00:00:00Z"}, 422, "known-at-ahead"),
    ],
)
def test_a_faulty_question_is_refused_with_its_code(
    client: FlaskClient, token: str, query: dict[str, str], status: int, code: str
) -> None:
    told = get(client, token, **query)
    assert (told.status_code, told.get_json()["code"]) == (status, code)


def test_nobody_asks_without_a_token(client: FlaskClient, term: values.Term) -> None:
    assert client.get("/api/v1/recognitions", query_string=QUESTION).status_code == 401


def test_an_unknown_host_is_named(client: FlaskClient, term: values.Term) -> None:
    told = get(client, bearer("math"), host="chem")
    assert (told.status_code, told.get_json()["code"]) == (404, "organisation-not-found")


def secretary_of(client: FlaskClient, society: str) -> str:
    """Sign a secretary in and return the page's CSRF token."""
    add_account(
        SYSTEM,
        name="李秘书",
        email=f"secretary@{society}.example",
        password=PASSWORD,
        role="secretary",
        key=society,
    )
    assert sign_in(client, f"secretary@{society}.example").status_code == 303
    return csrf_of(client.get("/agreements"))


def post(client: FlaskClient, csrf: str, path: str, **body: Any) -> Any:
    return client.post(path, json=body, headers={"X-CSRFToken": csrf})


def test_two_secretaries_make_an_agreement_over_the_api(
    app: Flask, client: FlaskClient, term: values.Term
) -> None:
    csrf = secretary_of(client, "math")
    made = post(
        client,
        csrf,
        "/api/v1/agreements",
        title={"zh": "互认协议", "en": "Agreement"},
        parties=["math", "mech"],
    )
    assert made.status_code == 201
    path = f"/api/v1/agreements/{made.get_json()['id']}"
    clause = houses.clause("math", "mech", {"senior": "senior"})
    version = post(
        client, csrf, f"{path}/versions", since="2026-01-01T00:00:00Z", clauses=[clause]
    ).get_json()
    assert (version["version"], version["signatures"]) == (1, [])
    for society in ("math", "mech"):
        browser = client if society == "math" else app.test_client()
        csrf = csrf if society == "math" else secretary_of(browser, "mech")
        signed = post(
            browser, csrf, f"{path}/versions/1/signatures", society=society, hash=version["hash"]
        )
        assert signed.status_code == 201
    assert client.get(f"{path}/verification").get_json()["ok"] is True
    assert get(client, bearer("mech"), host="mech").get_json()["host_grade"] == "senior"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"grades": {"duke": "fellow"}}, 422, "grade-unknown"),
        ({"home": "mech"}, 422, "agreement-text-invalid"),
        ({"benefits": []}, 422, "invalid-input"),
        ({"conditions": [{"kind": "moon"}]}, 422, "invalid-input"),
        ({"surprise": 1}, 422, "invalid-input"),
    ],
)
def test_a_faulty_text_is_refused_and_leaves_nothing(
    client: FlaskClient, term: values.Term, change: dict[str, Any], status: int, code: str
) -> None:
    csrf = secretary_of(client, "math")
    (agreement,), _ = agreement_register.list_agreements()
    told = post(
        client,
        csrf,
        f"/api/v1/agreements/{agreement.id}/versions",
        since="2026-01-01T00:00:00Z",
        clauses=[{**houses.clause("math", "comp", {"senior": "fellow"}), **change}],
    )
    assert (told.status_code, told.get_json()["code"]) == (status, code)
    assert len(agreement_register.get_agreement(agreement.id).versions) == 1


def test_only_a_partys_secretary_signs_and_only_once(
    client: FlaskClient, term: values.Term
) -> None:
    (agreement,), _ = agreement_register.list_agreements()
    path = f"/api/v1/agreements/{agreement.id}/versions/1/signatures"
    csrf = secretary_of(client, "math")
    again = post(client, csrf, path, society="math")
    assert (again.status_code, again.get_json()["code"]) == (409, "already-signed")
    foreign = post(client, csrf, path, society="comp")
    assert (foreign.status_code, foreign.get_json()["code"]) == (403, "forbidden")
    stranger = post(client, csrf, path, society="mech")
    assert (stranger.status_code, stranger.get_json()["code"]) == (403, "not-a-party")


def test_a_program_cannot_sign(client: FlaskClient, token: str) -> None:
    (agreement,), _ = agreement_register.list_agreements()
    told = client.post(
        f"/api/v1/agreements/{agreement.id}/versions/1/signatures",
        json={"society": "comp"},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert (told.status_code, told.get_json()["code"]) == (403, "forbidden")


def test_my_page_says_where_i_am_recognised_and_why(client: FlaskClient, term: values.Term) -> None:
    with acting_as(Principal(person_id=houses.person_of(term))):
        shown = client.get("/me/recognitions?lang=zh-CN").text
        assert 'data-count="1"' in shown
        assert 'data-host="comp" data-recognised="true" data-reason="recognised"' in shown
        assert 'data-host="mech" data-recognised="false" data-reason="no-agreement"' in shown
        assert "没有哪份协议约定由" in shown
        assert 'data-host="math" data-recognised="true" data-reason="own-member"' in shown
        terms.end_term(SYSTEM, term_id=term.id)
        assert 'data-count="0"' in client.get("/me/recognitions").text


def test_my_page_costs_the_same_for_any_number_of_societies(
    client: FlaskClient, term: values.Term
) -> None:
    with acting_as(Principal(person_id=houses.person_of(term))):
        client.get("/me/recognitions")
        with count_statements() as three:
            client.get("/me/recognitions")
        houses.register("chem", "bio")
        with count_statements() as five:
            client.get("/me/recognitions")
    assert len(five) == len(three)


def test_a_reader_without_a_session_is_asked_to_sign_in(
    client: FlaskClient, term: values.Term
) -> None:
    told = client.get("/me/recognitions")
    assert (told.status_code, told.headers["Location"]) == (
        302,
        "/sign-in?next=%2Fme%2Frecognitions",
    )


def test_the_register_is_public_and_shows_signatures(
    client: FlaskClient, term: values.Term
) -> None:
    (agreement,), _ = agreement_register.list_agreements()
    assert (
        f'data-agreement="{agreement.id}" data-state="in-force"' in client.get("/agreements").text
    )
    shown = client.get(f"/agreements/{agreement.id}").text
    assert 'data-signed-by="math"' in shown
    assert 'data-signed-by="comp"' in shown
    assert agreement.versions[0].hash in shown


def test_a_secretary_ends_a_term_and_undoes_it(client: FlaskClient, term: values.Term) -> None:
    csrf = secretary_of(client, "math")
    shown = client.get("/s/math/members").text
    assert 'data-member="math:M001"' in shown
    form = {"csrf_token": csrf, "term_id": str(term.id), "decision": "end"}
    assert client.post("/s/math/members/terms", data=form).status_code == 303
    (ended,) = terms.list_terms(SYSTEM, society="math", member_number="M001")
    assert ended.supersedes == term.id
    form |= {"term_id": str(ended.id), "decision": "restore"}
    assert client.post("/s/math/members/terms", data=form).status_code == 303
    (restored,) = terms.list_terms(SYSTEM, society="math", member_number="M001")
    assert (restored.since, restored.until) == (term.since, term.until)


def test_another_societys_roster_is_not_there(client: FlaskClient, term: values.Term) -> None:
    csrf = secretary_of(client, "comp")
    assert client.get("/s/math/members").status_code == 404
    form = {"csrf_token": csrf, "term_id": str(term.id), "decision": "end"}
    refused = client.post("/s/math/members/terms", data=form)
    assert refused.status_code == 404
    assert terms.list_terms(SYSTEM, society="math", member_number="M001") == (term,)


def test_a_form_without_its_token_changes_nothing(client: FlaskClient, term: values.Term) -> None:
    secretary_of(client, "math")
    refused = client.post("/s/math/members/terms", data={"term_id": str(term.id)})
    assert (refused.status_code, error_of(refused)) == (400, "csrf-failed")
    assert terms.list_terms(SYSTEM, society="math", member_number="M001") == (term,)


def run(app: Flask, *words: str) -> tuple[int, list[Any]]:
    result = app.test_cli_runner().invoke(args=["membership", *words, "--json"])
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def test_operators_end_and_restore_by_command(app: Flask, term: values.Term) -> None:
    assert run(app, "term", "end", "--member", "math:M001")[0] == 0
    code, (told,) = run(app, "recognise", "--person", "math:M001", "--host", "comp")
    assert (code, told["reasons"][0]["code"]) == (0, "term-ended")
    assert run(app, "term", "restore", "--member", "math:M001")[0] == 0
    code, (agreement,) = run(app, "agreement", "list")
    assert (agreement["parties"], agreement["version"]) == (["comp", "math"], 1)
    assert run(app, "agreement", "verify", agreement["id"])[1][0]["ok"] is True
    assert run(app, "agreement", "end", agreement["id"])[0] == 0
    code, (told,) = run(app, "recognise", "--person", "math:M001", "--host", "comp")
    assert told["reasons"][0]["code"] == "agreement-ended"
    assert run(app, "decisions", "replay") == (0, [{"decisions": 0, "differences": []}])


def test_a_refused_command_exits_1_with_its_code(app: Flask, term: values.Term) -> None:
    code, (told,) = run(app, "term", "end", "--member", "math:M999")
    assert (code, told["code"]) == (1, "member-not-found")


def test_questions_about_a_world_in_a_file(app: Flask, tmp_path: Path) -> None:
    rows = [
        {
            "kind": "agreement_version",
            "id": "v1",
            "agreement": "a",
            "since": "2026-01-01T00:00:00Z",
            "clauses": [houses.clause("math", "comp", {"senior": "fellow"})],
        },
        {
            "kind": "term",
            "id": "t1",
            "person": "p",
            "society": "math",
            "grade": "senior",
            "since": "2026-01-01T00:00:00Z",
            "until": "2027-01-01T00:00:00Z",
            "recorded_at": "2026-01-01T00:00:00Z",
        },
    ]
    question = {"id": 7, "person": "p", "host": "comp", "benefit": "member-price"}
    world, questions = tmp_path / "w.jsonl", tmp_path / "q.jsonl"
    world.write_text("\n".join(map(json.dumps, rows)))
    questions.write_text(
        "\n".join(
            json.dumps({**question, "valid_at": at})
            for at in ("2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z")
        )
    )
    code, lines = run(app, "decide", "--world", str(world), "--questions", str(questions))
    assert code == 0
    assert [(line["id"], line["recognised"], line["reasons"][0]["code"]) for line in lines] == [
        (7, True, "recognised"),
        (7, False, "term-ended"),
    ]
    assert lines[0]["reasons"][0]["evidence"][0] == {"id": "term:t1", "age_seconds": 31535999}


def test_a_line_that_cannot_be_read_is_named(app: Flask, tmp_path: Path) -> None:
    world = tmp_path / "w.jsonl"
    world.write_text('{"kind": "term"}')
    code, (told,) = run(app, "decide", "--world", str(world), "--questions", str(world))
    assert (code, told["code"]) == (1, "world-invalid")
    assert run(app, "decide", "--schema")[1][0]["title"]


def test_claims_tell_a_site_of_its_own_society_only(
    app: Flask, term: values.Term, clock: FixedClock
) -> None:
    from membership.claims import provide_memberships, provide_recognitions

    person: UUID = houses.person_of(term)
    with app.test_request_context():
        at_comp = provide_recognitions(person, "comp", clock.now())
        (told,) = at_comp["recognitions"]
        assert at_comp["not_recognised"] == []
        assert {name: told[name] for name in ("host", "grade", "until")} == {
            "host": "comp",
            "grade": "fellow",
            "until": "2027-01-01T00:00:00Z",
        }
        at_mech = provide_recognitions(person, "mech", clock.now())
        (why,) = at_mech["not_recognised"]
        assert (at_mech["recognitions"], why["host"], why["reason_code"]) == (
            [],
            "mech",
            "no-agreement",
        )
        assert why["reason"] == "没有哪份协议约定由mech学会承认math学会的会员。"
        assert provide_recognitions(person, None, clock.now()) == {}
    assert provide_memberships(person, "comp", clock.now())["member_number"] is None
    assert provide_memberships(person, "math", clock.now())["member_number"] == "M001"


def test_her_own_row_names_each_line_in_words_and_her_once(term: values.Term) -> None:
    entry = MembershipRoster().find_entry(society="math", number="M001", name="张三")
    assert entry is not None
    assert (entry.name, entry.lines) == ("张三", ())


def test_claims_give_no_reason_to_who_is_no_member(
    app: Flask, term: values.Term, clock: FixedClock
) -> None:
    from membership.claims import provide_recognitions

    with app.test_request_context():
        told = provide_recognitions(new_id(), "comp", clock.now())
    assert told == {"recognitions": [], "not_recognised": []}


def test_an_operator_grant_reads_any_answer(term: values.Term, client: FlaskClient) -> None:
    with acting_as(Principal(grants=(Grant("operator", "node"),), client_id="x")):
        told = client.get("/api/v1/recognitions", query_string=QUESTION)
    assert told.get_json()["recognised"] is True


def test_who_is_not_known_is_told_in_a_sentence(client: FlaskClient, token: str) -> None:
    told = get(client, token, person="math:nobody", lang="en").get_json()
    assert (told["code"], told["title"]) == ("person-unknown", "Nobody is known by this name.")
