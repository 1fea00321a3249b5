"""JSON doors: strict schemas, cursor lists, versions, problem+json, one OpenAPI document."""

from consortium.kernel.api.blueprint import ApiBlueprint
from consortium.kernel.api.document import init_api, openapi_text
from consortium.kernel.api.fields import InstantField, MoneyField, SubjectField
from consortium.kernel.api.guard import looks_at_tokens, require_principal
from consortium.kernel.api.paging import CursorField, PageIn, cursor_page
from consortium.kernel.api.refusals import (
    PreconditionRequired,
    ScopeMissing,
    TokenInvalid,
    VersionMismatch,
)
from consortium.kernel.api.schemas import ApiSchema, ProblemOut, page_of
from consortium.kernel.api.versions import (
    check_version,
    optional_version,
    required_version,
    tag_version,
)

__all__ = [
    "ApiBlueprint",
    "ApiSchema",
    "CursorField",
    "InstantField",
    "MoneyField",
    "PageIn",
    "PreconditionRequired",
    "ProblemOut",
    "ScopeMissing",
    "SubjectField",
    "TokenInvalid",
    "VersionMismatch",
    "check_version",
    "cursor_page",
    "init_api",
    "looks_at_tokens",
    "openapi_text",
    "optional_version",
    "page_of",
    "require_principal",
    "required_version",
    "tag_version",
]
