"""Real figures: Czech open data on the reservation system of 2021, as the Ministry of Health published them.

Every loader reads its file line by line, plain or gzipped, with or without a byte-order mark, and returns (accepted,
problems): the rows in the order of the file, and every row that was left out, or mended (``code="mended"``, then it is
accepted too), with its place, value and rule. Which mistake is worse: a row counted wrongly is worse than a row left
out, as what is left out is said.

Source: Komenda M. et al., COVID-19: Přehled aktuální situace v ČR, Onemocnění aktuálně, MZ ČR / ÚZIS / IBA LF MU,
ISSN 2694-9423 (free access, data.gov.cz). Population: Czech Statistical Office.
"""

import csv
import gzip
import re
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from attrs import NOTHING, AttrsInstance, evolve, field, fields, frozen

from crs_core.domain.time import Day, add_days, parse_day
from crs_core.errors import AdapterFault, InvalidInput, NotFound, Problem

__all__ = [
    "SECOND_DOSE_DAYS",
    "CalendarDay",
    "Delivery",
    "Kind",
    "People",
    "Registration",
    "Site",
    "SiteCalendars",
    "deliveries",
    "find",
    "population",
    "registrations",
    "reservations",
    "site_calendars",
    "sites",
]

Kind = Literal["deliveries", "population", "registrations", "reservations", "sites"]

SECOND_DOSE_DAYS = 50
"""For how long after the last first dose `site_calendars` goes on with second doses: 42 days and a week."""

_FILES: dict[Kind, str] = {
    "deliveries": "*ockovani-distribuce*.csv*",
    "population": "*populace*.csv*",
    "registrations": "*ockovani-registrace*.csv*",
    "reservations": "*ockovani-rezervace*.csv*",
    "sites": "*prehled-ockovacich-mist*.csv*",
}
_FIRST_DELIVERY = date(2020, 12, 26)
_LEAP_DAY = (2, 29)  # 2021 has none
_LONGEST_VALUE = 60
_LEFT_OUT = "the row is left out; mend it in the file"
_REGION = re.compile(r"CZ\d{3}", re.ASCII)
_SNAPSHOT = re.compile(r"snapshot-(\d{4}-\d{2}-\d{2})", re.ASCII)
_Row = TypeVar("_Row", bound=AttrsInstance)


def _from(column: str, read: Callable[[str], Any]) -> dict[str, Any]:
    return {"column": column, "read": read}


_day = cache(parse_day)  # some hundred days stand in 170,000 rows


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError("a whole number, 0 or more, in digits")
    return int(text)


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text.strip()


def _region(text: str) -> str:
    if not _REGION.fullmatch(text):
        raise ValueError("a region (kraj) is CZ and three digits")
    return text


def _stated(text: str) -> str | None:
    return None if text == "neuvedeno" else _text(text)


def _maybe(read: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda text: read(text) if text else None


def _one_of(meanings: Mapping[str, Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        if text not in meanings:
            raise ValueError(f"one of {sorted(meanings)}")
        return meanings[text]

    return read


@frozen
class Site:
    """A vaccination site of the list of sites.

    Attributes:
        district: NUTS code of its okres; the first five characters are its region.
        latitude, longitude: Degrees; None where not given.
        minimum_capacity: Doses a day that the site promised.
        step_free: None where not stated.
        type: OČM, VOČM, ...; empty where the snapshot has no such column.
    """

    id: str = field(metadata=_from("ockovaci_misto_id", _text))
    name: str = field(metadata=_from("ockovaci_misto_nazev", _text))
    district: str = field(metadata=_from("okres_nuts_kod", _text))
    operating: bool = field(metadata=_from("operacni_status", _one_of({"": False, "0": False, "1": True})))
    address: str = field(metadata=_from("ockovaci_misto_adresa", str.strip))
    latitude: float | None = field(metadata=_from("latitude", _maybe(float)))
    longitude: float | None = field(metadata=_from("longitude", _maybe(float)))
    provider: str = field(metadata=_from("nrpzs_kod", str.strip))
    minimum_capacity: int = field(metadata=_from("minimalni_kapacita", _number))
    step_free: bool | None = field(metadata=_from("bezbarierovy_pristup", _one_of({"": None, "0": False, "1": True})))
    type: str = field(default="", metadata=_from("ockovaci_misto_typ", str.strip))


@frozen
class CalendarDay:
    """Seats of one day in one calendar of a site: V1 first dose, V2 second, VX substitutes and priority.

    The site may be missing in the list of sites, so its name and region stand here.
    """

    day: Day = field(metadata=_from("datum", _day))
    site: str = field(metadata=_from("ockovaci_misto_id", _text))
    name: str = field(metadata=_from("ockovaci_misto_nazev", _text))
    region: str = field(metadata=_from("kraj_nuts_kod", _region))
    free: int = field(metadata=_from("volna_kapacita", _number))
    maximum: int = field(metadata=_from("maximalni_kapacita", _number))
    calendar: str = field(metadata=_from("kalendar_ockovani", _one_of({"V1": "V1", "V2": "V2", "VX": "VX"})))

    @property
    def held(self) -> int:
        """Seats that somebody had reserved: maximum less free."""
        return self.maximum - self.free


@frozen
class Registration:
    """One registration, without the person.

    Attributes:
        region: That of the chosen site, not of the home.
        age_group: ``80+``, ``45-49``, ...; None where not stated.
        profession: As published, in Czech; None where not stated, which is usual.
        reserved_on: When the reservation was made (not the day of the appointment); None without one.
    """

    day: Day = field(metadata=_from("datum", _day))
    site: str = field(metadata=_from("ockovaci_misto_id", _text))
    site_name: str = field(metadata=_from("ockovaci_misto_nazev", _text))
    region: str = field(metadata=_from("kraj_nuts_kod", _region))
    age_group: str | None = field(metadata=_from("vekova_skupina", _stated))
    profession: str | None = field(metadata=_from("povolani", _stated))
    country: str = field(metadata=_from("stat", str.strip))
    reserved: bool = field(metadata=_from("rezervace", _one_of({"": False, "1.0": True})))
    reserved_on: Day | None = field(metadata=_from("datum_rezervace", _maybe(_day)))


@frozen
class Delivery:
    """Doses that came to a site, or left it for a `target` (None where it is not named)."""

    day: Day = field(metadata=_from("datum", _day))
    site: str = field(metadata=_from("ockovaci_misto_id", _text))
    site_name: str = field(metadata=_from("ockovaci_misto_nazev", _text))
    region: str = field(metadata=_from("kraj_nuts_kod", _region))
    target: str | None = field(metadata=_from("cilove_ockovaci_misto_id", _maybe(_text)))
    target_region: str | None = field(metadata=_from("cilovy_kraj_kod", _maybe(_region)))
    vaccine: str = field(metadata=_from("ockovaci_latka", _text))
    maker: str = field(metadata=_from("vyrobce", _text))
    action: Literal["in", "out"] = field(metadata=_from("akce", _one_of({"Příjem": "in", "Výdej": "out"})))
    vials: int = field(metadata=_from("pocet_ampulek", _number))
    doses: int = field(metadata=_from("pocet_davek", _number))


@frozen
class People:
    """How many people of one age live in an area: CZ0 the country, five characters a region, six a district."""

    age: int
    area: str
    people: int


class SiteCalendars(NamedTuple):
    """A real site with its seats by day, days without seats left out.

    Attributes:
        region: NUTS code of the kraj, such as ``CZ010``.
    """

    site: str
    name: str
    region: str
    first_dose: dict[Day, int]
    second_dose: dict[Day, int]


def sites(path: Path) -> tuple[list[Site], list[Problem]]:
    """The list of vaccination sites, and what could not be read.

    Raises:
        AdapterFault: The file cannot be read or decoded (of every loader).
        InvalidInput: The first line lacks columns (of every loader).
    """
    return _load(path, Site, _as_it_is)


def reservations(path: Path) -> tuple[list[CalendarDay], list[Problem]]:
    """Seats by site, day and calendar, and what could not be read; a day with more free than there are is left out."""
    return _load(path, CalendarDay, _with_fitting_seats)


def registrations(path: Path) -> tuple[list[Registration], list[Problem]]:
    """Registrations as a snapshot still holds them, and what could not be read.

    Later snapshots have fewer rows of the same days: people who were vaccinated or withdrew were taken out.
    """
    return _load(path, Registration, _as_it_is)


def deliveries(path: Path) -> tuple[list[Delivery], list[Problem]]:
    """Doses in and out, and what could not be read or was mended.

    The first doses came on 26 December 2020. A day of 2020 before that is a typing error for 2021: it is mended and
    reported.
    """
    return _load(path, Delivery, _with_mended_year)


def population(path: Path) -> tuple[list[People], list[Problem]]:
    """How many people live where, by age and then by column, and what could not be read."""
    accepted: list[People] = []
    problems: list[Problem] = []
    for place, record in _records(path, ["vek"], problems, delimiter=";"):
        faults: list[Problem] = []
        age = _value(record.pop("vek"), _number, f"{place}: vek", faults)
        found = [People(age, area, _value(text, _number, f"{place}: {area}", faults)) for area, text in record.items()]
        problems += faults
        accepted += [] if faults else found
    return accepted, problems


def find(folder: Path, kind: Kind) -> Path:
    """The file of that kind in a folder: of the newest snapshot, as its name says; without one it counts as oldest.

    Raises:
        NotFound: The folder has no such file.

    >>> names = ["ockovani-rezervace.csv", "ockovani-rezervace_snapshot-2021-03-15.csv.gz"]
    >>> for name in names:
    ...     Path(name).touch()
    >>> find(Path(), "reservations").name
    'ockovani-rezervace_snapshot-2021-03-15.csv.gz'
    """
    found = [path for path in folder.glob(_FILES[kind]) if path.name.endswith((".csv", ".csv.gz")) and path.is_file()]
    if not found:
        raise NotFound(
            "no_open_data",
            f"folder={folder}, kind={kind}: no file there is named like {_FILES[kind]}",
            remedy="name the folder with the open data, such as CRS_DATA=~/data",
        )
    return max(found, key=lambda path: (_snapshot(path), path.name))


def _snapshot(path: Path) -> str:
    match = _SNAPSHOT.search(path.name)
    return match[1] if match else ""


def site_calendars(folder: Path, first_day: Day, last_day: Day) -> list[SiteCalendars]:
    """Every site with first-dose seats from `first_day` to `last_day` (both included), by region and id.

    Second-dose seats go on for `SECOND_DOSE_DAYS` more, as each first dose needs a second one three weeks later at
    least. Name and region are those of the reservations, since the list of sites lacks some.

    Seats are those *held* (maximum less free), in both calendars. First doses: up to 26 February 2021 nothing is free,
    because capacity that nobody took was deleted, so maximum and held are the same (76,285 from 15 January to 12
    February) and both fall short of what was once offered; later the free rest is what happened to be left on the day
    of a snapshot. Second doses: maxima are placeholders (563,095 from 5 February to 12 March, six times the 88,827
    held), and held ones suffice: 72,958 of those 76,285 first doses find a second one at their site after 21 to 28
    days, with the maxima 73,904. (Snapshot of 20 July 2021.)

    Raises:
        NotFound: The folder has no reservations.
        InvalidInput: Rows cannot be read, every one of them; seats would be missing.
    """
    rows, problems = reservations(find(folder, "reservations"))
    if problems:
        raise InvalidInput(problems)
    last_days = {"V1": last_day, "V2": add_days(last_day, SECOND_DOSE_DAYS)}
    found: dict[str, SiteCalendars] = {}
    for row in rows:
        if row.held and row.calendar in last_days and first_day <= row.day <= last_days[row.calendar]:
            site = found.setdefault(row.site, SiteCalendars(row.site, row.name, row.region, {}, {}))
            seats = site.first_dose if row.calendar == "V1" else site.second_dose
            seats[row.day] = seats.get(row.day, 0) + row.held
    return sorted((site for site in found.values() if site.first_dose), key=lambda site: (site.region, site.site))


def _as_it_is(row: _Row) -> tuple[_Row, None]:
    return row, None


def _with_fitting_seats(row: CalendarDay) -> tuple[CalendarDay | None, Problem | None]:
    if row.free <= row.maximum:
        return row, None
    rule = f"no more seats are free than there are, maximalni_kapacita={row.maximum}"
    return None, Problem("volna_kapacita", str(row.free), rule, _LEFT_OUT)


def _with_mended_year(row: Delivery) -> tuple[Delivery | None, Problem | None]:
    if row.day >= _FIRST_DELIVERY:
        return row, None
    rule = f"no vaccine came before {_FIRST_DELIVERY}"
    if row.day.year != _FIRST_DELIVERY.year or (row.day.month, row.day.day) == _LEAP_DAY:
        return None, Problem("datum", str(row.day), rule, _LEFT_OUT)
    mended = row.day.replace(year=row.day.year + 1)
    return evolve(row, day=mended), Problem("datum", str(row.day), rule, f"read as {mended}", code="mended")


def _load(
    path: Path, kind: type[_Row], judge: Callable[[_Row], tuple[_Row | None, Problem | None]]
) -> tuple[list[_Row], list[Problem]]:
    """Rows of a file; `judge` says of each what is accepted in its place, and what is wrong with it."""
    accepted: list[_Row] = []
    problems: list[Problem] = []
    columns = [(each, each.metadata["column"]) for each in fields(kind)]
    needed = [name for each, name in columns if each.default is NOTHING]
    for place, record in _records(path, needed, problems):
        faults: list[Problem] = []
        values = [
            _value(record[name], each.metadata["read"], f"{place}: {name}", faults)
            for each, name in columns
            if name in record
        ]
        problems += faults
        row, fault = (None, None) if faults else judge(kind(*values))
        accepted += [] if row is None else [row]
        problems += [] if fault is None else [evolve(fault, place=f"{place}: {fault.place}")]
    return accepted, problems


def _value(text: str, read: Callable[[str], Any], place: str, faults: list[Problem]) -> Any:
    try:
        return read(text)
    except ValueError as error:
        faults.append(Problem(place, text[:_LONGEST_VALUE], str(error), _LEFT_OUT))
        return None


def _records(
    path: Path, needed: Collection[str], problems: list[Problem], *, delimiter: str = ","
) -> Iterator[tuple[str, dict[str, str]]]:
    """Place and values of one row after the other; rows with too many or too few values become problems."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter=delimiter)
            _demand(needed, reader.fieldnames or (), path)
            for record in reader:
                place = f"{path.name} line {reader.line_num}"
                if None in record or None in record.values():
                    rule = f"a row has {len(reader.fieldnames or ())} values, as many as the first line"
                    problems.append(Problem(place, "", rule, _LEFT_OUT))
                else:
                    yield place, record
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error) as error:
        message = f"file={path}: {type(error).__name__}"
        raise AdapterFault(
            "open_data_unreadable", message, remedy="give the CSV file as published, in UTF-8"
        ) from error


def _demand(needed: Collection[str], columns: Collection[str], path: Path) -> None:
    missing = [name for name in needed if name not in columns]
    if missing:
        rule = f"must name the columns {', '.join(needed)}"
        raise InvalidInput([Problem(f"{path.name} line 1", f"without {', '.join(missing)}", rule, "give another file")])
