"""What no re-plan can do better than: why a way that meets it is the best.

Each bound forgets some rule, so it can only be too good. Whoever is short of a slot must leave it, whatever else
happens; until each day so many doses less than needed come, and nobody gives back more than they use until then. Those
who can be seated in all are no more than pairing seats when everybody starts anew with the widest interval, nor than
there are doses. Of the begun series, those whose days all lie within a few days share what there is on these (Hall).
"""

from collections import Counter
from collections.abc import Mapping

from crs_core.domain.campaign import Interval
from crs_core.domain.pairing import Supply, bookable
from crs_core.domain.replanning.problem import Cost, Holder, Place, Problem

__all__ = ["least_cost"]


def least_cost(problem: Problem, cost: Cost) -> Cost:
    """A cost that no way beats, given that the parts of `cost` before each part are the least there are."""
    begun = _least_begun(problem) if cost[0] else 0
    others = _least_others(problem, cost[0]) if cost[1] else 0
    return begun, others, max(0, _least_affected(problem) - cost[0] - cost[1])


def _least_affected(problem: Problem) -> int:
    """How many cannot stay: for each dose those beyond the seats, and those beyond the vaccine of each day."""
    held = [Counter[Place]() for _ in problem.seats]
    for holder in problem.holders:
        for dose in holder.movable:
            if dose not in holder.lost:
                held[dose][holder.places[dose]] += 1
    seats = (
        sum(max(0, number - seats.get(place, 0)) for place, number in of_dose.items())
        for of_dose, seats in zip(held, problem.seats, strict=True)
    )
    return max([*seats, *_beyond_stock(problem)], default=0)


def _beyond_stock(problem: Problem) -> list[int]:
    if problem.stock is None:
        return []
    uses = [_uses(holder) for holder in problem.holders if not holder.waits]
    found = []
    for day in sorted({each for days in uses for each in days}):
        needs = sorted((sum(each <= day for each in days) for days in uses), reverse=True)
        missing = sum(needs) - sum(number for arrival, number in problem.stock.items() if arrival <= day)
        people = 0
        while missing > 0:
            missing, people = missing - needs[people], people + 1
        found.append(people)
    return found


def _uses(holder: Holder) -> list[int]:
    return [holder.places[dose][1] for dose in holder.movable if holder.stocked[dose]]


def _free_on(problem: Problem, dose: int) -> dict[int, int]:
    """Seats of a dose by day that anybody could end in: before the least day only those who sit there now."""
    held = Counter[Place](
        holder.places[dose] for holder in problem.holders if dose in holder.movable and dose not in holder.lost
    )
    found: dict[int, int] = {}
    for place, number in problem.seats[dose].items():
        most = number if place[1] >= problem.first_day else min(number, held[place])
        if most > 0:
            found[place[1]] = found.get(place[1], 0) + most
    return found


def _least_begun(problem: Problem) -> int:
    """How many begun series cannot go on: of those whose next days lie from a day to a day, so many as seats lack."""
    windows = [_window(holder) for holder in problem.holders if holder.begun]
    by_dose: dict[int, Counter[tuple[int, int]]] = {}
    for dose, first, last in windows:
        by_dose.setdefault(dose, Counter())[first, last] += 1
    least = max((_lacking(_free_on(problem, dose), found) for dose, found in by_dose.items()), default=0)
    if problem.stock is None or any(not all(_stocks(each)) for each in problem.holders):
        return least
    for day in {last for _, _, last in windows}:
        come = sum(number for arrival, number in problem.stock.items() if arrival <= day)
        least = max(least, sum(last <= day for _, _, last in windows) - come)
    return least


def _stocks(holder: Holder) -> list[bool]:
    return [holder.stocked[dose] for dose in holder.movable if dose not in holder.lost]


def _window(holder: Holder) -> tuple[int, int, int]:
    """The first dose that may move, and from when to when it may lie."""
    dose = holder.movable[0]
    if dose == 0 or holder.interval is None:
        return dose, 0, 10**7
    before = holder.places[dose - 1][1]
    return dose, before + holder.interval[0], before + holder.interval[1]


def _lacking(free: Mapping[int, int], windows: Mapping[tuple[int, int], int]) -> int:
    least = 0
    for first in {each for each, _ in windows}:
        for last in {each for _, each in windows}:
            inside = sum(number for (low, high), number in windows.items() if first <= low and high <= last)
            least = max(least, inside - sum(number for day, number in free.items() if first <= day <= last))
    return least


def _least_others(problem: Problem, begun_lost: int) -> int:
    """How many without a dose given cannot be seated, whatever is done."""
    others = [holder for holder in problem.holders if not holder.begun]
    begun = [holder for holder in problem.holders if holder.begun]
    free = [_free_on(problem, dose) for dose in range(len(problem.seats))]
    most = [_together(problem, others, free)]
    for dose, of_dose in enumerate(free):
        seated = max(0, sum(dose in holder.movable for holder in begun) - begun_lost)
        most.append(sum(of_dose.values()) - seated)
    if problem.stock is not None and all(all(_stocks(holder)) for holder in problem.holders):
        doses = sum(problem.stock.values()) - max(0, len(begun) - begun_lost)
        most.append(doses // len(problem.seats))
    return max(0, len(others) - min(most))


def _together(problem: Problem, others: list[Holder], free: list[dict[int, int]]) -> int:
    """How many could be seated if all of them began anew, with the widest interval, and nobody else were there."""
    widest = [holder.interval for holder in others if holder.interval is not None]
    interval = Interval(min(low for low, _ in widest), max(high for _, high in widest)) if widest else None
    stocked = all(all(_stocks(holder)) for holder in others)
    return bookable(Supply(free, interval, problem.stock if stocked else None))
