"""Accounts of seats and doses: free → held → reserved → given or wasted.

Every seat and every dose is in exactly one state of one account. A reservation moves them, all in one commit or none;
no state of an account ever holds less than nothing, and the store enforces that.
"""

import enum
from collections.abc import Iterable, Mapping

from attrs import frozen

from crs_core.domain.time import Day, clock_time

__all__ = ["Account", "AccountKind", "Balance", "SiteDays", "State", "Transfer"]


class AccountKind(enum.StrEnum):
    """What an account counts."""

    SLOT = "slot"
    """Seats of one time of one calendar; `series` is the calendar."""
    DAY = "day"
    """Seats of one day of one calendar, the sum of its slots; `series` is the calendar."""
    DELIVERY = "delivery"
    """Doses that can be given from a day on; `series` is the delivery's id and product."""
    INVITED = "invited"
    """Invitations not yet answered, by the day since which their people have not; all in state held."""


class State(enum.Enum):
    """Where a unit stands; ``OUTSIDE`` is where units come from and where they leave to."""

    OUTSIDE = "outside"
    FREE = "free"
    HELD = "held"
    RESERVED = "reserved"
    GIVEN = "given"
    WASTED = "wasted"


@frozen(order=True)
class Account:
    """The name of an account. Accounts order as they are locked: by site, kind, series, day, minute."""

    site_id: str
    kind: str
    series: str
    day: Day
    minute: int = -1

    def __str__(self) -> str:
        time = "" if self.minute < 0 else f" {clock_time(self.minute)}"
        return f"{self.kind} {self.series or '-'} {self.day}{time} at {self.site_id}"


@frozen
class Balance:
    """How many units of an account stand in each state; none is negative."""

    free: int = 0
    held: int = 0
    reserved: int = 0
    given: int = 0
    wasted: int = 0

    @property
    def total(self) -> int:
        """All units of the account."""
        return self.free + self.held + self.reserved + self.given + self.wasted


@frozen
class Transfer:
    """Moves units of one account from one state to another; `number` is at least 1."""

    account: Account
    source: State
    target: State
    number: int = 1


@frozen
class SiteDays:
    """What is free at a site, by day: all that pairing needs, whatever the number of slots or people.

    Attributes:
        seats: Free seats by calendar, then day; days without a free seat may be absent.
        doses: Free doses by delivery series, then the day from which they can be given.
        invited: Unanswered invitations by the day since which their people have not answered.
    """

    site_id: str
    seats: Mapping[str, Mapping[Day, int]]
    doses: Mapping[str, Mapping[Day, int]]
    invited: Mapping[Day, int]

    def without(self, day: Day, gone: Mapping[str, int]) -> "SiteDays":
        """The same with fewer free seats on a day: by calendar, how many."""
        if not any(gone.values()):
            return self
        seats = {series: dict(free) for series, free in self.seats.items()}
        for series, number in gone.items():
            seats[series][day] -= number
        return SiteDays(self.site_id, seats, self.doses, self.invited)

    def after(self, transfers: Iterable[Transfer]) -> "SiteDays":
        """What would be free once some transfers of seats and doses are made."""
        seats = {series: dict(free) for series, free in self.seats.items()}
        doses = {series: dict(free) for series, free in self.doses.items()}
        shelves = {AccountKind.DAY.value: seats, AccountKind.DELIVERY.value: doses}
        for each in transfers:
            shelf = shelves.get(each.account.kind)
            change = each.number * ((each.target is State.FREE) - (each.source is State.FREE))
            if shelf is not None and change:
                free = shelf.setdefault(each.account.series, {})
                free[each.account.day] = free.get(each.account.day, 0) + change
        return SiteDays(self.site_id, seats, doses, self.invited)
