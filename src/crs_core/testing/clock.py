"""A clock that moves only when told, and chance that a seed replays."""

import random
import threading

from crs_core.domain.time import Instant, later, utc

__all__ = ["SeededChance", "VirtualClock"]

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class VirtualClock:
    """Stands still until it is set or moved.

    >>> from pendulum import datetime
    >>> clock = VirtualClock(datetime(2021, 1, 15, 8))
    >>> clock.move(minutes=10).isoformat()
    '2021-01-15T08:10:00+00:00'
    """

    def __init__(self, start: Instant) -> None:
        self._now = utc(start)

    def now(self) -> Instant:
        """See `Clock.now`."""
        return self._now

    def set(self, moment: Instant) -> Instant:
        """Sets the clock, forwards or back; the new time, in UTC whatever zone it was given in."""
        self._now = utc(moment)
        return self._now

    def move(self, *, days: int = 0, hours: int = 0, minutes: float = 0, seconds: float = 0) -> Instant:
        """Moves the clock; the new time."""
        return self.set(later(self._now, days=days, hours=hours, minutes=minutes, seconds=seconds))


class SeededChance:
    """Names and fractions that one seed replays; guessable, so for tests and simulations only."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - replayed on purpose
        self._lock = threading.Lock()

    def name(self) -> str:
        """See `Chance.name`."""
        with self._lock:
            return "".join(self._random.choices(_ALPHABET, k=16))

    def fraction(self) -> float:
        """See `Chance.fraction`."""
        with self._lock:
            return self._random.random()
