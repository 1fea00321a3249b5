"""The postman: takes due messages out of the postbox and sends them."""

import smtplib
from collections.abc import Callable, Mapping
from itertools import takewhile
from threading import Event
from uuid import UUID

import requests

from consortium.kernel.logs import get_logger
from consortium.kernel.mail import deliver_mail
from consortium.kernel.mail import is_permanent as is_permanent_for_mail
from consortium.kernel.metrics import messages_sent
from consortium.kernel.postbox import (
    Parcel,
    claim_message,
    list_due,
    mark_sent,
    mark_unsent,
)
from consortium.kernel.sms import deliver_sms
from consortium.kernel.sms import is_permanent as is_permanent_for_sms
from consortium.kernel.unit_of_work import database_now

log = get_logger(__name__)

_SENDERS: Mapping[str, Callable[[Parcel], None]] = {"mail": deliver_mail, "sms": deliver_sms}


def deliver_messages(*, limit: int = 50, stopping: Event | None = None) -> int:
    """Send what is due, at most `limit` messages; no unit of work may be open around it.

    Any number of workers may call it at once: each message is claimed by one conditional
    update. It goes out at least once; its id is the same at every attempt.

    Returns:
        How many went out; call again at once while this is `limit`.
    """
    due = list_due(database_now(), limit)
    wanted = takewhile(lambda _: stopping is None or not stopping.is_set(), due)
    return sum(_deliver(message_id) for message_id in wanted)


def _deliver(message_id: UUID) -> bool:
    parcel = claim_message(message_id)
    if parcel is None:
        return False
    try:
        _SENDERS[parcel.kind](parcel)
    except (smtplib.SMTPException, requests.RequestException, OSError, ValueError) as error:
        permanent = is_permanent_for_mail(error) or is_permanent_for_sms(error)
        mark_unsent(parcel, fault=type(error).__name__, permanent=permanent)
        messages_sent.labels(kind=parcel.kind, outcome="failed").inc()
        log.warning("message-unsent", message_id=str(message_id), fault=type(error).__name__)
        return False
    mark_sent(parcel)
    messages_sent.labels(kind=parcel.kind, outcome="sent").inc()
    return True
