"""Checks what is asked to be registered, and lists every fault at once."""

from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

from consortium.errors import OrganisationInvalid
from consortium.kernel.characters import is_one_line
from consortium.kernel.errors import N_, UNPRINTABLE, FieldError
from consortium.rules import has_code_form, has_right_check_digit, read_uscc
from consortium.services.disciplines import find_discipline
from consortium.values import Level, OrganisationKind, OrganisationWish

_LONGEST_NAME = 200
_LONGEST_ABBREVIATION = 40


def check_wish(wish: OrganisationWish) -> OrganisationWish:
    """Give the wish back with its texts trimmed and the credit code in its usual form.

    Raises:
        OrganisationInvalid: with one fault a field.
    """
    tidy = _tidy(wish)
    faults = list(_faults(tidy))
    if faults:
        raise OrganisationInvalid(errors=faults)
    return tidy


def check_branch(code: str, name_zh: str) -> None:
    """Check a branch's code and name.

    Raises:
        OrganisationInvalid: with one fault a field.
    """
    faults = [*_code_faults(code), *_name_faults("name_zh", name_zh)]
    if faults:
        raise OrganisationInvalid(errors=faults)


def is_known_zone(zone: str) -> bool:
    """Whether the time zone database knows a zone.

    >>> is_known_zone("Asia/Shanghai"), is_known_zone("Asia/Atlantis"), is_known_zone("../x")
    (True, False, False)
    """
    try:
        ZoneInfo(zone)
    except (OSError, ValueError, KeyError):
        return False
    return True


def _tidy(wish: OrganisationWish) -> OrganisationWish:
    uscc = read_uscc(wish.uscc) if wish.uscc else None
    return replace(
        wish,
        name_zh=wish.name_zh.strip(),
        name_en=wish.name_en.strip(),
        abbreviation=wish.abbreviation.strip(),
        supervising_unit=(wish.supervising_unit or "").strip() or None,
        supporting_unit=(wish.supporting_unit or "").strip() or None,
        disciplines=tuple(code.strip().upper() for code in wish.disciplines),
        uscc=uscc,
    )


def _faults(wish: OrganisationWish) -> Iterator[FieldError]:
    yield from _code_faults(wish.code)
    yield from _name_faults("name_zh", wish.name_zh)
    yield from _name_faults("name_en", wish.name_en)
    for name in ("abbreviation", "supervising_unit", "supporting_unit"):
        if not is_one_line(getattr(wish, name) or ""):
            yield FieldError("text-unprintable", UNPRINTABLE, pointer=f"/{name}")
    if len(wish.abbreviation) > _LONGEST_ABBREVIATION:
        message = N_("The abbreviation is longer than 40 characters. Shorten it.")
        yield FieldError("abbreviation-too-long", message, pointer="/abbreviation")
    if wish.uscc is not None and not has_right_check_digit(wish.uscc):
        message = N_(
            "The check digit of the credit code is wrong. Copy its 18 characters from the licence."
        )
        yield FieldError("uscc-invalid", message, pointer="/uscc")
    yield from _choice_faults("kind", wish.kind, [kind.value for kind in OrganisationKind])
    yield from _choice_faults("level", wish.level, [level.value for level in Level])
    if not is_known_zone(wish.time_zone):
        message = N_("No time zone is called %(zone)s. Names look like Asia/Shanghai.")
        yield FieldError(
            "time-zone-unknown", message, pointer="/time_zone", params={"zone": wish.time_zone}
        )
    for number, code in enumerate(wish.disciplines):
        if find_discipline(code) is None:
            message = N_("%(discipline)s is no discipline code. Codes look like A01 or A0101.")
            yield FieldError(
                "discipline-unknown",
                message,
                pointer=f"/disciplines/{number}",
                params={"discipline": code},
            )
    for name in ("supervising_unit", "supporting_unit"):
        if len(getattr(wish, name) or "") > _LONGEST_NAME:
            yield FieldError("name-too-long", _TOO_LONG, pointer=f"/{name}")


def _code_faults(code: str) -> Iterator[FieldError]:
    if not has_code_form(code):
        message = N_("A code has 2 to 32 small letters, digits and hyphens, a letter first.")
        yield FieldError("code-invalid", message, pointer="/code")


def _name_faults(field: str, name: str) -> Iterator[FieldError]:
    if not name.strip():
        yield FieldError("name-missing", N_("The name is missing. Write it."), pointer=f"/{field}")
    elif not is_one_line(name):
        yield FieldError("text-unprintable", UNPRINTABLE, pointer=f"/{field}")
    elif len(name) > _LONGEST_NAME:
        yield FieldError("name-too-long", _TOO_LONG, pointer=f"/{field}")


def _choice_faults(field: str, value: str, choices: list[str]) -> Iterator[FieldError]:
    if value not in choices:
        message = N_("%(value)s is none of: %(choices)s.")
        params = {"value": value, "choices": ", ".join(choices)}
        yield FieldError(f"{field}-unknown", message, pointer=f"/{field}", params=params)


_TOO_LONG = N_("The text is longer than 200 characters. Shorten it.")
