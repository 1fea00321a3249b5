"""What auth itself tells sites about a person: her name and the addresses she signs in with."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from auth.services.accounts import find_account
from auth.services.people import find_person
from consortium.kernel.feature import Claims


def provide_profile(person_id: UUID, society: str | None, now: datetime) -> Mapping[str, Any]:
    """Her name, and its Latin form under its language tag (OpenID Connect Core, 5.2)."""
    person = find_person(person_id)
    if person is None:
        return {}
    return {"name": person.name, "name#en": person.name_latin}


def provide_email(person_id: UUID, society: str | None, now: datetime) -> Mapping[str, Any]:
    """The e-mail address she signs in with."""
    account = find_account(person_id)
    if account is None or account.email is None:
        return {}
    return {"email": account.email, "email_verified": True}


def provide_phone(person_id: UUID, society: str | None, now: datetime) -> Mapping[str, Any]:
    """The mobile number she signs in with, in E.164 form."""
    account = find_account(person_id)
    if account is None or account.mobile is None:
        return {}
    return {"phone_number": account.mobile, "phone_number_verified": True}


CLAIMS = (
    Claims("profile", ("name", "name#en"), provide_profile),
    Claims("email", ("email", "email_verified"), provide_email),
    Claims("phone", ("phone_number", "phone_number_verified"), provide_phone),
)
