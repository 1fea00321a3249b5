"""What we hear."""

from consortium.kernel.feature import Message
from tests.house.guest.services import visits


def note_echo(message: Message) -> None:
    """Echo it."""
    visits.echo(message)
