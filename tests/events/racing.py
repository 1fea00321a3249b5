"""Processes that want the same seats at the same time."""

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.nursery import FORKED

SECONDS = 120


@dataclass(frozen=True)
class Place:
    """Which database the processes share, and where their files are."""

    url: str
    folder: Path


def race(place: Place, runner: Callable[..., Any], jobs: Sequence[Any]) -> list[Any]:
    """Run one process a job, all let go at once; give their answers in the jobs' order."""
    barrier = FORKED.Barrier(len(jobs))
    pipes = [FORKED.Pipe(duplex=False) for _ in jobs]
    children = [
        FORKED.Process(target=_child, args=(place, barrier, sender, runner, job))
        for (_receiver, sender), job in zip(pipes, jobs, strict=True)
    ]
    for child in children:
        child.start()
    answers = []
    for (receiver, sender), child in zip(pipes, children, strict=True):
        sender.close()
        try:
            answers.append(receiver.recv() if receiver.poll(SECONDS) else "silent")
        except EOFError:
            answers.append("died")
        child.join(SECONDS)
    return answers


def _child(place: Place, barrier: Barrier, sender: Any, runner: Any, job: Any) -> None:
    import wsgi
    from consortium.kernel.db import db
    from tests.conftest import settings_for

    app = wsgi.create_app(settings=settings_for(place.url, place.folder))
    with app.app_context():
        sender.send(runner(barrier, job))
        db.session.remove()
        db.engine.dispose()


def _attempt(event_id: UUID, person_id: UUID) -> str:
    from consortium.kernel.errors import ConsortiumError
    from consortium.kernel.principal import Principal
    from events.services import registrations

    try:
        registrations.register(
            Principal(person_id=person_id), event_id=event_id, person_id=person_id
        )
    except ConsortiumError as refusal:
        return refusal.code
    return "seated"


def take_one_of_each(barrier: Barrier, job: list[tuple[UUID, UUID]]) -> list[str]:
    """Register one person after the other, each at the same time as the other processes."""
    answers = []
    for event_id, person in job:
        barrier.wait(SECONDS)
        answers.append(_attempt(event_id, person))
    return answers


def come_and_go(barrier: Barrier, job: tuple[UUID, UUID, int]) -> int:
    """Register and cancel again and again; tell how often a seat was had."""
    from consortium.kernel.principal import Principal
    from events.services import registrations

    event_id, person, rounds = job
    principal = Principal(person_id=person)
    had = 0
    barrier.wait(SECONDS)
    for number in range(rounds):
        if _attempt(event_id, person) == "seated":
            had += 1
            if number % 3 < 2:
                held = registrations.find_registration(principal, event_id=event_id)
                assert held is not None
                registrations.cancel_registration(principal, registration_id=held.id)
    return had


def send_one_key(barrier: Barrier, job: tuple[UUID, UUID, str]) -> tuple[int, str]:
    """Send one request with one Idempotency-Key at the same time as the others."""
    from flask import current_app

    from consortium.kernel.principal import Principal, acting_as

    event_id, person, key = job
    client = current_app.test_client()
    barrier.wait(SECONDS)
    with acting_as(Principal(person_id=person)):
        answer = client.post(
            f"/api/v1/events/{event_id}/registrations",
            json={},
            headers={"Authorization": "Bearer test", "Idempotency-Key": key},
        )
    return answer.status_code, str(answer.get_json().get("id"))


def die_half_way(barrier: Barrier, job: tuple[UUID, UUID]) -> None:
    """Take a seat and be killed before the commit."""
    from consortium.kernel.unit_of_work import unit_of_work

    event_id, person = job
    barrier.wait(SECONDS)
    with unit_of_work() as uow:
        assert _attempt(event_id, person) == "seated"
        uow.flush()
        os.kill(os.getpid(), signal.SIGKILL)
