"""A port: lower floors name and notify people through it; auth fills it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from flask import Flask, current_app

EXTENSION = "consortium.people"


@dataclass(frozen=True)
class People:
    """What auth offers about people, by person id.

    Attributes:
        names_of: names for ids; erased and unknown people are left out.
        address_of: an `email` or `mobile` that was proven, or None.
        notify: queue a message in the open unit of work.
    """

    names_of: Callable[[Collection[UUID]], Mapping[UUID, str]]
    address_of: Callable[[UUID, str], str | None]
    notify: Callable[[UUID, str, str], None]


def fill_port(app: Flask, people: People) -> None:
    """Connect the port; called once by auth while the application is built."""
    app.extensions[EXTENSION] = people


def _port() -> People:
    port = current_app.extensions[EXTENSION]
    assert isinstance(port, People)
    return port


def names_of(person_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Names by person id, in one query; erased and unknown people are left out."""
    return _port().names_of(person_ids) if person_ids else {}


def name_of(person_id: UUID) -> str | None:
    """One person's name, or None if she is unknown or erased."""
    return names_of((person_id,)).get(person_id)


def address_of(person_id: UUID, kind: str) -> str | None:
    """A proven `email` or `mobile` of the person, or None."""
    return _port().address_of(person_id, kind)


def notify(person_id: UUID, subject: str, text: str) -> None:
    """Queue a message to the person in the open unit of work, by the best way she has."""
    _port().notify(person_id, subject, text)
