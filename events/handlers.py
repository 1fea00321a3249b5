"""What events does when it hears news of lower floors."""

from __future__ import annotations

from uuid import UUID

from consortium.kernel.feature import Handler, Message
from events.services.privacy import cancel_for_erased


def _person_erased(message: Message) -> None:
    cancel_for_erased(UUID(message.key))


HANDLERS = (Handler("events.person-erased", ("auth.person.erased",), _person_erased),)
