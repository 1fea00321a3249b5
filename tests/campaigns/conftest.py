"""One nursery for every campaign."""

from collections.abc import Iterator

import pytest

from tests.nursery import Nursery


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """What the campaigns' many processes are forked from."""
    made = Nursery()
    yield made
    made.close()
