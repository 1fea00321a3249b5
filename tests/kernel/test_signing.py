"""Keys sign, rotate with overlap, verify for ever, and cost no query on the hot path."""

from datetime import timedelta

import pytest
from flask import Flask
from joserfc import jwt
from joserfc.jwk import KeySet

from consortium.kernel import signing
from consortium.kernel.clock import FixedClock
from consortium.kernel.errors import Conflict, NotFound
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import unit_of_work
from tests.kernel.counting import count_statements

PAYLOAD = {"title": "联合大会", "seats": 3, "b": [1, 2]}


def test_a_signature_verifies_over_the_same_value_only(app: Flask) -> None:
    signature = signing.sign_json("math", PAYLOAD)

    assert ".." in signature
    assert signing.verify_json("math", dict(reversed(PAYLOAD.items())), signature)
    assert signing.verify_json("math", {**PAYLOAD, "seats": 4}, signature) is None


def test_one_societys_key_does_not_sign_for_another(app: Flask) -> None:
    signature = signing.sign_json("math", PAYLOAD)
    signing.ensure_key("phys")

    assert signing.verify_json("phys", PAYLOAD, signature) is None
    assert signing.verify_json(signing.public_keys("math"), PAYLOAD, signature)


@pytest.mark.parametrize("signature", ["", "a.b", "a..b", "é..x", "..", "e30..e30"])
def test_a_malformed_signature_is_simply_wrong(app: Flask, signature: str) -> None:
    signing.ensure_key("math")

    assert signing.verify_json("math", PAYLOAD, signature) is None


@pytest.mark.parametrize("keys", [{}, {"keys": []}, {"keys": [{}]}, {"keys": [{"kty": "EC"}]}])
def test_a_malformed_key_set_verifies_nothing(app: Flask, keys: dict[str, object]) -> None:
    assert signing.verify_json(keys, PAYLOAD, signing.sign_json("math", PAYLOAD)) is None


def test_a_rotated_key_is_published_before_it_signs(app: Flask, clock: FixedClock) -> None:
    old = signing.node_key().kid

    new = signing.rotate_key("node")

    assert signing.node_key().kid == old
    assert _kids("node") == {old, new}
    clock.advance(hours=current_settings().key_overlap_hours)
    assert signing.node_key().kid == new


def test_an_old_key_is_published_for_the_overlap_and_verifies_for_ever(
    app: Flask, clock: FixedClock
) -> None:
    signature = signing.sign_json("node", PAYLOAD)
    old = signing.node_key().kid
    new = signing.rotate_key("node")

    clock.advance(hours=2 * current_settings().key_overlap_hours)

    assert _kids("node") == {new}
    assert signing.verify_json("node", PAYLOAD, signature) == old


def test_a_second_rotation_waits_for_the_first(app: Flask, clock: FixedClock) -> None:
    signing.ensure_key("node")
    signing.rotate_key("node")

    with pytest.raises(Conflict):
        signing.rotate_key("node")


def test_a_revoked_key_signs_and_verifies_nothing_more(app: Flask) -> None:
    signature = signing.sign_json("math", PAYLOAD)
    kid = signing.society_key("math").kid

    signing.revoke_key(kid)

    assert signing.verify_json("math", PAYLOAD, signature) is None
    assert kid not in _kids("math")
    assert signing.society_key("math").kid != kid
    with pytest.raises(NotFound):
        signing.revoke_key(kid)


def test_keys_rotate_by_themselves_when_their_lifetime_has_passed(
    app: Flask, clock: FixedClock
) -> None:
    signing.ensure_key("node", "RS256")

    assert signing.rotate_due_keys(clock.now()) == []
    later = clock.advance(days=current_settings().key_lifetime_days)
    assert len(signing.rotate_due_keys(later)) == 1
    assert signing.rotate_due_keys(later) == []


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_a_jwt_names_its_key_and_type(app: Flask, alg: str) -> None:
    token = signing.sign_jwt("node", alg, {"sub": "x"}, "at+jwt")

    keys = KeySet.import_key_set(signing.public_keys("node"))
    read = jwt.decode(token, keys, [alg])
    assert read.claims == {"sub": "x"}
    assert read.header == {"alg": alg, "kid": signing.node_key(alg).kid, "typ": "at+jwt"}


def test_the_key_set_tells_no_private_part(app: Flask) -> None:
    signing.ensure_key("node", "RS256")
    signing.ensure_key("node", "ES256")

    shown = signing.public_keys()["keys"]

    assert {key["alg"] for key in shown} == {"ES256", "RS256"}
    assert not any({"d", "p", "q", "k"} & key.keys() for key in shown)


def test_signing_asks_the_database_nothing_while_the_key_is_fresh(
    app: Flask, clock: FixedClock
) -> None:
    signing.ensure_key("math")
    clock.advance(seconds=1)
    signing.sign_json("math", PAYLOAD)

    with count_statements() as seen:
        signing.sign_json("math", PAYLOAD)

    assert seen == []


def test_a_key_that_was_rolled_back_is_not_remembered(app: Flask) -> None:
    with pytest.raises(RuntimeError), unit_of_work():
        kid = signing.society_key("math").kid
        raise RuntimeError("rolled back")

    assert signing.society_key("math").kid != kid


def test_the_ring_lists_every_key_with_its_periods(app: Flask, clock: FixedClock) -> None:
    signing.ensure_key("math")
    signing.rotate_key("math")

    old, new = signing.list_keys("math")

    assert old["retires_at"] == new["not_before"]
    assert new["not_before"] == clock.now() + timedelta(hours=current_settings().key_overlap_hours)


def _kids(owner: str) -> set[str]:
    return {key["kid"] for key in signing.public_keys(owner)["keys"]}
