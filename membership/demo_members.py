"""The demonstration's members: four rosters by the importer, and accounts of the story's two."""

from auth.services import accounts
from auth.values import DEMO_PASSWORD
from consortium.kernel.principal import SYSTEM
from membership.roster.errors import RosterDamaged
from membership.services import members, roster_imports


def load_members() -> None:
    """Import the four rosters and let the two members of the story sign in.

    Raises:
        RosterDamaged: a row of our own files was refused.
    """
    # The writers of spreadsheets load with the demonstration alone.
    from membership.demo_rosters import STORY, STORY_PLACE, make_people, make_rosters

    for file in make_rosters():
        _import(file.society, file.name, file.data)
    for society in STORY:
        someone = make_people(society)[STORY_PLACE]
        member = members.get_member(SYSTEM, society=society, member_number=someone.number)
        accounts.open_account(
            SYSTEM, person_id=member.person_id, email=someone.email, password=DEMO_PASSWORD
        )


def _import(society: str, name: str, data: bytes) -> None:
    report = roster_imports.import_roster(
        SYSTEM,
        society=society,
        data=data,
        file_name=name,
        apply=True,
        is_demo=True,
    )
    if report.refused:
        raise RosterDamaged
