"""Notes refused acts: the refused transaction is gone, the note must stay."""

from typing import Any

from consortium.kernel.unit_of_work import current_unit_of_work, transaction


@transaction
def note_refusal(
    action: str, *, subject: str = "", society: str | None = None, **detail: Any
) -> None:
    """Leave an audit row about an act that was refused, in a transaction of its own.

    Call it at the door, after the refused service has ended: inside an open unit of work the
    note would be rolled back with the rest.
    """
    current_unit_of_work().audit(action, subject=subject, society=society, detail=detail)
