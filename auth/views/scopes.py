"""What scopes mean, in the words of the person who is asked."""

from collections.abc import Iterable

from flask_babel import gettext

from consortium.kernel.errors import N_

TEXTS = {
    "profile": N_("Your name"),
    "email": N_("Your e-mail address"),
    "phone": N_("Your mobile number"),
    "memberships": N_("Your societies, with class, grade and period of membership"),
    "recognitions": N_("Whether its society recognises your membership, in which grade and why"),
}


def explain_scopes(scopes: Iterable[str]) -> list[tuple[str, str]]:
    """(scope, text) in the order of TEXTS; a scope without a text says its own name.

    `openid` is left out: it tells no more than that it is she who comes back.
    """
    order = list(TEXTS)
    chosen = sorted(
        set(scopes) - {"openid"}, key=lambda s: (order.index(s) if s in TEXTS else len(order), s)
    )
    return [(scope, gettext(TEXTS[scope]) if scope in TEXTS else scope) for scope in chosen]
