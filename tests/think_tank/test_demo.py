"""The demonstration's pool enters by the importers and is the same every time."""

import pytest
from flask import Flask

from consortium.kernel.clock import FixedClock
from consortium.kernel.principal import ANONYMOUS
from tests.think_tank.worlds import COORDINATOR, found_world
from think_tank import demo
from think_tank.services.briefs import list_briefs
from think_tank.services.panels import list_panels
from think_tank.services.pool import count_pool
from think_tank.services.solves import ask_solve, run_solve


@pytest.fixture
def loaded(app: Flask, clock: FixedClock) -> None:
    found_world()
    demo.load()


def test_the_demonstration_shows_a_panel_a_brief_and_a_refusal(loaded: None) -> None:
    counts = count_pool("demo")
    assert (counts.ready, counts.pending) == (270, 30)
    panels = list_panels(ANONYMOUS, institute=demo.SLUG)
    assert [len(panel.seats) for panel in panels] == [9]
    unmeetable, flows, seated = list_briefs(COORDINATOR, institute=demo.SLUG)
    assert (unmeetable.state, flows.state, seated.state) == ("open", "open", "seated")
    run = run_solve(ask_solve(COORDINATOR, brief_id=flows.id).id)
    assert run.answer is not None
    assert (run.state, run.answer["status"], len(run.answer["seats"])) == (
        "proposed",
        "optimal",
        12,
    )
    refused = run_solve(ask_solve(COORDINATOR, brief_id=unmeetable.id).id)
    assert refused.answer is not None
    assert "half-math" in refused.answer["conflict_rules"]


def test_the_files_are_the_same_every_time(app: Flask) -> None:
    assert demo.write_expert_file() == demo.write_expert_file()
