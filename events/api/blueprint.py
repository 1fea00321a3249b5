"""The blueprint that the modules of this package share."""

from consortium.kernel.api import ApiBlueprint

blueprint = ApiBlueprint(
    "events_api",
    __name__,
    url_prefix="/api/v1/events",
    description="Joint events: hosts, signatures, publication, seats, registrations",
)
