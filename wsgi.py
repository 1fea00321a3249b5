"""Composes the application: it knows every feature and is known by none."""

import gc

# Nothing of what is loaded now is rubbish; to look for it takes a sixth of every start.
gc.disable()

from collections.abc import Sequence

from flask import Flask

from auth.feature import FEATURE as auth
from consortium.feature import FEATURE as consortium
from consortium.kernel.app import build_app
from consortium.kernel.cli import refuse_start
from consortium.kernel.feature import Feature
from consortium.kernel.settings import BadSetting, Settings
from events.feature import FEATURE as events
from membership.feature import FEATURE as membership
from think_tank.feature import FEATURE as think_tank

FEATURES = (consortium, auth, membership, events, think_tank)


def create_app(features: Sequence[Feature] = FEATURES, settings: Settings | None = None) -> Flask:
    """Build the application from `features`, lowest floor first."""
    return build_app(features, settings)


def _compose() -> Flask:
    try:
        return create_app()
    except BadSetting as fault:
        refuse_start(fault)


app = _compose()
gc.freeze()
gc.enable()
