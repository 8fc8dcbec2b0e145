"""Maintenance: announced windows in which citizens and sites wait and the lives of PINs stand still.

Source: the operator's report of 20 January 2021, point 7: one hour between midnight and six for the switch.
"""

from collections.abc import Sequence

from attrs import field, frozen

from crs_core.domain.time import Instant, from_micros, to_micros
from crs_core.errors import Busy

__all__ = ["Maintenance", "Pauses", "coming", "deadline", "refuse_during", "under_way"]


@frozen(order=True)
class Maintenance:
    """One window, from `start` (included) to `end` (excluded)."""

    start: Instant
    end: Instant = field()

    @end.validator
    def _check(self, _attribute: object, end: Instant) -> None:
        if end <= self.start:
            raise ValueError(f"end={end.isoformat()}: a window ends after it starts; mend one of the two")


Pauses = Sequence[Maintenance]
"""The windows in which lives stand still, in any order."""


def under_way(windows: Pauses, now: Instant) -> Maintenance | None:
    """The window that now lies in, the one that ends last where several do; or None."""
    found = [window for window in windows if window.start <= now < window.end]
    return max(found, key=lambda window: window.end, default=None)


def coming(windows: Pauses, now: Instant) -> Maintenance | None:
    """The window under way, the one that ends last where several are, else the next to begin; or None."""
    return under_way(windows, now) or min((window for window in windows if window.start > now), default=None)


def refuse_during(windows: Pauses, now: Instant) -> None:
    """Returns where no maintenance is under way.

    Raises:
        Busy: ``maintenance``, with its end as `retry_at`.
    """
    window = under_way(windows, now)
    if window is not None:
        raise Busy("maintenance", "the system is being maintained", retry_at=window.end, remedy="come back then")


def deadline(start: Instant, seconds: int, windows: Pauses) -> Instant:
    """The end of a life of so many seconds that stands still during maintenance; overlapping windows count once.

    >>> from pendulum import datetime
    >>> night = Maintenance(datetime(2021, 1, 22, 0), datetime(2021, 1, 22, 1))
    >>> deadline(datetime(2021, 1, 21, 23, 55), 600, [night]).isoformat()
    '2021-01-22T01:05:00+00:00'
    """
    end = to_micros(start) + seconds * 1_000_000
    counted = to_micros(start)
    for window in sorted(windows):
        first, last = max(to_micros(window.start), counted), to_micros(window.end)
        if first >= end:
            break
        if last > first:
            end += last - first
            counted = last
    return from_micros(end)
