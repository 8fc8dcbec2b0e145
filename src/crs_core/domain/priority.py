"""The declared order of the queue, compiled for a day into segments.

A segment is a set of claims × a range of birth dates; segments come in order of rank, and within one rank the declared
`Order` decides. The same segments rank one registration here and drive the ranges of the storage's index, so that what
is declared once is what runs.

Nothing here is kept: a birthday, a new year or the opening of a group makes other segments the next time, and rewrites
nobody.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from attrs import evolve, frozen

from crs_core.domain.order import AgeMeaning, Priority, PriorityGroup
from crs_core.domain.time import Day, add_days, days_between

__all__ = ["Segment", "all_open", "claims_of", "claims_text", "compile_segments", "group_of", "rank"]


@frozen
class Segment:
    """Everybody with exactly these claims, born in a range of days.

    Attributes:
        rank: How many of the declared scores are higher, from 0; smaller is called first.
        claims: The claims as one text, as `claims_text` writes them.
        born_from, born_to: First and last birth date, both included.
    """

    rank: int
    claims: str
    born_from: Day
    born_to: Day


def claims_text(claims: Iterable[str]) -> str:
    """Verified claims as one text, sorted: the form in which they are stored and compared.

    >>> claims_text({"teacher", "health-worker"})
    'health-worker,teacher'
    """
    return ",".join(sorted(claims))


def claims_of(text: str) -> frozenset[str]:
    """The claims in a text; inverse of `claims_text`."""
    return frozenset(text.split(",")) if text else frozenset()


def group_of(declared: Priority, *, claims: str, born: Day, today: Day) -> PriorityGroup | None:
    """The group by which one person may be invited today: the first of the highest score among the open ones.

    None if no open group takes them. It reads the declaration directly, and is what segments are held against.

    >>> declared = Priority((PriorityGroup(80, score=13), PriorityGroup(65, score=3, name="65+")))
    >>> group_of(declared, claims="", born=Day(1950, 5, 5), today=Day(2021, 1, 15)).name
    '65+'
    """
    held, age = claims_of(claims), declared.age.age(born, today)
    taking = [group for group in declared.groups if group.is_open(today) and group.takes(held, age)]
    return max(taking, key=lambda group: group.score, default=None)


def all_open(declared: Priority) -> Priority:
    """The same order as if every group were open: it takes those who wait for an opening too."""
    return evolve(declared, groups=tuple(evolve(group, opens=None) for group in declared.groups))


def compile_segments(declared: Priority, claims: Iterable[str], today: Day) -> tuple[Segment, ...]:
    """Disjoint segments of those who may be invited today, in order of rank, claims and birth date.

    Args:
        declared: The order in force.
        claims: The texts of claims that are to be called, such as those of a site's queue. All sets of the declared
            claims would be twice as many with every claim; only those that people hold are asked for.
        today: The day in the campaign's zone.

    Returns:
        As few as there can be: neighbours of one rank are one segment. Whoever no open group takes is in none.
    """
    scores = sorted({group.score for group in declared.groups}, reverse=True)
    ranks = {score: number for number, score in enumerate(scores)}
    found: list[Segment] = []
    for text in dict.fromkeys(claims):
        scored = _scored(declared, claims_of(text), today)
        found += [Segment(ranks[score], text, first, last) for score, first, last in scored]
    return tuple(sorted(found, key=lambda segment: (segment.rank, segment.claims, segment.born_from)))


def _scored(declared: Priority, held: frozenset[str], today: Day) -> list[tuple[int, Day, Day]]:
    """Ranges of birth dates, rising and disjoint, each with the highest score of the open groups that take it."""
    taking: list[tuple[int, Day, Day]] = []
    for group in declared.groups:
        born = _born(group, declared.age, today)
        if group.is_open(today) and born is not None and (not group.claims or group.claims & held):
            taking.append((group.score, *born))
    found: list[tuple[int, Day, Day]] = []
    for first, last in _pieces(taking):
        scores = [score for score, born_from, born_to in taking if born_from <= first <= born_to]
        if not scores:
            continue
        extends = found and found[-1][0] == max(scores) and days_between(found[-1][2], first) == 1
        found.append((max(scores), found.pop()[1] if extends else first, last))
    return found


def _pieces(ranges: list[tuple[int, Day, Day]]) -> Iterator[tuple[Day, Day]]:
    """Stretches of days within which no range begins or ends, in order."""
    starts = {first.toordinal() for _, first, _ in ranges} | {last.toordinal() + 1 for *_, last in ranges}
    for first, following in pairwise(sorted(starts)):
        yield Day.fromordinal(first), Day.fromordinal(following - 1)


def _born(group: PriorityGroup, meaning: AgeMeaning, today: Day) -> tuple[Day, Day] | None:
    """First and last birth date of those of the group's ages today, or None where there are none."""
    first, last = Day.min, Day.max
    if group.maximum_age is not None:
        first = add_days(_youngest(group.maximum_age + 1, meaning, today), 1)
    if group.minimum_age is not None:
        last = _youngest(group.minimum_age, meaning, today)
    return (first, last) if first <= last else None


def _youngest(age: int, meaning: AgeMeaning, today: Day) -> Day:
    """The last birth date of those who are of that age, or older, today."""
    year = today.year - age
    if meaning is AgeMeaning.YEAR:
        return Day(year, 12, 31)
    try:
        return today.replace(year=year)
    except ValueError:  # today is 29 February, and that year had none: whoever was born on 1 March is not there yet
        return Day(year, 2, 28)


def rank(segments: Iterable[Segment], *, claims: str, born: Day) -> int | None:
    """The rank of one person, or None if nobody calls them."""
    for segment in segments:
        if segment.claims == claims and segment.born_from <= born <= segment.born_to:
            return segment.rank
    return None
