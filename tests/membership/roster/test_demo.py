"""The demonstration's rosters come in through the importer, all 2,000 of their people."""

import sqlalchemy as sa
from flask import Flask

from auth.services import accounts
from consortium.kernel.db import db
from consortium.kernel.principal import SYSTEM
from consortium.services import organisations
from membership import demo, demo_members
from membership.demo_rosters import SIZES, STORY, make_rosters
from membership.services import roster_imports


def test_the_files_are_the_same_every_time_but_for_their_dates() -> None:
    first, second = ([file.name for file in make_rosters()] for _ in range(2))
    assert first == second
    assert sum(SIZES.values()) == 2000


def test_four_rosters_bring_two_thousand_members(app: Flask) -> None:
    for code in SIZES:
        organisations.register_organisation(SYSTEM, code=code, name_zh=code, name_en=code)
    demo.load_catalogues()
    demo_members.load_members()
    rows = db.session.execute(
        sa.text(
            "SELECT organisation.code, count(*) FROM member JOIN organisation "
            "ON organisation.id = member.society_id GROUP BY organisation.code"
        )
    ).all()
    assert dict(tuple(row) for row in rows) == SIZES
    for society in STORY:
        account = accounts.find_account_by(f"member@{society}.example")
        assert account is not None
        assert account.has_password
    for file in make_rosters():
        again = roster_imports.import_roster(
            SYSTEM, society=file.society, data=file.data, file_name=file.name
        )
        assert again.unchanged == again.read == SIZES[file.society]
