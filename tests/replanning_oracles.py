"""What a re-plan is held against: every way tried, and an integer programme; neither knows of searches or bounds.

Random problems come crowded: slots that are short, few free ones, vaccine that comes late, intervals that differ.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise, product

import numpy as np
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp  # type: ignore[import-untyped]

from crs_core.domain.replanning.problem import Cost, Holder, Place, Places, Problem

__all__ = ["by_milp", "by_search", "faults", "options", "price", "problems"]


def price(holder: Holder, places: Places | None) -> Cost:
    """What one person's way costs."""
    if places is None:
        return (1, 0, 0) if holder.begun else (0, 1, 0)
    return 0, 0, int(not holder.lost and places != holder.places)


def options(problem: Problem, holder: Holder) -> Iterator[Places | None]:
    """Everywhere that one person may end: nowhere, or slots within the interval, new ones not before the least day."""
    yield None
    choices = []
    for dose, seats in enumerate(problem.seats):
        if dose not in holder.movable:
            choices.append([holder.places[dose]])
            continue
        own = [] if dose in holder.lost else [holder.places[dose]]
        choices.append(own + [each for each in seats if each[1] >= problem.first_day and each not in own])
    for places in product(*choices):
        gaps = [after[1] - before[1] for before, after in pairwise(places)]
        if holder.interval is None or all(holder.interval[0] <= gap <= holder.interval[1] for gap in gaps):
            yield places


def uses(problem: Problem, holder: Holder, places: Places) -> tuple[list[Place], list[int]]:
    """The slots that a way takes, and the days on which it takes vaccine."""
    slots = [places[dose] for dose in holder.movable]
    days = [
        places[dose][1]
        for dose in holder.movable
        if problem.stock is not None
        and (holder.stocked[dose] or dose in holder.lost or places[dose] != holder.places[dose])
    ]
    return slots, days


def faults(problem: Problem, found: tuple[Places | None, ...]) -> list[str]:
    """Why a way is none: a slot or a day's vaccine overdrawn, or somebody where they may not be."""
    wrong = []
    taken: dict[Place, int] = {}
    needs: list[int] = []
    for holder, places in zip(problem.holders, found, strict=True):
        if places not in list(options(problem, holder)):
            wrong.append(f"{holder} at {places}")
        if places is not None:
            slots, days = uses(problem, holder, places)
            needs += days
            for slot in slots:
                taken[slot] = taken.get(slot, 0) + 1
    seats = {place: number for of_dose in problem.seats for place, number in of_dose.items()}
    wrong += [f"{place} overdrawn" for place, number in taken.items() if number > seats.get(place, 0)]
    wrong += [
        f"vaccine of {day} overdrawn" for day in needs if _come(problem, day) < sum(each <= day for each in needs)
    ]
    return wrong


def _come(problem: Problem, day: int) -> int:
    return sum(number for arrival, number in (problem.stock or {}).items() if arrival <= day)


def by_search(problem: Problem) -> Cost:
    """The least cost: every way of everybody in turn, as long as seats, vaccine and the best so far allow."""
    best = [(len(problem.holders) + 1, 0, 0)]

    def go(number: int, cost: Cost, left: Mapping[Place, int], needs: tuple[int, ...]) -> None:
        if cost >= best[0]:
            return
        if number == len(problem.holders):
            best[0] = cost
            return
        holder = problem.holders[number]
        for places in options(problem, holder):
            more = price(holder, places)
            slots, days = ([], []) if places is None else uses(problem, holder, places)
            rest, used = {**left}, (*needs, *days)
            for slot in slots:
                rest[slot] = rest.get(slot, 0) - 1
            if all(rest[slot] >= 0 for slot in slots) and _stocked(problem, used):
                go(number + 1, (cost[0] + more[0], cost[1] + more[1], cost[2] + more[2]), rest, used)

    go(0, (0, 0, 0), {place: number for of_dose in problem.seats for place, number in of_dose.items()}, ())
    return best[0]


def _stocked(problem: Problem, needs: tuple[int, ...]) -> bool:
    return all(sum(each <= day for each in needs) <= _come(problem, day) for day in needs)


def by_milp(problem: Problem) -> Cost:
    """The least cost, by HiGHS: one variable for each way of each person."""
    ways = [(each, places) for each in problem.holders for places in options(problem, each)]
    owner = [number for number, each in enumerate(problem.holders) for _ in options(problem, each)]
    many = len(problem.holders) + 1
    weights = np.array([(1, many, many**2) @ np.array(price(*way)[::-1]) for way in ways], dtype=float)
    used = [([], []) if way[1] is None else uses(problem, way[0], way[1]) for way in ways]
    seats: Mapping[Place, int] = {place: n for of_dose in problem.seats for place, n in of_dose.items()}
    days = sorted({day for _, found in used for day in found})
    each_once = np.array([[float(one == number) for one in owner] for number in range(len(problem.holders))])
    in_slot = np.array([[float(slots.count(place)) for slots, _ in used] for place in seats])
    until = np.array([[float(sum(each <= day for each in found)) for _, found in used] for day in days])
    rules = [LinearConstraint(each_once, 1, 1)]
    rules += [LinearConstraint(in_slot, -np.inf, np.array([*seats.values()], dtype=float))] if seats else []
    come = np.array([_come(problem, day) for day in days], dtype=float)
    rules += [LinearConstraint(until, -np.inf, come)] if days else []
    found = milp(weights, constraints=rules, integrality=np.ones(len(ways)), bounds=Bounds(0, 1))
    assert found.success
    cost = [0, 0, 0]
    for way, taken in zip(ways, found.x, strict=True):
        if round(taken):
            cost = [number + more for number, more in zip(cost, price(*way), strict=True)]
    return cost[0], cost[1], cost[2]


@st.composite
def problems(draw: st.DrawFn, *, most: int = 4, alike: bool = False) -> Problem:
    """One to three doses, up to so many people, half of them with a dose given; some wait for a seat already.

    Args:
        alike: All keep one interval and hold vaccine, as where the rules never changed.
    """
    doses = draw(st.sampled_from([1, 2, 2, 2, 3] if most < 6 else [1, 2]))
    step = 4
    places = [
        [(f"V{dose + 1}", dose * step + day, minute) for day in range(4) for minute in (480, 540)]
        for dose in range(doses)
    ]
    counts = draw(st.booleans())
    widest = st.sampled_from([(step, step), (step - 1, step + 1), (step, step + 2)])
    same = draw(widest)
    drawn = []
    for _ in range(draw(st.integers(1, most))):
        interval = None if doses == 1 else same if alike else draw(widest)
        drawn.append(draw(_holders(places, interval, counts=counts, stocked=alike)))
    holders = [each for each in drawn if each is not None]
    held: dict[Place, int] = {}
    for each in holders:
        for dose in each.movable:
            if dose not in each.lost:
                held[each.places[dose]] = held.get(each.places[dose], 0) + 1
    cuts = st.sampled_from([0, 0, -1, 1] if most < 6 else [0, 0, 0, -1, 1, 1])
    seats = tuple({place: max(0, held.get(place, 0) + draw(cuts)) for place in of_dose} for of_dose in places)
    stock = draw(st.dictionaries(st.integers(0, 8), st.integers(0, most), max_size=3)) if counts else None
    return Problem(tuple(holders), seats, stock, draw(st.integers(0, 6)))


@st.composite
def _holders(
    draw: st.DrawFn, places: list[list[Place]], interval: tuple[int, int] | None, *, counts: bool, stocked: bool
) -> Holder | None:
    found: list[Place] = []
    for of_dose in places:
        fitting = [
            each
            for each in of_dose
            if not found or interval is None or interval[0] <= each[1] - found[-1][1] <= interval[1]
        ]
        if not fitting:
            return None
        found.append(draw(st.sampled_from(fitting)))
    given = draw(st.integers(0, len(found) - 1))
    movable = tuple(range(given, len(found)))
    lost = frozenset(movable) if given and draw(st.integers(0, 4)) == 0 else frozenset()
    takes = tuple(counts and (stocked or draw(st.integers(0, 3)) > 0) for _ in found)
    return Holder(tuple(found), movable, lost, interval, begun=given > 0, stocked=takes)
