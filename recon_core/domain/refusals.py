"""What the rules of the books refuse, one class a rule that a caller may want to tell apart.

Refused
├── Unknown               nothing has this code, number or id
├── AmbiguousAccount      more than one cash account fits a statement
├── BadRequest            a value that makes no sense where it stands
├── WrongState            the thing is not in a state that allows this
│   ├── Closed            it belongs to a closed document
│   └── Unreleased        it, or its voiding entry, is not released
├── NotBalanced           amounts that must add up do not
├── AmountUsed            more is claimed than is left of a line or transaction
├── PeriodLocked          a date in a locked fiscal period
├── PolicyForbids         four eyes, a limit, or the kill switch
├── Blocked               a release with its list of reasons
└── Conflict              somebody else was faster
ReconError
└── Busy                  the database was held too long; trying again may work
"""

from __future__ import annotations

from typing import NamedTuple

from recon_core.domain.refused import ReconError, Refused


class Unknown(Refused):
    code = "unknown"


class AmbiguousAccount(Refused):
    code = "ambiguous-account"


class BadRequest(Refused):
    code = "bad-request"


class WrongState(Refused):
    code = "wrong-state"


class Closed(WrongState):
    code = "closed"


class Unreleased(WrongState):
    code = "unreleased"


class NotBalanced(Refused):
    code = "not-balanced"


class AmountUsed(Refused):
    code = "amount-used"


class PeriodLocked(Refused):
    code = "period-locked"


class PolicyForbids(Refused):
    code = "policy-forbids"


class Conflict(Refused):
    code = "conflict"


class Blocker(NamedTuple):
    """A reason why a document can't be released: stable code, what is wrong, what cures it, and which rows.

    An `advisory` one stops a policy, not a person.
    """

    code: str
    message: str
    cure: str
    ids: tuple[int, ...] = ()
    advisory: bool = False


class Blocked(Refused):
    """A release that has reasons against it, all of them."""

    code = "blocked"

    def __init__(self, message: str, *, blockers: tuple[Blocker, ...]) -> None:
        super().__init__(message, cure=" ".join(blocker.cure for blocker in blockers))
        self.blockers = blockers


class Busy(ReconError):
    code = "busy"
