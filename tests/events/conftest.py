"""Fixtures of events: a house of societies on a fixed clock."""

import pytest

from consortium.kernel.clock import FixedClock
from tests.conftest import Furnish
from tests.events.worlds import House, build_house


@pytest.fixture
def house(furnish: Furnish, clock: FixedClock) -> House:
    """Four societies with officers, an agreement, and nothing else."""
    return furnish(build_house)
