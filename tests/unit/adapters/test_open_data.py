"""Open data in the published formats, here with invented sites, read without losing anything silently."""

import gzip
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from attrs.exceptions import FrozenInstanceError

from crs_adapters.simulation.open_data import (
    SECOND_DOSE_DAYS,
    CalendarDay,
    Delivery,
    Kind,
    People,
    Registration,
    Site,
    deliveries,
    find,
    population,
    registrations,
    reservations,
    site_calendars,
    sites,
)
from crs_core.domain.time import add_days
from crs_core.errors import AdapterFault, InvalidInput, NotFound

SITES = (
    "ockovaci_misto_id,ockovaci_misto_nazev,okres_nuts_kod,operacni_status,ockovaci_misto_adresa,latitude,longitude,"
    "nrpzs_kod,minimalni_kapacita,bezbarierovy_pristup\n"
)
RESERVATIONS = (
    "datum,ockovaci_misto_id,ockovaci_misto_nazev,kraj_nuts_kod,kraj_nazev,volna_kapacita,maximalni_kapacita,"
    "kalendar_ockovani\n"
)
REGISTRATIONS = (
    "datum,ockovaci_misto_id,ockovaci_misto_nazev,kraj_nuts_kod,kraj_nazev,vekova_skupina,povolani,stat,rezervace,"
    "datum_rezervace\n"
)
DELIVERIES = (
    "datum,ockovaci_misto_id,ockovaci_misto_nazev,kraj_nuts_kod,kraj_nazev,cilove_ockovaci_misto_id,"
    "cilove_ockovaci_misto_nazev,cilovy_kraj_kod,cilovy_kraj_nazev,ockovaci_latka,vyrobce,akce,pocet_ampulek,"
    "pocet_davek\n"
)
GOOD_SEATS = "2021-01-18,n1,Nemocnice Vzorov,CZ010,Vzorov,2,10,V1\n"
LOADERS: list[tuple[Callable[[Path], Any], str]] = [
    (sites, SITES),
    (reservations, RESERVATIONS),
    (registrations, REGISTRATIONS),
    (deliveries, DELIVERIES),
    (population, "vek;CZ0\n"),
]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(text: str, name: str = "data.csv") -> Path:
        path = tmp_path / name
        raw = text.encode()
        path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
        return path

    return write


def test_sites_are_read_with_what_is_not_stated(write: Callable[..., Path]) -> None:
    path = write(
        "\ufeff" + SITES + 'n1,"Nemocnice Vzorov, Sever",CZ0100,1,"Smyšlená 1, Vzorov",50.5,14.25,00000000001,50,1\n'
        "n2,Nemocnice Vzorov Jih,CZ0201,,,,,,0,\n"
    )

    accepted, problems = sites(path)

    assert accepted == [
        Site(
            "n1", "Nemocnice Vzorov, Sever", "CZ0100", True, "Smyšlená 1, Vzorov", 50.5, 14.25, "00000000001", 50, True
        ),
        Site("n2", "Nemocnice Vzorov Jih", "CZ0201", False, "", None, None, "", 0, None),
    ]
    assert problems == []


def test_the_type_of_a_site_is_read_from_snapshots_that_have_it(write: Callable[..., Path]) -> None:
    header = SITES.replace("nrpzs_kod", "ockovaci_misto_typ,nrpzs_kod")

    accepted, _ = sites(write(header + "n1,Nemocnice Vzorov,CZ0100,1,,,,VOČM,1,50,0\n"))

    assert (accepted[0].type, accepted[0].provider, accepted[0].step_free) == ("VOČM", "1", False)


@pytest.mark.parametrize("name", ["data.csv", "data.csv.gz"])
def test_seats_held_are_the_maximum_less_the_free(write: Callable[..., Path], name: str) -> None:
    accepted, problems = reservations(write("\ufeff" + RESERVATIONS + GOOD_SEATS, name))

    assert accepted == [CalendarDay(date(2021, 1, 18), "n1", "Nemocnice Vzorov", "CZ010", 2, 10, "V1")]
    assert accepted[0].held == 8
    assert problems == []


def test_rows_cannot_be_changed(write: Callable[..., Path]) -> None:
    accepted, _ = reservations(write(RESERVATIONS + GOOD_SEATS))

    with pytest.raises(FrozenInstanceError):
        accepted[0].free = 0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("good", "bad", "column"),
    [
        ("2021-01-18", "18.1.2021", "datum"),
        ("2021-01-18", "2021-02-30", "datum"),
        (",n1,", ",,", "ockovaci_misto_id"),
        ("CZ010", "PRAHA", "kraj_nuts_kod"),
        (",2,", ",-2,", "volna_kapacita"),
        (",2,", ",²,", "volna_kapacita"),
        (",2,", ",11,", "volna_kapacita"),
        (",10,", ",10.0,", "maximalni_kapacita"),
        (",10,", ",,", "maximalni_kapacita"),
        ("V1", "V3", "kalendar_ockovani"),
    ],
)
def test_a_bad_value_is_left_out_with_place_value_and_rule(
    write: Callable[..., Path], good: str, bad: str, column: str
) -> None:
    path = write(RESERVATIONS + GOOD_SEATS + GOOD_SEATS.replace(good, bad) + GOOD_SEATS)

    accepted, problems = reservations(path)

    assert len(accepted) == 2
    assert [problem.place for problem in problems] == [f"data.csv line 3: {column}"]
    assert problems[0].value == bad.strip(",")
    assert problems[0].rule
    assert problems[0].code == "invalid"


def test_every_fault_of_a_row_is_told(write: Callable[..., Path]) -> None:
    accepted, problems = reservations(write(RESERVATIONS + "x,n1,Nemocnice Vzorov,CZ010,Vzorov,y,z,V1\n"))

    assert accepted == []
    assert [problem.value for problem in problems] == ["x", "y", "z"]


def test_a_long_value_is_told_in_part(write: Callable[..., Path]) -> None:
    _, problems = reservations(write(RESERVATIONS + GOOD_SEATS.replace("V1", "V" * 10_000)))

    assert problems[0].value == "V" * 60


@pytest.mark.parametrize(("load", "header"), LOADERS)
@pytest.mark.parametrize("values", [1, 40])
def test_a_row_with_too_few_or_too_many_values_is_left_out(
    write: Callable[..., Path], load: Callable[[Path], Any], header: str, values: int
) -> None:
    delimiter = ";" if ";" in header else ","

    accepted, problems = load(write(header + delimiter.join(["1"] * values) + "\n"))

    assert accepted == []
    assert [problem.place for problem in problems] == ["data.csv line 2"]


def test_a_registration_says_when_the_reservation_was_made(write: Callable[..., Path]) -> None:
    path = write(
        REGISTRATIONS + "2021-01-30,n1,Nemocnice Vzorov,CZ010,Vzorov,80+,neuvedeno,CZ,1.0,2021-02-28\n"
        "2021-01-31,n1,Nemocnice Vzorov,CZ010,Vzorov,neuvedeno,Zdravotnický pracovník,CZ,,\n"
    )

    accepted, problems = registrations(path)

    assert accepted == [
        Registration(date(2021, 1, 30), "n1", "Nemocnice Vzorov", "CZ010", "80+", None, "CZ", True, date(2021, 2, 28)),
        Registration(
            date(2021, 1, 31), "n1", "Nemocnice Vzorov", "CZ010", None, "Zdravotnický pracovník", "CZ", False, None
        ),
    ]
    assert problems == []


def delivery(day: str, action: str = "Příjem") -> str:
    return f"{day},n1,Nemocnice Vzorov,CZ010,Vzorov,,,,,Comirnaty,Pfizer,{action},195,1170\n"


def test_deliveries_come_in_and_go_out_to_a_target(write: Callable[..., Path]) -> None:
    out = delivery("2021-02-01", "Výdej").replace(",,,,,", ",n2,Nemocnice Vzorov Jih,CZ020,Vzorov,")

    accepted, problems = deliveries(write(DELIVERIES + delivery("2020-12-26") + out))

    place = ("n1", "Nemocnice Vzorov", "CZ010")
    doses = ("Comirnaty", "Pfizer")
    assert accepted == [
        Delivery(date(2020, 12, 26), *place, None, None, *doses, "in", 195, 1170),
        Delivery(date(2021, 2, 1), *place, "n2", "CZ020", *doses, "out", 195, 1170),
    ]
    assert problems == []


def test_a_delivery_before_the_first_is_a_typing_error_for_2021(write: Callable[..., Path]) -> None:
    accepted, problems = deliveries(write(DELIVERIES + delivery("2020-06-01")))

    assert [row.day for row in accepted] == [date(2021, 6, 1)]
    assert [(problem.place, problem.value, problem.code) for problem in problems] == [
        ("data.csv line 2: datum", "2020-06-01", "mended")
    ]
    assert "2021-06-01" in problems[0].remedy


@pytest.mark.parametrize("day", ["2020-02-29", "2012-06-01"])
def test_a_day_that_cannot_be_mended_is_left_out(write: Callable[..., Path], day: str) -> None:
    accepted, problems = deliveries(write(DELIVERIES + delivery(day)))

    assert accepted == []
    assert [(problem.value, problem.code) for problem in problems] == [(day, "invalid")]


def test_people_are_read_by_age_and_area(write: Callable[..., Path]) -> None:
    accepted, problems = population(write("\ufeffvek;CZ0;CZ010\n0;30;10\nx;1;1\n1;31;?\n100;3;1\n"))

    assert accepted == [People(0, "CZ0", 30), People(0, "CZ010", 10), People(100, "CZ0", 3), People(100, "CZ010", 1)]
    assert [(problem.place, problem.value) for problem in problems] == [
        ("data.csv line 3: vek", "x"),
        ("data.csv line 4: CZ010", "?"),
    ]


@pytest.mark.parametrize(("load", "header"), LOADERS)
def test_missing_columns_are_named(write: Callable[..., Path], load: Callable[[Path], Any], header: str) -> None:
    last = header.strip().replace(";", ",").split(",")[0]

    with pytest.raises(InvalidInput, match=f"data.csv line 1=without {last}"):
        load(write(header.replace(last, "jiny")))


@pytest.mark.parametrize("load", [load for load, _ in LOADERS])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.csv", None),
        ("plain.csv.gz", b"datum\n"),
        ("latin2.csv", "Příjem".encode("iso-8859-2")),
        ("endless.csv", b'"' + b"x" * 200_000),
    ],
    ids=["missing", "plain", "latin2", "endless"],
)
def test_an_unreadable_file_is_a_fault_that_names_it(
    tmp_path: Path, load: Callable[[Path], Any], name: str, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(AdapterFault, match=name) as caught:
        load(tmp_path / name)
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("kept", [0.5, 0.99])
def test_a_file_cut_off_is_a_fault(tmp_path: Path, kept: float) -> None:
    packed = gzip.compress((RESERVATIONS + GOOD_SEATS * 1_000).encode())
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(packed[: int(len(packed) * kept)])

    with pytest.raises(AdapterFault, match=r"cut\.csv\.gz"):
        reservations(path)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("deliveries", "mzcr_ockovani-distribuce_snapshot-2021-06-14.csv.gz"),
        ("population", "csu_populace_by_age_region.csv"),
        ("registrations", "mzcr_ockovani-registrace_2021-01-30_2021-02-19_snapshot-2021-03-15.csv.gz"),
        ("reservations", "mzcr_ockovani-rezervace_2021-01-15_2021-08-19_snapshot-2021-07-20.csv.gz"),
        ("sites", "mzcr_prehled-ockovacich-mist_snapshot-2021-06-14.csv.gz"),
    ],
)
def test_a_file_is_found_by_its_kind(tmp_path: Path, kind: Kind, name: str) -> None:
    for other in ("README.md", "ockovani.csv", "mzcr_ockovani-rezervace_notes.csv.txt"):
        (tmp_path / other).touch()
    (tmp_path / name).touch()

    assert find(tmp_path, kind).name == name


def test_the_newest_snapshot_is_found(tmp_path: Path) -> None:
    for name in (
        "a_ockovani-rezervace_2021-01-15_2021-12-31_snapshot-2021-03-15.csv",
        "a_ockovani-rezervace_2021-01-15_2021-08-19_snapshot-2021-07-20.csv.gz",
        "z_ockovani-rezervace.csv",
    ):
        (tmp_path / name).touch()

    assert "snapshot-2021-07-20" in find(tmp_path, "reservations").name


def test_a_missing_file_is_named_with_folder_and_kind(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="kind=sites") as caught:
        find(tmp_path / "nowhere", "sites")
    assert "CRS_DATA" in caught.value.remedy


FIRST, LAST = date(2021, 1, 15), date(2021, 1, 20)


def seats(site: str, day: date, calendar: str, free: int, maximum: int, region: str = "CZ010") -> str:
    return f"{day},{site},Nemocnice {site},{region},Vzorov,{free},{maximum},{calendar}\n"


def test_calendars_of_a_site_hold_the_seats_of_both_windows(write: Callable[..., Path], tmp_path: Path) -> None:
    after = add_days(LAST, SECOND_DOSE_DAYS)
    write(
        RESERVATIONS
        + seats("a", add_days(FIRST, -1), "V1", 0, 1)
        + seats("a", FIRST, "V1", 1, 10)
        + seats("a", LAST, "V1", 0, 20)
        + seats("a", add_days(LAST, 1), "V1", 0, 40)
        + seats("a", FIRST, "V2", 0, 3)
        + seats("a", after, "V2", 900, 907)
        + seats("a", add_days(after, 1), "V2", 0, 5)
        + seats("a", FIRST, "VX", 0, 80),
        "ockovani-rezervace.csv",
    )

    [site] = site_calendars(tmp_path, FIRST, LAST)

    assert tuple(site) == ("a", "Nemocnice a", "CZ010", {FIRST: 9, LAST: 20}, {FIRST: 3, after: 7})


def test_calendars_are_those_of_sites_with_first_doses_by_region(write: Callable[..., Path], tmp_path: Path) -> None:
    write(
        RESERVATIONS
        + seats("south", FIRST, "V1", 0, 1, "CZ031")
        + seats("unused", FIRST, "V1", 5, 5)
        + seats("second-only", FIRST, "V2", 0, 5)
        + seats("north", FIRST, "V1", 0, 2, "CZ010")
        + seats("east", FIRST, "V1", 0, 3, "CZ010"),
        "ockovani-rezervace.csv",
    )

    found = site_calendars(tmp_path, FIRST, LAST)

    assert [(site.region, site.site, site.second_dose) for site in found] == [
        ("CZ010", "east", {}),
        ("CZ010", "north", {}),
        ("CZ031", "south", {}),
    ]


def test_calendars_with_unreadable_rows_are_refused(write: Callable[..., Path], tmp_path: Path) -> None:
    write(RESERVATIONS + GOOD_SEATS + seats("a", FIRST, "V1", 2, 1), "ockovani-rezervace.csv")

    with pytest.raises(InvalidInput, match="line 3: volna_kapacita=2"):
        site_calendars(tmp_path, FIRST, LAST)
