"""What register and reserve cost against the same reads and writes by hand, as ratios within one run.

Ours and by hand take turns in small batches, so that a machine that slows down slows both. Then what pairing costs, in
milliseconds, a release in a long queue against a short one, and documents beside bare typst. A figure beyond its limit
ends with status 1. Run by `make bench`; `make bench ARGS="--batches 5 --many 100000"` is shorter.
"""

import argparse
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from attrs import frozen
from rich.console import Console
from rich.table import Table

from crs_core.composition.codec import codec
from tests.benchmarks import confirmations, pairing, release
from tests.benchmarks.by_hand import ByHand
from tests.benchmarks.town import Town, challenge
from tests.postgresql import MISSING, find_binaries, running_server

BATCH = 50


@frozen
class Rival:
    """Ours and by hand on equal databases.

    Attributes:
        limit: The most that our time may be of the time by hand.
    """

    name: str
    town: Town
    by_hand: ByHand
    limit: float


@frozen
class Figure:
    """What was measured: commands a second, and the median of the ratios of time, batch by batch."""

    name: str
    command: str
    ours: float
    by_hand: float
    ratio: float
    limit: float


def measure(rival: Rival, batches: int) -> Iterator[Figure]:
    """Both commands, in turns."""
    for command in ("register", "reserve"):
        ours, by_hand = getattr(rival.town, command), getattr(rival.by_hand, command)
        times: list[tuple[float, float]] = []
        for batch in range(batches + 1):
            people = range(batch * BATCH, (batch + 1) * BATCH)
            pair = (seconds(ours, people), seconds(by_hand, people))
            times += [pair] if batch else []  # the first batch warms up
        rates = [BATCH / statistics.median(column) for column in zip(*times, strict=True)]
        ratio = statistics.median(mine / other for mine, other in times)
        yield Figure(rival.name, command, rates[0], rates[1], ratio, rival.limit)


def seconds(command: Callable[[int], None], people: range) -> float:
    """How long a command takes for so many people."""
    start = time.perf_counter()
    for number in people:
        command(number)
    return time.perf_counter() - start


@contextmanager
def on_sqlite(name: str, folder: str, people: int, limit: float) -> Iterator[Rival]:
    """Two files in a folder."""
    with tempfile.TemporaryDirectory(dir=folder) as here:
        town = Town(f"sqlite:///{here}/ours.db", here, people)
        other = Town(f"sqlite:///{here}/by_hand.db", here, 0)
        other.system.close()
        connection = sqlite3.connect(f"{here}/by_hand.db", isolation_level=None)
        for setting in ("synchronous=FULL", "wal_autocheckpoint=8000"):
            connection.execute(f"PRAGMA {setting}")
        by_hand = ByHand(connection, "BEGIN IMMEDIATE", "?", "")
        prove(connection, town, people, "?")
        yield Rival(name, town, by_hand, limit)
        town.system.close()
        connection.close()


@contextmanager
def on_postgresql(people: int, limit: float) -> Iterator[Rival]:
    """Two databases of one server that waits for its disk."""
    binaries = find_binaries()
    if binaries is None:
        raise SystemExit(MISSING)
    with running_server(binaries, durable=True) as server, tempfile.TemporaryDirectory() as here:
        for name in ("ours", "by_hand"):
            server.create_database(name)
        town = Town(server.dsn("ours"), here, people)
        other = Town(server.dsn("by_hand"), here, 0)
        other.system.close()
        connection = psycopg.connect(server.dsn("by_hand"), autocommit=True)
        prove(connection, town, people, "%s")
        yield Rival("PostgreSQL", town, ByHand(connection, "BEGIN", "%s", "FOR UPDATE"), limit)
        town.system.close()
        connection.close()


def prove(connection: sqlite3.Connection | psycopg.Connection, town: Town, people: int, mark: str) -> None:
    """The same proved phones for the database by hand."""
    text = f"INSERT INTO challenge (id, version, body) VALUES ({mark}, 1, {mark})"
    bodies = codec()
    connection.execute("BEGIN")
    for number in range(people):
        body = bodies.dumps(challenge(town.office, number))
        connection.execute(text, (f"challenge-{number}", body))
    connection.execute("COMMIT")


def main() -> int:
    """Measures, prints a table, and says with its status whether all limits hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--batches", type=int, default=20, help=f"batches of {BATCH} commands (default: %(default)s)")
    parser.add_argument("--folder", default=".", help="a folder on the disk to measure (default: the present one)")
    parser.add_argument(
        "--many", type=int, default=release.MANY, help="people in the long queue (default: %(default)s)"
    )
    given = parser.parse_args()
    batches = given.batches
    people = (batches + 1) * BATCH
    console = Console(width=100 if not sys.stdout.isatty() else None)
    figures: list[Figure] = []
    with on_sqlite("SQLite on disk", given.folder, people, 2.5) as rival:
        figures += measure(rival, batches)
    if Path("/dev/shm").is_dir():
        with on_sqlite("SQLite on tmpfs", "/dev/shm", people, 4.0) as rival:
            figures += measure(rival, batches)
    with on_postgresql(people, 2.0) as rival:
        figures += measure(rival, batches)
    console.print(table(figures))
    holds = [pairing.report(console), release.report(console, given.folder, given.many)]
    holds.append(confirmations.report(console))
    return int(not all(holds) or any(figure.ratio > figure.limit for figure in figures))


def table(figures: list[Figure]) -> Table:
    """The figures for people."""
    found = Table("database", "command", title="crs against the same reads and writes by hand", title_justify="left")
    for head in ("crs /s", "by hand /s", "time, × by hand", "limit", "holds"):
        found.add_column(head, justify="right")
    for figure in figures:
        holds = "yes" if figure.ratio <= figure.limit else "NO"
        numbers = (f"{figure.ours:,.0f}", f"{figure.by_hand:,.0f}", f"{figure.ratio:.2f}", f"{figure.limit:.1f}")
        found.add_row(figure.name, figure.command, *numbers, holds)
    return found


if __name__ == "__main__":
    sys.exit(main())
