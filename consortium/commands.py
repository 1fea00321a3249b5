"""`flask consortium organisation …`, `consortium found|admit|suspend|…`, `consortium key …`."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from consortium.errors import OrganisationNotFound, PeerKeysInvalid
from consortium.kernel import signing
from consortium.kernel.cli import command_group, json_command, ran_with_faults
from consortium.kernel.clock import read_now
from consortium.kernel.principal import current_principal
from consortium.services import consortia, imports, links, members, organisations, peers, standing
from consortium.services.links import LinkState, SetApart
from consortium.services.peers import PeerFacts
from consortium.values import Consortium, ImportReport, MemberSpan, Organisation, StandingFact

group = command_group("consortium", "The node, its societies and consortia.")
organisation_group = command_group("organisation", "The register of organisations.")
key_group = command_group("key", "Signing keys of the node and of its societies.")
peer_group = command_group("peer", "Nodes with which this one exchanges news.")
link_group = command_group("link", "Reading the feeds of peers.")
group.add_command(organisation_group)
group.add_command(peer_group)
group.add_command(link_group)
group.add_command(key_group)

readable_file = click.Path(exists=True, dir_okay=False, path_type=Path)
in_consortium = click.option("--consortium", required=True, help="Code of the consortium.")
with_document = click.option("--document", help="Number of the decision.")
an_instant = click.DateTime(["%Y-%m-%dT%H:%M:%S%z"])


@json_command(organisation_group, "import")
@click.argument("file", type=readable_file)
@click.option("--apply", is_flag=True, help="Write; without it the import is tried only.")
def import_organisations(file: Path, apply: bool) -> ImportReport:
    """Import organisations from CSV or a workbook; exit 3 if a row is refused."""
    report = imports.import_organisations(current_principal(), file.read_bytes(), apply=apply)
    if report.refused:
        raise ran_with_faults(report)
    return report


@json_command(organisation_group, "list")
@click.option("--consortium", help="Only the members of this consortium.")
def list_organisations(consortium: str | None) -> list[Organisation]:
    """Organisations in the order of their codes."""
    return organisations.list_organisations(consortium)


@json_command(organisation_group, "show")
@click.argument("code")
def show_organisation(code: str) -> dict[str, Any]:
    """One organisation with its branches."""
    found = organisations.get_organisation(code)
    return {**asdict(found), "branches": organisations.list_branches(code)}


@json_command(organisation_group, "add")
@click.argument("code")
@click.option("--name-zh", required=True)
@click.option("--name-en", required=True)
@click.option("--abbreviation", default="")
@click.option("--kind", default="society", show_default=True)
@click.option("--level", default="national", show_default=True)
@click.option("--uscc", help="Unified social credit code, 18 characters.")
@click.option("--discipline", "disciplines", multiple=True, help="NSFC code; may be repeated.")
@click.option("--time-zone", default="Asia/Shanghai", show_default=True)
def add_organisation(code: str, **wish: Any) -> Organisation:
    """Register one organisation and make its signing key."""
    return organisations.register_organisation(current_principal(), code=code, **wish)


@json_command(group, "found")
@click.argument("code")
@click.option("--kind", default="consortium", show_default=True)
@click.option("--name-zh", required=True)
@click.option("--name-en", default="")
@click.option("--charter", required=True, type=readable_file, help="The charter as plain text.")
@click.option("--admits", multiple=True, help="A kind of organisation; may be repeated.")
def found_consortium(
    code: str, kind: str, name_zh: str, name_en: str, charter: Path, admits: Sequence[str]
) -> Consortium:
    """Found a consortium with the first version of its charter."""
    return consortia.found_consortium(
        current_principal(),
        code=code,
        kind=kind,
        name_zh=name_zh,
        name_en=name_en,
        charter_zh=charter.read_text("utf-8"),
        kinds_admitted=admits,
    )


@json_command(group, "appoint")
@in_consortium
@click.option("--lead", help="Code of the lead society.")
@click.option("--legal-representative", help="Code of the member that signs and invoices.")
def appoint(consortium: str, lead: str | None, legal_representative: str | None) -> Consortium:
    """Name the lead and the legal representative of a consortium."""
    return consortia.appoint(
        current_principal(), consortium, lead=lead, legal_representative=legal_representative
    )


@json_command(group, "members")
@in_consortium
def list_members(consortium: str) -> list[MemberSpan]:
    """The members of a consortium now, in the order in which they joined."""
    consortia.get_consortium(consortium)
    return members.list_members(consortium, at=read_now())


@json_command(group, "admit")
@click.argument("organisation")
@in_consortium
@click.option("--since", type=an_instant, help="RFC 3339; now if it is left out.")
def admit(organisation: str, consortium: str, since: datetime | None) -> MemberSpan:
    """Admit an organisation to a consortium."""
    return members.admit_member(
        current_principal(), organisation, consortium=consortium, since=since
    )


@json_command(group, "release")
@click.argument("organisation")
@in_consortium
@click.option("--until", type=an_instant, help="RFC 3339; now if it is left out.")
def release(organisation: str, consortium: str, until: datetime | None) -> MemberSpan:
    """End an organisation's membership of a consortium."""
    return members.end_membership(
        current_principal(), organisation, consortium=consortium, until=until
    )


@json_command(group, "suspend")
@click.argument("organisation")
@in_consortium
@click.option("--until", type=an_instant, help="RFC 3339; until it is restored if left out.")
@with_document
def suspend(
    organisation: str, consortium: str, until: datetime | None, document: str | None
) -> StandingFact:
    """Suspend an organisation, with effect at the next request."""
    return standing.suspend(
        current_principal(), organisation, consortium=consortium, until=until, document=document
    )


@json_command(group, "expel")
@click.argument("organisation")
@in_consortium
@with_document
def expel(organisation: str, consortium: str, document: str | None) -> StandingFact:
    """Expel an organisation, with effect at the next request."""
    return standing.expel(
        current_principal(), organisation, consortium=consortium, document=document
    )


@json_command(group, "restore")
@click.argument("organisation")
@in_consortium
@with_document
def restore(organisation: str, consortium: str, document: str | None) -> dict[str, Any]:
    """Take a suspension or an expulsion back, with effect at the next request."""
    ended = standing.restore(
        current_principal(), organisation, consortium=consortium, document=document
    )
    return {
        "id": ended.id,
        "organisation": organisation,
        "consortium": consortium,
        "standing": "active",
        "since": ended.until,
    }


@json_command(key_group, "list")
@click.option("--owner", help="node, or a society's code.")
def list_keys(owner: str | None) -> list[dict[str, Any]]:
    """Every signing key ever used, with its periods."""
    return signing.list_keys(owner)


@json_command(key_group, "rotate")
@click.argument("owner")
@click.option("--alg", default=signing.ES256, type=click.Choice(signing.ALGORITHMS))
def rotate_key(owner: str, alg: str) -> dict[str, Any]:
    """Publish a new key; it signs when the overlap has passed.

    OWNER is `node` or the code of an organisation of this node.
    """
    if owner != signing.NODE and not organisations.get_organisation(owner).is_home:
        # A mirrored one signs at its own node.
        raise OrganisationNotFound(organisation=owner)
    return {"owner": owner, "alg": alg, "kid": signing.rotate_key(owner, alg)}


@json_command(key_group, "revoke")
@click.argument("kid")
def revoke_key(kid: str) -> dict[str, Any]:
    """Take a key out of use at once, its signatures included."""
    signing.revoke_key(kid)
    return {"revoked": kid}


@json_command(peer_group, "add")
@click.argument("name")
@click.option("--issuer", required=True, help="The other node's address.")
@click.option("--jwks", type=readable_file, help="Its key set; fetched from it if left out.")
def add_peer(name: str, issuer: str, jwks: Path | None) -> PeerFacts:
    """Add a peer; it has to add this node too."""
    keys = None
    if jwks is not None:
        try:
            keys = json.loads(jwks.read_text("utf-8"))
        except ValueError as error:
            raise PeerKeysInvalid from error
    return peers.add_peer(current_principal(), name=name, issuer=issuer, jwks=keys)


@json_command(peer_group, "list")
def list_peers() -> list[PeerFacts]:
    """Every peer."""
    return peers.list_peers()


@json_command(peer_group, "suspend")
@click.argument("name")
def suspend_peer(name: str) -> PeerFacts:
    """Neither read a peer nor answer it, until it is resumed."""
    return peers.set_peer_state(current_principal(), name, "suspended")


@json_command(peer_group, "resume")
@click.argument("name")
def resume_peer(name: str) -> PeerFacts:
    """Read a suspended peer and answer it again."""
    return peers.set_peer_state(current_principal(), name, "active")


@json_command(peer_group, "remove")
@click.argument("name")
def remove_peer(name: str) -> dict[str, Any]:
    """Forget a peer."""
    peers.remove_peer(current_principal(), name)
    return {"removed": name}


@json_command(link_group, "run")
@click.argument("name")
def run_link(name: str) -> dict[str, Any]:
    """Read a peer's feed to its end now; exit 3 if records were set apart."""
    pulled = links.pull_link(name)
    report = {
        "peer": name,
        "pages": len(pulled),
        "taken": sum(page.taken for page in pulled),
        "quarantined": sum(page.quarantined for page in pulled),
    }
    if report["quarantined"]:
        raise ran_with_faults(report)
    return report


@json_command(link_group, "set-apart")
@click.argument("name")
def list_set_apart(name: str) -> list[SetApart]:
    """Which records of a peer could not be taken, and why."""
    return links.list_set_apart(name)


@json_command(group, "links")
def list_links() -> list[LinkState]:
    """How the feeds of the peers are read."""
    return links.list_links()
