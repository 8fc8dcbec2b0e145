"""The days of a whole calendar that offer something, kept while a site's free seats and doses stay as they are.

Finding them takes some tens of milliseconds at a large site that counts its stock; a page is looked at far more often
than a seat is taken. What is kept is found again by all that it depends on (free seats and doses by day, interval), not
by a version that something may forget to raise: so it is never stale, and no more than a price.
"""

from functools import lru_cache

from crs_core.domain import pairing
from crs_core.domain.campaign import Interval
from crs_core.domain.pairing import Supply

__all__ = ["offered_days"]

_Numbers = tuple[tuple[int, int], ...]
_KEPT = 128


def offered_days(supply: Supply) -> _Numbers:
    """The dose-1 days (as ordinals, rising) that offer something now, and the seats free on each."""
    if supply.doses is None:  # cheaper than looking it up
        return tuple(pairing.offered_days(supply).items())
    seats = tuple(tuple(free.items()) for free in supply.seats)
    return _found(seats, supply.interval, tuple(supply.doses.items()), tuple(supply.windows.items()))


@lru_cache(maxsize=_KEPT)
def _found(
    seats: tuple[_Numbers, ...],
    interval: Interval | None,
    doses: _Numbers,
    windows: tuple[tuple[int, Interval], ...],
) -> _Numbers:
    supply = Supply([dict(free) for free in seats], interval, dict(doses), dict(windows))
    return tuple(pairing.offered_days(supply).items())
