"""What is kept of a release: whom it invited, up to which place in the declared order, by which rules, from what.

A record holds all that the audit needs to judge the release later, whatever becomes of the campaign, the calendars and
the queue: the rules themselves beside their version, the free seats and doses beside the number of people. It names
nobody: registrations stand in it by id.
"""

from collections.abc import Iterable, Mapping

from attrs import field, frozen

from crs_core.domain.campaign import Interval, ResponseRule
from crs_core.domain.order import Order, Priority
from crs_core.domain.pairing import Supply
from crs_core.domain.priority import group_of
from crs_core.domain.registration import Registration
from crs_core.domain.time import Day, Instant

__all__ = ["EVERYBODY", "FreeSeats", "Place", "ReleaseRecord", "free_seats", "place_of"]

EVERYBODY = frozenset({"queue_empty", "groups_not_open", "no_group"})
"""What holds back the next where everybody has been called who may be."""

_Days = tuple[tuple[int, int], ...]


@frozen(order=True)
class Place:
    """A place in the declared order; the smaller is called first.

    Attributes:
        rank: How many of the declared scores are higher.
        born: The birth date, where the older goes first; else None.
        ticket: The lottery ticket, where the lower goes first; else None.
        seniority, id: What decides among equals.
    """

    rank: int
    born: Day | None = field(repr=False)
    ticket: int | None
    seniority: Instant
    id: str


@frozen
class FreeSeats:
    """What was free of one product, as `pairing.Supply` counts it; days as ordinals, rising.

    Attributes:
        seats: For each dose, free seats by day.
        interval: Earliest and latest day from a dose to the next; None for a single dose.
        doses: Free doses by the day from which they can be given; None where stock did not count.
    """

    product: str
    seats: tuple[_Days, ...]
    interval: tuple[int, int] | None = None
    doses: _Days | None = None

    def supply(self) -> Supply:
        """The same for pairing."""
        interval = None if self.interval is None else Interval(*self.interval)
        return Supply([dict(of) for of in self.seats], interval, None if self.doses is None else dict(self.doses))


@frozen
class ReleaseRecord:
    """One batch of a release; a release that invites nobody leaves none.

    Attributes:
        id: The `release_id` of its invitations.
        day: Its day in the campaign's zone.
        policy: The declared order in force; `policy_version` is the number of its step in the campaign, from 0.
        response: The rule by which unanswered invitations counted; `response_version` likewise.
        free: What the site had free, by product.
        people: How many could still be fully booked with it.
        unanswered: Invitations not yet answered, without those of this batch, by the day since which their people have
            not answered.
        calls: Those of this batch, likewise: today, but for people who let an invitation pass before.
        outstanding: How many answers were expected of them and of this batch, in hundredths.
        invited: Registrations, in the order they were called.
        cut_off: The place of the last one called: of those who might be invited then, nobody before it was left. None
            is a fault, which the audit names: no open group took that person. Once that person is erased, a place
            before theirs that tells no birth date.
        held_by: What held back the next one, as in `Release`; empty where the next batch followed.
    """

    id: str
    site_id: str
    at: Instant
    day: Day
    policy: Priority
    policy_version: int
    response: ResponseRule
    response_version: int
    free: tuple[FreeSeats, ...]
    people: int
    unanswered: tuple[tuple[Day, int], ...]
    calls: tuple[tuple[Day, int], ...]
    outstanding: int
    invited: tuple[str, ...]
    cut_off: Place | None
    held_by: str


def free_seats(supplies: Mapping[str, Supply]) -> tuple[FreeSeats, ...]:
    """What is free by product, to be kept."""
    return tuple(_free_seats(name, supply) for name, supply in sorted(supplies.items()))


def _free_seats(product: str, supply: Supply) -> FreeSeats:
    interval = None if supply.interval is None else (supply.interval.earliest, supply.interval.latest)
    doses = None if supply.doses is None else _days(supply.doses.items())
    return FreeSeats(product, tuple(_days(of.items()) for of in supply.seats), interval, doses)


def _days(numbers: Iterable[tuple[int, int]]) -> _Days:
    return tuple(sorted((day, number) for day, number in numbers if number))


def place_of(declared: Priority, one: Registration, today: Day) -> Place | None:
    """Where somebody stands in the order today, or None where no open group takes them.

    It reads the declaration directly, not the segments by which storages are asked.
    """
    group = group_of(declared, claims=one.claims, born=one.birth_date, today=today)
    if group is None:
        return None
    rank = len({other.score for other in declared.groups if other.score > group.score})
    born = one.birth_date if declared.then is Order.AGE else None
    ticket = one.ticket if declared.then is Order.LOTTERY else None
    return Place(rank, born, ticket, one.seniority, one.id)
