"""Every way that few people can be moved, tried one after the other."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from crs_core.domain.replanning.problem import Cost, Holder, Places, Problem
from crs_core.domain.replanning.rooms import Rooms

__all__ = ["FEW", "cheapest"]

FEW = 10
"""Up to so many people every way is tried, unless that takes too many steps."""

_STEPS = 20_000


def _alike(problem: Problem) -> bool:
    """Whether all doses hold vaccine or it does not count, so that the seats of a day are alike to whoever moves."""
    return problem.stock is None or all(
        holder.stocked[dose] for holder in problem.holders for dose in holder.movable if dose not in holder.lost
    )


def cheapest(problem: Problem, limit: Cost) -> tuple[tuple[Places | None, ...] | None, bool]:
    """A way of the least cost, None where there is none below `limit`; and whether every way was tried.

    Whoever leaves is chosen first, then all of those are seated in every way.
    """
    staying = [each for each, holder in enumerate(problem.holders) if not holder.waits]
    best = _Best(limit)
    for number in range(len(staying) + 1):
        if (0, 0, number) >= best.cost:
            break  # nobody can leave for less
        for leaving in combinations(staying, number):
            _try(problem, set(leaving), best)
    return best.places, best.steps >= 0


class _Best:
    def __init__(self, limit: Cost) -> None:
        self.cost = limit
        self.places: tuple[Places | None, ...] | None = None
        self.steps = _STEPS


def _try(problem: Problem, leaving: set[int], best: _Best) -> None:
    if best.steps < 0:
        return
    rooms = Rooms(problem)
    found: list[Places | None] = [None] * len(problem.holders)
    out = []
    for each, holder in enumerate(problem.holders):
        if each in leaving or holder.waits:
            out.append(each)
        else:
            rooms.seat(holder, holder.places)
            found[each] = holder.places
    if not rooms.overdrawn_seats() and rooms.overdrawn_day() is None:
        _seat(problem, rooms, out, found, (0, 0, 0), best)


def _ways(problem: Problem, rooms: Rooms, holder: Holder) -> Iterator[Places]:
    """Where somebody may sit: one slot a day where all are alike, else each."""
    for _, _, days in sorted(rooms.ways(holder)):
        if _alike(problem):
            yield rooms.slots(holder, days)
        else:
            yield from rooms.every_slot(holder, days)


def _seat(
    problem: Problem, rooms: Rooms, out: Sequence[int], found: list[Places | None], cost: Cost, best: _Best
) -> None:
    """Seats the first of those who are out in every way, then the others."""
    best.steps -= 1
    if cost >= best.cost or best.steps < 0:
        return
    if not out:
        best.cost, best.places = cost, tuple(found)
        return
    each, rest = out[0], out[1:]
    holder = problem.holders[each]
    for places in _ways(problem, rooms, holder):
        rooms.seat(holder, places)
        found[each] = places
        moved = cost[2] + (not holder.waits)
        _seat(problem, rooms, rest, found, (cost[0], cost[1], moved), best)
        rooms.clear(holder, places)
    found[each] = None
    without = (cost[0] + holder.begun, cost[1] + (not holder.begun), cost[2])
    _seat(problem, rooms, rest, found, without, best)
