"""What a re-plan works with: who holds what, what is left to hold, and what a way out costs."""

from collections.abc import Mapping

from attrs import frozen

__all__ = ["Cost", "Holder", "Place", "Places", "Problem", "Solution"]

Place = tuple[str, int, int]
"""A slot: calendar, day (an ordinal), minute."""

Places = tuple[Place, ...]
"""The slots of all doses of one person, in order of dose."""

Cost = tuple[int, int, int]
"""People with a dose given and no seat for the next; others without any seat; people moved. Less is better, in that
order: a begun series is completed first, then as many as can be keep all their doses, then as few as can be move."""


@frozen
class Holder:
    """One person and their reservation.

    Attributes:
        places: Where each dose stands, or stood before it was lost.
        movable: The doses (from 0) that may move, rising; the others stay where they are.
        lost: Those of the movable ones that have no seat now.
        interval: Days from dose to dose that the reservation keeps, both included.
        begun: Whether a dose has been given, or its time has come.
        stocked: For each dose whether it holds vaccine of a delivery.
    """

    places: Places
    movable: tuple[int, ...]
    lost: frozenset[int]
    interval: tuple[int, int] | None
    begun: bool
    stocked: tuple[bool, ...]

    @property
    def waits(self) -> bool:
        """Whether an earlier re-plan left it without the seat of some dose."""
        return bool(self.lost)


@frozen
class Problem:
    """One product of a site.

    Attributes:
        holders: The first to have reserved first; whoever reserved last is moved first.
        seats: For each slot, by dose, what holders may share: what they hold there and what is free, less what was cut.
        stock: Doses that they may share, by the day from which they can be given; None where stock does not count.
        first_day: The least day for a new appointment.
    """

    holders: tuple[Holder, ...]
    seats: tuple[Mapping[Place, int], ...]
    stock: Mapping[int, int] | None
    first_day: int


@frozen
class Solution:
    """Where everybody is to go.

    Attributes:
        places: For each holder the slots of all doses; None where there is none for a movable dose.
        proven: Whether no other way costs less.
    """

    places: tuple[Places | None, ...]
    cost: Cost
    proven: bool
