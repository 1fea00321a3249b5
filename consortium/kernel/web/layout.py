"""Pages: one frame around all of them, forms that keep what was typed, tiles of other floors."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask, current_app, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Response

from consortium.kernel import people
from consortium.kernel.errors import ConsortiumError, FieldError, SignInRequired
from consortium.kernel.feature import Navigation
from consortium.kernel.features import offers
from consortium.kernel.principal import current_principal
from consortium.kernel.web.answers import (
    problem_of,
    say,
    tell_when_to_retry,
    wants_problem,
)
from consortium.kernel.web.languages import LANGUAGES, Language, select_language
from consortium.kernel.web.security import let_forms_travel

P = ParamSpec("P")
R = TypeVar("R")

THEMES = ("light", "dark")
THEME_COOKIE = "theme"
_REFUSAL = "consortium.refusal"
_SHOWN = "consortium.refusal_shown"
# Never written back into a page.
_SECRET_FIELDS = frozenset({"password", "new_password", "code", "client_secret", "csrf_token"})


@dataclass(frozen=True)
class Entry:
    """A navigation entry ready to be written."""

    label: str
    url: str
    current: bool


def page(template: str, *, form_redirects: bool = False, **context: Any) -> str:
    """Render a page that extends `kernel/base.html`.

    Args:
        template: `<package>/<name>.html`.
        form_redirects: a form on it may end at another site (see `let_forms_travel`).
        context: what the template shows; `refusal` (a ConsortiumError) goes into the summary.
    """
    if form_redirects:
        let_forms_travel()
    if isinstance(context.get("refusal"), ConsortiumError):
        request.environ[_REFUSAL] = context["refusal"]
    return render_template(template, **context)


def page_form_error(template: str, error: ConsortiumError, **context: Any) -> tuple[str, int]:
    """Render a form's page again: the error in `.error-summary`, field errors at their fields.

    What was typed is kept, secrets apart. The response has the error's status.
    """
    return page(template, refusal=error, error=error, **context), error.status


def on_refusal(
    show: Callable[..., ResponseReturnValue],
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Decorate the view that takes a form with the view that shows it.

    A refusal of the former is told on the page of the latter, which gets the same arguments::

        @blueprint.post("/things/<code>")
        @on_refusal(show_thing)
        def change_thing(code): ...
    """

    def decorate(
        take: Callable[P, ResponseReturnValue],
    ) -> Callable[P, ResponseReturnValue]:
        @wraps(take)
        def view(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            try:
                return take(*args, **kwargs)
            except SignInRequired:
                raise
            except ConsortiumError as error:
                if wants_problem():
                    raise
                request.environ[_REFUSAL] = error
                response = make_response(show(*args, **kwargs))
                response.status_code = error.status
                tell_when_to_retry(response, error)
                return response

        return view

    return decorate


def current_refusal() -> ConsortiumError | None:
    """The refusal that the page being made has to tell, unless it has told it already."""
    if request.environ.get(_SHOWN):
        return None
    refusal = request.environ.get(_REFUSAL)
    return refusal if isinstance(refusal, ConsortiumError) else None


def _mark_told() -> str:
    request.environ[_SHOWN] = True
    return ""


def field_error(name: str) -> str:
    """The fault of the form field `name` in the reader's language, or ""."""
    refusal = request.environ.get(_REFUSAL)
    if not isinstance(refusal, ConsortiumError):
        return ""
    found = (fault for fault in refusal.errors if field_of(fault) == name)
    return next((str(fault.as_problem(say)["message"]) for fault in found), "")


def field_of(fault: FieldError) -> str | None:
    """The form field that a fault's pointer names.

    >>> field_of(FieldError(code="x", message="", pointer="/title/zh"))
    'title.zh'
    """
    if fault.pointer is None:
        return None
    return fault.pointer.strip("/").replace("/", ".") or None


def form_value(name: str, default: object = "") -> object:
    """What was typed into the field, or the default on a fresh page; secrets are never kept."""
    if request.method != "POST" or name in _SECRET_FIELDS:
        return "" if name in _SECRET_FIELDS else default
    return request.form.get(name, default)


def tiles(frame: str, **scope: Any) -> list[Markup]:
    """What the features show in a frame (`home`, `me`, `society`, `consortium`, `search`).

    Args:
        frame: where they stand.
        scope: the frame's keywords, handed to each tile, for instance `code`.
    """
    chosen = [tile for tile in offers(lambda f: f.tiles) if tile.frame == frame]
    drawn = (tile.render(**scope) for tile in sorted(chosen, key=lambda tile: tile.order))
    return [Markup(html) for html in drawn if html]  # noqa: S704  # tiles give safe HTML


def navigation() -> list[Entry]:
    """Entries that the reader may see, in order; endpoints that are not there are left out."""
    principal = current_principal()
    chosen = [entry for entry in offers(lambda f: f.navigation) if entry.visible(principal)]
    chosen = [entry for entry in chosen if entry.endpoint in current_app.view_functions]
    return [_entry(item) for item in sorted(chosen, key=lambda item: item.order)]


def _entry(item: Navigation) -> Entry:
    url = current_app.url_for(item.endpoint)
    inside = request.path == url or (url != "/" and request.path.startswith(f"{url}/"))
    return Entry(say(item.label), url, inside)


def reader_name() -> str | None:
    """Name of the person who is signed in; None if nobody is."""
    person = current_principal().person_id
    if person is None:
        return None
    return people.name_of(person) or say("Signed in")


def theme() -> str | None:
    """`light` or `dark` if the reader has chosen; otherwise the browser's preference counts."""
    wish = request.args.get("theme") or request.cookies.get(THEME_COOKIE)
    return wish if wish in THEMES else None


def came_from() -> str | None:
    """Path and query of the page of ours that sent the reader here, or None.

    An answer to a form may have sent another form; it is no page, so it does not count.
    """
    told = urlsplit(request.referrer or "")
    if not told.path or told.netloc != request.host or not _may_be_opened(told.path):
        return None
    return f"{told.path}?{told.query}" if told.query else told.path


def _may_be_opened(path: str) -> bool:
    """Whether an address takes GET; one that is nowhere does, and is told so in any language."""
    adapter = current_app.create_url_adapter(request)
    try:
        if adapter is not None:
            adapter.match(path, method="GET")
    except MethodNotAllowed:
        return False
    except HTTPException:
        return True
    return True


def here(**changes: str) -> str:
    """Address of this page with other query values, for the language and theme switches.

    An answer to a form may have no address of its own; then it is the form's page, or the
    first page where that is not known.
    """
    path, pairs = request.path, list(request.args.items(multi=True))
    is_open = _may_be_opened(path)
    if not is_open:
        path, pairs = "/", []
    sender = came_from() if request.method == "POST" or not is_open else None
    if sender:
        path, _, query = sender.partition("?")
        pairs = parse_qsl(query)
    kept = [(name, value) for name, value in pairs if name not in changes]
    return f"{path}?{urlencode([*kept, *changes.items()])}"


def language() -> Language:
    """The language of the page being made."""
    return select_language()


def _remember_theme(response: Response) -> Response:
    wish = request.args.get("theme")
    if wish in THEMES:
        response.set_cookie(
            THEME_COOKIE,
            wish,
            max_age=365 * 24 * 3600,
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )
    elif wish == "auto":
        response.delete_cookie(THEME_COOKIE, samesite="Lax", httponly=True)
    return response


def _begin() -> None:
    # Tests push an application context that outlives a request; what belongs to one goes.
    for name in ("csrf_token", "csrf_valid", "language", "_flask_babel"):
        g.pop(name, None)


def init_layout(app: Flask) -> None:
    """Give templates the frame's parts."""
    app.before_request(_begin)
    app.after_request(_remember_theme)
    app.jinja_env.globals.update(
        LANGUAGES=LANGUAGES,
        language=language,
        theme=theme,
        here=here,
        came_from=came_from,
        navigation=navigation,
        reader_name=reader_name,
        current_refusal=current_refusal,
        mark_told=_mark_told,
        problem_of=problem_of,
        field_error=field_error,
        form_value=form_value,
        say=say,
        tiles=tiles,
    )
