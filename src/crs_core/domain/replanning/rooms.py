"""What is left of seats and vaccine while people are seated one after the other, and the nearest way to seat one."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from crs_core.domain.replanning.problem import Holder, Place, Places, Problem

__all__ = ["Rooms", "kept"]

_Days = tuple[int, ...]


def kept(holder: Holder, places: Places, dose: int) -> bool:
    """Whether a dose stays in the seat that it has."""
    return dose not in holder.lost and places[dose] == holder.places[dose]


class Rooms:
    """Seats and vaccine of a problem, less those of whoever is seated; either may be overdrawn."""

    def __init__(self, problem: Problem) -> None:
        self.left: dict[Place, int] = {}
        self._slots: list[dict[int, list[Place]]] = []
        self._first = problem.first_day
        for seats in problem.seats:
            self.left.update(seats)
            by_day: dict[int, list[Place]] = {}
            for place in sorted(seats):
                by_day.setdefault(place[1], []).append(place)
            self._slots.append(by_day)
        self._days = [sorted(by_day) for by_day in self._slots]
        self._stock = problem.stock is not None
        found = {day for by_day in self._slots for day in by_day} | set(problem.stock or {})
        self._when = sorted(found | {place[1] for holder in problem.holders for place in holder.places})
        self._slack = [sum(n for day, n in (problem.stock or {}).items() if day <= each) for each in self._when]

    def seat(self, holder: Holder, places: Places) -> None:
        """Gives somebody these seats and the vaccine that goes with them."""
        self._take(holder, places, 1)

    def clear(self, holder: Holder, places: Places) -> None:
        """Takes them back."""
        self._take(holder, places, -1)

    def overdrawn_seats(self) -> list[Place]:
        """Slots in which more people sit than may, in order."""
        return sorted(place for place, left in self.left.items() if left < 0)

    def overdrawn_day(self) -> int | None:
        """The first day until which more vaccine is needed than comes."""
        return next((day for day, slack in zip(self._when, self._slack, strict=True) if slack < 0), None)

    def worst_day(self) -> int:
        """The day until which most vaccine is missing."""
        return min(zip(self._slack, self._when, strict=True))[1]

    def slack(self, day: int) -> int:
        """How much vaccine is left over until a day on which somebody holds some; below 0 it is missing."""
        return self._slack[bisect_left(self._when, day)]

    def fits(self, holder: Holder) -> bool:
        """Whether somebody can stay in all of their seats."""
        if holder.lost or any(self.left[holder.places[dose]] <= 0 for dose in holder.movable):
            return False
        return not self._stock or self._served(self._needs(holder, holder.places), self._least())

    def nearest(self, holder: Holder) -> Places | None:
        """The way to seat somebody that changes the fewest of their doses, then shifts them by the fewest days.

        A dose that changes goes to the slot of its day that is nearest to its old time.
        """
        best = min(self.ways(holder), default=None)
        if best is None:
            return None
        return self.slots(holder, best[2])

    def slots(self, holder: Holder, days: _Days) -> Places:
        """The slots of days on which somebody can be seated."""
        return tuple(self._slot(holder, dose, day) for dose, day in enumerate(days))

    def every_slot(self, holder: Holder, days: _Days) -> Iterator[Places]:
        """Every choice of slots of days on which somebody can be seated, with vaccine or without."""
        choices = [
            [
                place
                for place in self._slots[dose].get(day, ())
                if self.left[place] > 0 and (day >= self._first or place == holder.places[dose])
            ]
            if dose in holder.movable
            else [holder.places[dose]]
            for dose, day in enumerate(days)
        ]
        least = self._least()
        for places in product(*choices):
            if not self._stock or self._served(self._needs(holder, places), least):
                yield places

    def ways(self, holder: Holder) -> Iterator[tuple[int, int, _Days]]:
        """Every way to seat somebody: doses changed, days shifted, and the days of all doses."""
        least = self._least()
        for days in self._chains(holder, (), holder.interval):
            if self._stock and not self._stocked(holder, days, least):
                continue
            changed = sum(not self._stays(holder, dose, days[dose]) for dose in holder.movable)
            shift = sum(abs(days[dose] - holder.places[dose][1]) for dose in holder.movable)
            yield changed, shift, days

    def _chains(self, holder: Holder, days: _Days, interval: tuple[int, int] | None) -> Iterator[_Days]:
        dose = len(days)
        if dose == len(holder.places):
            yield days
            return
        low, high = (0, 10**7) if not days or interval is None else (days[-1] + interval[0], days[-1] + interval[1])
        if dose in holder.movable:
            options: Sequence[int] = self._open(holder, dose, low, high)
        else:
            options = [day for day in (holder.places[dose][1],) if low <= day <= high]
        for day in options:
            yield from self._chains(holder, (*days, day), interval)

    def _open(self, holder: Holder, dose: int, low: int, high: int) -> list[int]:
        known = self._days[dose]
        found = known[bisect_left(known, max(low, self._first)) : bisect_right(known, high)]
        days = [day for day in found if any(self.left[place] > 0 for place in self._slots[dose][day])]
        own = holder.places[dose][1]
        if own < self._first and low <= own <= high and self._stays(holder, dose, own):
            days.insert(0, own)
        return days

    def _stays(self, holder: Holder, dose: int, day: int) -> bool:
        own = holder.places[dose]
        return dose not in holder.lost and own[1] == day and self.left.get(own, 0) > 0

    def _slot(self, holder: Holder, dose: int, day: int) -> Place:
        own = holder.places[dose]
        if dose not in holder.movable or self._stays(holder, dose, day):
            return own
        free = [place for place in self._slots[dose][day] if self.left[place] > 0]
        return min(free, key=lambda place: (abs(place[2] - own[2]), place))

    def _needs(self, holder: Holder, places: Places) -> Iterator[int]:
        """The days on which somebody needs a dose of the stock."""
        for dose in holder.movable:
            if holder.stocked[dose] or not kept(holder, places, dose):
                yield places[dose][1]

    def _take(self, holder: Holder, places: Places, number: int) -> None:
        for dose in holder.movable:
            self.left[places[dose]] = self.left.get(places[dose], 0) - number
        if self._stock:
            for day in self._needs(holder, places):
                for place in range(bisect_left(self._when, day), len(self._slack)):
                    self._slack[place] -= number

    def _least(self) -> list[int]:
        """For each day the least slack from it on: so many doses more can be given on it."""
        found, least = [0] * len(self._slack), 10**9
        for place in range(len(self._slack) - 1, -1, -1):
            least = min(least, self._slack[place])
            found[place] = least
        return found

    def _stocked(self, holder: Holder, days: _Days, least: Sequence[int]) -> bool:
        needs = (
            days[dose] for dose in holder.movable if holder.stocked[dose] or not self._stays(holder, dose, days[dose])
        )
        return self._served(needs, least)

    def _served(self, needs: Iterable[int], least: Sequence[int]) -> bool:
        """Whether there is vaccine for somebody on each of these days, rising."""
        return all(least[bisect_left(self._when, day)] >= number for number, day in enumerate(needs, start=1))
