"""People, accounts, grants, subjects, clients, links: services on a database."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from auth import models
from auth.claims import CLAIMS
from auth.errors import (
    AccountIncomplete,
    AddressTaken,
    ClientMetadataInvalid,
    ClientNotFound,
    EmailInvalid,
    GrantForbidden,
    LinkRefused,
    PasswordTooCommon,
    PasswordTooShort,
    PersonNotFound,
    PlaceUnknown,
    RoleHeldLonger,
    RoleUnknown,
    SignInRefused,
)
from auth.jobs import purge_expired
from auth.loader import principal_of
from auth.services import (
    accounts,
    authorizations,
    clients,
    consents,
    enrolment,
    first_passwords,
    grants,
    people,
    selects,
    sessions,
    subjects,
)
from auth.services.enrolment import Added, add_account
from auth.services.sign_in import sign_in_with_password
from auth.values import ClientWish, PersonWish
from consortium.errors import PeriodInvalid
from consortium.kernel import people as people_port
from consortium.kernel.audit.models import AuditRow
from consortium.kernel.clock import FixedClock, read_now
from consortium.kernel.db import db
from consortium.kernel.errors import Forbidden, NotFound
from consortium.kernel.feature import JobPage
from consortium.kernel.outbox.models import OutboxRow
from consortium.kernel.principal import ANONYMOUS, SYSTEM, Grant, Principal
from consortium.kernel.settings import EXTENSION
from consortium.kernel.unit_of_work import reading, unit_of_work
from tests.auth.browsing import PASSWORD, Site, error_of, register_site, sign_in, submit

ADMIN = Principal(grants=(Grant("society_admin", "society", "math"),))


@reading
def count(model: type) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


@reading
def last(column: Any, condition: Any) -> list[Any]:
    return list(db.session.scalars(sa.select(column).where(condition)))


def test_people_are_recorded_without_a_credential(app: Flask) -> None:
    made = people.create_person(SYSTEM, name="张三", name_latin="Zhang San")
    assert people.get_person(made.id) == made
    assert accounts.find_account(made.id) is None


def test_many_people_are_recorded_in_order(app: Flask) -> None:
    ids = people.create_persons(SYSTEM, [PersonWish(f"P{i}") for i in range(1000)])
    names = people.names_of(ids)
    assert [names[made] for made in ids] == [f"P{i}" for i in range(1000)]
    assert people.create_persons(SYSTEM, []) == []


def test_a_name_is_corrected(app: Flask) -> None:
    made = people.create_person(SYSTEM, name="张三", name_latin="Zhang San")
    people.update_person(SYSTEM, person_id=made.id, name_latin=None)
    found = people.get_person(made.id)
    assert (found.name, found.name_latin) == ("张三", None)


def test_an_unknown_person_is_refused(app: Flask) -> None:
    with pytest.raises(PersonNotFound):
        people.get_person(UUID(int=0))


def test_erasure_leaves_the_id_and_nothing_else(client: FlaskClient, site: Site) -> None:
    sign_in(client)
    told = site.redeem(site.obtain_code()).json
    account = accounts.find_account_by("zhang@math.example")
    assert account is not None
    people.erase_person(SYSTEM, person_id=account.person_id)
    found = people.get_person(account.person_id)
    assert (found.name, found.erased_at is not None) == (None, True)
    assert accounts.find_account(account.person_id) is None
    assert people.names_of([account.person_id]) == {}
    assert client.get("/me/sites").status_code == 302
    bearer = {"Authorization": f"Bearer {told['access_token']}"}
    assert client.get("/oauth/userinfo", headers=bearer).status_code == 401
    with pytest.raises(PersonNotFound):
        people.erase_person(SYSTEM, person_id=account.person_id)


def test_an_address_belongs_to_one_account(member: Added) -> None:
    with pytest.raises(AddressTaken):
        add_account(SYSTEM, name="Other", email="ZHANG@math.example")
    assert count(models.Person) == 1


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        ({"email": "zhang"}, EmailInvalid),
        ({}, AccountIncomplete),
        ({"email": "a@b.example", "password": ""}, PasswordTooShort),
        ({"email": "a@b.example", "password": "12345678"}, PasswordTooCommon),
    ],
)
def test_a_faulty_account_is_refused(
    app: Flask, wish: dict[str, str], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        add_account(SYSTEM, name="X", **wish)
    assert count(models.Person) == 0


def test_only_operators_open_accounts(app: Flask) -> None:
    with pytest.raises(Forbidden):
        add_account(ADMIN, name="X", email="x@math.example")


def test_a_new_password_ends_sign_ins(client: FlaskClient, member: Added) -> None:
    sign_in(client)
    accounts.set_password(SYSTEM, person_id=member.person_id, password="quiet-lake-sky-3")
    assert client.get("/me/sites").status_code == 302
    assert sign_in(client).status_code == 401
    assert sign_in(client, password="quiet-lake-sky-3").status_code == 303


def test_the_people_port_is_filled(member: Added) -> None:
    assert people_port.name_of(member.person_id) == "张三"
    assert people_port.address_of(member.person_id, "email") == "zhang@math.example"
    assert people_port.address_of(member.person_id, "mobile") == "+8613800138000"
    assert people_port.address_of(member.person_id, "password_hash") is None
    people_port.notify(member.person_id, "Hello", "There")


def test_demo_accounts_are_seen_and_stay_on_loopback(app: Flask, societies: object) -> None:
    assert not accounts.has_demo_accounts()
    add_account(SYSTEM, name="D", email="d@math.example", password=PASSWORD, is_demo=True)
    assert accounts.has_demo_accounts()
    wish = {"identifier": "d@math.example", "password": PASSWORD, "address": "192.0.2.1"}
    assert sign_in_with_password(**wish).session.amr == ("pwd",)
    app.extensions[EXTENSION] = replace(app.extensions[EXTENSION], issuer="https://node.example")
    with pytest.raises(SignInRefused):
        sign_in_with_password(**wish)


def test_a_role_holds_in_its_period(client: FlaskClient, clock: FixedClock, member: Added) -> None:
    now = clock.now()
    grants.grant_role(
        SYSTEM,
        person_id=member.person_id,
        role="secretary",
        key="math",
        since=now + timedelta(days=1),
        until=now + timedelta(days=2),
    )
    held = []
    for _ in range(3):
        held.append(grants.list_holders("secretary", "society", "math"))
        clock.advance(days=1)
    assert held == [[], [member.person_id], []]


def test_an_ended_role_is_gone_at_the_next_request(client: FlaskClient, member: Added) -> None:
    made = grants.grant_role(SYSTEM, person_id=member.person_id, role="secretary", key="math")
    sign_in(client)
    cookie = client.get_cookie("consortium_session")
    assert cookie is not None
    before = sessions.find_principal(cookie.value, read_now())
    grants.end_grant(SYSTEM, grant_id=made.id)
    after = sessions.find_principal(cookie.value, read_now())
    assert before is not None
    assert after is not None
    assert before.principal.grants == (Grant("secretary", "society", "math"),)
    assert (before.principal.society, after.principal.society) == ("math", None)
    assert after.principal.grants == ()


def test_the_same_role_twice_is_one_grant(member: Added) -> None:
    made = [
        grants.grant_role(SYSTEM, person_id=member.person_id, role="operator") for _ in range(2)
    ]
    assert made[0] == made[1]


def test_a_role_is_added_to_what_she_holds_and_never_cut_by_adding(
    clock: FixedClock, member: Added
) -> None:
    wish = {"person_id": member.person_id, "role": "secretary", "key": "math"}
    soon, late = clock.now() + timedelta(days=10), clock.now() + timedelta(days=20)
    short = grants.grant_role(SYSTEM, **wish, until=soon)
    assert grants.grant_role(SYSTEM, **wish, until=soon) == short
    longer = grants.grant_role(SYSTEM, **wish, until=late)
    assert (longer.id != short.id, longer.until) == (True, late)
    with pytest.raises(RoleHeldLonger):
        grants.grant_role(SYSTEM, **wish, until=soon)
    assert grants.grant_role(SYSTEM, **wish).until is None


def test_every_grant_of_a_role_ends_also_one_that_has_not_begun(
    clock: FixedClock, member: Added
) -> None:
    wish = {"person_id": member.person_id, "role": "secretary", "key": "math"}
    now = clock.now()
    grants.grant_role(SYSTEM, **wish, until=now + timedelta(days=1))
    grants.grant_role(SYSTEM, **wish, since=now + timedelta(days=5))
    ended = grants.end_role(SYSTEM, **wish)
    assert [grant.until for grant in ended] == [now, now + timedelta(days=5)]
    clock.advance(days=6)
    assert grants.list_holders("secretary", "society", "math") == []


def test_an_ended_role_is_told_and_audited(clock: FixedClock, member: Added) -> None:
    wish = {"person_id": member.person_id, "role": "secretary", "key": "math"}
    grants.grant_role(SYSTEM, **wish)
    grants.end_role(SYSTEM, **wish)
    now = clock.now().isoformat()
    period = {"since": now, "until": now}
    place = {"role": "secretary", "kind": "society", "key": "math"}
    told = last(OutboxRow.data, OutboxRow.topic == "auth.grant.ended")
    assert told == [{"person_id": str(member.person_id), **place, **period}]
    audited = last(AuditRow.detail, AuditRow.action == "auth.grant.ended")
    assert audited == [{**place, **period}]


def test_an_end_is_refused_where_giving_would_be(member: Added) -> None:
    wish = {"person_id": member.person_id, "role": "secretary", "key": "comp"}
    made = grants.grant_role(SYSTEM, **wish)
    with pytest.raises(GrantForbidden):
        grants.end_role(ADMIN, **wish)
    with pytest.raises(GrantForbidden):
        grants.end_grant(ADMIN, grant_id=made.id)
    with pytest.raises(PeriodInvalid):
        grants.end_role(SYSTEM, **wish, until=read_now() - timedelta(days=1))
    assert grants.get_grant(made.id) == made


def test_a_link_of_another_purpose_sets_no_password(societies: object) -> None:
    operators = enrolment.invite_operator(SYSTEM)
    for_her = add_account(SYSTEM, name="S", email="s@math.example").token or ""
    form = {"name": "Op", "identifier": "op@node.example", "password": PASSWORD}
    with pytest.raises(LinkRefused):
        enrolment.accept_operator_link(token=for_her, address="", **form)
    with pytest.raises(LinkRefused):
        first_passwords.accept_password_link(token=operators, password=PASSWORD, address="")
    account = accounts.find_account_by("s@math.example")
    assert account is not None
    assert not account.has_password
    with pytest.raises(Forbidden):
        first_passwords.invite_owner(ADMIN, person_id=account.person_id)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": " "}, "name-missing"),
        ({"identifier": " "}, "account-incomplete"),
        ({"identifier": "bad"}, "email-invalid"),
        ({"identifier": "bad@"}, "email-invalid"),
        ({"identifier": "1380013"}, "mobile-invalid"),
        ({"password": ""}, "password-too-short"),
    ],
)
def test_an_operators_form_says_what_is_wrong_with_it(
    client: FlaskClient, changes: dict[str, str], code: str
) -> None:
    path = f"/links/{enrolment.invite_operator(SYSTEM)}"
    form = {"name": "Op", "identifier": "op@node.example", "password": PASSWORD}
    answer = submit(client, path, **{**form, **changes})
    assert (answer.status_code, error_of(answer)) == (422, code)
    assert submit(client, path, **form).status_code == 303


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        ({"role": "king"}, RoleUnknown),
        ({"role": "secretary"}, PlaceUnknown),
        ({"role": "operator", "key": "math"}, PlaceUnknown),
        ({"role": "secretary", "kind": "planet", "key": "math"}, PlaceUnknown),
    ],
)
def test_a_faulty_grant_is_refused(
    member: Added, wish: dict[str, str], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        grants.grant_role(SYSTEM, person_id=member.person_id, **wish)


def test_an_administrator_gives_roles_at_home_only(member: Added) -> None:
    grants.grant_role(ADMIN, person_id=member.person_id, role="secretary", key="math")
    with pytest.raises(GrantForbidden):
        grants.grant_role(ADMIN, person_id=member.person_id, role="secretary", key="comp")
    assert [grant.key for grant in grants.list_grants(member.person_id)] == ["math"]


def test_a_subject_leads_back_to_its_person(member: Added) -> None:
    at_comp, at_math = register_site(), register_site(society="math")
    subs = [
        subjects.subject_for(site.client.client_id, member.person_id) for site in (at_comp, at_math)
    ]
    assert subs[0] != subs[1]
    found = [
        subjects.person_of_subject(site.client.client_id, subs[0]) for site in (at_comp, at_math)
    ]
    assert found == [member.person_id, None]
    assert subjects.subject_in("comp", member.person_id) == subs[0]


def test_a_society_registers_its_own_clients_only(societies: object) -> None:
    made = clients.register_client(ADMIN, ClientWish("Feed", society="math"))
    assert made.client.scope == "api feed:read"
    for society in ("comp", None):
        with pytest.raises(Forbidden):
            clients.register_client(ADMIN, ClientWish("Feed", society=society))
    with pytest.raises(NotFound):
        clients.register_client(SYSTEM, ClientWish("Feed", society="nowhere"))
    with pytest.raises(ClientMetadataInvalid):
        clients.register_client(ADMIN, ClientWish("Feed", society="math", scope="all"))


def test_a_removed_client_is_unknown(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    told = site.redeem(site.obtain_code()).json
    clients.remove_client(SYSTEM, client_id=site.client_id)
    assert site.ask().status_code == 400
    assert site.send({"grant_type": "client_credentials"}).status_code == 401
    bearer = {"Authorization": f"Bearer {told['access_token']}"}
    assert client.get("/oauth/userinfo", headers=bearer).status_code == 401
    with pytest.raises(ClientNotFound):
        clients.remove_client(SYSTEM, client_id=site.client_id)


def test_another_societys_client_looks_absent(societies: object) -> None:
    made = register_site(society="comp")
    with pytest.raises(ClientNotFound):
        clients.remove_client(ADMIN, client_id=made.client.client_id)


def test_a_program_acts_for_its_society(client: FlaskClient, societies: object) -> None:
    reader = Site(client, register_site(redirect_uris=(), scope="api"))
    token = reader.send({"grant_type": "client_credentials"}).json["access_token"]
    found = authorizations.find_token(token, read_now())
    assert found is not None
    principal = principal_of(found)
    assert (principal.client_id, principal.society) == (reader.client_id, "comp")
    assert principal.holds("organiser", "society", "comp")
    assert principal.scopes == {"api"}


def test_a_members_token_opens_no_api(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    token = site.redeem(site.obtain_code()).json["access_token"]
    outside = client.application.test_client()
    answer = outside.get("/me/sites", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 302


def test_a_broken_token_never_falls_back_to_the_cookie(client: FlaskClient, member: Added) -> None:
    sign_in(client)
    answer = client.get("/me/sites", headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 302


def test_consents_are_listed_and_taken_back(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    site.obtain_code(scope="openid profile")
    account = accounts.find_account_by("zhang@math.example")
    assert account is not None
    reader = Principal(person_id=account.person_id)
    assert consents.list_consents(account.person_id) == [
        (site.client_id, "Computing Society", frozenset({"profile"}))
    ]
    consents.withdraw_consent(reader, client_id=site.client_id)
    assert consents.list_consents(account.person_id) == []
    assert count(models.ClientConsent) == 2
    with pytest.raises(ClientNotFound):
        consents.withdraw_consent(reader, client_id=site.client_id)


def test_an_operators_link_is_used_once_and_by_post_only(client: FlaskClient) -> None:
    path = f"/links/{enrolment.invite_operator(SYSTEM)}"
    form = {"name": "Op", "identifier": "op@node.example", "password": PASSWORD}
    assert [client.get(path).status_code for _ in range(2)] == [200, 200]
    assert submit(client, path, **{**form, "password": "short"}).status_code == 422
    opened = submit(client, path, **form)
    assert opened.status_code == 303
    assert client.get(opened.location).status_code == 200
    assert client.get(path).status_code == 410
    account = accounts.find_account_by("op@node.example")
    assert account is not None
    assert [grant.role for grant in grants.list_grants(account.person_id)] == ["operator"]
    with pytest.raises(LinkRefused):
        enrolment.accept_operator_link(token=path[7:], address="", **form)


def test_only_operators_make_operators(app: Flask) -> None:
    for actor in (ANONYMOUS, ADMIN):
        with pytest.raises(Forbidden):
            enrolment.invite_operator(actor)


def test_sessions_idle_out_and_end(client: FlaskClient, clock: FixedClock, member: Added) -> None:
    sign_in(client)
    found = []
    for minutes in (119, 119, 121):
        clock.advance(minutes=minutes)
        found.append(client.get("/me/sites").status_code)
    assert found == [200, 200, 302]
    sign_in(client)
    found = []
    for _ in range(7):
        clock.advance(minutes=110)
        found.append(client.get("/me/sites").status_code)
    assert found == [200] * 6 + [302]


def test_expired_rows_are_removed_page_by_page(
    client: FlaskClient, clock: FixedClock, site: Site
) -> None:
    sign_in(client)
    site.redeem(site.obtain_code())
    submit(client, "/sign-in/code", mobile="13800138000")
    enrolment.invite_operator(SYSTEM)
    clock.advance(days=3)
    cursor: str | None = None
    for _ in range(20):
        with unit_of_work() as uow:
            cursor = purge_expired(JobPage("auth.purge_expired", uow.now, cursor, 1, uow.now))
        if cursor is None:
            break
    gone = (
        models.Throttle, models.OneTimeCode, models.SingleUseLink, models.AccessToken,
        models.AuthorizationCode, models.SignInSession,
    )  # fmt: skip
    assert [count(model) for model in gone] == [0] * 6
    assert count(models.Account) == 1


def test_selects_have_their_promised_columns(member: Added) -> None:
    now = read_now()
    found = [
        list(select.selected_columns.keys())
        for select in (selects.persons(), selects.accounts(), selects.roles(now))
    ]
    assert found == [
        ["person_id", "name", "name_latin", "erased_at"],
        ["person_id", "email", "mobile"],
        ["person_id", "role", "kind", "key"],
    ]


def test_each_scope_gives_what_it_names(member: Added) -> None:
    told = {
        claims.scope: dict(claims.provide(member.person_id, "comp", read_now()))
        for claims in CLAIMS
    }
    assert told == {
        "profile": {"name": "张三", "name#en": None},
        "email": {"email": "zhang@math.example", "email_verified": True},
        "phone": {"phone_number": "+8613800138000", "phone_number_verified": True},
    }
