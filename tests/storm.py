"""Thousands of weeks of the virtual world: ``make storm``, or ``make storm ARGS="--weeks 500 --first 20000"``.

Every fiftieth week is played on SQLite, all others in memory. Each week that breaks a truth is told as its shortest
story, with what plays it again.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

from attrs import field, frozen

from crs_adapters.storage.memory import MemoryStorage
from crs_adapters.storage.sql import open_sql
from crs_adapters.storage.sql.storage import SqlStorage
from crs_core.ports.clock import Clock
from crs_core.ports.storage import Storage
from crs_core.testing.world import FreshStorage, Week, search, write

_SQLITE_EVERY = 50
_CHUNK = 50


@frozen
class Tally:
    """What some weeks came to.

    Attributes:
        counted: Weeks, messages and what became of them, by name.
        found: Each week that broke a truth, told.
    """

    counted: Counter[str] = field(factory=Counter)
    found: tuple[str, ...] = ()

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.counted + other.counted, self.found + other.found)


def weeks(seeds: Sequence[int], folder: str) -> Tally:
    """Plays the weeks of these seeds."""
    return sum((week(seed, folder) for seed in seeds), start=Tally())


def week(seed: int, folder: str) -> Tally:
    """Plays the week of one seed."""
    fresh = _fresh(seed, folder)
    played = Week(write(seed), fresh)
    failure = played.play()
    letters = played.storage.letters
    counted = Counter({"weeks": 1, "happenings": len(played.lines), "messages handed over": len(letters.sent)})
    counted["weeks on SQLite"] = int(seed % _SQLITE_EVERY == 0)
    counted["messages still owed"] = len(letters.owed)
    counted.update(f"dead letters: {reason or 'without a reason'}" for reason in letters.dead.values())
    if failure is None:
        return Tally(+counted)
    return Tally(+counted, (str(search([seed], fresh)),))


def _fresh(seed: int, folder: str) -> FreshStorage:
    def sqlite(_clock: Clock) -> Storage:
        storage = _database(folder)
        storage.wipe()
        return storage

    return MemoryStorage if seed % _SQLITE_EVERY else sqlite


@cache
def _database(folder: str) -> SqlStorage:
    return open_sql(f"sqlite:///{Path(folder) / f'{os.getpid()}.db'}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Plays, and prints what came of it; 1 where a truth broke."""
    parser = argparse.ArgumentParser(prog="make storm", description=__doc__)
    parser.add_argument("--weeks", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args(arguments)
    seeds = range(asked.first, asked.first + asked.weeks)
    began, total = time.monotonic(), Tally()
    with tempfile.TemporaryDirectory(prefix="crs-storm-") as folder:
        for done in _played(seeds, folder, asked.processes):
            total += done
            for story in done.found:
                print(f"\n{story}\n", flush=True)
            if sys.stderr.isatty():
                print(f"\r{total.counted['weeks']:,} weeks", end="", file=sys.stderr, flush=True)
    print(f"seeds {seeds[0]} to {seeds[-1]}, {time.monotonic() - began:.0f} s")
    for name, number in sorted(total.counted.items()):
        print(f"{number:12,} {name}")
    print(f"{len(total.found):12,} violations")
    return int(bool(total.found))


def _played(seeds: range, folder: str, processes: int) -> Iterator[Tally]:
    chunks = [seeds[start : start + _CHUNK] for start in range(0, len(seeds), _CHUNK)]
    if processes == 1:
        yield from (weeks(chunk, folder) for chunk in chunks)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(weeks, chunks, [folder] * len(chunks))


if __name__ == "__main__":
    sys.exit(main())
