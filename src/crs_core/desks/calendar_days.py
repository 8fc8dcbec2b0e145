"""The days of a whole calendar that offer something, kept while a site's free seats and doses stay as they are.

Finding them takes some tens of milliseconds at a large site that counts its stock; a page is looked at far more often
than a seat is taken. What is kept is found again by all that it depends on (free seats and doses by day, interval), not
by a version that something may forget to raise: so it is never stale, and no more than a price.
"""

from collections.abc import Mapping
from functools import lru_cache

from crs_core.domain import pairing
from crs_core.domain.campaign import Interval
from crs_core.domain.pairing import Supply

__all__ = ["offered_days", "safe_chain"]

_Numbers = tuple[tuple[int, int], ...]
_KEPT = 128


def offered_days(supply: Supply) -> _Numbers:
    """The dose-1 days (as ordinals, rising) that offer something now, and the seats free on each."""
    if supply.doses is None:  # cheaper than looking it up
        return tuple(pairing.offered_days(supply).items())
    return tuple((day, supply.seats[0][day]) for day in _kept(supply))


def safe_chain(supply: Supply, day: int) -> tuple[int, ...] | None:
    """The days of the next doses that go with a dose-1 day and strand nobody, or None where it offers nothing now."""
    return pairing.safe_chain(supply, day) if supply.doses is None else _kept(supply).get(day)


def _kept(supply: Supply) -> Mapping[int, tuple[int, ...]]:
    seats = tuple(tuple(free.items()) for free in supply.seats)
    doses = tuple((supply.doses or {}).items())
    return _found(seats, supply.interval, doses, tuple(supply.windows.items()))


@lru_cache(maxsize=_KEPT)
def _found(
    seats: tuple[_Numbers, ...],
    interval: Interval | None,
    doses: _Numbers,
    windows: tuple[tuple[int, Interval], ...],
) -> Mapping[int, tuple[int, ...]]:
    return pairing.safe_chains(Supply([dict(free) for free in seats], interval, dict(doses), dict(windows)))
