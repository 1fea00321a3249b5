"""/api/v1/agreements: draft, seal, sign, accede, end; reading is public."""

from typing import Any
from uuid import UUID

from consortium.kernel.api import ApiBlueprint, cursor_page, page_of, require_principal
from consortium.kernel.idempotency import idempotent
from consortium.kernel.principal import current_principal
from membership.schemas.agreement import (
    AccessionIn,
    AgreementIn,
    AgreementOut,
    AgreementPageIn,
    EndingIn,
    SignatureIn,
    VerificationOut,
    VersionIn,
    VersionOut,
)
from membership.services import accessions, agreement_register, agreements

blueprint = ApiBlueprint(
    "agreements",
    __name__,
    url_prefix="/api/v1/agreements",
    description="Recognition agreements: immutable texts signed by societies.",
)


@blueprint.get("")
@blueprint.arguments(AgreementPageIn, location="query")
@blueprint.response(200, page_of(AgreementOut))
def list_agreements(query: dict[str, Any]) -> Any:
    """List the register of agreements."""
    after = UUID(query["cursor"]) if query["cursor"] else None
    found, more = agreement_register.list_agreements(
        society=query["society"], after=after, limit=query["limit"]
    )
    return cursor_page(found, str(more) if more else None)


@blueprint.post("")
@require_principal
@idempotent
@blueprint.arguments(AgreementIn)
@blueprint.response(201, AgreementOut)
def create_agreement(wish: dict[str, Any]) -> Any:
    """Open an agreement between societies."""
    title = wish.pop("title")
    return agreements.create_agreement(
        current_principal(), title_zh=title["zh"], title_en=title["en"], **wish
    )


@blueprint.get("/<uuid:agreement_id>")
@blueprint.response(200, AgreementOut)
def get_agreement(agreement_id: UUID) -> Any:
    """Read an agreement with every text and signature."""
    return agreement_register.get_agreement(agreement_id)


@blueprint.post("/<uuid:agreement_id>/versions")
@require_principal
@idempotent
@blueprint.arguments(VersionIn)
@blueprint.response(201, VersionOut)
def add_agreement_version(wish: dict[str, Any], agreement_id: UUID) -> Any:
    """Seal a new text; it has effect once every party has signed it."""
    return agreements.add_version(current_principal(), agreement_id=agreement_id, **wish)


@blueprint.get("/<uuid:agreement_id>/versions/<int:version>")
@blueprint.response(200, VersionOut)
def get_agreement_version(agreement_id: UUID, version: int) -> Any:
    """Read one text."""
    return agreement_register.get_version(agreement_id, version)


@blueprint.post("/<uuid:agreement_id>/versions/<int:version>/signatures")
@require_principal
@idempotent
@blueprint.arguments(SignatureIn)
@blueprint.response(201, VersionOut)
def sign_agreement_version(wish: dict[str, Any], agreement_id: UUID, version: int) -> Any:
    """Sign a text for a society, as its secretary."""
    digest = wish.pop("hash")
    return agreements.sign_version(
        current_principal(), agreement_id=agreement_id, version=version, digest=digest, **wish
    )


@blueprint.post("/<uuid:agreement_id>/accessions")
@require_principal
@idempotent
@blueprint.arguments(AccessionIn)
@blueprint.response(201, AgreementOut)
def accede_to_agreement(wish: dict[str, Any], agreement_id: UUID) -> Any:
    """Accede to a multilateral agreement."""
    return accessions.accede(current_principal(), agreement_id=agreement_id, **wish)


@blueprint.post("/<uuid:agreement_id>/withdrawals")
@require_principal
@idempotent
@blueprint.arguments(AccessionIn)
@blueprint.response(201, AgreementOut)
def withdraw_from_agreement(wish: dict[str, Any], agreement_id: UUID) -> Any:
    """Withdraw from a multilateral agreement; `since` is when, now if left out."""
    return accessions.withdraw(
        current_principal(), agreement_id=agreement_id, society=wish["society"], at=wish["since"]
    )


@blueprint.post("/<uuid:agreement_id>/ending")
@require_principal
@idempotent
@blueprint.arguments(EndingIn)
@blueprint.response(200, AgreementOut)
def end_agreement(wish: dict[str, Any], agreement_id: UUID) -> Any:
    """End an agreement; any party may."""
    return agreements.end_agreement(current_principal(), agreement_id=agreement_id, at=wish["at"])


@blueprint.delete("/<uuid:agreement_id>/ending")
@require_principal
@blueprint.response(200, AgreementOut)
def restore_agreement(agreement_id: UUID) -> Any:
    """Take an ending back; the society that ended it may."""
    return agreements.restore_agreement(current_principal(), agreement_id=agreement_id)


@blueprint.get("/<uuid:agreement_id>/verification")
@blueprint.response(200, VerificationOut)
def verify_agreement(agreement_id: UUID) -> dict[str, Any]:
    """Check every hash and signature of an agreement again."""
    return agreement_register.verify_agreement(agreement_id)
