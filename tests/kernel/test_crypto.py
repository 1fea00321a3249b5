"""Encryption by purpose and key, digests that survive a rotation of the secret."""

from collections.abc import Callable

import pytest
from flask import Flask

from consortium.kernel import crypto

OLD, NEW = "old-plum-" + "o" * 32, "new-plum-" + "n" * 32


def test_what_is_encrypted_can_be_presented_again(app: Flask) -> None:
    sealed = crypto.encrypt("张三丰".encode(), "test")

    assert crypto.decrypt(sealed, "test").decode() == "张三丰"
    assert "张" not in sealed


def test_equal_texts_are_encrypted_differently(app: Flask) -> None:
    assert crypto.encrypt(b"a", "test") != crypto.encrypt(b"a", "test")


def test_another_purpose_does_not_open_it(app: Flask) -> None:
    sealed = crypto.encrypt(b"a", "test")

    with pytest.raises(crypto.UndecipherableText):
        crypto.decrypt(sealed, "other")


@pytest.mark.parametrize("text", ["", "v1", "v1.x", "v1.00000000.AAAA", "v2.a.b", "学会"])
def test_a_foreign_text_does_not_open(app: Flask, text: str) -> None:
    with pytest.raises(crypto.UndecipherableText):
        crypto.decrypt(text, "test")


def test_every_changed_character_is_noticed(app: Flask) -> None:
    head, key_id, body = crypto.encrypt(b"ab", "test").split(".")

    for place in range(len(body) - 1):
        other = "A" if body[place] != "A" else "B"
        changed = f"{head}.{key_id}.{body[:place]}{other}{body[place + 1 :]}"
        with pytest.raises(crypto.UndecipherableText):
            crypto.decrypt(changed, "test")


def test_a_new_secret_in_front_opens_what_the_old_one_closed(
    make_app: Callable[..., Flask],
) -> None:
    with make_app(secret_keys=(OLD,)).app_context():
        sealed, digest = crypto.encrypt(b"a", "test"), crypto.digest("a", "test")

    with make_app(secret_keys=(NEW, OLD)).app_context():
        assert crypto.decrypt(sealed, "test") == b"a"
        assert crypto.digest("a", "test") != digest
        assert digest in crypto.digests("a", "test")


def test_a_removed_secret_opens_nothing_more(make_app: Callable[..., Flask]) -> None:
    with make_app(secret_keys=(OLD,)).app_context():
        sealed = crypto.encrypt(b"a", "test")

    with make_app(secret_keys=(NEW,)).app_context(), pytest.raises(crypto.UndecipherableText):
        crypto.decrypt(sealed, "test")


def test_digests_of_different_purposes_cannot_be_compared(app: Flask) -> None:
    assert crypto.digest("a", "one") != crypto.digest("a", "two")
    assert crypto.digest("a", "one") == crypto.digest("a", "one")
