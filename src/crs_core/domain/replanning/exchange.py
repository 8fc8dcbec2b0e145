"""Where stock does not count: the best way, exactly, as a flow of people through days.

With at most two doses, and one interval for all who have had none, whoever moves is like anybody else who moves: any
two days within the interval will do. So a way is a flow: each person without a dose goes through a seat of the first to
a seat of the second, at no cost along their own pair and at the cost of a move along any other; each begun series goes
to a seat within its window. A flow costs the least there is if and only if no ring of exchanges makes it cheaper
(Klein). So rings are sought and followed, from a way that is good already, until there are none.

Source: M. Klein, A primal method for minimal cost flows, Management Science 14 (1967), 205-220.
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

from crs_core.domain.replanning.problem import Holder, Place, Places, Problem
from crs_core.domain.replanning.rings import Network
from crs_core.domain.replanning.rooms import Rooms

__all__ = ["exchanged", "is_flow"]

_Way = tuple[Places | None, ...]
_PAIR = 2
_RINGS = 60


def is_flow(problem: Problem) -> bool:
    """Whether the least cost can be found by a flow."""
    doses = len(problem.seats)
    anew = [each for each in problem.holders if not each.begun]
    begun = [each for each in problem.holders if each.begun]
    return (
        problem.stock is None
        and doses <= _PAIR
        and len({each.interval for each in anew}) <= 1
        and all(each.movable == tuple(range(doses)) for each in anew)
        and all(each.movable == (doses - 1,) for each in begun)
    )


def exchanged(problem: Problem, way: _Way) -> tuple[_Way, bool]:
    """The way once no ring of exchanges makes it cheaper, and whether that was reached and is the way."""
    town = _Town(problem)
    for holder, places in zip(problem.holders, way, strict=True):
        if places is not None:
            town.lead(holder, places)
    done, cost = town.network.settle(_RINGS), town.network.cost()
    found = town.way()
    return found, done and town.value(found) == cost


class _Town:
    """The network of a problem.

    A person without a dose goes source → "anew" → spot of dose 1 → spot of dose 2 → sink, or on the way from spot to
    spot over the days "out" and "in" where they move; a begun series source → group → spot or day → sink.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.network = Network()
        self._last = len(problem.seats) - 1
        people = len(problem.holders) + 1
        self._worth = {True: -people * people * people, False: -people * people}
        self._held = [Counter[Place]() for _ in problem.seats]
        for holder in problem.holders:
            for dose in holder.movable:
                if dose not in holder.lost:
                    self._held[dose][holder.places[dose]] += 1
        self._seats()
        self._people()

    def _spot(self, dose: int, place: Place) -> Hashable:
        """A slot that is short, or all others of its day: whoever sits there can stay."""
        if self._held[dose][place] > self.problem.seats[dose].get(place, 0):
            return ("spot", dose, place)
        return ("spot", dose, place[1])

    def _seats(self) -> None:
        for dose, seats in enumerate(self.problem.seats):
            for place, number in seats.items():
                early = place[1] < self.problem.first_day
                most = min(number, self._held[dose][place]) if early else number
                spot = self._spot(dose, place)
                if dose == self._last:
                    self.network.add(spot, "sink", most)
                    if not early:
                        self.network.add(("in", place[1]), spot, most)
                if dose == 0 and self._last:
                    self.network.add("anew", spot, most)
                    self.network.add(spot, ("out", place[1]), most, cost=1)
        self.network.add("sink", "source", len(self.problem.holders))
        if self._last:
            anew = next((each for each in self.problem.holders if not each.begun), None)
            self._windows(None if anew is None else anew.interval)

    def _windows(self, interval: tuple[int, int] | None) -> None:
        first, second = ({place[1] for place in seats} for seats in self.problem.seats)
        for day in first if interval is not None else ():
            for after in second:
                if interval is not None and interval[0] <= after - day <= interval[1]:
                    self.network.add(("out", day), ("in", after), len(self.problem.holders))

    def _people(self) -> None:
        days = {place[1] for place in self.problem.seats[self._last]}
        for holder in self.problem.holders:
            if not holder.begun:
                self.network.add("source", "anew", 1, cost=self._worth[False])
            if not holder.begun and self._last:
                self.network.add(self._spot(0, holder.places[0]), self._spot(1, holder.places[1]), 1)
                continue
            group = self._group(holder)
            new = not self.network.has(group)
            self.network.add("source" if holder.begun else "anew", group, 1, cost=self._worth[True] * holder.begun)
            if not holder.waits:
                self.network.add(group, self._spot(self._last, holder.places[self._last]), 1)
            for day in days if new else ():
                if self._inside(holder, day) and day >= self.problem.first_day:
                    cost = int(not holder.waits)
                    self.network.add(group, ("in", day), len(self.problem.holders), cost=cost)

    def _group(self, holder: Holder) -> Hashable:
        own = None if holder.waits else self._spot(self._last, holder.places[self._last])
        before = holder.places[0][1] if self._last else None
        return ("group", holder.begun, own, before, holder.interval)

    def _inside(self, holder: Holder, day: int) -> bool:
        if not self._last or holder.interval is None:
            return True
        return holder.interval[0] <= day - holder.places[0][1] <= holder.interval[1]

    def lead(self, holder: Holder, places: Places) -> None:
        """Leads somebody through the network as a way has it."""
        stays = not holder.waits and places == holder.places
        last = self._spot(self._last, places[self._last])
        to_day = [] if stays else [("in", places[self._last][1])]
        if holder.begun or not self._last:
            start = ["source"] if holder.begun else ["source", "anew"]
            path = [*start, self._group(holder), *to_day, last, "sink", "source"]
        else:
            out = [] if stays else [("out", places[0][1])]
            path = ["source", "anew", self._spot(0, places[0]), *out, *to_day, last, "sink", "source"]
        self.network.push(path)

    def value(self, way: _Way) -> int:
        """What a way costs as a flow."""
        found = 0
        for holder, places in zip(self.problem.holders, way, strict=True):
            if places is not None:
                found += self._worth[holder.begun] + (not holder.waits and places != holder.places)
        return found

    def way(self) -> _Way:
        """What the flow comes to: who stays, then the days of everybody else, the nearest first."""
        stays = [self._stays(holder) for holder in self.problem.holders]
        rooms = Rooms(self.problem)
        found: list[Places | None] = [None] * len(self.problem.holders)
        for each, holder in enumerate(self.problem.holders):
            if stays[each]:
                rooms.seat(holder, holder.places)
                found[each] = holder.places
        moving = [each for each in range(len(found)) if not stays[each]]
        for each in sorted(moving, key=lambda one: (not self.problem.holders[one].begun, self._early(one), one)):
            holder = self.problem.holders[each]
            days = min(self._days(holder), key=lambda days: _shift(holder, days), default=None)
            if days is not None:
                self._take(holder, days)
                found[each] = rooms.slots(holder, days)
                rooms.seat(holder, found[each] or ())
        return tuple(found)

    def _early(self, place: int) -> bool:
        """Those whose first dose lies too near for anybody else come first, as only they can keep it."""
        return self.problem.holders[place].places[0][1] >= self.problem.first_day

    def _stays(self, holder: Holder) -> bool:
        if holder.waits:
            return False
        last = self._spot(self._last, holder.places[self._last])
        start = self._group(holder) if holder.begun or not self._last else self._spot(0, holder.places[0])
        return self.network.take(start, last)

    def _days(self, holder: Holder) -> Iterator[tuple[int, ...]]:
        """The days of all doses that the flow still has for somebody."""
        if holder.begun or not self._last:
            group = self._group(holder)
            for day in self.network.onward(group, "in"):
                yield (holder.places[0][1], day) if self._last else (day,)
            return
        for spot, day in self._first_seats(holder):
            if self.network.flow(spot, ("out", day)):
                yield from ((day, after) for after in self.network.onward(("out", day), "in"))

    def _first_seats(self, holder: Holder) -> Iterator[tuple[Hashable, int]]:
        """Spots from which somebody may go: any that is not too near, and their own."""
        own = holder.places[0]
        if own[1] < self.problem.first_day:
            yield self._spot(0, own), own[1]
        seen = set()
        for place in self.problem.seats[0]:
            spot = self._spot(0, place)
            if place[1] >= self.problem.first_day and spot not in seen:
                seen.add(spot)
                yield spot, place[1]

    def _take(self, holder: Holder, days: Sequence[int]) -> None:
        """One person's days leave the flow."""
        if holder.begun or not self._last:
            self.network.take(self._group(holder), ("in", days[-1]))
            return
        spots = [spot for spot, day in self._first_seats(holder) if day == days[0]]
        spot = next(each for each in spots if self.network.flow(each, ("out", days[0])))
        self.network.take(spot, ("out", days[0]))
        self.network.take(("out", days[0]), ("in", days[1]))


def _shift(holder: Holder, days: Sequence[int]) -> tuple[int, int, Sequence[int]]:
    gaps = [abs(day - place[1]) for day, place in zip(days, holder.places, strict=True)]
    return sum(gap > 0 for gap in gaps), sum(gaps), days
