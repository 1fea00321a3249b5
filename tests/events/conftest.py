"""Fixtures of events: a house of societies on a fixed clock."""

import pytest
from flask import Flask

from consortium.kernel.clock import FixedClock
from tests.events.worlds import House, build_house


@pytest.fixture
def house(app: Flask, clock: FixedClock) -> House:
    """Four societies with officers, an agreement, and nothing else."""
    return build_house()
