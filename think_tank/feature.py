"""What the package offers."""

from pathlib import Path

from consortium.kernel.errors import N_
from consortium.kernel.feature import Demo, Feature, Navigation, SubjectData, Tile
from think_tank import api, commands, demo, jobs, models, views
from think_tank.services import own

FEATURE = Feature(
    name="think_tank",
    models=(models,),
    translations=Path(__file__).parent / "translations",
    blueprints=(views.blueprint,),
    api=api.BLUEPRINTS,
    commands=(commands.think_tank,),
    jobs=jobs.JOBS,
    tiles=(Tile("me", views.consent.render_own, order=60),),
    subject_data=(SubjectData(own.export_expert, own.erase_expert),),
    navigation=(Navigation(N_("Institutes"), "think_tank.show_institutes", order=40),),
    demo=(Demo(order=50, load=demo.load, show=demo.show),),
)
