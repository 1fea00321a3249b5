"""A small feature for tests of pages and API: a notice board kept in memory."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, current_app, request, session
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from marshmallow import fields, validate

from consortium.kernel import people
from consortium.kernel.api import (
    ApiBlueprint,
    ApiSchema,
    InstantField,
    MoneyField,
    PageIn,
    SubjectField,
    check_version,
    cursor_page,
    page_of,
    require_principal,
    required_version,
    tag_version,
)
from consortium.kernel.errors import N_, ConsortiumError, FieldError, NotFound
from consortium.kernel.feature import Feature, Navigation, Tile
from consortium.kernel.principal import (
    ANONYMOUS,
    EXTENSION,
    Principal,
    current_principal,
    require_sign_in,
)
from consortium.kernel.web import csrf_exempt, let_forms_travel, on_refusal, page

READER = UUID("0198c0de-0000-7000-8000-000000000001")


@dataclass
class Notice:
    """One notice."""

    number: int
    title: str
    version: int = 1
    more: dict[str, Any] = field(default_factory=dict)


class BoardFull(ConsortiumError):
    """The board is full."""

    status, code = 409, "board-full"
    message = N_("Only %(places)s places: take one down first.")


class TitleTaken(ConsortiumError):
    """The title is taken."""

    status, code = 422, "title-taken"
    message = N_("Choose another title.")


class NoticeIn(ApiSchema):
    """A notice as it is put up."""

    title = fields.String(required=True, validate=validate.Length(1, 80))
    at = InstantField()
    price = MoneyField(allow_none=True)
    author = SubjectField()
    copies = fields.Integer(strict=True, validate=validate.Range(1, 9))
    kind = fields.String(validate=validate.OneOf(["plain", "urgent"]))
    tags = fields.List(fields.String(validate=validate.Length(1, 20)))


class NoticePatch(ApiSchema):
    """What may be changed."""

    title = fields.String(required=True, validate=validate.Length(1, 80))


class NoticeOut(ApiSchema):
    """A notice as it hangs there."""

    number = fields.Integer(required=True)
    title = fields.String(required=True)
    version = fields.Integer(required=True)


api = ApiBlueprint("notices", __name__, url_prefix="/api/v1/notices")
pages = Blueprint("board", __name__, url_prefix="/board", template_folder="board_templates")


def _notices() -> dict[int, Notice]:
    notices: dict[int, Notice] = current_app.extensions.setdefault("test.notices", {})
    return notices


def _find(number: int) -> Notice:
    if number not in _notices():
        raise NotFound
    return _notices()[number]


@api.get("")
@api.arguments(PageIn, location="query")
@api.response(200, page_of(NoticeOut))
def list_notices(query: dict[str, Any]) -> Any:
    """List the notices, oldest first."""
    after = query["cursor"] or 0
    rows = [notice for number, notice in sorted(_notices().items()) if number > after]
    shown = rows[: query["limit"]]
    return cursor_page(shown, shown[-1].number if len(rows) > len(shown) else None)


@api.post("")
@require_principal
@api.arguments(NoticeIn)
@api.response(201, NoticeOut)
def post_notice(wish: dict[str, Any]) -> Any:
    """Put a notice up.

    The board has room for a thousand.
    """
    notices = _notices()
    if len(notices) >= 1000:
        raise BoardFull(places=1000)
    notice = Notice(len(notices) + 1, wish["title"], more=wish)
    notices[notice.number] = notice
    return notice


@api.get("/<int:number>")
@api.response(200, NoticeOut)
def get_notice(number: int) -> Any:
    """Read a notice."""
    notice = _find(number)
    tag_version(notice.version)
    return notice


@api.patch("/<int:number>")
@require_principal
@api.arguments(NoticePatch)
@api.response(200, NoticeOut)
def change_notice(wish: dict[str, Any], number: int) -> Any:
    """Change a notice's title."""
    notice = _find(number)
    check_version(notice.version, required_version())
    notice.title, notice.version = wish["title"], notice.version + 1
    tag_version(notice.version)
    return notice


@pages.get("/<code>")
def show_board(code: str) -> ResponseReturnValue:
    """A page with every part of the layout."""
    return page("board/board.html", code=code, at=datetime(2026, 12, 31, 16, tzinfo=UTC))


@pages.post("/<code>")
@on_refusal(show_board)
def write_on_board(code: str) -> ResponseReturnValue:
    """Always refused, with a fault at the title."""
    fault = FieldError(code="taken", message=N_("This title is taken."), pointer="/title")
    raise TitleTaken(errors=[fault])


@pages.post("/upload")
def upload() -> ResponseReturnValue:
    """Says how much has come."""
    return str(sum(len(file.read()) for file in request.files.values()))


@pages.post("/raw")
@csrf_exempt
def raw() -> ResponseReturnValue:
    """Reads a body in pieces."""
    return str(sum(len(piece) for piece in iter(lambda: request.stream.read(65536), b"")))


@pages.post("/raw-whole")
@csrf_exempt
def raw_whole() -> ResponseReturnValue:
    """Reads a body at once."""
    return str(len(request.get_data()))


@pages.post("/fields")
@csrf_exempt
def fields_of_form() -> ResponseReturnValue:
    """Says which fields have come."""
    return ",".join(request.form)


@pages.get("/travel")
def travel() -> ResponseReturnValue:
    """A form that may end elsewhere."""
    let_forms_travel()
    return page("board/board.html", code="a", at=None)


@pages.get("/broken")
def broken() -> ResponseReturnValue:
    """Fails."""
    raise RuntimeError("secret detail")


@pages.get("/refused")
def refused() -> ResponseReturnValue:
    """Refuses."""
    raise BoardFull(places=3)


@pages.get("/mine")
@require_sign_in
def mine() -> ResponseReturnValue:
    """For people who have signed in."""
    return "yours"


@pages.get("/enter")
def enter() -> ResponseReturnValue:
    """Signs the reader in."""
    session["reader"] = True
    return "entered"


def _load() -> Principal:
    if request.headers.get("Authorization") == "Bearer good":
        return Principal(client_id="program", scopes=frozenset({"api"}))
    return Principal(person_id=READER) if session.get("reader") else ANONYMOUS


def _install(app: Flask) -> None:
    app.extensions[EXTENSION] = _load
    port = people.People(
        names_of=lambda ids: dict.fromkeys(ids, "张三"),
        address_of=lambda _person, _kind: None,
        notify=lambda _person, _subject, _text: None,
    )
    people.fill_port(app, port)


def _draw(person_id: UUID) -> str:
    return Markup("<h2>Board</h2><p>%s</p>") % current_principal().person_id


board = Feature(
    name="board",
    blueprints=(pages,),
    api=(api,),
    navigation=(
        Navigation("Second", "kernel.developers", order=60),
        Navigation("First", "kernel.me", visible=lambda p: p.person_id is not None, order=10),
        Navigation("Absent", "nowhere.at_all"),
    ),
    tiles=(Tile("me", _draw), Tile("home", lambda **_: "")),
    install=_install,
)
