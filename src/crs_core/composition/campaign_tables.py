"""The tables of a campaign file as it declares them, each field with its rule; `campaign_file` makes the campaign.

A rule stands in the metadata of its field, so that the fault of one hides no other's.
"""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from attrs import field, frozen

from crs_core.composition.faults import Fault
from crs_core.domain.campaign import Access, StockRule
from crs_core.domain.inputs import has_controls
from crs_core.domain.order import AgeMeaning, Order
from crs_core.domain.terms import CountsFrom, Then
from crs_core.domain.time import Day, Instant

__all__ = [
    "DATED",
    "TABLES",
    "AccessTable",
    "BudgetTable",
    "CalendarCheckTable",
    "ClaimsTable",
    "ControlPinTable",
    "CorrectionTable",
    "DuplicateTable",
    "File",
    "GroupTable",
    "HeadTable",
    "IntervalTable",
    "InvitationTable",
    "MayRegisterTable",
    "NoShowTable",
    "PriorityTable",
    "ProductTable",
    "ReplanTable",
    "ResponseTable",
    "SendingTable",
    "SiteTable",
    "StockTable",
    "WindowTable",
]

_LONGEST = 200
_YEAR_HOURS = 24 * 365
_MOST_WINDOWS = 100
_LEAST_SHARE, _WHOLE = 10, 100  # per cent; ten invitations a seat are the most

_PREFIX = re.compile(r"\+[1-9]\d{0,6}", re.ASCII)
_Rule = Callable[[Any], None]
"""Returns, or raises a `Fault`."""


def _rule(holds: Callable[[Any], bool], rule: str, remedy: str) -> dict[str, _Rule]:
    def check(value: object) -> None:
        if value is not None and not holds(value):
            raise Fault(rule, remedy, value)

    return {"rule": check}


def _between(least: int, most: int) -> dict[str, _Rule]:
    return _rule(lambda number: least <= number <= most, f"must be {least} to {most}", "choose a number between")


_named = _rule(
    lambda text: 0 < len(text.strip()) == len(text) <= _LONGEST and not has_controls(text),
    f"must be a name of 1 to {_LONGEST} characters, without spaces around it and control characters",
    "name it",
)
_line = _rule(
    lambda text: len(text) <= _LONGEST and not has_controls(text),
    f"must be one line of at most {_LONGEST} characters, without control characters",
    "shorten it, or leave the characters out",
)


@frozen
class HeadTable:
    """[campaign]: what it is called, where and in which languages it runs."""

    name: str = field(metadata=_named)
    zone: str
    languages: tuple[str, ...] = field(
        default=("cs", "en"),
        metadata=_rule(bool, "must name at least one language", "write languages = ['cs', 'en']"),
    )
    phones: tuple[str, ...] = field(
        default=("+420",),
        metadata=_rule(
            lambda prefixes: prefixes and all(_PREFIX.fullmatch(each) for each in prefixes),
            "must be prefixes such as '+420'",
            "write a plus and one to seven digits",
        ),
    )
    claims: frozenset[str] = frozenset()
    lottery_seed: str = field(default="", metadata=_line)


@frozen
class AccessTable:
    """[[access]]: see `Access`."""

    since: Instant
    mode: Access


@frozen
class MayRegisterTable:
    """[[may_register]]: see `Eligibility`."""

    since: Instant
    minimum_age: int | None = field(default=None, metadata=_between(0, 130))
    claims: frozenset[str] = frozenset()
    age: AgeMeaning = AgeMeaning.BIRTHDAY


@frozen
class GroupTable:
    """A group of [[priority]]: see `PriorityGroup`."""

    name: str = field(default="", metadata=_line)
    score: int | None = field(default=None, metadata=_between(0, 1_000_000))
    minimum_age: int | None = field(default=None, metadata=_between(0, 130))
    maximum_age: int | None = field(default=None, metadata=_between(0, 130))
    claims: frozenset[str] = frozenset()
    opens: Day | None = None


@frozen
class PriorityTable:
    """[[priority]]: see `Priority`."""

    since: Instant
    groups: tuple[GroupTable, ...] = field(
        metadata=_rule(bool, "must name a group", "write groups = [{}] for everybody")
    )
    age: AgeMeaning = AgeMeaning.BIRTHDAY
    then: Order = Order.AGE


@frozen
class StockTable:
    """[[stock]]: see `StockRule`."""

    since: Instant
    count: StockRule


def _falls(percent: tuple[tuple[int, ...], ...]) -> bool:
    if not percent or any(len(pair) != 2 for pair in percent):  # noqa: PLR2004
        return False
    days, shares = zip(*percent, strict=True)
    rising = days[0] == 0 and all(first < second for first, second in pairwise(days))
    falling = all(_WHOLE >= first >= second >= 0 for first, second in pairwise((*shares, 0)))
    return rising and falling and shares[0] >= _LEAST_SHARE


@frozen
class ResponseTable:
    """[[response]]: see `ResponseRule`."""

    since: Instant
    percent: tuple[tuple[int, ...], ...] = field(
        metadata=_rule(
            _falls,
            f"must be pairs of [days, percent]: days rise from 0, percents fall from {_LEAST_SHARE}..{_WHOLE}",
            "write, for example, percent = [[0, 60], [3, 20], [7, 0]]",
        )
    )
    over_invitation: int = field(default=100, metadata=_between(50, 300))


@frozen
class CalendarCheckTable:
    """[[calendar_check]]: see `CalendarCheckRule`."""

    since: Instant
    stranded_share: float = field(metadata=_rule(lambda share: 0 <= share <= 1, "must be 0 to 1", "write, say, 0.2"))


@frozen
class ControlPinTable:
    """[[control_pin]]: see `ControlPinRule`."""

    since: Instant
    digits: int = field(default=6, metadata=_between(6, 9))
    life_minutes: int = field(default=10, metadata=_between(1, 10))
    sends: int = field(default=5, metadata=_between(1, 20))
    wait_seconds: int = field(default=60, metadata=_between(0, 3600))
    good_minutes: int = field(default=120, metadata=_between(1, 24 * 60))


@frozen
class WindowTable:
    """One of the windows of [[invitation]]: see `Window`."""

    hours: int | None = field(default=None, metadata=_between(1, _YEAR_HOURS))
    reminders_hours: tuple[int, ...] = field(
        default=(),
        metadata=_rule(
            lambda hours: all(0 < first < second for first, second in pairwise((*hours, _YEAR_HOURS + 1))),
            f"must rise, from 1 to {_YEAR_HOURS} hours after the window begins",
            "write, for example, reminders_hours = [24, 48]",
        ),
    )
    then: Then | None = None


@frozen
class InvitationTable:
    """[[invitation]]: see `InvitationRule`."""

    since: Instant
    digits: int = field(default=8, metadata=_between(6, 9))
    windows: tuple[WindowTable, ...] = field(
        default=(),
        metadata=_rule(
            lambda windows: len(windows) <= _MOST_WINDOWS, f"must be at most {_MOST_WINDOWS}", "take some out"
        ),
    )
    counts_from: CountsFrom = CountsFrom.HAND_OFF


@frozen
class NoShowTable:
    """[[no_show]]: see `NoShowRule`."""

    since: Instant
    dose: str = field(
        default="returned",
        metadata=_rule(lambda text: text in {"returned", "wasted"}, "must be 'returned' or 'wasted'", "choose one"),
    )
    registration: str = field(
        default="return",
        metadata=_rule(lambda text: text in {"return", "lapse"}, "must be 'return' or 'lapse'", "choose one"),
    )


def _one_of(*names: str) -> dict[str, _Rule]:
    return _rule(lambda text: text in names, f"must be {' or '.join(map(repr, names))}", "choose one")


@frozen
class DuplicateTable:
    """[[duplicates]]: see `DuplicateRule`."""

    since: Instant
    frees: str = field(default="undisputed", metadata=_one_of("undisputed", "older"))
    undisputed_hours: int = field(default=72, metadata=_between(24, 24 * 365))


@frozen
class CorrectionTable:
    """[[corrections]]: see `CorrectionRule`."""

    since: Instant
    details: str = field(default="keeps", metadata=_one_of("keeps", "restarts"))
    site: str = field(default="restarts", metadata=_one_of("keeps", "restarts"))


@frozen
class ClaimsTable:
    """[[pending_claims]]: see `ClaimsRule`."""

    since: Instant
    unavailable: str = field(default="wait", metadata=_one_of("wait", "refuse"))
    first_minutes: int = field(default=10, metadata=_between(1, 24 * 60))
    longest_minutes: int = field(default=360, metadata=_between(1, 7 * 24 * 60))


@frozen
class ReplanTable:
    """[[replan]]: see `ReplanRule`."""

    since: Instant
    notice_days: int = field(default=1, metadata=_between(0, 60))


@frozen
class IntervalTable:
    """[[products.NAME.interval]]: see `Interval`."""

    since: Instant
    days: tuple[int, ...] = field(
        metadata=_rule(
            lambda days: len(days) == 2 and 1 <= days[0] <= days[1] <= 400,  # noqa: PLR2004
            "must be [earliest, latest], 1 <= earliest <= latest <= 400 calendar days",
            "write, for example, days = [21, 28]",
        )
    )


@frozen
class ProductTable:
    """[products.NAME]: see `Product`."""

    doses: int = field(metadata=_between(1, 3))
    interval: tuple[IntervalTable, ...] = ()


@frozen
class SiteTable:
    """[[sites]]: see `Place`."""

    id: str = field(
        metadata=_rule(
            lambda text: 0 < len(text) <= 64 and all(each.isalnum() or each in "-_." for each in text),  # noqa: PLR2004
            "must have 1 to 64 letters, digits, '-', '_' or '.'",
            "choose a short id",
        )
    )
    name: str = field(metadata=_named)
    region: str = field(default="", metadata=_line)
    address: str = field(default="", metadata=_line)


@frozen
class BudgetTable:
    """A line of [limits]: see `Budget`."""

    most: int = field(metadata=_between(1, 10_000_000))
    minutes: int = field(metadata=_between(1, 60 * 24 * 366))


@frozen
class SendingTable:
    """[[sending]]: see `Sending`."""

    since: Instant
    per_second: int = field(default=20, metadata=_between(1, 100_000))
    attempts: int = field(default=8, metadata=_between(1, 100))
    backoff_seconds: int = field(default=30, metadata=_between(1, 3600))
    lease_seconds: int = field(default=120, metadata=_between(5, 3600))
    pause_seconds: int = field(default=60, metadata=_between(1, 3600))


@frozen
class File:
    """The whole file."""

    campaign: HeadTable
    access: tuple[AccessTable, ...]
    may_register: tuple[MayRegisterTable, ...]
    products: dict[str, ProductTable]
    sites: tuple[SiteTable, ...]
    priority: tuple[PriorityTable, ...] = ()
    stock: tuple[StockTable, ...] = ()
    response: tuple[ResponseTable, ...] = ()
    calendar_check: tuple[CalendarCheckTable, ...] = ()
    control_pin: tuple[ControlPinTable, ...] = ()
    invitation: tuple[InvitationTable, ...] = ()
    no_show: tuple[NoShowTable, ...] = ()
    duplicates: tuple[DuplicateTable, ...] = ()
    corrections: tuple[CorrectionTable, ...] = ()
    pending_claims: tuple[ClaimsTable, ...] = ()
    replan: tuple[ReplanTable, ...] = ()
    limits: dict[str, BudgetTable] = field(factory=dict)
    sending: tuple[SendingTable, ...] = ()
    texts: dict[str, dict[str, str]] = field(factory=dict)


DATED = (
    AccessTable,
    MayRegisterTable,
    PriorityTable,
    StockTable,
    CalendarCheckTable,
    ResponseTable,
    ControlPinTable,
    InvitationTable,
    NoShowTable,
    DuplicateTable,
    CorrectionTable,
    ClaimsTable,
    ReplanTable,
    SendingTable,
    IntervalTable,
)
TABLES = (*DATED, HeadTable, GroupTable, WindowTable, ProductTable, SiteTable, BudgetTable, File)
