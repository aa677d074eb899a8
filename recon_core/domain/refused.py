"""Every error that the product raises on purpose.

    ReconError
    ├── InputError            what came from outside can't be used; has `where`
    │   ├── UnknownFormat     no reader recognises the file
    │   ├── AmbiguousFormat   more than one reader recognises it
    │   ├── Unreadable        a reader recognised it and can't go on
    │   ├── LimitExceeded     larger or deeper than a named limit
    │   ├── BadAmount         a text that is no amount of its currency
    │   ├── BadDate           a text that is no calendar date
    │   ├── UnknownCurrency   no ISO 4217 code
    │   ├── BadColumn         a frame lacks a column or has another kind of values in it
    │   └── BadSetting        a rules, profile or settings file that fails validation
    └── Refused               a request that the rules of the books do not allow; never retried

A `Refused` subclass exists for each rule that a caller may want to tell apart (see `recon_core.domain.refusals`). Each
error has a stable `code`, a message that says what, where and how to cure it, and its facts as attributes. A fault of
our own is an assertion or an ordinary exception: it is never wrapped in one of these.
"""

from __future__ import annotations


class ReconError(Exception):
    """Base of all deliberate errors. `code` is stable; `cure` says what the user can do."""

    code = "error"

    def __init__(self, message: str, *, cure: str = "", where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure
        self.where = where

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        cure = f" {self.cure}" if self.cure else ""
        return f"{place}{self.message}{cure}"


class InputError(ReconError):
    """Input from outside that can't be used. `where` is file, line, column, tag or byte, as far as known."""

    code = "input"


class UnknownFormat(InputError):
    code = "unknown-format"


class AmbiguousFormat(InputError):
    code = "ambiguous-format"


class Unreadable(InputError):
    code = "unreadable"


class LimitExceeded(InputError):
    code = "limit-exceeded"


class BadAmount(InputError):
    code = "bad-amount"


class BadDate(InputError):
    code = "bad-date"


class UnknownCurrency(InputError):
    code = "unknown-currency"


class BadColumn(InputError):
    code = "bad-column"


class BadSetting(InputError):
    code = "bad-setting"


class Refused(ReconError):
    """A request that the rules of the books do not allow. Asking again unchanged gives the same answer."""

    code = "refused"
