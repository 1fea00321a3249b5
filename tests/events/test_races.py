from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from consortium.kernel.db import db
from consortium.kernel.settings import Settings
from events.models import EventQuota, Registration
from events.values import Mode, Quota
from tests.events.racing import (
    Place,
    come_and_go,
    die_half_way,
    race,
    send_one_key,
    take_one_of_each,
)
from tests.events.worlds import House, build_house, stranger

PROCESSES = 2
ROUNDS = 6


@pytest.fixture
def place(app: Flask, settings: Settings, tmp_path: Path) -> Place:
    return Place(settings.database_url, tmp_path / "var")


@pytest.fixture
def real_house(app: Flask) -> House:
    """The house on the real clock, which the processes read too."""
    return build_house()


def people(count: int) -> list[UUID]:
    found = [stranger().person_id for _ in range(count)]
    return [person for person in found if person is not None]


def close() -> None:
    db.session.remove()
    db.engine.dispose()


def count_active(event_id: UUID) -> int:
    query = sa.select(sa.func.count()).where(
        Registration.event_id == event_id, Registration.status != "cancelled"
    )
    return db.session.scalar(query) or 0


def count_taken(event_id: UUID) -> int:
    query = sa.select(sa.func.sum(EventQuota.taken)).where(EventQuota.event_id == event_id)
    return db.session.scalar(query) or 0


def soon(house: House, seats: int, number: int = 0) -> UUID:
    from datetime import timedelta

    from consortium.kernel.clock import read_now

    starts = read_now() + timedelta(days=30)
    made = house.publish(
        slug=f"race-{number}",
        starts_at=starts,
        ends_at=starts + timedelta(hours=8),
        quotas=(Quota(None, Mode.ON_SITE, seats),),
    )
    return made.id


def test_of_two_processes_one_gets_the_seat_and_nobody_gets_two(
    real_house: House, place: Place
) -> None:
    scarce = [soon(real_house, 1, number) for number in range(ROUNDS)]
    ample = [soon(real_house, 5, ROUNDS + number) for number in range(ROUNDS)]
    one, other, same = people(3)
    close()
    jobs = [
        [(event, person) for event in scarce] + [(event, same) for event in ample]
        for person in (one, other)
    ]
    answers = race(place, take_one_of_each, jobs)
    outcomes = [sorted(outcome) for outcome in zip(*answers, strict=True)]
    assert outcomes[:ROUNDS] == [["event-full", "seated"]] * ROUNDS
    assert outcomes[ROUNDS:] == [["already-registered", "seated"]] * ROUNDS
    for event_id in scarce + ample:
        assert (count_active(event_id), count_taken(event_id)) == (1, 1)


def test_coming_and_going_keeps_the_counter_true(real_house: House, place: Place) -> None:
    event_id = soon(real_house, 1)
    jobs = [(event_id, person, 9) for person in people(2)]
    close()
    had = race(place, come_and_go, jobs)
    assert all(isinstance(count, int) for count in had), had
    assert count_taken(event_id) == count_active(event_id) <= 1


def test_one_key_sent_by_two_processes_takes_one_seat(real_house: House, place: Place) -> None:
    event_id = soon(real_house, 5)
    (person,) = people(1)
    close()
    answers = race(place, send_one_key, [(event_id, person, "same")] * PROCESSES)
    assert [status for status, _ in answers] == [201, 201]
    assert len({registration for _, registration in answers}) == 1
    assert (count_active(event_id), count_taken(event_id)) == (1, 1)


def test_a_process_killed_half_way_leaves_the_seat_free(real_house: House, place: Place) -> None:
    event_id = soon(real_house, 1)
    first, second = people(2)
    close()
    assert race(place, die_half_way, [(event_id, first)]) == ["died"]
    assert (count_active(event_id), count_taken(event_id)) == (0, 0)
    db.session.rollback()
    assert race(place, take_one_of_each, [[(event_id, second)]]) == [["seated"]]
