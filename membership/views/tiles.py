"""The way in for those who keep a society's roster."""

from flask import render_template

from consortium.kernel.principal import Principal, current_principal
from consortium.kernel.web import select_language
from consortium.services import organisations
from membership import policies

KEEPERS = ("secretary", "society_admin")


def draw_me(**_scope: object) -> str:
    """For each society whose roster the reader keeps: its members, imports and agreements."""
    return "".join(_draw(code, named=True) for code in _kept_by(current_principal()))


def draw_society(*, code: str, **_scope: object) -> str:
    """The same on the society's page; "" for anybody else."""
    return _draw(code) if policies.may_keep_roster(current_principal(), code) else ""


def _kept_by(principal: Principal) -> list[str]:
    return sorted({key for role in KEEPERS for key in principal.keys_of(role, "society")})


def _draw(code: str, *, named: bool = False) -> str:
    society = organisations.find_organisation(code)
    if society is None:
        return ""
    name = society.name(select_language().html) if named else ""
    return render_template("membership/roster_tile.html", code=code, name=name)
