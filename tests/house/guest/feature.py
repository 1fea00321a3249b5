"""What the package offers."""

from pathlib import Path

from consortium.kernel.feature import Every, Feature, Handler, Job
from tests.house.guest import jobs, models
from tests.house.guest.api.visits import blueprint as api
from tests.house.guest.commands import guest
from tests.house.guest.handlers import note_echo
from tests.house.guest.views.visits import blueprint as pages

FEATURE = Feature(
    name="guest",
    models=(models,),
    migrations=Path(__file__).parent / "migrations",
    blueprints=(pages,),
    api=(api,),
    commands=(guest,),
    jobs=(Job("guest.count-visits", jobs.count_visits, trigger=Every(seconds=86400)),),
    handlers=(Handler("guest.echo", ("guest.visit.*", "campaign.*"), note_echo),),
)
