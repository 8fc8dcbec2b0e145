"""Which first-dose seats can be completed, how many people in all, and which offers strand nobody.

Dose intervals are calendar days and the seats of one day are interchangeable, so people are paired by day, not by
slot. With one window for everyone the feasible bookings form a lattice, and the *latest* sweep is exact: going from
the last dose-1 day to the first, every seat takes the latest partners still free. With stock its longest prefix that
the deliveries allow is exact too. (Proof and oracles: docs/explanation/pairing.md.)
"""

from collections.abc import Mapping, Sequence

from attrs import frozen

from crs_core.domain.campaign import Interval

__all__ = ["Supply", "bookable", "deliveries_for", "partners", "reachable", "safe_chain", "strands_nobody"]


_PAIR = 2


@frozen
class Supply:
    """Free seats and doses of one product at one site, days as ordinals.

    Attributes:
        seats: For each dose in order, free seats by day.
        interval: From each dose to the next, in calendar days, both bounds included; None for a single dose.
        doses: Free doses by the day from which they can be given; None where stock does not count.
    """

    seats: Sequence[Mapping[int, int]]
    interval: Interval | None
    doses: Mapping[int, int] | None = None

    def without(self, days: Sequence[int], dose_days: Sequence[int] | None = None) -> "Supply":
        """The supply once somebody holds one seat on each of these days, and one dose of each of these deliveries."""
        seats = []
        for free, day in zip(self.seats, days, strict=True):
            rest = dict(free)
            rest[day] = rest.get(day, 0) - 1
            seats.append(rest)
        doses = None if self.doses is None else dict(self.doses)
        if doses is not None and dose_days is not None:
            for day in dose_days:
                doses[day] = doses.get(day, 0) - 1
        return Supply(seats, self.interval, doses)


def bookable(supply: Supply) -> int:
    """The number of people who can still be given all their doses.

    >>> bookable(Supply([{1: 2}, {22: 1, 40: 5}], Interval(21, 28)))
    1
    >>> bookable(Supply([{1: 2}, {22: 2}], Interval(21, 28), doses={0: 3}))
    1
    """
    if supply.doses is not None:
        return _longest_prefix(_latest_sweep(supply), supply.doses)
    if supply.interval is not None and len(supply.seats) == _PAIR:
        return _pairs(supply.seats[0], supply.seats[1], supply.interval)
    return sum(number for _, number in _latest_sweep(supply))


def _pairs(first: Mapping[int, int], second: Mapping[int, int], interval: Interval) -> int:
    """The latest sweep of two doses, only counted: what is asked at every offer and every reservation."""
    partners_left = sorted(((day, free) for day, free in second.items() if free > 0), reverse=True)
    found = place = left = 0
    for day, free in sorted(first.items(), reverse=True):
        wanted = free
        while wanted > 0 and place < len(partners_left):
            after, seats = partners_left[place]
            if after < day + interval.earliest:
                break
            taken = min(wanted, seats - left) if after <= day + interval.latest else 0
            found, wanted, left = found + taken, wanted - taken, left + taken
            if not taken or left == seats:
                place, left = place + 1, 0
    return found


def _latest_sweep(supply: Supply) -> list[tuple[tuple[int, ...], int]]:
    """Chains of days with how many people take each, the earliest dose-1 day first."""
    if supply.interval is None or len(supply.seats) == 1:
        return [((day,), free) for day, free in sorted(supply.seats[0].items()) if free > 0]
    pools = [_Pool(free) for free in supply.seats]
    found: list[tuple[tuple[int, ...], int]] = []
    first, rest = pools[0], pools[1:]
    for position in range(len(first.days) - 1, -1, -1):
        while first.left[position] > 0:
            chain = _latest_chain(first.days[position], rest, supply.interval)
            if chain is None:
                break
            number = min(first.left[position], *(pool.left[place] for pool, place in zip(rest, chain, strict=True)))
            first.left[position] -= number
            for pool, place in zip(rest, chain, strict=True):
                pool.left[place] -= number
            later_days = (pool.days[place] for pool, place in zip(rest, chain, strict=True))
            found.append(((first.days[position], *later_days), number))
    found.reverse()
    return found


class _Pool:
    """Free seats of one dose, read from the latest day down.

    The sweep asks for ever earlier days, so what was passed over or used up is never looked at again.
    """

    def __init__(self, free: Mapping[int, int]) -> None:
        self.days = [day for day, number in sorted(free.items()) if number > 0]
        self.left = [free[day] for day in self.days]
        self._top = len(self.days) - 1

    def latest(self, first: int, last: int) -> int:
        """The place of the latest day with a free seat from `first` to `last`; -1 if there is none."""
        while self._top >= 0 and (self.days[self._top] > last or self.left[self._top] <= 0):
            self._top -= 1
        return self._top if self._top >= 0 and self.days[self._top] >= first else -1


def _latest_chain(day: int, pools: Sequence[_Pool], interval: Interval) -> list[int] | None:
    """Places of the latest partners of a day. A seat from which no later dose can be reached any more is dropped."""
    if not pools:
        return []
    pool = pools[0]
    while (place := pool.latest(day + interval.earliest, day + interval.latest)) >= 0:
        rest = _latest_chain(pool.days[place], pools[1:], interval)
        if rest is not None:
            return [place, *rest]
        pool.left[place] = 0
    return None


def _longest_prefix(chains: Sequence[tuple[tuple[int, ...], int]], doses: Mapping[int, int]) -> int:
    """How many people, from the latest dose-1 day back, the deliveries allow.

    The people are taken from the last chain to the first; a person fits while for every day the doses used up to it
    are no more than those that came. Found by halving, as fewer people always fit where more do.
    """
    total = sum(number for _, number in chains)
    low, high = 0, total
    while low < high:
        middle = (low + high + 1) // 2
        if _fits(chains, middle, doses):
            low = middle
        else:
            high = middle - 1
    return low


def _fits(chains: Sequence[tuple[tuple[int, ...], int]], people: int, doses: Mapping[int, int]) -> bool:
    used: dict[int, int] = {}
    for days, number in reversed(chains):
        taken = min(number, people)
        people -= taken
        for day in days:
            used[day] = used.get(day, 0) + taken
        if not people:
            break
    stock = 0
    arrivals = sorted(doses.items())
    place = 0
    for day in sorted(used):
        while place < len(arrivals) and arrivals[place][0] <= day:
            stock += arrivals[place][1]
            place += 1
        stock -= used[day]
        if stock < 0:
            return False
    return True


def partners(supply: Supply, day: int) -> list[tuple[int, ...]]:
    """Days of the next doses that go with a dose-1 day and strand nobody, the earliest first.

    An empty list means that the day offers nothing now; ``[()]`` that its product has a single dose.
    """
    if supply.seats[0].get(day, 0) <= 0:
        return []
    most = bookable(supply)
    return [chain for chain in _chains(supply, day) if _keeps(supply, (day, *chain), most)]


def safe_chain(supply: Supply, day: int) -> tuple[int, ...] | None:
    """The first days of the next doses that strand nobody, or None where the day offers nothing now.

    Without stock some partner always is safe, and the earlier ones are tried first; with stock the later ones.
    """
    if supply.seats[0].get(day, 0) <= 0:
        return None
    most = bookable(supply)
    chains = _chains(supply, day) if supply.doses is None else reversed(_chains(supply, day))
    return next((chain for chain in chains if _keeps(supply, (day, *chain), most)), None)


def reachable(supply: Supply, day: int) -> bool:
    """Whether a free seat of the next dose lies within the interval from a dose-1 day."""
    if supply.interval is None or len(supply.seats) == 1:
        return True
    span = range(day + supply.interval.earliest, day + supply.interval.latest + 1)
    return any(supply.seats[1].get(after, 0) > 0 for after in span)


def _chains(supply: Supply, day: int) -> list[tuple[int, ...]]:
    found: list[tuple[int, ...]] = [()]
    interval = supply.interval
    if interval is None:
        return found
    for free in supply.seats[1:]:
        found = [
            (*chain, after)
            for chain in found
            for after in range((chain or (day,))[-1] + interval.earliest, (chain or (day,))[-1] + interval.latest + 1)
            if free.get(after, 0) > 0
        ]
    return found


def _keeps(supply: Supply, days: tuple[int, ...], most: int) -> bool:
    dose_days = deliveries_for(supply.doses, days)
    return dose_days is not None and bookable(supply.without(days, dose_days)) == most - 1


def strands_nobody(supply: Supply, days: Sequence[int]) -> bool:
    """Whether booking these days lowers the number of people that can still be fully booked by exactly one."""
    if any(free.get(day, 0) <= 0 for free, day in zip(supply.seats, days, strict=True)):
        return False
    return _keeps(supply, tuple(days), bookable(supply))


def deliveries_for(doses: Mapping[int, int] | None, days: Sequence[int]) -> tuple[int, ...] | None:
    """For each day the latest delivery that still has a dose for it; () without stock, None if there is none.

    What comes early can be given on any later day, so the latest fitting delivery leaves most to others.
    """
    if doses is None:
        return ()
    left = dict(doses)
    found: list[int] = []
    for day in days:
        fitting = [arrival for arrival, number in left.items() if arrival <= day and number > 0]
        if not fitting:
            return None
        found.append(max(fitting))
        left[found[-1]] -= 1
    return tuple(found)
