"""The benchmarks compare like with like, and run."""

import re
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from tests.benchmarks import pairing, run

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
