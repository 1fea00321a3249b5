"""What a site is told of a person is worded in her language, whoever fetches it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from auth.services.enrolment import Added
from consortium.kernel.feature import Claims, Feature
from consortium.kernel.features import EXTENSION
from consortium.kernel.web.languages import select_language
from tests.auth.browsing import PASSWORD, Site, register_site, sign_in, submit
from tests.auth.test_provider import claims_of, site_next

SCOPE = "openid greeting"


def provide_greeting(_: UUID, society: str | None, now: datetime) -> Mapping[str, Any]:
    return {"greeting": select_language().code}


@pytest.fixture
def site(app: Flask, client: FlaskClient, member: Added, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site that is told something worded."""
    worded = Feature("greeter", claims=(Claims("greeting", ("greeting",), provide_greeting),))
    monkeypatch.setitem(app.extensions, EXTENSION, (*app.extensions[EXTENSION], worded))
    return Site(client, register_site(scope=SCOPE))


def told(site: Site, **asked: str) -> tuple[str, str]:
    """The language of the ID token and of userinfo, fetched by a program that speaks Chinese."""
    answer = site.redeem(site.obtain_code(scope=SCOPE, **asked)).json
    bearer = {"Authorization": f"Bearer {answer['access_token']}", "Accept-Language": "zh-CN"}
    outside = site.client.application.test_client()
    info = outside.get("/oauth/userinfo", headers=bearer).json
    return claims_of(outside, answer["id_token"])["greeting"], info["greeting"]


def test_claims_speak_the_language_in_which_she_sees_the_provider(site: Site) -> None:
    sign_in(site.client)
    assert told(site) == ("zh-CN", "zh-CN")
    site.client.get("/?lang=en")
    assert told(site) == ("en", "en")


@pytest.mark.parametrize(
    ("ui_locales", "language"),
    [("en", "en"), ("fr zh-HK en", "zh-TW"), ("en-GB", "en"), ("fr", "zh-CN"), ("", "zh-CN")],
)
def test_claims_speak_as_the_site_asks(site: Site, ui_locales: str, language: str) -> None:
    sign_in(site.client)
    site.client.get("/?lang=zh-CN")
    assert told(site, ui_locales=ui_locales) == (language, language)


def test_sign_in_and_consent_speak_as_the_site_asks(site: Site) -> None:
    to_sign_in = site.ask(scope=SCOPE, ui_locales="en").location
    assert '<html lang="en"' in site.client.get(to_sign_in).text
    wish = site_next(to_sign_in)
    refused = submit(site.client, to_sign_in, "/sign-in", identifier="x", password="x", next=wish)
    assert '<html lang="en"' in refused.text
    back = submit(
        site.client, to_sign_in, "/sign-in",
        identifier="zhang@math.example", password=PASSWORD, next=wish,
    )  # fmt: skip
    assert '<html lang="en"' in site.client.get(back.location).text
    assert '<html lang="zh-Hans"' in site.client.get("/").text


def test_a_language_that_she_chose_outweighs_the_sites_wish(site: Site) -> None:
    to_sign_in = site.ask(scope=SCOPE, ui_locales="en").location
    assert '<html lang="zh-Hant"' in site.client.get(f"{to_sign_in}&lang=zh-TW").text
    assert '<html lang="zh-Hant"' in site.client.get(to_sign_in).text
