"""What events refuses, and what to do next."""

from __future__ import annotations

from consortium.kernel.errors import N_, ConsortiumError, Forbidden


class SignaturesMissing(ConsortiumError):
    """Not every host has signed."""

    status, code = 409, "signatures-missing"
    message = N_("Not yet signed by: %(missing)s. Ask them to sign, or to decline, then publish.")


class EventFull(ConsortiumError):
    """No seat is left."""

    status, code = 409, "event-full"
    message = N_("No seat is left for you. Try the other way to attend, or look in again later.")


class AlreadyRegistered(ConsortiumError):
    """The person is registered already."""

    status, code = 409, "already-registered"
    message = N_("You are registered already. Cancel that registration before you make another.")


class RegistrationClosed(ConsortiumError):
    """Registration is not open."""

    status, code = 409, "registration-closed"
    message = N_("Registration for this event is not open. Ask the organiser.")


class EventOver(RegistrationClosed):
    """The event is over."""

    message = N_("This event has ended. Nobody can register for it any more.")


class EventCancelled(RegistrationClosed):
    """The event is cancelled."""

    message = N_("This event is cancelled. Nobody can register for it any more.")


class EventPostponed(RegistrationClosed):
    """The event is postponed."""

    message = N_("This event is postponed. Register when its new dates have been published.")


class CancellationLate(ConsortiumError):
    """The event is over."""

    status, code = 409, "event-over"
    message = N_(
        "This event has ended, so its registrations stay as they are. Ask the organiser about "
        "payment."
    )


class RegistrationByAnother(Forbidden):
    """Only she herself may register."""

    code = "registration-by-another"
    message = N_(
        "A member is registered by herself, or by a program of her society, and by no officer. "
        "Ask her to sign in and register."
    )


class NotAHost(ConsortiumError):
    """The society is no host of the event."""

    status, code = 422, "not-a-host"
    message = N_(
        "%(society)s does not host this event. Leave the host out, or name one of: %(hosts)s."
    )


class ModeUnavailable(ConsortiumError):
    """The event cannot be attended this way."""

    status, code = 422, "mode-unavailable"
    message = N_("Choose one of the ways to attend that the event offers: on_site or online.")


class HostInvitedAlready(ConsortiumError):
    """The society is a host already."""

    status, code = 409, "host-invited-already"
    message = N_("%(society)s was invited already. Look at its answer on the event's desk.")


class HostLeads(HostInvitedAlready):
    """The society leads the event."""

    message = N_("%(society)s leads this event, so it hosts it already. Invite another society.")


class HostAnswered(ConsortiumError):
    """The society has already answered."""

    status, code = 409, "host-answered"
    message = N_("%(society)s has declined. Invite it again before it signs.")


class SocietyNotActive(ConsortiumError):
    """The society's standing does not allow this."""

    status, code = 409, "society-not-active"
    message = N_("%(society)s is not in good standing and cannot host. Settle that first.")


class SlugTaken(ConsortiumError):
    """Another event has this address."""

    status, code = 409, "slug-taken"
    message = N_("Another event has the address %(slug)s. Choose another one.")


class ContentChanged(ConsortiumError):
    """The event's content has changed."""

    status, code = 409, "content-changed"
    message = N_("The content has changed since you read it. Read it again before you sign.")


class EventSettled(ConsortiumError):
    """The event's state does not allow this."""

    status, code = 409, "event-settled"
    message = N_("The event's state does not allow this. Reload the page to see where it stands.")

    def __init__(self, state: str) -> None:
        """Refuse with the state as a further member of the problem."""
        super().__init__(extra={"state": state})


class EventForeign(ConsortiumError):
    """The event is not ours to change."""

    status, code = 409, "event-foreign"
    message = N_("This event belongs to %(origin)s. Change it, or register, there.")


class HostsUnproven(ConsortiumError):
    """A mirrored event shows hosts that have not signed it."""

    status, code = 422, "hosts-unproven"
    message = N_(
        "%(hosts)s have not signed this, or are societies of another node. "
        "Its sender must leave them out, or let them sign."
    )


class QuotaBelowTaken(ConsortiumError):
    """More seats are taken than the new quota holds."""

    status, code = 409, "quota-below-taken"
    message = N_("%(taken)s seats of this quota are taken. Keep at least as many.")


class ContentRefused(ConsortiumError):
    """The event's content has faults."""

    status, code = 422, "event-content"
    message = N_("Some of the event cannot be used. See each fault for its place and remedy.")


class StepUpRequired(ConsortiumError):
    """Signing needs a fresh sign-in."""

    status, code = 403, "step-up-required"
    message = N_(
        "Sign in again before you sign for %(society)s: a signature needs a fresh sign-in."
    )


class ListUnreadable(ConsortiumError):
    """The list of conferences cannot be read."""

    status, code = 422, "list-unreadable"
    message = N_("Line %(line)s is not a conference in the form of ccf-deadlines. Correct it.")
