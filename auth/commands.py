"""`flask auth ...`: accounts, operators, clients, roles."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import click

from auth.errors import PlaceUnknown
from auth.rules.access import kind_of_role
from auth.services import accounts, clients, enrolment, first_passwords, grants
from auth.services.people import names_of
from auth.values import ROLE_KINDS, ClientWish, RoleGrant
from consortium.kernel.cli import command_group, json_command
from consortium.kernel.clock import end_of_day, start_of_day
from consortium.kernel.errors import NotFound
from consortium.kernel.principal import SYSTEM
from consortium.kernel.settings import current_settings
from consortium.kernel.web.formats import DEFAULT_ZONE
from consortium.services.consortia import get_consortium
from consortium.services.organisations import get_organisation

group = command_group("auth", "Accounts, role grants and relying parties.")


@group.group("client", help="Sites and programs that rely on this node.")
def client_group() -> None:
    """Sites and programs that rely on this node."""


@group.group("account", help="Accounts of people.")
def account_group() -> None:
    """Accounts of people."""


@group.group("operator", help="Operators of this node.")
def operator_group() -> None:
    """Operators of this node."""


@group.group("grant", help="Dated roles.")
def grant_group() -> None:
    """Dated roles."""


@json_command(client_group, "add")
@click.option("--name", required=True, help="What people read when they are asked.")
@click.option("--society", help="Code of the owning society; without it the node owns it.")
@click.option("--redirect-uri", "redirect_uris", multiple=True, help="May be repeated.")
@click.option("--post-logout-redirect-uri", "post_logout", multiple=True, help="May be repeated.")
@click.option("--scope", "scopes", multiple=True, help="Scopes, by spaces or repeated.")
@click.option("--grant", "grant_types", multiple=True, help="Grant types; may be repeated.")
@click.option("--auth-method", default="client_secret_basic", show_default=True)
@click.option("--id-token-alg", default="RS256", show_default=True)
@click.option("--subject-type", default="pairwise", show_default=True)
def add_client(
    name: str,
    society: str | None,
    redirect_uris: tuple[str, ...],
    post_logout: tuple[str, ...],
    scopes: tuple[str, ...],
    grant_types: tuple[str, ...],
    auth_method: str,
    id_token_alg: str,
    subject_type: str,
) -> dict[str, object]:
    """Register a relying party and print its registration; the secret is printed this once."""
    wish = ClientWish(
        name=name,
        society=society,
        redirect_uris=redirect_uris,
        post_logout_redirect_uris=post_logout,
        grant_types=_split(grant_types),
        scope=" ".join(scopes),
        auth_method=auth_method,
        id_token_alg=id_token_alg,
        subject_type=subject_type,
    )
    told = clients.register_client(SYSTEM, wish).as_metadata()
    return {**told, "issuer": current_settings().issuer}


def _split(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for value in values for word in value.replace(",", " ").split())


@json_command(client_group, "list")
@click.option("--society", help="Only this society's.")
def list_clients(society: str | None) -> list[dict[str, object]]:
    """Print every registered client, oldest first."""
    return [client.as_metadata() for client in clients.list_clients(society)]


@json_command(client_group, "show")
@click.argument("client_id")
def show_client(client_id: str) -> dict[str, object]:
    """Print one client."""
    return clients.get_client(client_id).as_metadata()


@json_command(client_group, "remove")
@click.argument("client_id")
def remove_client(client_id: str) -> dict[str, object]:
    """Remove a client and revoke what it was given."""
    clients.remove_client(SYSTEM, client_id=client_id)
    return {"client_id": client_id, "removed": True}


@json_command(account_group, "add")
@click.option("--email", help="Address she signs in with.")
@click.option("--mobile", help="Mobile number she signs in with.")
@click.option("--name", required=True, help="Her name.")
@click.option("--society", help="Code of the society over which she holds the role.")
@click.option("--consortium", help="Code of the consortium over which she holds the role.")
@click.option("--role", help=f"One of: member {' '.join(ROLE_KINDS)}.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add_account(
    email: str | None,
    mobile: str | None,
    name: str,
    society: str | None,
    consortium: str | None,
    role: str | None,
    password_stdin: bool,
) -> dict[str, object]:
    """Record a person with an account and, if asked, a role.

    Without a password the account comes with a single-use link by which she sets it herself.
    """
    wanted = None if role in {None, "member"} else role
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    key = _place(wanted, society, consortium) if wanted else ""
    if society is not None and not key:
        get_organisation(society)
    added = enrolment.add_account(
        SYSTEM, name=name, email=email, mobile=mobile, password=password, role=wanted, key=key
    )
    return {
        "person_id": added.person_id,
        "name": name,
        "email": added.email,
        "mobile": added.mobile,
        "role": role,
        "society": society,
        "key": key or None,
        **(_link(added.token) if added.token else {}),
    }


def _link(token: str) -> dict[str, object]:
    """A single-use link as it is printed, this once."""
    settings = current_settings()
    return {
        "link": f"{settings.issuer}/links/{token}",
        "expires_in": settings.single_use_link_seconds,
    }


@json_command(account_group, "link")
@click.argument("identifier")
def make_link(identifier: str) -> dict[str, object]:
    """Print another link by which the owner of an account sets her first password."""
    return _link(first_passwords.invite_owner(SYSTEM, person_id=_owner(identifier)))


def _owner(identifier: str) -> UUID:
    account = accounts.find_account_by(identifier)
    if account is None:
        raise NotFound
    return account.person_id


def _place(role: str, society: str | None, consortium: str | None) -> str:
    """The key of the place over which a role is held; refused if it is not there."""
    kind = kind_of_role(role)
    if kind == "node" or kind is None:
        return ""
    code = society if kind == "society" else consortium or society
    if not code:
        raise PlaceUnknown(role=role, kind=kind)
    try:
        return get_organisation(code).code if kind == "society" else get_consortium(code).code
    except NotFound as error:
        raise PlaceUnknown(role=role, kind=kind) from error


@json_command(operator_group, "create")
def create_operator() -> dict[str, object]:
    """Print a single-use link that makes its opener an operator."""
    return _link(enrolment.invite_operator(SYSTEM))


_ROLE = f"One of: {' '.join(ROLE_KINDS)}."
_SINCE = "First day, or an RFC 3339 instant; now unless told."
_UNTIL = "Last day, that day included, or an RFC 3339 instant, excluded."
# Days are those of the society, elsewhere of Shanghai.
_a_bound = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"])


@json_command(grant_group, "add")
@click.argument("identifier")
@click.option("--role", required=True, help=_ROLE)
@click.option("--society", help="Code of the society.")
@click.option("--consortium", help="Code of the consortium.")
@click.option("--since", type=_a_bound, help=_SINCE)
@click.option("--until", type=_a_bound, help=f"{_UNTIL} No end unless told.")
def add_grant(
    identifier: str,
    role: str,
    society: str | None,
    consortium: str | None,
    since: datetime | None,
    until: datetime | None,
) -> dict[str, object]:
    """Give the owner of an account a role, from now on or for a period."""
    person_id = _owner(identifier)
    key = _place(role, society, consortium)
    zone = _zone(role, key)
    made = grants.grant_role(
        SYSTEM,
        person_id=person_id,
        role=role,
        key=key,
        since=_begin(since, zone),
        until=_end(until, zone),
    )
    return _tell(made)


@json_command(grant_group, "end")
@click.argument("holder")
@click.option("--role", help=_ROLE)
@click.option("--society", help="Code of the society.")
@click.option("--consortium", help="Code of the consortium.")
@click.option("--until", type=_a_bound, help=f"{_UNTIL} Now unless told.")
def end_grant(
    holder: str,
    role: str | None,
    society: str | None,
    consortium: str | None,
    until: datetime | None,
) -> list[dict[str, object]]:
    """End a role, from the next request on or at a later day.

    HOLDER is the account's e-mail, mobile or society:number, with --role and its place; or the
    id of one grant as `flask auth grant list` prints it, and nothing else is needed.
    """
    grant_id = _read_id(holder)
    if grant_id is not None:
        held = grants.get_grant(grant_id)
        end = _end(until, _zone(held.role, held.key))
        return [_tell(grants.end_grant(SYSTEM, grant_id=grant_id, until=end))]
    if role is None:
        raise click.UsageError("Name the role with --role, or give the id of a grant.")
    person_id = _owner(holder)
    key = _place(role, society, consortium)
    ended = grants.end_role(
        SYSTEM, person_id=person_id, role=role, key=key, until=_end(until, _zone(role, key))
    )
    return [_tell(grant) for grant in ended]


def _read_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _zone(role: str, key: str) -> str:
    return get_organisation(key).time_zone if kind_of_role(role) == "society" else DEFAULT_ZONE


def _begin(bound: datetime | None, zone: str) -> datetime | None:
    return None if bound is None else _instant(bound, lambda: start_of_day(bound.date(), zone))


def _end(bound: datetime | None, zone: str) -> datetime | None:
    return None if bound is None else _instant(bound, lambda: end_of_day(bound.date(), zone))


def _instant(bound: datetime, day: Callable[[], datetime]) -> datetime:
    try:
        return day() if bound.tzinfo is None else bound.astimezone(UTC)
    except OverflowError as error:
        said = f"{bound.isoformat()} lies too far away; leave the bound out instead"
        raise click.BadParameter(said) from error


def _tell(grant: RoleGrant) -> dict[str, object]:
    return {
        "id": grant.id, "role": grant.role, "kind": grant.kind, "key": grant.key,
        "since": grant.since, "until": grant.until,
    }  # fmt: skip


@json_command(grant_group, "list")
@click.argument("identifier")
def list_grants(identifier: str) -> list[dict[str, object]]:
    """Print every role of the owner of an account, ended ones too."""
    person_id = _owner(identifier)
    name = names_of([person_id]).get(person_id)
    return [{**_tell(grant), "name": name} for grant in grants.list_grants(person_id)]
