"""Topics of the register that travel between nodes; all of it is public."""

from consortium.kernel.feature import Feed
from consortium.services.mirrors import (
    apply_consortium,
    apply_member,
    apply_organisation,
    apply_standing,
)

FEEDS = (
    Feed("consortium.organisation", "1.0", apply_organisation),
    Feed("consortium.consortium", "1.0", apply_consortium),
    Feed("consortium.member", "1.0", apply_member),
    Feed("consortium.standing", "1.0", apply_standing),
)
