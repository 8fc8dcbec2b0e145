"""Refusals and faults, each with what a caller needs to act.

::

    CrsError                   code, message, retry_at, remedy; safe to show and to log
    ├── InvalidInput           (ValueError)  what was given breaks rules; `problems` lists every one
    │   └── CampaignInvalid    a campaign file; all of its faults together
    ├── Refused                the rules of the campaign say no, now or for good
    │   └── TooManyAttempts    a budget is used up; `retry_at` says until when
    ├── NotFound               (LookupError) nothing there under that name
    ├── Busy                   it cannot be done at this moment; try again at `retry_at`
    ├── Conflict               the state moved on between reading and committing
    │   ├── Stale              a value has another version than the plan was made for
    │   └── Short              an account of seats or doses would fall below nothing
    └── AdapterFault           a plugin or what it speaks to failed

No message, argument or attribute ever holds a PIN, a name, or a whole phone or insured number.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from attrs import frozen

__all__ = [
    "AdapterFault",
    "Busy",
    "CampaignInvalid",
    "Conflict",
    "CrsError",
    "InvalidInput",
    "NotFound",
    "Problem",
    "Refused",
    "Short",
    "Stale",
    "TooManyAttempts",
]


@frozen
class Problem:
    """One fault of what was given.

    Attributes:
        place: Where: a field, or a path into a file such as ``sites[2].region``.
        value: What stood there, masked where it tells of a person; empty when nothing stood there.
        rule: The rule it breaks.
        remedy: What to do.
        code: The rule's short name, for translations.

    >>> str(Problem("sites[0].id", "'a b'", "must have letters, digits, '-', '_' or '.'", "choose a short id"))
    "sites[0].id='a b': must have letters, digits, '-', '_' or '.'; choose a short id"
    """

    place: str
    value: str
    rule: str
    remedy: str
    code: str = "invalid"

    def __str__(self) -> str:
        return f"{self.place}={self.value}: {self.rule}; {self.remedy}"


class CrsError(Exception):
    """A refusal or a fault, safe to show to a citizen and to write to a log.

    Attributes:
        code: Short stable name, the key of its translations: ``wrong_pin``.
        message: What happened, the rule and what to do, in English.
        retry_at: When trying again makes sense, in UTC; None if time changes nothing.
        remedy: What to do instead; empty if there is nothing.
        facts: Figures for a translated text; never a secret, never a person.

    >>> str(CrsError("wrong_pin", "this is not the PIN", remedy="read the message again", left=4))
    'wrong_pin: this is not the PIN; read the message again'
    """

    def __init__(
        self, code: str, message: str, *, retry_at: datetime | None = None, remedy: str = "", **facts: Any
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.retry_at = retry_at
        self.remedy = remedy
        self.facts = facts

    def __str__(self) -> str:
        again = "" if self.retry_at is None else f" (try again at {self.retry_at.isoformat(timespec='seconds')})"
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{self.code}: {self.message}{remedy}{again}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(kind: type[CrsError], args: tuple[Any, ...], state: dict[str, Any]) -> CrsError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class InvalidInput(CrsError, ValueError):
    """What was given breaks rules; nothing was changed.

    Attributes:
        problems: Every fault found, in the order of the fields.
    """

    def __init__(self, problems: Iterable[Problem], *, code: str = "invalid_input") -> None:
        self.problems = tuple(problems)
        super().__init__(code, "; ".join(map(str, self.problems)))
        self.problems = tuple(self.problems)


class CampaignInvalid(InvalidInput):
    """A campaign breaks rules of its own; every fault is in `problems`, with its place in the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        super().__init__(problems, code="campaign_invalid")
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        self.message = f"{len(self.problems)} fault(s) in the campaign:\n{lines}"


class Refused(CrsError):
    """The rules of the campaign say no."""


class TooManyAttempts(Refused):
    """A budget of tries or sends is used up until `retry_at`."""


class NotFound(CrsError, LookupError):
    """There is nothing under that name."""


class Busy(CrsError):
    """Others hold what this command needs, or nothing can be kept at this moment; nothing was changed."""


class Conflict(CrsError):
    """The state moved on between reading and committing; nothing was changed."""


class Stale(Conflict):
    """A value has another version than the plan was made for."""


class Short(Conflict):
    """An account of seats or doses would fall below nothing.

    Attributes:
        account: Which one, as text.
    """

    def __init__(self, account: str) -> None:
        super().__init__("short", f"account={account} would fall below nothing", remedy="read again and choose another")
        self.account = account


class AdapterFault(CrsError):
    """A plugin, or what it speaks to, failed; the cause is chained where its words tell of nobody."""
