"""What happens when, in virtual time: one thing after the other, the earliest first."""

import heapq
from collections.abc import Callable
from typing import Protocol

from crs_core.domain.time import Day, Instant, day_of, from_micros, later, slot_instant, to_micros

__all__ = ["Agenda", "SettableClock"]

_SECOND = 1_000_000


class SettableClock(Protocol):
    """A clock that stands where it is put."""

    def now(self) -> Instant:
        """The present instant."""
        ...

    def set(self, moment: Instant) -> Instant:
        """Puts the clock; the new time."""
        ...


class Agenda:
    """Actions by their moment; those of one moment in the order in which they were noted.

    Args:
        rest: A span (from, to) in which nobody but the machines does anything: whatever people would do then, they
            do within the quarter of an hour after it.
    """

    def __init__(self, clock: SettableClock, zone: str, rest: tuple[Instant, Instant]) -> None:
        self.clock = clock
        self._zone = zone
        self._rest = (to_micros(rest[0]), to_micros(rest[1]))
        self._noted: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0

    def now(self) -> Instant:
        """The present instant of the play."""
        return self.clock.now()

    def day(self) -> Day:
        """The day on the wall."""
        return day_of(self.now(), self._zone)

    def moment(self, day: Day, minute: float) -> Instant:
        """The instant of a time on the wall, in minutes since midnight."""
        return later(slot_instant(day, int(minute), self._zone), minutes=minute % 1)

    def at(self, moment: Instant, action: Callable[[], None]) -> None:
        """Notes what happens at a moment, or at once where that is past."""
        self._count += 1
        heapq.heappush(self._noted, (to_micros(moment), self._count, action))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Notes what a person does so many seconds from now."""
        begin, end = self._rest
        when = to_micros(self.now()) + round(seconds * _SECOND)
        if begin <= when < end:
            when = end + (when - begin) // 4
        self.at(from_micros(when), action)

    def run(self, until: Instant) -> None:
        """Lets everything happen that is noted for before a moment, and puts the clock to it."""
        end = to_micros(until)
        while self._noted and self._noted[0][0] < end:
            when, _, action = heapq.heappop(self._noted)
            if when > to_micros(self.now()):
                self.clock.set(from_micros(when))
            action()
        self.clock.set(until)
