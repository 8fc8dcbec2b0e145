"""Proof of how many first doses cannot be completed: where they begin, what they all need, what would help.

No maximum of people without a bottleneck that proves it (Ford and Fulkerson's cut, for two doses Hall's theorem):
from some dose-1 days every way of completing leads through some seats of later doses, and those are fewer. Whatever is
booked, as many first doses as are missing there stay stranded.

Source: L. R. Ford, D. R. Fulkerson, Maximal flow through a network, Canadian Journal of Mathematics 8 (1956), 399-404.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from attrs import evolve, frozen

from crs_core.domain.pairing.stock import Delivered, doses_needed
from crs_core.domain.pairing.supply import Supply
from crs_core.domain.pairing.sweep import chains

__all__ = ["Addition", "Bottleneck", "Shortage", "doses_short", "shortages"]

_Node = tuple[int, int]
"""A dose, from 0, and a day."""


@frozen
class Bottleneck:
    """Free seats of a later dose (2 or 3), one of which everybody of a shortage needs; days rise and may be none."""

    dose: int
    days: tuple[int, ...]
    seats: int


@frozen
class Addition:
    """Seats to add for a dose (2 or 3), on any days from `first` to `last`, both included."""

    dose: int
    first: int
    last: int
    seats: int


@frozen
class Shortage:
    """First doses of which some cannot be completed, whatever is booked.

    Attributes:
        days: Dose-1 days with a free seat, rising; with one window for everyone and two doses an interval of them.
        seats: Free first doses on those days.
        bottlenecks: Later seats, one of which each of them needs, by dose.
        stranded: `seats` less the seats of the bottlenecks; above 0.
        additions: Seats that would be enough for all of them; for two doses as few as possible.
    """

    days: tuple[int, ...]
    seats: int
    bottlenecks: tuple[Bottleneck, ...]
    stranded: int
    additions: tuple[Addition, ...]


def shortages(supply: Supply) -> tuple[Shortage, ...]:
    """Every shortage of seats, by day; their `stranded` add up to the free first doses that nobody can use.

    Stock does not count here; see `doses_short`.

    >>> from crs_core.domain.campaign import Interval
    >>> [short] = shortages(Supply([{1: 3, 2: 4}, {22: 2, 23: 9}], Interval(21, 21)))
    >>> short.days, short.seats, short.stranded
    ((1,), 3, 1)
    """
    if len(supply.seats) == 1:
        return ()
    seats = evolve(supply, doses=None)
    flow = _Flow(seats)
    asked, passed = _starved(seats, flow)
    left = [_rest(free, used) for free, used in zip(seats.seats, flow.used, strict=True)]
    groups = sorted(sorted(group) for group in _groups(_links(seats, asked, passed), passed[0]))
    return tuple(_shortage(seats, group, passed, left) for group in groups)


def doses_short(supply: Supply) -> tuple[Delivered, ...]:
    """Doses that must come beside the deliveries so that stock holds nobody back, each by its day; rising."""
    return () if supply.doses is None else doses_needed(chains(supply), supply.doses)


class _Flow:
    """A maximum of people, as how many go from a day of one dose to a day of the next."""

    def __init__(self, supply: Supply) -> None:
        self.used: list[Counter[int]] = [Counter() for _ in supply.seats]
        self.origins: list[dict[int, set[int]]] = [{} for _ in supply.seats]
        for days, number in chains(supply):
            for dose, day in enumerate(days):
                self.used[dose][day] += number
            for dose, (before, after) in enumerate(pairwise(days), start=1):
                self.origins[dose].setdefault(after, set()).add(before)


def _starved(supply: Supply, flow: _Flow) -> tuple[list[set[int]], list[set[int]]]:
    """For each dose, the days that a stranded person could ask for a seat, and those where one would be had.

    Whoever is stranded may ask every day within reach; if its seats are gone, those who hold them may be sent elsewhere
    by moving back to where they came from, and so on.
    """
    doses = range(len(supply.seats))
    asked: list[set[int]] = [set() for _ in doses]
    passed: list[set[int]] = [set() for _ in doses]
    todo = [(0, day) for day, free in supply.seats[0].items() if free > flow.used[0][day]]
    while todo:
        dose, day = todo.pop()
        if day in passed[dose]:
            continue
        passed[dose].add(day)
        asking = [(dose + 1, after) for after in supply.reach(day)] if dose + 1 < len(doses) else []
        for later, after in [(dose, day), *asking] if dose else asking:
            free = supply.seats[later].get(after, 0)
            if free <= 0 or after in asked[later]:
                continue
            asked[later].add(after)
            todo += [(later - 1, before) for before in flow.origins[later].get(after, ())]
            todo += [(later, after)] if free > flow.used[later][after] else []
    return asked, passed


def _links(supply: Supply, asked: Sequence[set[int]], passed: Sequence[set[int]]) -> Iterator[tuple[_Node, _Node]]:
    """What belongs to one shortage: days and those within their reach, and neighbouring dose-1 days."""
    for dose, days in enumerate(passed[:-1]):
        for day in days:
            yield from (((dose, day), (dose + 1, after)) for after in supply.reach(day) if after in asked[dose + 1])
    for first, second in pairwise(sorted(day for day, free in supply.seats[0].items() if free > 0)):
        if {first, second} <= passed[0] and supply.reach(second).start <= supply.reach(first).stop:
            yield (0, first), (0, second)


def _groups(links: Iterable[tuple[_Node, _Node]], first: Iterable[int]) -> list[set[_Node]]:
    group_of = {(0, day): {(0, day)} for day in first}
    for ends in links:
        one, other = (group_of.setdefault(node, {node}) for node in ends)
        if one is not other:
            one |= other
            group_of |= dict.fromkeys(other, one)
    return list({id(group): group for group in group_of.values()}.values())


def _shortage(
    supply: Supply, group: Sequence[_Node], passed: Sequence[set[int]], left: Sequence[dict[int, int]]
) -> Shortage:
    days = tuple(day for dose, day in group if dose == 0)
    seats = sum(supply.seats[0][day] for day in days)
    bottlenecks = []
    for dose in range(1, len(supply.seats)):
        short = tuple(day for each, day in group if each == dose and day not in passed[dose])
        bottlenecks.append(Bottleneck(dose + 1, short, sum(supply.seats[dose][day] for day in short)))
    people = {day: left[0][day] for day in days if left[0][day]}
    stranded = seats - sum(each.seats for each in bottlenecks)
    return Shortage(days, seats, tuple(bottlenecks), stranded, tuple(_additions(supply, people, left)))


def _additions(supply: Supply, people: Mapping[int, int], left: Sequence[dict[int, int]]) -> Iterator[Addition]:
    """Dose by dose: those who find no seat among what is left get a new one."""
    last = len(supply.seats) - 1
    for dose in range(1, last + 1):
        found = chains(Supply([people, left[dose]], supply.interval, windows=supply.windows))
        waiting, moved = Counter(people), Counter[int]()
        for (before, after), number in found:
            waiting[before] -= number
            moved[after] += number
            left[dose][after] -= number
        for reach, number in _together(supply, waiting):
            yield Addition(dose + 1, reach.start, reach.start if dose < last else reach.stop - 1, number)
            moved[reach.start] += number
        people = moved


def _together(supply: Supply, people: Mapping[int, int]) -> list[tuple[range, int]]:
    """Days that suit as many as possible at once, and for how many."""
    found: list[tuple[range, int]] = []
    reaches = sorted(((supply.reach(day), number) for day, number in people.items() if number), key=_ends)
    for reach, number in reaches:
        common, before = found[-1] if found else (range(0), 0)
        both = range(max(reach.start, common.start), min(reach.stop, common.stop))
        if both:
            found[-1] = (both, before + number)
        else:
            found.append((reach, number))
    return found


def _ends(entry: tuple[range, int]) -> int:
    return entry[0].stop


def _rest(free: Mapping[int, int], used: Mapping[int, int]) -> dict[int, int]:
    return {day: number - used.get(day, 0) for day, number in free.items()}
