"""The benchmarks compare like with like, and run."""

import re
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from crs_adapters.confirmation import sheet
from crs_adapters.storage.sql.kinds import KINDS
from crs_core.domain.order import Order
from crs_core.domain.registration import Registration
from tests.benchmarks import confirmations, pairing, release, run
from tests.confirmations import read_sheet

COMMANDS = ("register", "reserve")


def gists(trace: list[str]) -> Counter[str]:
    """The verb and the table of each statement that reads or writes."""
    found = [re.match(r"(SELECT|INSERT|UPDATE|DELETE)\s.*?(\w+)", " ".join(text.split())) for text in trace]
    tables = [re.search(r"(?:FROM|INTO|UPDATE)\s+(\w+)", text) for text in trace]
    return Counter(f"{verb[1]} {table[1]}" for verb, table in zip(found, tables, strict=True) if verb and table)


def test_by_hand_reads_and_writes_the_same(tmp_path: Path) -> None:
    """Statement by statement, so that a ratio tells of the code between them and of nothing left out."""
    ours: list[str] = []
    by_hand: list[str] = []

    def listen(connection: sqlite3.Connection, _record: object) -> None:
        connection.set_trace_callback(ours.append)

    event.listen(Engine, "connect", listen)
    try:
        with run.on_sqlite("", str(tmp_path), 2, 1.0) as rival:
            connection = rival.by_hand._connection
            assert isinstance(connection, sqlite3.Connection)
            connection.set_trace_callback(by_hand.append)
            for command in COMMANDS:
                if command == "reserve":
                    rival.town.look(0)
                ours.clear()
                by_hand.clear()
                getattr(rival.town, command)(0)
                getattr(rival.by_hand, command)(0)

                assert gists(ours) == gists(by_hand), command
                assert sum(gists(ours).values()) >= 8
    finally:
        event.remove(Engine, "connect", listen)


@pytest.mark.slow
def test_a_short_benchmark_measures_both_commands(tmp_path: Path) -> None:
    with run.on_sqlite("short", str(tmp_path), 2 * run.BATCH, 2.5) as rival:
        figures = list(run.measure(rival, 1))

    assert [figure.command for figure in figures] == list(COMMANDS)
    assert all(figure.ratio > 0.2 for figure in figures)


@pytest.mark.slow
def test_what_pairing_costs_is_measured_on_sites_of_the_size_it_says() -> None:
    """Loosely, as tests run beside others; `make bench` holds the limits."""
    costs = [*pairing.sweeps(), *pairing.pages(20)]
    seats = sum(sum(free.values()) for free in pairing.supplies()["two doses"].seats)

    assert 20_000 <= seats <= 21_000
    assert any("page of a day, 20,056 slots" in cost.name for cost in costs)
    assert all(0 < cost.milliseconds < 20 * cost.limit for cost in costs if cost.limit is not None)


@pytest.mark.slow
def test_a_short_benchmark_of_releases_measures_every_order_and_what_is_written(tmp_path: Path) -> None:
    with release.on_sqlite((1_000, 2_000), str(tmp_path)) as (few, many):
        found = list(release.costs("short", few, many, 1))
        opened = release.opening("short", many)

    assert [cost.order for cost in found] == list(Order)
    assert all(cost.ratio > 0.1 for cost in found)
    assert (opened.by_opening, opened.by_release) == (0, release.HUNDRED)


def test_the_crowd_is_what_the_library_would_have_stored(tmp_path: Path) -> None:
    """Written straight into the table, and read by the library as registrations, each found where it belongs."""
    with release.on_sqlite((500,), str(tmp_path)) as [queue]:
        office = queue.system._office
        with office.storage.read() as view:
            people = list(view.scan(Registration))
        columns = next(kind.columns for kind in KINDS if kind.type is Registration)
        connection = sqlite3.connect(tmp_path / next(tmp_path.glob("*/500.db")))
        names = "site_id, queued, claims, birth_date, birth_year, seniority, ticket, wakes_at"
        rows = connection.execute(f"SELECT {names} FROM registration ORDER BY id").fetchall()
        connection.close()

    assert len(people) == 500
    assert rows == [columns(each) for each in people]
    assert len({each.claims for each in people}) == 4


@pytest.mark.slow
def test_a_short_benchmark_of_confirmations_makes_the_same_sheets() -> None:
    """Bare typst is handed what ours hands it, and its sheets differ from ours in nothing but their date."""
    [one] = confirmations.people(7, 1)
    bare = confirmations.bare()(sheet._data(one))
    rate = confirmations.measure(1)

    assert read_sheet(bare).text == read_sheet(sheet.Sheet().pdf(one)).text
    assert read_sheet(bare).codes == ["res-000000000007"]
    assert 0.05 < rate.share < 2
