import pytest
import sqlalchemy as sa

from consortium.kernel.audit.models import AuditRow
from consortium.kernel.clock import FixedClock
from consortium.kernel.db import db
from consortium.kernel.feature import JobPage
from consortium.kernel.principal import SYSTEM
from consortium.kernel.unit_of_work import unit_of_work
from consortium.services import consortia, members, standing
from events.errors import SocietyNotActive
from events.jobs import JOBS
from events.services import drafts, hosting, publication, signing
from events.services.reminders import remind_silent_hosts
from events.values import EventState, HostRole
from tests.events.worlds import House, officer, wish


def silent() -> list[str | None]:
    db.session.rollback()
    query = sa.select(AuditRow.society).where(AuditRow.action == "events.host.silent")
    return sorted(db.session.scalars(query), key=str)


def test_a_silent_host_is_noted_once_in_the_settings_days(house: House, clock: FixedClock) -> None:
    made = house.draft()
    signing.sign_event(house.comp, event_id=made.id, society="comp")
    assert remind_silent_hosts() == 0
    clock.advance(days=8)
    assert (remind_silent_hosts(), remind_silent_hosts()) == (1, 0)
    assert silent() == ["phys"]
    clock.advance(days=8)
    assert (remind_silent_hosts(), silent()) == (1, ["phys", "phys"])


def test_every_job_runs_in_an_open_unit_of_work(house: House, clock: FixedClock) -> None:
    house.publish()
    for job in JOBS:
        with unit_of_work():
            assert job.page(JobPage(job.name, clock.now(), None, 1, clock.now())) is None


def suspend(society: str) -> None:
    consortia.found_consortium(
        SYSTEM,
        code="demo",
        kind="consortium",
        name_zh="示范联合体",
        name_en="Demo",
        charter_zh="章程",
        kinds_admitted=("society",),
    )
    members.admit_member(SYSTEM, society, consortium="demo")
    standing.suspend(SYSTEM, society, consortium="demo")


def test_a_suspended_society_neither_creates_hosts_nor_publishes(house: House) -> None:
    made = house.draft()
    house.sign(made.id)
    suspend("phys")
    with pytest.raises(SocietyNotActive):
        publication.publish_event(house.comp, event_id=made.id)
    with pytest.raises(SocietyNotActive):
        drafts.create_event(officer("phys"), wish(society="phys"))
    other = drafts.create_event(house.comp, wish())
    with pytest.raises(SocietyNotActive):
        hosting.invite_host(house.comp, event_id=other.id, society="phys", role=HostRole.GUIDE)
    standing.restore(SYSTEM, "phys", consortium="demo")
    published = publication.publish_event(house.comp, event_id=made.id)
    assert published.state is EventState.PUBLISHED
