"""What deliveries allow: a dose can be given from the day on which it came, one for every seat taken.

People are called from the latest chain of days to the earliest. The latest sweep uses doses as late as any way of
booking as many people does, so its longest prefix that the deliveries allow is the most. Doses do not expire here:
what must be thrown away is taken off its delivery by those who throw it away (`SiteDesk.receive`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from attrs import frozen

__all__ = ["Chain", "Delivered", "doses_needed", "people_served"]

Chain = tuple[tuple[int, ...], int]
"""The days of all doses, and how many people take them."""


@frozen
class Delivered:
    """So many doses, at the site by a day (an ordinal)."""

    day: int
    doses: int


def people_served(chains: Sequence[Chain], doses: Mapping[int, int]) -> int:
    """How many people, counted from the first chain of a latest sweep, the deliveries allow."""
    if not chains:
        return 0
    arrived = sum(doses.values())
    place, later = [0] * len(chains[0][0]), [0] * len(chains[0][0])
    limits = [sum(number for _, number in chains), _most(arrived, later)]
    for day, number in sorted(doses.items(), reverse=True):
        arrived -= number
        for dose, start in enumerate(place):
            place[dose], more = _until(chains, start, dose, day)
            later[dose] += more
        limits.append(_most(arrived, later))
    return min(limits)


def _until(chains: Sequence[Chain], start: int, dose: int, day: int) -> tuple[int, int]:
    """The first chain whose dose lies before a day, as the days of every dose fall; and the people of those passed."""
    people = 0
    while start < len(chains) and chains[start][0][dose] >= day:
        people += chains[start][1]
        start += 1
    return start, people


def _most(arrived: int, later: Sequence[int]) -> int:
    """The most people whose doses before some day are no more than those that arrived before it.

    Of n people, n - later[dose] take that dose before it, or nobody; `later` rises with the dose.
    """
    budget = people = arrived
    for number, beyond in enumerate(later):
        if number and people <= beyond:
            break
        budget += beyond
        people = budget // (number + 1)
    return people


def doses_needed(chains: Sequence[Chain], doses: Mapping[int, int]) -> tuple[Delivered, ...]:
    """What must come beside the deliveries for everybody in a sweep, each as late as it will do, by day."""
    used: Counter[int] = Counter()
    for days, number in chains:
        for day in days:
            used[day] += number
    found: list[Delivered] = []
    arrivals = sorted(doses.items(), reverse=True)
    left = 0
    for day, number in sorted(used.items()):
        while arrivals and arrivals[-1][0] <= day:
            left += arrivals.pop()[1]
        left -= number
        if left < 0:
            found.append(Delivered(day, -left))
            left = 0
    return tuple(found)
