"""What the package offers."""

from pathlib import Path

from flask import Flask

from auth.services.rosters import connect_roster
from consortium.kernel.errors import N_
from consortium.kernel.feature import Demo, Feature, Navigation, Retention, SubjectData, Tile
from membership import api, demo, demo_members, models, views
from membership.claims import CLAIMS
from membership.commands import group
from membership.feeds import FEEDS
from membership.roster_commands import roster_group
from membership.services import roster_retention, subject_data
from membership.services.enrolment import MembershipRoster
from membership.services.roster_imports import KEEP_DAYS
from membership.views import tiles
from membership.views.recognitions import render_tile


def install(app: Flask) -> None:
    """Let auth ask the roster whose number it is."""
    connect_roster(app, MembershipRoster())


group.add_command(roster_group)

FEATURE = Feature(
    name="membership",
    models=(models,),
    translations=Path(__file__).parent / "translations",
    blueprints=views.BLUEPRINTS,
    api=api.BLUEPRINTS,
    navigation=(
        Navigation(N_("Agreements"), "membership_agreements.show_register", order=30),
        Navigation(
            N_("My recognitions"),
            "membership.show_recognitions",
            lambda principal: principal.person_id is not None,
            order=20,
        ),
    ),
    commands=(group,),
    claims=CLAIMS,
    feeds=FEEDS,
    tiles=(
        Tile("me", render_tile, order=10),
        Tile("me", tiles.draw_me, order=20),
        Tile("society", tiles.draw_society, order=20),
    ),
    retention=(Retention("roster_import_line", KEEP_DAYS, roster_retention.purge_lines),),
    subject_data=(
        SubjectData(subject_data.export_membership, subject_data.erase_membership),
        SubjectData(roster_retention.export_lines, roster_retention.erase_lines),
    ),
    demo=(
        Demo(30, demo.load_catalogues),
        Demo(32, demo_members.load_members),
        Demo(34, demo.load_agreements, demo.show_agreements),
    ),
    install=install,
)
"""Members, agreements and recognition."""
