"""Two ways a deed can end early: a rule says no (Refusal), or something is wrong (an error)."""

from typing import Any


class XiaoliError(Exception):
    """Something is wrong with the installation or the data; the message says what to do."""


class SettingInvalid(XiaoliError):
    """A setting is missing or cannot be used; the message names it and its remedy."""


class StoreUnsafe(XiaoliError):
    """The database would acknowledge what it has not safely written."""


class RowsLost(XiaoliError):
    """A change of the tables would leave rows behind that point at nothing."""

    def __init__(self, table: str, other: str) -> None:
        super().__init__(
            f"Rows of {table} would point at rows of {other} that are gone; nothing was changed"
        )


class WrongVersion(XiaoliError):
    """The store's schema and this code do not fit, or there is no way between two versions."""


class TurnLost(XiaoliError):
    """The gateway gave this turn up, or its deed is done: do nothing and say nothing."""


class Refusal(Exception):
    """A rule says no. Carries the response that tells the resident, and its values."""

    def __init__(self, response: str, **details: Any) -> None:
        super().__init__(response)
        self.response = response
        self.details = details


def kind_of(error: BaseException) -> str:
    """Return what a log may say of an error: its kind, never its text, which may hold words.

    An error of the database names the driver's own kind too: `OperationalError
    (ConnectionTimeout)`.
    """
    cause = getattr(error, "orig", None)
    kind = type(error).__name__
    return kind if cause is None else f"{kind} ({type(cause).__name__})"
