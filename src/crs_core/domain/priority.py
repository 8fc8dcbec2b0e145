"""The declared order of the queue, compiled for a day into segments.

A segment is a set of claims × a range of birth dates; segments come in order of rank, and within one rank the older
goes first, then the longer registered, then the smaller id. The same segments rank one registration here and drive
the ranges of the storage's index, so that what is declared once is what runs.
"""

from collections.abc import Iterable, Iterator
from itertools import combinations

from attrs import frozen

from crs_core.domain.campaign import Campaign, PriorityGroup
from crs_core.domain.time import Day, Instant, day_of

__all__ = ["Segment", "claims_text", "compile_segments", "rank", "segments_at"]

_LONG_AGO = Day(1, 1, 1)


@frozen
class Segment:
    """Everybody with exactly these claims, born in a range of days.

    Attributes:
        rank: Place of the group in the declaration, from 0; smaller is called first.
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


def segments_at(campaign: Campaign, now: Instant) -> tuple[Segment, ...]:
    """The segments of the order in force now."""
    return compile_segments(campaign.priority.at(now), campaign.claims, day_of(now, campaign.zone))


def compile_segments(groups: Iterable[PriorityGroup], claims: frozenset[str], today: Day) -> tuple[Segment, ...]:
    """Disjoint segments of the declared groups, in order of rank.

    A person belongs to the first group that takes them; whoever no group takes is not called.
    """
    found: list[Segment] = []
    held = [frozenset(some) for size in range(len(claims) + 1) for some in combinations(sorted(claims), size)]
    groups = tuple(groups)
    for some in held:
        found += _of_claims(groups, some, today)
    return tuple(sorted(found, key=lambda segment: (segment.rank, segment.claims)))


def _of_claims(groups: tuple[PriorityGroup, ...], claims: frozenset[str], today: Day) -> Iterator[Segment]:
    """Going down the groups, each takes those born up to its limit and not yet taken."""
    first = _LONG_AGO
    for number, group in enumerate(groups):
        last = _last_birth_date(group, claims, today)
        if last is not None and first <= last:
            yield Segment(number, claims_text(claims), first, last)
            first = Day.fromordinal(last.toordinal() + 1)


def _last_birth_date(group: PriorityGroup, claims: frozenset[str], today: Day) -> Day | None:
    if group.claims & claims or (group.minimum_age is None and not group.claims):
        return today
    return None if group.minimum_age is None else _youngest_of_age(group.minimum_age, today)


def _youngest_of_age(age: int, today: Day) -> Day:
    """The last birth date of those who have completed that age today; 29 February ages on 1 March."""
    year = today.year - age
    try:
        return today.replace(year=year)
    except ValueError:
        return Day(year, 2, 28)


def rank(segments: Iterable[Segment], *, claims: str, born: Day) -> int | None:
    """The rank of one person, or None if nobody calls them."""
    for segment in segments:
        if segment.claims == claims and segment.born_from <= born <= segment.born_to:
            return segment.rank
    return None
