"""Writes the figures of January 2021 from open data: ``CRS_DATA=FOLDER python compute_figures.py [INTO]``.

Only sums by day, by region and day, by region and age leave the data. Columns, sources and what was decided about gaps
stand in figures/README.md; the sums printed at the end stand there too. The same data give the same bytes.
"""

import csv
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, TypeVar

from crs_adapters.simulation.open_data import (
    CalendarDay,
    Delivery,
    Kind,
    People,
    Registration,
    SiteCalendars,
    deliveries,
    find,
    population,
    registrations,
    reservations,
    site_calendars,
    sites,
)
from crs_core.domain.campaign import Interval
from crs_core.domain.pairing import Supply, bookable
from crs_core.domain.time import add_days
from crs_core.errors import Problem

START, SWITCH, END = date(2021, 1, 15), date(2021, 1, 22), date(2021, 2, 12)
OPERATORS_DAY = date(2021, 1, 20)
HEALTH_WORKERS_FROM = date(2021, 1, 26)
COUNTED_FROM = date(2021, 1, 30)
CAPACITY_TO = date(2021, 4, 10)

# Unique registrations to 20 January, in the report that the operator gave on that day.
OPERATORS_REGISTRATIONS = 173_019
# Registrations by day as the Ministry published them on 3 March 2021, without those taken out until then.
PUBLISHED = {
    date(2021, 1, 15): 79_814,
    date(2021, 1, 16): 16_158,
    date(2021, 1, 17): 12_618,
    date(2021, 1, 18): 16_224,
    date(2021, 1, 19): 10_152,
    date(2021, 1, 20): 7_097,
    date(2021, 1, 21): 5_092,
    date(2021, 1, 22): 4_984,
    date(2021, 1, 26): 9_930,
    date(2021, 1, 30): 987,
}
FIRST_INTERVAL = Interval(21, 28)
SENIOR_AGES, WORKING_AGES = range(80, 101), range(18, 66)
SHARE_PARTS = 10_000
SATURDAY = 5

_Row = TypeVar("_Row")
Table = Sequence[tuple[object, ...]]


class Registered(NamedTuple):
    """Registrations of one day: as estimated, and the figures that stand behind it, where there are any."""

    day: date
    seniors: int
    health_workers: int
    source: str
    published: int | None
    counted: int | None


class Data(NamedTuple):
    """What the folder holds."""

    calendars: list[CalendarDay]
    registrations: list[Registration]
    deliveries: list[Delivery]
    population: list[People]
    known_sites: set[str]
    sites: list[SiteCalendars]


def read(folder: Path) -> Data:
    """Everything the figures are computed from; what was mended is said, what was left out ends the run."""
    return Data(
        _whole(folder, "reservations", reservations),
        _whole(folder, "registrations", registrations),
        _whole(folder, "deliveries", deliveries),
        _whole(folder, "population", population),
        {site.id for site in _whole(folder, "sites", sites)},
        site_calendars(folder, START, END),
    )


def _whole(folder: Path, kind: Kind, load: Callable[[Path], tuple[list[_Row], list[Problem]]]) -> list[_Row]:
    rows, problems = load(find(folder, kind))
    print(*problems, sep="\n", end="\n" if problems else "", file=sys.stderr)
    if any(problem.code != "mended" for problem in problems):
        sys.exit(f"kind={kind}: rows were left out, so sums would be wrong; mend them")
    return rows


def days(first: date, last: date) -> list[date]:
    """Every day from the first to the last, both included."""
    return [add_days(first, number) for number in range((last - first).days + 1)]


def nearest(value: Fraction | float) -> int:
    """The nearest whole number, halves up."""
    return int(value + Fraction(1, 2))


def portions(total: int, weights: Sequence[int]) -> list[int]:
    """A total split by weights into whole numbers; what rounding leaves goes to the largest remainders."""
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    found = [int(part) for part in exact]
    by_remainder = sorted(range(len(exact)), key=lambda place: (found[place] - exact[place], place))
    for place in by_remainder[: total - sum(found)]:
        found[place] += 1
    return found


def is_senior(row: Registration) -> bool:
    """Whether a registration counts among people of 80 and more; the others were health workers, nobody else might."""
    return row.age_group == "80+"


def registrations_by_day(rows: Sequence[Registration]) -> list[Registered]:
    """How many registered on every day from 15 January to 12 February."""
    seniors = Counter(row.day for row in rows if is_senior(row))
    others = Counter(row.day for row in rows if not is_senior(row))
    estimated = _to_the_operators_day() | _gap(seniors, others) | _counted(seniors, others)
    return [
        Registered(
            day,
            *estimated[day],
            "published" if day in PUBLISHED else "counted" if day >= COUNTED_FROM else "interpolated",
            PUBLISHED.get(day),
            seniors[day] + others[day] if day >= COUNTED_FROM else None,
        )
        for day in days(START, END)
    ]


def _to_the_operators_day() -> dict[date, tuple[int, int]]:
    """As published, raised to what the operator counted on the day itself."""
    span = days(START, OPERATORS_DAY)
    raised = portions(OPERATORS_REGISTRATIONS, [PUBLISHED[day] for day in span])
    return {day: (number, 0) for day, number in zip(span, raised, strict=True)}


def _gap(seniors: Mapping[date, int], others: Mapping[date, int]) -> dict[date, tuple[int, int]]:
    """21 to 29 January: what is published holds; between, falling by the same part every day, less at weekends."""
    back = _back_to_publication(seniors, others)
    old = _falling(SWITCH, PUBLISHED[SWITCH], COUNTED_FROM, float(seniors[COUNTED_FROM] * back), _weekend(seniors))
    first = PUBLISHED[HEALTH_WORKERS_FROM] - nearest(old[HEALTH_WORKERS_FROM])
    new = _falling(HEALTH_WORKERS_FROM, first, COUNTED_FROM, float(others[COUNTED_FROM] * back), _weekend(others))
    found = {day: (nearest(old[day]), nearest(new.get(day, 0))) for day in days(SWITCH, add_days(COUNTED_FROM, -1))}
    return {add_days(SWITCH, -1): (PUBLISHED[add_days(SWITCH, -1)], 0)} | found


def _counted(seniors: Mapping[date, int], others: Mapping[date, int]) -> dict[date, tuple[int, int]]:
    """From 30 January: as counted, raised to the day of publication."""
    back = _back_to_publication(seniors, others)
    return {day: (nearest(seniors[day] * back), nearest(others[day] * back)) for day in days(COUNTED_FROM, END)}


def _back_to_publication(seniors: Mapping[date, int], others: Mapping[date, int]) -> Fraction:
    """What stood there on 3 March for one that is still in the snapshot, by the only day that both know."""
    return Fraction(PUBLISHED[COUNTED_FROM], seniors[COUNTED_FROM] + others[COUNTED_FROM])


def _falling(first: date, start: float, last: date, end: float, weekend: float) -> dict[date, float]:
    part = {day: weekend if day.weekday() >= SATURDAY else 1.0 for day in days(first, last)}
    level = start / part[first]
    fall = (end / part[last] / level) ** (1 / (last - first).days)
    return {day: level * fall ** (day - first).days * part[day] for day in part}


def _weekend(counts: Mapping[date, int]) -> float:
    """A weekend day to a working day, in the two whole weeks from Monday, 1 February."""
    weeks = days(date(2021, 2, 1), date(2021, 2, 14))
    free = [counts[day] for day in weeks if day.weekday() >= SATURDAY]
    working = [counts[day] for day in weeks if day.weekday() < SATURDAY]
    return (sum(free) / len(free)) / (sum(working) / len(working))


def registrations_by_region(rows: Sequence[Registration]) -> Table:
    """Region, its share of seniors, its share of health workers; each column sums to one."""
    window = [row for row in rows if COUNTED_FROM <= row.day <= END]
    regions = sorted({row.region for row in window})
    shares = []
    for wanted in (True, False):
        counts = Counter(row.region for row in window if is_senior(row) is wanted)
        shares.append(portions(SHARE_PARTS, [counts[region] for region in regions]))
    texts = [[f"{part / SHARE_PARTS:.4f}" for part in column] for column in shares]
    return list(zip(regions, *texts, strict=True))


def ages(people: Iterable[People]) -> Table:
    """Region, age, people, of those who might register: seniors, and health workers of working age."""
    wanted = {*SENIOR_AGES, *WORKING_AGES}
    return sorted((row.area, row.age, row.people) for row in people if is_region(row.area) and row.age in wanted)


def is_region(area: str) -> bool:
    """Whether an area is a kraj: its NUTS code has five characters."""
    return len(area) == len("CZ010")


def capacity(rows: Sequence[CalendarDay]) -> Table:
    """Region, day, sites with first-dose seats, first-dose and second-dose seats held; every day of every region."""
    seats: defaultdict[tuple[str, date], Counter[str]] = defaultdict(Counter)
    for row in rows:
        found = seats[row.region, row.day]
        found[row.calendar] += row.held
        found["sites"] += row.calendar == "V1" and row.held > 0
    return [
        (region, day, found["sites"], found["V1"], found["V2"])
        for region in sorted({row.region for row in rows})
        for day in days(START, CAPACITY_TO)
        for found in [seats[region, day]]
    ]


def sites_by_region(found: Iterable[SiteCalendars]) -> Table:
    """Region, sites that had first-dose seats by 12 February."""
    return sorted(Counter(site.region for site in found).items())


def tables(data: Data) -> dict[str, tuple[tuple[str, ...], Table]]:
    """Header and rows by file name."""
    return {
        "ages": (("region", "age", "people"), ages(data.population)),
        "capacity": (("region", "day", "sites", "first_dose", "second_dose"), capacity(data.calendars)),
        "registrations": (
            ("day", "seniors", "health_workers", "source", "published", "counted"),
            registrations_by_day(data.registrations),
        ),
        "registrations_by_region": (
            ("region", "share", "health_workers_share"),
            registrations_by_region(data.registrations),
        ),
        "sites": (("region", "sites"), sites_by_region(data.sites)),
    }


def sums(data: Data) -> list[tuple[str, int, str]]:
    """What, how much, and what to hold it against."""
    registered = registrations_by_day(data.registrations)

    def people(last: date) -> int:
        return sum(row.seniors + row.health_workers for row in registered if row.day <= last)

    def seats(calendar: str, last: date) -> int:
        return sum(row.held for row in data.calendars if row.calendar == calendar and START <= row.day <= last)

    def doses(last: date) -> int:
        return sum(row.doses for row in data.deliveries if row.action == "in" and row.day <= last)

    old = sum(row.people for row in data.population if row.area == "CZ0" and row.age in SENIOR_AGES)
    return [
        ("registrations to 20 January", people(OPERATORS_DAY), "173,019 in the operator's report of that day"),
        ("registrations to 22 January", people(SWITCH), "about 183,000, said in public on the 24th"),
        ("registrations to 12 February", people(END), "571,758 to 1 March, when 70+ and teachers might register too"),
        ("seniors among them", sum(row.seniors for row in registered), f"{old:,} people of 80 and more"),
        (
            "health workers among them",
            sum(row.health_workers for row in registered),
            "9,930 of both kinds on 26 January alone",
        ),
        ("first-dose seats to 20 January", seats("V1", OPERATORS_DAY), "154,567 doses given, most outside the system"),
        ("first-dose seats to 12 February", seats("V1", END), "72,180 reservations made by 20 January"),
        ("of these, with a second dose after 21 to 28 days", _pairs(data.sites), "at the same site"),
        ("first-dose seats to 10 March", seats("V1", date(2021, 3, 10)), ""),
        ("first-dose seats to 10 April", seats("V1", CAPACITY_TO), ""),
        ("second-dose seats to 12 February", seats("V2", END), "none can be a second dose before 5 February"),
        ("second-dose seats to 10 March", seats("V2", date(2021, 3, 10)), ""),
        ("second-dose seats to 10 April", seats("V2", CAPACITY_TO), ""),
        ("sites with first-dose seats by 12 February", len(data.sites), ""),
        (
            "of these, missing in the newest list of sites",
            len({site.site for site in data.sites} - data.known_sites),
            "",
        ),
        ("doses received to 20 January", doses(OPERATORS_DAY), "154,567 given by then"),
        ("doses received to 12 February", doses(END), ""),
    ]


def _pairs(found: Iterable[SiteCalendars]) -> int:
    return sum(
        bookable(Supply([_by_ordinal(site.first_dose), _by_ordinal(site.second_dose)], FIRST_INTERVAL))
        for site in found
    )


def _by_ordinal(seats: Mapping[date, int]) -> dict[int, int]:
    return {day.toordinal(): number for day, number in seats.items()}


def write(path: Path, header: Sequence[str], rows: Table) -> None:
    """One CSV file in UTF-8 with a line feed after every line."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main() -> None:
    """Write every table, then print the sums as the table that stands in the README."""
    if not os.environ.get("CRS_DATA"):
        sys.exit("CRS_DATA is not set; name the folder with the open data: CRS_DATA=~/data")
    into = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "figures"
    into.mkdir(parents=True, exist_ok=True)
    data = read(Path(os.environ["CRS_DATA"]))
    for name, (header, rows) in tables(data).items():
        write(into / f"{name}.csv", header, rows)
    print("| what | sum | against |\n| --- | ---: | --- |")
    for what, number, against in sums(data):
        print(f"| {what} | {number:,} | {against} |")


if __name__ == "__main__":
    main()
