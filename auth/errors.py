"""Refusals of auth; every code is stable and documented in docs/api.md."""

from collections.abc import Callable
from datetime import timedelta
from math import ceil
from typing import ClassVar

from consortium.kernel.errors import (
    N_,
    Conflict,
    ConsortiumError,
    Forbidden,
    InvalidInput,
    NotFound,
)


class SignInRefused(ConsortiumError):
    """Identifier and password do not fit."""

    status, code = 401, "sign-in-refused"
    message = N_("Identifier or password is wrong. Check both, or sign in with a code by SMS.")


class MustWait(ConsortiumError):
    """A refusal that ends by itself; programs find the seconds in Retry-After."""

    status = 429
    message_of_one: ClassVar[str]

    def __init__(self, wait: timedelta) -> None:
        """Say how long, in minutes rounded up, at least one."""
        seconds = max(1, ceil(wait.total_seconds()))
        self.minutes = ceil(seconds / 60)
        super().__init__(extra={"retry_after_seconds": seconds}, minutes=self.minutes)

    def text(self, translate: Callable[[str], str] = str) -> str:
        """The message for one minute or for several."""
        return translate(self.message_of_one) if self.minutes == 1 else super().text(translate)


class TooManyAttempts(MustWait):
    """Too many attempts in a short time."""

    code = "too-many-attempts"
    message = N_("Too many attempts. Wait %(minutes)s minutes, or sign in with a code by SMS.")
    message_of_one = N_("Too many attempts. Wait 1 minute, or sign in with a code by SMS.")


class SocietyDiffers(InvalidInput):
    """The member number names another society than the one that was given."""

    code = "society-differs"
    message = N_(
        "This member number is written as one of %(other)s, and the society given is %(society)s. "
        "Correct one of the two."
    )


class AddressNotOffered(Conflict):
    """There is no address of this kind to prove."""

    code = "address-not-offered"
    message = N_(
        "Your society's roster has no address of this kind that you have not proven yet. Ask its "
        "secretary to enter it."
    )


class CodeRefused(ConsortiumError):
    """The code does not fit, is used up, or is too old."""

    status, code = 401, "code-refused"
    message = N_("This code is wrong or too old. Check it, or ask for another.")


class CodeMissing(InvalidInput):
    """The code was not filled in."""

    code = "code-missing"
    message = N_("The code is missing. Fill in the one that was sent to you.")


class TooManyCodes(MustWait):
    """Too many codes were asked for."""

    code = "too-many-codes"
    message = N_("Too many codes were sent. Wait %(minutes)s minutes, then ask again.")
    message_of_one = N_("Too many codes were sent. Wait 1 minute, then ask again.")


class SignedInAlready(ConsortiumError):
    """You are signed in already."""

    status, code = 409, "signed-in-already"
    message = N_(
        "You have signed in meanwhile, perhaps in another tab. Nothing was done with this form, "
        "and you need not sign in again."
    )


class MobileInvalid(InvalidInput):
    """Not a mobile number."""

    code = "mobile-invalid"
    message = N_("This is not a mobile number. Write 11 digits, or +, country code and number.")


class EmailInvalid(InvalidInput):
    """Not an e-mail address."""

    code = "email-invalid"
    message = N_("This is not an e-mail address. Write it as name@example.org.")


class PasswordTooShort(InvalidInput):
    """The password is too short or too long."""

    code = "password-too-short"
    message = N_("A password takes %(least)s to %(most)s characters. A few words are easy to keep.")


class PasswordTooCommon(InvalidInput):
    """The password is easily guessed."""

    code = "password-too-common"
    message = N_("This password is easily guessed. Choose a few words that do not belong together.")


class AddressTaken(Conflict):
    """Another account signs in with this address."""

    code = "address-taken"
    message = N_("Another account signs in with this address. Sign in there, or use another.")


class AccountIncomplete(InvalidInput):
    """An account needs a way to sign in."""

    code = "account-incomplete"
    message = N_("An account needs an e-mail address or a mobile number, and a password with it.")


class NameMissing(InvalidInput):
    """An account needs its owner's name."""

    code = "name-missing"
    message = N_("The name is missing. Give it as other people should read it.")


class PasswordSet(Conflict):
    """The account has a password already."""

    code = "password-set"
    message = N_("This account has a password already, so it needs no link for the first one.")


class LinkRefused(ConsortiumError):
    """The link is used, too old, or not ours."""

    status, code = 410, "link-refused"
    message = N_("This link has been used or is too old. Ask for another.")


class RoleUnknown(InvalidInput):
    """No such role."""

    code = "role-unknown"
    message = N_("%(role)s is no role. Use one of: %(roles)s.")


class PlaceUnknown(InvalidInput):
    """A role needs a place over which it is held."""

    code = "place-unknown"
    message = N_("The role %(role)s is held over a %(kind)s. Name one that exists.")


class GrantForbidden(Forbidden):
    """Only those who run a place give roles over it."""

    code = "grant-forbidden"
    message = N_("You cannot give this role. Ask the operator of the node.")


class GrantNotFound(NotFound):
    """No such role is held."""

    code = "grant-not-found"
    message = N_("There is no such role to end. See which are held: flask auth grant list.")


class RoleHeldLonger(Conflict):
    """The role is held for longer already."""

    code = "role-held-longer"
    message = N_(
        "The role %(role)s is held for longer already, so nothing would end then. "
        "Set its end with: flask auth grant end --until."
    )


class LastOperator(Conflict):
    """The node would be left without an operator."""

    code = "last-operator"
    message = N_(
        "Nobody else could run this node then. Make another operator first: "
        "flask auth operator create prints a link for her to open."
    )


class ClientNotFound(NotFound):
    """No such client."""

    code = "client-not-found"
    message = N_("There is no client %(client_id)s. List them with: flask auth client list.")


class ClientMetadataInvalid(InvalidInput):
    """The registration has faults; `errors` name each."""

    code = "client-metadata-invalid"
    message = N_("The client cannot be registered so. Correct the named values.")


class PersonNotFound(NotFound):
    """No such person on this node."""

    code = "person-not-found"
    message = N_("There is no such person.")


class DemoAccountsPresent(Conflict):
    """The database holds demo accounts, whose password is published."""

    code = "demo-accounts-present"
    message = N_("This database holds demo accounts. Use another, or set CONSORTIUM_DEMO=1.")


class AuthorizationRefused(ConsortiumError):
    """A site's request for sign-in cannot be answered; the reader is never sent on."""

    status, code = 400, "authorization-refused"
    message = N_("The site sent a request that cannot be answered (%(reason)s). Tell its keeper.")
