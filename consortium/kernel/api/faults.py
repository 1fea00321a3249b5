"""Faults that marshmallow found, as JSON pointers with codes and messages in any language."""

import re
from collections.abc import Iterator, Mapping

from consortium.kernel.errors import N_, FieldError, InvalidInput

# What marshmallow says, by its own words: our code. The words themselves are the msgids.
_CODES = {
    N_("Missing data for required field."): "required",
    N_("Field may not be null."): "null",
    N_("Unknown field."): "unknown-field",
    N_("Invalid value."): "invalid",
    N_("Invalid type."): "invalid-type",
    N_("Invalid input type."): "invalid-type",
    N_("Invalid input."): "invalid",
    N_("Not a valid string."): "invalid-type",
    N_("Not a valid utf-8 string."): "invalid-type",
    N_("Not a valid integer."): "invalid-type",
    N_("Not a valid number."): "invalid-type",
    N_("Not a valid boolean."): "invalid-type",
    N_("Not a valid list."): "invalid-type",
    N_("Not a valid mapping type."): "invalid-type",
    N_("Not a valid date."): "invalid-date",
    N_("Not a valid datetime."): "invalid-instant",
    N_("Not a valid UUID."): "invalid-id",
    N_("Not a valid URL."): "invalid-url",
    N_("Not a valid email address."): "invalid-email",
    N_("Number too large."): "out-of-range",
    N_("String does not match expected pattern."): "invalid-form",
    N_("Write an instant as RFC 3339 in UTC: 2026-12-31T16:00:00Z."): "invalid-instant",
    N_("Write money as an amount in minor units and a currency of three letters."): "invalid-money",
    N_("Name a person by subject, or by society:member_number."): "invalid-person",
    N_("A text holds a null or broken character."): "invalid-characters",
    N_(
        "A text holds control characters or signs that turn the direction of writing."
    ): "invalid-characters",
    N_("A number is out of range."): "out-of-range",
    N_("An instant lies in the years 1801 to 8999. Take a nearer one."): "invalid-instant",
}
# What it says with numbers in it: the shape, our code, our words with places for the numbers.
_SHAPES = tuple(
    (re.compile(shape), code, message)
    for shape, code, message in (
        (
            r"Must be greater than or equal to (?P<min>\S+) and "
            r"less than or equal to (?P<max>\S+)\.",
            "out-of-range",
            N_("Take a number from %(min)s to %(max)s."),
        ),
        (
            r"Must be greater than or equal to (?P<min>\S+)\.",
            "out-of-range",
            N_("Take a number of at least %(min)s."),
        ),
        (
            r"Must be less than or equal to (?P<max>\S+)\.",
            "out-of-range",
            N_("Take a number of at most %(max)s."),
        ),
        (
            r"Must be one of: (?P<choices>.+)\.",
            "not-a-choice",
            N_("Take one of: %(choices)s."),
        ),
        (
            r"Shorter than minimum length (?P<min>\d+)\.",
            "wrong-length",
            N_("Give at least %(min)s."),
        ),
        (
            r"Longer than maximum length (?P<max>\d+)\.",
            "wrong-length",
            N_("Give at most %(max)s."),
        ),
        (
            r"Length must be between (?P<min>\d+) and (?P<max>\d+)\.",
            "wrong-length",
            N_("Give at least %(min)s and at most %(max)s."),
        ),
    )
)


def read_message(message: str, pointer: str) -> FieldError:
    """A fault in our words.

    >>> read_message("Unknown field.", "/a").code
    'unknown-field'
    >>> fault = read_message("Must be one of: a, b.", "/kind")
    >>> fault.code, fault.message, fault.params
    ('not-a-choice', 'Take one of: %(choices)s.', {'choices': 'a, b'})
    >>> read_message("No more than 3 hosts.", "/hosts").code
    'invalid'
    """
    for shape, code, words in _SHAPES:
        match = shape.fullmatch(message)
        if match:
            return FieldError(code=code, message=words, pointer=pointer, params=match.groupdict())
    return FieldError(code=_CODES.get(message, "invalid"), message=message, pointer=pointer)


def escape_pointer(token: object) -> str:
    """One reference token of RFC 6901.

    >>> escape_pointer("a/b~c")
    'a~1b~0c'
    """
    return str(token).replace("~", "~0").replace("/", "~1")


def list_faults(messages: object, pointer: str = "") -> Iterator[FieldError]:
    """Flatten marshmallow's nested messages; `_schema` and `_all` name the thing above.

    >>> [f.pointer for f in list_faults({"title": {"zh": ["Unknown field."]}, "tags": {0: ["x"]}})]
    ['/title/zh', '/tags/0']
    """
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            deeper = pointer if name in {"_schema", "_all"} else f"{pointer}/{escape_pointer(name)}"
            yield from list_faults(inner, deeper)
    elif isinstance(messages, list | tuple):
        for message in messages:
            yield from list_faults(message, pointer)
    else:
        yield read_message(str(messages), pointer)


def invalid_input(messages: object) -> InvalidInput:
    """The refusal for a failed validation."""
    return InvalidInput(errors=tuple(list_faults(messages)))
