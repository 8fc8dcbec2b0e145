"""The headline table: who registered, who reserved, who waits; rolled up from the journal, with as-of."""

from collections.abc import Iterable, Iterator, Mapping

from attrs import field, frozen

from crs_core.domain.time import Day, Instant

__all__ = [
    "GROUP_YEARS",
    "OLDEST_GROUP",
    "HeadlineRow",
    "Statistics",
    "Tally",
    "age_group",
    "headline",
    "lowest_age",
    "measures",
]

GROUP_YEARS = 5
OLDEST_GROUP = 90


@frozen
class Tally:
    """A number of events of one kind on one day at one site among people of one age group."""

    day: Day
    measure: str
    site_id: str
    age_group: str
    number: int


@frozen
class HeadlineRow:
    """One day's figures and the running totals.

    Attributes:
        registered, reserved, cancelled, invited, lapsed, withdrawn: Events of the day; a reservation that ends
            because nobody came, or that a re-plan takes away, counts as cancelled.
        given, no_show: Doses given and missed, less those undone that day.
        registrations: All live registrations so far: registered less withdrawn, with those that took the place of
            another or lost theirs.
        reservations: All reservations held: reserved less cancelled.
        waiting: Everyone live without a reservation.
    """

    day: Day
    registered: int
    invited: int
    reserved: int
    cancelled: int
    lapsed: int
    withdrawn: int
    registrations: int
    reservations: int
    waiting: int
    given: int = 0
    no_show: int = 0


@frozen
class Statistics:
    """The figures up to a day.

    Attributes:
        as_of: Until when events are counted.
        days: One row a day, rising, from the first day with an event.
        waiting_by_age: Everyone live without a reservation, by age group, the oldest first.
        waiting_by_site: The same by vaccination site.
    """

    as_of: Instant
    days: tuple[HeadlineRow, ...]
    waiting_by_age: dict[str, int] = field(factory=dict)
    waiting_by_site: dict[str, int] = field(factory=dict)


def age_group(age: int) -> str:
    """Five-year group of an age in years, as open data have it.

    >>> age_group(83), age_group(97), age_group(4)
    ('80-84', '90+', '0-4')
    """
    start = lowest_age(age)
    return f"{start}+" if start == OLDEST_GROUP else f"{start}-{start + GROUP_YEARS - 1}"


def lowest_age(age: int) -> int:
    """The lowest age of the group that an age in years belongs to.

    >>> lowest_age(83), lowest_age(97)
    (80, 90)
    """
    return min(age // GROUP_YEARS * GROUP_YEARS, OLDEST_GROUP)


_MEASURES = ("registered", "invited", "reserved", "cancelled", "lapsed", "withdrawn", "given", "no_show")
_MOVED = ("took_place", "lost_place")
_COUNTED = frozenset({*_MEASURES, *_MOVED, "returned"})
_WAITING = {"registered": 1, "reserved": -1, "cancelled": 1, "withdrawn": -1, "took_place": 1, "lost_place": -1}


def measures(kind: str, facts: Mapping[str, str | int]) -> Iterator[tuple[str, int]]:
    """What a journal entry adds to the statistics; a step that was undone is taken away again.

    >>> list(measures("undone", {"step": "no_show", "reinstated": 1}))
    [('no_show', -1), ('cancelled', -1)]
    """
    if kind in _COUNTED:
        yield kind, 1
    if kind == "undone":
        if facts.get("step") in _COUNTED:
            yield str(facts["step"]), -1
        if facts.get("reinstated"):
            yield "cancelled", -1


def headline(tallies: Iterable[Tally], *, as_of: Instant) -> Statistics:
    """The headline table of rolled-up events.

    >>> from pendulum import datetime
    >>> day = Day(2021, 1, 15)
    >>> events = [Tally(day, "registered", "s", "80-84", 5), Tally(day, "reserved", "s", "80-84", 2)]
    >>> headline(events, as_of=datetime(2021, 1, 16)).days[0].waiting
    3
    """
    by_day: dict[Day, dict[str, int]] = {}
    by_age: dict[str, int] = {}
    by_site: dict[str, int] = {}
    for tally in tallies:
        figures = by_day.setdefault(tally.day, {})
        figures[tally.measure] = figures.get(tally.measure, 0) + tally.number
        change = _WAITING.get(tally.measure, 0) * tally.number
        by_age[tally.age_group] = by_age.get(tally.age_group, 0) + change
        by_site[tally.site_id] = by_site.get(tally.site_id, 0) + change
    return Statistics(
        as_of,
        tuple(_rows(by_day)),
        dict(sorted(by_age.items(), key=lambda item: -int(item[0].rstrip("+").split("-")[0]))),
        dict(sorted(by_site.items())),
    )


def _rows(by_day: dict[Day, dict[str, int]]) -> Iterable[HeadlineRow]:
    registrations = reservations = 0
    for day, figures in sorted(by_day.items()):
        of = {measure: figures.get(measure, 0) for measure in _MEASURES}
        registrations += of["registered"] - of["withdrawn"]
        registrations += figures.get("took_place", 0) - figures.get("lost_place", 0)
        reservations += of["reserved"] - of["cancelled"]
        yield HeadlineRow(
            day, **of, registrations=registrations, reservations=reservations, waiting=registrations - reservations
        )
