"""Which days may be offered together: those that strand nobody.

An offer strands nobody if and only if exactly one person fewer can be booked once its seats and doses are gone. Neither
the earliest nor the latest partner of a day always is such an offer, so each is tried.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from attrs import evolve

from crs_core.domain.pairing.supply import PAIR, Supply
from crs_core.domain.pairing.sweep import bookable

__all__ = [
    "deliveries_for",
    "offered_days",
    "partners",
    "reachable",
    "safe_chain",
    "safe_chains",
    "spaced",
    "strands_nobody",
    "why_not",
]

Days = tuple[int, ...]
"""The days of doses of one person."""


def partners(supply: Supply, day: int) -> list[tuple[int, ...]]:
    """Days of the next doses that go with a dose-1 day and strand nobody, the earliest first.

    An empty list means that the day offers nothing now (`why_not` says why); ``[()]`` that its product has one dose.
    """
    most = bookable(supply)
    chains = _chains(supply, day)
    if chains and _spare(supply, day, most):
        return [chain[1:] for chain in chains]
    return [chain[1:] for chain in chains if _keeps(supply, chain, most)]


def safe_chain(supply: Supply, day: int) -> tuple[int, ...] | None:
    """Days of the next doses that strand nobody, or None where the day offers nothing now."""
    return _first_safe(supply, day, bookable(supply))


def offered_days(supply: Supply) -> dict[int, int]:
    """The dose-1 days that offer something now, rising, and the seats free on each."""
    if supply.doses is None:  # then every day with a chain keeps an offer, as everybody can be part of a maximum
        days = sorted((day, free) for day, free in supply.seats[0].items() if free > 0)
        return {day: free for day, free in days if reachable(supply, day)}
    return {day: supply.seats[0][day] for day in safe_chains(supply)}


def safe_chains(supply: Supply) -> dict[int, tuple[int, ...]]:
    """The dose-1 days that offer something now, rising, each with what `safe_chain` says of it."""
    most = bookable(supply)
    found = {day: _first_safe(supply, day, most) for day, free in sorted(supply.seats[0].items()) if free > 0}
    return {day: chain for day, chain in found.items() if chain is not None}


def why_not(supply: Supply, day: int) -> str:
    """Why a dose-1 day offers nothing now, or ``""`` where it does.

    ``full``: no first dose is free on it. ``no_next_dose``: no seat of a later dose is free within the interval.
    ``no_vaccine``: there are seats, but no doses for them. ``day_strands``: whoever took it would leave somebody
    else without all of their doses.
    """
    if supply.seats[0].get(day, 0) <= 0:
        return "full"
    if not reachable(supply, day):
        return "no_next_dose"
    if safe_chain(supply, day) is not None:
        return ""
    stocked = any(deliveries_for(supply.doses, chain) is not None for chain in _chains(supply, day))
    return "day_strands" if stocked else "no_vaccine"


def reachable(supply: Supply, day: int) -> bool:
    """Whether all the next doses have free seats, each within reach of the one before, starting from a dose-1 day."""
    days = {day}
    for free in supply.seats[1:]:
        days = {after for before in days for after in supply.reach(before) if free.get(after, 0) > 0}
    return bool(days)


def strands_nobody(supply: Supply, days: Sequence[int]) -> bool:
    """Whether booking these days lowers the number of people that can still be fully booked by exactly one."""
    if any(free.get(day, 0) <= 0 for free, day in zip(supply.seats, days, strict=True)):
        return False
    return _keeps(supply, tuple(days), bookable(supply))


def spaced(supply: Supply, days: Sequence[int]) -> bool:
    """Whether each dose lies within reach of the one before."""
    return all(after in supply.reach(before) for before, after in pairwise(days))


def deliveries_for(doses: Mapping[int, int] | None, days: Sequence[int]) -> tuple[int, ...] | None:
    """For each day the latest delivery that still has a dose for it; () without stock, None if there is none.

    What comes early can be given on any later day, so the latest fitting delivery leaves most to others.
    """
    if doses is None:
        return ()
    left = dict(doses)
    found: list[int] = []
    for day in days:
        latest = max((arrival for arrival, number in left.items() if arrival <= day and number > 0), default=None)
        if latest is None:
            return None
        left[latest] -= 1
        found.append(latest)
    return tuple(found)


def _first_safe(supply: Supply, day: int, most: int) -> Days | None:
    """Without stock the earlier chains are tried first, as they most often are safe; with stock the later ones."""
    chains = _chains(supply, day)
    ordered = chains if supply.doses is None else reversed(chains)
    return next((chain[1:] for chain in ordered if _keeps(supply, chain, most)), None)


def _spare(supply: Supply, day: int, most: int) -> bool:
    """Whether any second dose may go with a first dose of that day, as many being booked without it.

    For two doses without stock alone: elsewhere, later seats and doses may be missed though the first one is not.
    """
    if supply.doses is not None or len(supply.seats) != PAIR:
        return False
    first = {**supply.seats[0], day: supply.seats[0][day] - 1}
    return bookable(evolve(supply, seats=[first, supply.seats[1]])) == most


def _chains(supply: Supply, day: int) -> list[Days]:
    """Every choice of days for all doses from a dose-1 day on that has free seats, the earliest first."""
    found: list[Days] = [(day,)] if supply.seats[0].get(day, 0) > 0 else []
    for free in supply.seats[1:]:
        found = [(*chain, after) for chain in found for after in supply.reach(chain[-1]) if free.get(after, 0) > 0]
    return found


def _keeps(supply: Supply, days: Days, most: int) -> bool:
    dose_days = deliveries_for(supply.doses, days)
    return dose_days is not None and bookable(supply.without(days, dose_days)) == most - 1
