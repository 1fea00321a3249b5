"""What the package offers."""

from pathlib import Path

from consortium import models
from consortium.api import blueprint as api
from consortium.commands import group
from consortium.demo import load_demo, show_demo
from consortium.feeds import FEEDS
from consortium.jobs import JOBS
from consortium.kernel.errors import N_
from consortium.kernel.feature import Demo, Feature, Navigation
from consortium.views import blueprint as pages

HERE = Path(__file__).parent

FEATURE = Feature(
    name="consortium",
    models=(models,),
    translations=HERE / "translations",
    blueprints=(pages,),
    api=(api,),
    commands=(group,),
    jobs=JOBS,
    feeds=FEEDS,
    navigation=(Navigation(N_("Societies"), "consortium.show_societies", order=10),),
    demo=(Demo(10, load_demo, show_demo),),
)
