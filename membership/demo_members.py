"""The demonstration's members: four rosters by the importer, and accounts of the story's two."""

from auth import demo
from auth.services import accounts
from consortium.kernel.principal import SYSTEM
from membership.demo_rosters import STORY, STORY_PLACE, RosterFile, make_people, make_rosters
from membership.roster.errors import RosterDamaged
from membership.services import members, roster_imports


def load_members() -> None:
    """Import the four rosters and let the two members of the story sign in.

    Raises:
        RosterDamaged: a row of our own files was refused.
    """
    for file in make_rosters():
        _import(file)
    for society in STORY:
        someone = make_people(society)[STORY_PLACE]
        member = members.get_member(SYSTEM, society=society, member_number=someone.number)
        accounts.open_account(
            SYSTEM, person_id=member.person_id, email=someone.email, password=demo.PASSWORD
        )


def _import(file: RosterFile) -> None:
    report = roster_imports.import_roster(
        SYSTEM,
        society=file.society,
        data=file.data,
        file_name=file.name,
        apply=True,
        is_demo=True,
    )
    if report.refused:
        raise RosterDamaged
