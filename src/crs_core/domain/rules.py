"""A dated value: what a rule says, and from when.

A rule that a ministry may change next week is no ``if`` in code but a value with a date. Each reader names its anchor,
the moment whose rule holds: access, order and openings as of *now*; the term of a PIN2 as of the *invitation*; a dose
interval as of the *reservation*.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Generic, TypeVar

from attrs import field, frozen

from crs_core.domain.time import Instant, from_micros, utc

__all__ = ["Dated", "always"]

T = TypeVar("T")


def _in_utc(steps: Iterable[tuple[Instant, T]]) -> tuple[tuple[Instant, T], ...]:
    return tuple((utc(since), value) for since, value in steps)


@frozen
class Dated(Generic[T]):
    """A value that changes at known instants.

    Attributes:
        steps: Pairs of (from when, inclusive; the value), in rising order, at least one. Whatever zone a moment was
            given in, it is kept in UTC.

    >>> from pendulum import datetime
    >>> rule = Dated(((datetime(2021, 1, 15), "immediate"), (datetime(2021, 1, 22), "invitation")))
    >>> rule.at(datetime(2021, 1, 21, 23, 59)), rule.at(datetime(2021, 1, 22))
    ('immediate', 'invitation')
    """

    steps: tuple[tuple[Instant, T], ...] = field(converter=_in_utc)

    @steps.validator
    def _check(self, _attribute: object, steps: tuple[tuple[Instant, T], ...]) -> None:
        if not steps:
            raise ValueError("steps=(): a dated rule needs at least one value; give one with its first day")
        days = [since for since, _ in steps]
        if any(first >= second for first, second in pairwise(days)):
            raise ValueError("steps: the days of a dated rule rise, each once; sort them and drop the repeated one")

    def at(self, moment: Instant) -> T:
        """The value in force at a moment; before the first step, the first value."""
        for since, value in reversed(self.steps):
            if since <= moment:
                return value
        return self.steps[0][1]

    def version(self, moment: Instant) -> int:
        """The number of the step in force at a moment, from 0."""
        return max((number for number, (since, _) in enumerate(self.steps) if since <= moment), default=0)

    def __iter__(self) -> Iterator[T]:
        """Every value, in the order of their days."""
        return (value for _, value in self.steps)


def always(value: T) -> Dated[T]:
    """A rule that never changes."""
    return Dated(((from_micros(0), value),))
