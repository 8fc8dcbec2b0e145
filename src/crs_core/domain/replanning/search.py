"""Whom to move where: a good way quickly, made better, and then the proof that there is none better.

First whoever cannot stay is chosen, the last to have reserved first, and those without a dose given first. They are
seated again, the nearest seat first; whoever finds none is let into a seat whose holder finds another. Last, the cost
is held against a bound that no way can beat (`bounds`). Where it does not meet the bound and there are few people,
every way is tried, so that the answer is exact; else it says that it is not proven.
"""

from collections.abc import Iterable, Iterator
from functools import partial

from crs_core.domain.replanning.bounds import least_cost
from crs_core.domain.replanning.exchange import exchanged, is_flow
from crs_core.domain.replanning.exhaustion import FEW, cheapest
from crs_core.domain.replanning.problem import Cost, Holder, Places, Problem, Solution
from crs_core.domain.replanning.rooms import Rooms, kept

__all__ = ["cost_of", "solved"]

_EXCHANGES = 200
"""So many people are asked to make room for another, at most."""


def solved(problem: Problem) -> Solution:
    """Where everybody goes, at the least cost that is found.

    >>> one = Holder((("V1", 30, 480),), (0,), frozenset(), None, begun=False, stocked=(False,))
    >>> seats = {("V1", 30, 480): 0, ("V1", 31, 480): 1, ("V1", 32, 480): 1}
    >>> solved(Problem((one,), (seats,), None, first_day=29)).places
    ((('V1', 31, 480),),)
    """
    places = _stay_first(problem)
    cost = cost_of(problem, places)
    if cost[0] > least_cost(problem, cost)[0]:
        places, cost = min((places, cost), _begun_first(problem), key=lambda each: each[1])
    if cost == least_cost(problem, cost):
        return Solution(places, cost, proven=True)
    if is_flow(problem):
        way, proven = exchanged(problem, places)
        best = min(way, places, key=partial(cost_of, problem))
        return Solution(best, cost_of(problem, best), proven)
    if len(problem.holders) <= FEW:
        better, proven = cheapest(problem, cost)
        found = places if better is None else better
        return Solution(found, cost_of(problem, found), proven)
    return Solution(places, cost, proven=False)


_Way = tuple[Places | None, ...]


def _stay_first(problem: Problem) -> _Way:
    """A way in which whoever can stays, and the others find what is left."""
    seating = _Seating(problem, range(len(problem.holders)))
    seating.remove()
    seating.again()
    cost = cost_of(problem, seating.found)
    if cost[:2] != least_cost(problem, cost)[:2]:
        seating.exchange()
    seating.homewards()
    return tuple(seating.found)


def _begun_first(problem: Problem) -> tuple[_Way, Cost]:
    """A way in which those whose series has begun are seated as if nobody else were there, and the others then."""
    begun = [place for place, holder in enumerate(problem.holders) if holder.begun]
    seating = _Seating(problem, begun)
    seating.remove()
    seating.again(begun)
    seating.stay()
    seating.again()
    seating.homewards()
    return tuple(seating.found), cost_of(problem, seating.found)


def cost_of(problem: Problem, places: Iterable[Places | None]) -> Cost:
    """What a way costs; who waited for a seat before and gets one costs nothing."""
    begun = others = moved = 0
    for holder, new in zip(problem.holders, places, strict=True):
        if new is None:
            begun, others = begun + holder.begun, others + (not holder.begun)
        elif not holder.waits and new != holder.places:
            moved += 1
    return begun, others, moved


class _Seating:
    """Everybody of a problem, seated or not, while a way is sought."""

    def __init__(self, problem: Problem, places: Iterable[int]) -> None:
        """Begins with some people in the seats that they hold."""
        self.holders = problem.holders
        self.rooms = Rooms(problem)
        self.found: list[Places | None] = [None] * len(self.holders)
        for place in places:
            if not self.holders[place].waits:
                self._give(place, self.holders[place].places)

    def _give(self, place: int, places: Places) -> None:
        self.rooms.seat(self.holders[place], places)
        self.found[place] = places

    def _clear(self, place: int) -> Places | None:
        places = self.found[place]
        if places is not None:
            self.rooms.clear(self.holders[place], places)
            self.found[place] = None
        return places

    def remove(self) -> None:
        """Takes people out until those who stay have their seats and their vaccine."""
        for slot in self.rooms.overdrawn_seats():
            there = [each for each, places in enumerate(self.found) if places is not None and slot in places]
            for each in sorted(there, key=self._removal)[: -self.rooms.left[slot]]:
                self._clear(each)
        while (day := self.rooms.overdrawn_day()) is not None:
            turn = partial(self._stock_removal, day, self.rooms.worst_day())
            for each in sorted(self._using(day), key=turn):
                if self.rooms.slack(day) < 0:
                    self._clear(each)

    def _using(self, day: int) -> Iterator[int]:
        for place, places in enumerate(self.found):
            if places is not None and self._doses(self.holders[place], day):
                yield place

    def _removal(self, place: int) -> tuple[bool, int, int]:
        """Who is taken out of a slot first: nobody whose series has begun; who sits in another one that is short."""
        holder = self.holders[place]
        short = sum(self.rooms.left[holder.places[dose]] < 0 for dose in holder.movable)
        return holder.begun, -short, -place

    def _stock_removal(self, day: int, worst: int, place: int) -> tuple[bool, int, int, int]:
        """Who gives vaccine back first: no begun series; who uses most of what is missing; who reserved last."""
        holder = self.holders[place]
        return holder.begun, -self._doses(holder, day), -self._doses(holder, worst), -place

    @staticmethod
    def _doses(holder: Holder, day: int) -> int:
        return sum(holder.stocked[dose] and holder.places[dose][1] <= day for dose in holder.movable)

    def stay(self) -> None:
        """Lets whoever is out stay where they are, if they can; who reserved first before the others."""
        for each in self._out():
            if self.rooms.fits(self.holders[each]):
                self._give(each, self.holders[each].places)

    def again(self, some: Iterable[int] | None = None) -> None:
        """Seats whoever is out: begun series first, of them those whose days end first; then who reserved first."""
        out = self._out() if some is None else [each for each in some if self.found[each] is None]
        for each in sorted(out, key=self._turn):
            places = self.rooms.nearest(self.holders[each])
            if places is not None:
                self._give(each, places)

    def _out(self) -> list[int]:
        return [place for place, places in enumerate(self.found) if places is None]

    def _turn(self, place: int) -> tuple[bool, int, int]:
        holder = self.holders[place]
        first = holder.movable[0] if holder.movable else 0
        last = holder.places[first - 1][1] + holder.interval[1] if first and holder.interval else 0
        return not holder.begun, last, place

    def exchange(self) -> None:
        """Lets whoever is out into a seat whose holder finds another; a begun series also where they find none."""
        self._tries = _EXCHANGES
        for gives_up in (False, True):
            for each in sorted(self._out(), key=self._turn):
                if self.holders[each].begun or not gives_up:
                    self._exchange(each, gives_up=gives_up)
        self.again()

    def homewards(self) -> None:
        """Lets back whoever moved and need not have."""
        for each, holder in enumerate(self.holders):
            if not holder.waits and self.found[each] not in {None, holder.places}:
                self._home(each)

    def _exchange(self, newcomer: int, *, gives_up: bool) -> None:
        """Seats somebody in the place of another, who moves; where that one `gives_up`, is left without."""
        if self.found[newcomer] is not None:
            return
        for other in self._others(newcomer):
            self._tries -= 1
            if self._tries < 0:
                return
            old = self._clear(other)
            places = self.rooms.nearest(self.holders[newcomer])
            if places is not None:
                self._give(newcomer, places)
                elsewhere = self.rooms.nearest(self.holders[other])
                if elsewhere is not None:
                    self._give(other, elsewhere)
                    return
                if gives_up and not self.holders[other].begun:
                    return
                self._clear(newcomer)
            if old is not None:
                self._give(other, old)

    def _others(self, newcomer: int) -> Iterator[int]:
        """One of each kind of those whose seat may help: who moves anyway first, then who reserved last."""
        seen = set()
        seated = [place for place, places in enumerate(self.found) if places is not None and place != newcomer]
        for place in sorted(seated, key=lambda each: (self.found[each] == self.holders[each].places, -each)):
            holder = self.holders[place]
            kind = (self.found[place], holder.places, holder.movable, holder.interval, holder.begun, holder.stocked)
            if kind not in seen:
                seen.add(kind)
                yield place

    def _home(self, place: int) -> None:
        moved = self._clear(place)
        places = self.rooms.nearest(self.holders[place])
        holder = self.holders[place]
        if places is not None and all(kept(holder, places, dose) for dose in holder.movable):
            self._give(place, places)
        elif moved is not None:
            self._give(place, moved)
