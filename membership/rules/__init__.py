"""Pure decisions of membership: no Flask, no database, no clock."""

from membership.rules.decide import decide, recognised_until
from membership.rules.decision import Decision, instant
from membership.rules.facts import Facts, Question

__all__ = ["Decision", "Facts", "Question", "decide", "instant", "recognised_until"]
