"""What the package offers."""

from pathlib import Path

from consortium.kernel.feature import Demo, Feature, Navigation, SubjectData, Tile
from events import api, commands, models, tiles, views
from events.demo import load_demo, show_demo
from events.feeds import FEEDS
from events.handlers import HANDLERS
from events.jobs import JOBS
from events.services.privacy import erase_registrations, export_registrations

FEATURE = Feature(
    name="events",
    models=(models,),
    translations=Path(__file__).parent / "translations",
    blueprints=(views.blueprint,),
    api=(api.blueprint,),
    commands=(commands.events,),
    jobs=JOBS,
    handlers=HANDLERS,
    navigation=(Navigation("Events", "events.list_events", order=30),),
    feeds=FEEDS,
    tiles=(
        Tile("home", tiles.draw_home, order=30),
        Tile("me", tiles.draw_me, order=30),
        Tile("society", tiles.draw_society, order=30),
    ),
    demo=(Demo(order=60, load=load_demo, show=show_demo),),
    subject_data=(SubjectData(export=export_registrations, erase=erase_registrations),),
)
