"""The committed figures of January 2021 agree with what was published, and with the open data where that is at hand."""

import csv
import os
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "czechia-2021"
FIGURES = EXAMPLE / "figures"
SCRIPT = EXAMPLE / "compute_figures.py"
REGIONS = {f"CZ{number:03}" for number in (10, 20, 31, 32, 41, 42, 51, 52, 53, 63, 64, 71, 72, 80)}


def compute(into: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(SCRIPT), str(into)]
    return subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, encoding="utf-8", check=False
    )


def rows(name: str) -> list[dict[str, str]]:
    with (FIGURES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.skipif(not os.environ.get("CRS_DATA"), reason="CRS_DATA names no folder with the open data")
def test_the_open_data_give_the_committed_figures_byte_by_byte(tmp_path: Path) -> None:
    done = compute(tmp_path, PYTHONIOENCODING="utf-8")

    assert done.returncode == 0, done.stderr
    committed = {path.name: path.read_bytes() for path in FIGURES.glob("*.csv")}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == committed
    assert done.stdout in (FIGURES / "README.md").read_text(encoding="utf-8")


def test_without_data_the_script_says_what_to_set(tmp_path: Path) -> None:
    done = compute(tmp_path / "into", CRS_DATA="")

    assert done.returncode == 1
    assert "CRS_DATA" in done.stderr
    assert not (tmp_path / "into").exists()


def test_registrations_agree_with_the_operators_report() -> None:
    found = rows("registrations")
    start = date(2021, 1, 15)

    assert [row["day"] for row in found] == [str(start + timedelta(days=number)) for number in range(29)]
    to_20_january = [row for row in found if row["day"] <= "2021-01-20"]
    assert sum(int(row["seniors"]) for row in to_20_january) == 173_019
    assert sum(int(row["published"]) for row in to_20_january) == 142_063
    assert all(int(row["seniors"]) > 0 for row in found)


def test_health_workers_register_from_26_january() -> None:
    health_workers = {row["day"]: int(row["health_workers"]) for row in rows("registrations")}

    assert all((number > 0) is (day >= "2021-01-26") for day, number in health_workers.items())


def test_what_is_published_holds_after_the_operators_report() -> None:
    later = [row for row in rows("registrations") if row["day"] > "2021-01-20" and row["published"]]

    assert [row["day"][5:] for row in later] == ["01-21", "01-22", "01-26", "01-30"]
    assert all(int(row["seniors"]) + int(row["health_workers"]) == int(row["published"]) for row in later)


def test_the_source_of_a_day_is_what_it_stands_on() -> None:
    for row in rows("registrations"):
        expected = "published" if row["published"] else "counted" if row["counted"] else "interpolated"
        assert row["source"] == expected, row


def test_first_dose_seats_agree_with_the_published_appointments() -> None:
    published = [21, 739, 1033, 2609, 3492, 4175, 5663, 6575, 2079, 1581, 4767]
    seats = Counter[str]()
    for row in rows("capacity"):
        seats[row["day"]] += int(row["first_dose"])

    assert [seats[f"2021-01-{day}"] for day in range(15, 26)] == published


def test_capacity_has_every_day_of_every_region_once() -> None:
    found = rows("capacity")

    assert len({(row["region"], row["day"]) for row in found}) == len(found) == 14 * 86
    assert all((int(row["sites"]) > 0) is (int(row["first_dose"]) > 0) for row in found)


def test_shares_of_regions_sum_to_one() -> None:
    found = rows("registrations_by_region")

    assert sum(round(float(row["share"]) * 10_000) for row in found) == 10_000
    assert sum(round(float(row["health_workers_share"]) * 10_000) for row in found) == 10_000


def test_people_of_80_and_more_are_those_of_the_country() -> None:
    assert sum(int(row["people"]) for row in rows("ages") if int(row["age"]) >= 80) == 447_526


@pytest.mark.parametrize("name", ["ages", "capacity", "registrations_by_region", "sites"])
def test_every_table_of_regions_names_all_fourteen_in_order(name: str) -> None:
    regions = [row["region"] for row in rows(name)]

    assert set(regions) == REGIONS
    assert regions == sorted(regions)
