"""How many people can be given all their doses, and on which days.

The *latest sweep* goes from the last dose-1 day to the first and gives every seat the latest partners still free. It
books as many as any other way wherever no window reaches later than that of a later day: of two people whose doses
cross, the partners can be exchanged. Where windows cross, second doses are given out in the order of their days, each
to the first dose whose window ends first.

Source: F. Glover, Maximum matching in a convex bipartite graph, Naval Research Logistics Quarterly 14 (1967), 313-316.
"""

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush

from crs_core.domain.pairing.stock import Chain, people_served
from crs_core.domain.pairing.supply import PAIR, Supply

__all__ = ["bookable", "chains"]


def bookable(supply: Supply) -> int:
    """The number of people who can still be given all their doses.

    >>> from crs_core.domain.campaign import Interval
    >>> bookable(Supply([{1: 2}, {22: 1, 40: 5}], Interval(21, 28)))
    1
    >>> bookable(Supply([{1: 2}, {22: 2}], Interval(21, 28), doses={0: 3}))
    1
    """
    if supply.doses is not None:
        return people_served(chains(supply), supply.doses)
    if len(supply.seats) == PAIR and not supply.crossing:
        return _pairs(supply)
    return sum(number for _, number in chains(supply))


def chains(supply: Supply) -> list[Chain]:
    """The days of all doses and how many people take them, the latest dose-1 day first; as many people as seats allow.

    Stock does not count here. Unless windows cross, the days of every dose fall along the list.
    """
    if len(supply.seats) == 1:
        return [((day,), free) for day, free in sorted(supply.seats[0].items(), reverse=True) if free > 0]
    return _earliest_deadline_first(supply) if supply.crossing else _latest_sweep(supply)


def _pairs(supply: Supply) -> int:
    """The latest sweep of two doses, only counted: what is asked at every offer and every reservation."""
    first, second = supply.seats
    partners_left = sorted(((day, free) for day, free in second.items() if free > 0), reverse=True)
    found = place = left = 0
    for day, free in sorted(first.items(), reverse=True):
        reach = supply.reach(day)
        wanted = free
        while wanted > 0 and place < len(partners_left):
            after, seats = partners_left[place]
            if after < reach.start:
                break
            taken = min(wanted, seats - left) if after < reach.stop else 0
            found, wanted, left = found + taken, wanted - taken, left + taken
            if not taken or left == seats:
                place, left = place + 1, 0
    return found


def _latest_sweep(supply: Supply) -> list[Chain]:
    first, *rest = (_Pool(free) for free in supply.seats)
    found: list[Chain] = []
    for position in range(len(first.days) - 1, -1, -1):
        day = first.days[position]
        while first.left[position] > 0:
            places = _latest_places(supply, day, rest)
            if places is None:
                break
            taken = [(first, position), *zip(rest, places, strict=True)]
            number = min(pool.left[place] for pool, place in taken)
            for pool, place in taken:
                pool.left[place] -= number
            found.append((tuple(pool.days[place] for pool, place in taken), number))
    return found


class _Pool:
    """Free seats of one dose, read from the latest day down.

    The sweep asks for ever earlier days, so what was passed over or used up is never looked at again.
    """

    def __init__(self, free: Mapping[int, int]) -> None:
        self.days = [day for day, number in sorted(free.items()) if number > 0]
        self.left = [free[day] for day in self.days]
        self._top = len(self.days) - 1

    def latest(self, reach: range) -> int:
        """The place of the latest day within reach that has a free seat; -1 if there is none."""
        while self._top >= 0 and (self.days[self._top] >= reach.stop or self.left[self._top] <= 0):
            self._top -= 1
        return self._top if self._top >= 0 and self.days[self._top] >= reach.start else -1


def _latest_places(supply: Supply, day: int, pools: Sequence[_Pool]) -> list[int] | None:
    """Places of the latest partners of a day. A seat from which no later dose can be reached any more is dropped."""
    if not pools:
        return []
    pool, reach = pools[0], supply.reach(day)
    while (place := pool.latest(reach)) >= 0:
        rest = _latest_places(supply, pool.days[place], pools[1:])
        if rest is not None:
            return [place, *rest]
        pool.left[place] = 0
    return None


def _earliest_deadline_first(supply: Supply) -> list[Chain]:
    first, second = supply.seats
    waiting = sorted(((supply.reach(day), day, free) for day, free in first.items() if free > 0), key=_opens)
    open_now: list[tuple[int, int, int]] = []
    found: list[Chain] = []
    for after, free in sorted(second.items()):
        while waiting and waiting[-1][0].start <= after:
            reach, day, seats = waiting.pop()
            heappush(open_now, (reach.stop, day, seats))
        left = free
        while left > 0 and open_now:
            stop, day, seats = heappop(open_now)
            number = min(left, seats) if after < stop else 0
            if number:
                found.append(((day, after), number))
            if 0 < number < seats:
                heappush(open_now, (stop, day, seats - number))
            left -= number
    return sorted(found, reverse=True)


def _opens(waiting: tuple[range, int, int]) -> int:
    return -waiting[0].start
