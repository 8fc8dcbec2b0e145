"""What pairing works with: free seats and doses by day, and how far apart doses are."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from attrs import evolve, field, frozen

from crs_core.domain.campaign import Interval

__all__ = ["PAIR", "Supply"]

PAIR = 2


@frozen
class Supply:
    """Free seats and doses of one product at one site, days as ordinals.

    Attributes:
        seats: For each dose in order, free seats by day.
        interval: From each dose to the next, in calendar days, both bounds included; None for a single dose.
        doses: Free doses by the day from which they can be given; None where stock does not count.
        windows: The interval after a dose given on one of these days, where it differs from `interval`.

    Raises:
        ValueError: Windows cross where stock counts or there is a third dose; see `crossing`.
    """

    seats: Sequence[Mapping[int, int]]
    interval: Interval | None
    doses: Mapping[int, int] | None = None
    windows: Mapping[int, Interval] = field(factory=dict)
    crossing: bool = field(init=False, repr=False, eq=False)
    """Whether of two days with seats the earlier one reaches later: then no sweep is exact."""

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "crossing", bool(self.windows) and self._crosses())
        if self.crossing and (self.doses is not None or len(self.seats) > PAIR):
            raise ValueError(
                "windows: some cross (an earlier day reaches later than a later day), and with stock or a third dose "
                "no exact way to count those is known; give windows whose ends rise with the day"
            )

    def reach(self, day: int) -> range:
        """The days on which the dose after one given on that day may be given.

        >>> Supply([{}, {}], Interval(21, 28)).reach(100)
        range(121, 129)
        """
        interval = self.windows.get(day, self.interval) if self.windows else self.interval
        return range(0) if interval is None else range(day + interval.earliest, day + interval.latest + 1)

    def without(self, days: Sequence[int], dose_days: Sequence[int] = ()) -> "Supply":
        """The supply once somebody holds one seat on each of these days, and one dose of each of these deliveries."""
        seats = [_less(free, (day,)) for free, day in zip(self.seats, days, strict=True)]
        return evolve(self, seats=seats, doses=None if self.doses is None else _less(self.doses, dose_days))

    def _crosses(self) -> bool:
        for free in self.seats[:-1]:
            reached = [self.reach(day) for day in sorted(free) if free[day] > 0]
            if any(later.start < early.start or later.stop < early.stop for early, later in pairwise(reached)):
                return True
        return False


def _less(numbers: Mapping[int, int], days: Sequence[int]) -> dict[int, int]:
    rest = dict(numbers)
    for day in days:
        rest[day] = rest.get(day, 0) - 1
    return rest
