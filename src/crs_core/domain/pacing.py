"""How fast messages leave: what a gateway takes in a span of time, and when one that waits will be its turn."""

import math
from collections.abc import Iterator

from attrs import evolve, frozen

from crs_core.domain.campaign import Sending
from crs_core.domain.rules import Dated
from crs_core.domain.time import Instant, later

__all__ = ["Departure", "Pace", "leaves_at", "taken"]

_SLACK = 1e-9
"""Sums of fractions of a message fall short of whole ones by less than this."""


@frozen
class Pace:
    """How far a dispatcher has used what the gateway takes; a second's worth is kept, so that bursts stay small.

    Attributes:
        at: Until when it is counted.
        saved: Messages that might have left by then and did not; 0 or more.

    >>> from pendulum import datetime
    >>> from crs_core.domain.rules import always
    >>> pace = Pace(datetime(2021, 1, 15, 8)).until(always(Sending(per_second=2)), datetime(2021, 1, 15, 8, 0, 1))
    >>> pace.due, pace.spent(2).due
    (2, 0)
    """

    at: Instant
    saved: float = 0.0

    @property
    def due(self) -> int:
        """How many messages may leave at once."""
        return math.floor(self.saved + _SLACK)

    def until(self, sending: Dated[Sending], now: Instant) -> "Pace":
        """The pace once time has passed; a clock that steps back gives nothing and takes nothing."""
        most = float(max(1, sending.at(now).per_second))
        return Pace(now, min(most, self.saved + taken(sending, self.at, now)))

    def spent(self, number: int) -> "Pace":
        """The pace after so many messages have left."""
        return evolve(self, saved=max(0.0, self.saved - number))


@frozen
class Departure:
    """When a message that joins a queue now would leave, as of a moment.

    Attributes:
        leaves_at: If its gateway takes messages, from `down_until` on where it is down.
        down_until: When a gateway that is down is tried again; None where it takes messages.
    """

    as_of: Instant
    leaves_at: Instant
    down_until: Instant | None = None


def taken(sending: Dated[Sending], since: Instant, until: Instant) -> float:
    """How many messages a gateway takes from one moment to another; 0 where the second is not later."""
    number = 0.0
    for start, end, rate in _spans(sending, since):
        ends = until if end is None else min(end, until)
        number += max(0.0, (ends - start).total_seconds()) * rate
    return number


def leaves_at(sending: Dated[Sending], before: int, now: Instant) -> Instant:
    """When a message leaves that so many others, 0 or more, go before; at the rates that will be in force.

    >>> from pendulum import datetime
    >>> nine = datetime(2021, 1, 15, 9)
    >>> rule = Dated(((datetime(2021, 1, 15), Sending(per_second=2)), (nine, Sending(per_second=20))))
    >>> leaves_at(rule, 139, datetime(2021, 1, 15, 8, 59)).isoformat()
    '2021-01-15T09:00:01+00:00'
    """
    left = float(before + 1)
    for start, end, rate in _spans(sending, now):
        takes = math.inf if end is None else (end - start).total_seconds() * rate
        if left <= takes:
            return later(start, seconds=left / rate)
        left -= takes
    raise AssertionError("the last rate holds for ever")


def _spans(sending: Dated[Sending], since: Instant) -> Iterator[tuple[Instant, Instant | None, int]]:
    """From when, until when (None: for ever) and how many messages a second, from a moment on."""
    start, rate = since, sending.at(since).per_second
    for moment, rule in sending.steps:
        if moment > since:
            yield start, moment, rate
            start, rate = moment, rule.per_second
    yield start, None, rate
