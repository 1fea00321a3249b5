"""Refusals of the visitors' book."""

from consortium.kernel.errors import N_, ConsortiumError


class VisitorUnwelcome(ConsortiumError):
    """The visitor is on the list of those who are not let in."""

    status, code = 409, "visitor-unwelcome"
    message = N_("Ask the host first.")
