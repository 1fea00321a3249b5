"""The demonstration of recognition, loaded through services alone."""

import pytest
from flask import Flask

from auth import demo as auth_demo
from auth.services import accounts
from consortium import demo as consortium_demo
from membership import demo, demo_members
from membership.services import agreement_register, recognitions


@pytest.fixture
def loaded(app: Flask) -> None:
    consortium_demo.load_demo()
    auth_demo.load_demo()
    demo.load_catalogues()
    demo_members.load_members()
    demo.load_agreements()


def answers(society: str) -> dict[str, tuple[bool | None, str | None]]:
    account = accounts.find_account_by(f"member@{society}.example")
    assert account is not None
    made = recognitions.decide_recognitions(account.person_id, demo.SOCIETIES, "member-price")
    return {item.host: (item.recognised, item.host_grade) for item in made}


def test_demo_members_are_recognised_as_promised_by_agreements_that_verify(loaded: None) -> None:
    assert answers("math") == {
        "math": (True, "senior"),
        "comp": (True, "senior"),
        "phys": (True, "ordinary"),
        "mech": (False, None),
    }
    assert answers("mech") == {
        "math": (False, None),
        "comp": (False, None),
        "phys": (False, None),
        "mech": (True, "senior"),
    }
    found, _ = agreement_register.list_agreements()
    checked = [agreement_register.verify_agreement(item.id)["ok"] for item in found]
    assert checked == [True, True, True, True]
    assert len(demo.show_agreements()["agreements"]) == 4
