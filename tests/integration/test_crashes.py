"""A loaded worker is killed, at random and at every boundary between commit and side effect; nothing told is lost.

`make crashes` kills two hundred on each database (CRASHES=200); here it is a sample of that.
"""

import json
import os
import random
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import IO, Any

import psycopg
import pytest
from attrs import define

from crs_core.domain.time import later
from tests.crashes import judgement
from tests.crashes.record import Record, read
from tests.crashes.town import Gateway, RunningClock, moment_of, open_town, prepare
from tests.crashes.worker import BOUNDARIES, LONGEST_SECONDS
from tests.postgresql import MISSING, PostgresqlServer, crashing_server, find_binaries

pytestmark = pytest.mark.slow

CRASHES = int(os.environ.get("CRASHES", "10"))
A_DATABASE = 20
"""So many crashes each database goes through, one after the other."""

ROOT = Path(__file__).parents[2]
_SWEEP = CRASHES > A_DATABASE
_OFTEN = {"handing over": 300, "handed over": 300, "citizen: begun": 60, "citizen: decided": 60}
_MOST = 20 if _SWEEP else 5
_SECONDS = 1.2 if _SWEEP else 0.4


@define
class Nursery:
    """The process that workers come from."""

    process: "subprocess.Popen[str]"

    def run(
        self, database: tuple[str, Path], run: int, boundary: str, nth: int, kill: Callable[[], None], sabotage: str
    ) -> bool:
        """Lets one worker live until it kills itself or, after `kill`, is killed; whether it died by that."""
        url, folder = database
        job = {"url": url, "folder": str(folder), "run": run, "boundary": boundary, "nth": nth, "sabotage": sabotage}
        _pipe(self.process.stdin).write(json.dumps(job) + "\n")
        _pipe(self.process.stdin).flush()
        said: list[Any] = ["born"]
        pid = 0
        while said[0] != "died":
            said = json.loads(_pipe(self.process.stdout).readline())
            pid = said[1] if said[0] == "born" else pid
            if said[0] == "loaded" and not boundary:
                kill()
                os.kill(pid, signal.SIGKILL)
        return bool(said[1] == signal.SIGKILL)


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def _after(seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(["sleep", "600"], timeout=seconds, check=False)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    command = [sys.executable, "-m", "tests.crashes.nursery"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Nursery(process)
        _pipe(process.stdin).close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Iterator[tuple[str, Path]]]:
    """URLs of new databases, each with a folder of its own."""
    server: PostgresqlServer | None = None
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql_server")
    made: list[str] = []

    def new() -> Iterator[tuple[str, Path]]:
        while True:
            name = f"crs_{uuid.uuid4().hex}"
            folder = tmp_path / name
            folder.mkdir()
            if server is None:
                yield f"sqlite:///{folder}/crs.db", folder
            else:
                made.append(name)
                yield server.create_database(name), folder

    yield new()
    for name in made:
        if server is not None:
            server.drop_database(name)


def founded(database: tuple[str, Path]) -> None:
    """Makes the town before the first worker comes."""
    url, folder = database
    record = Record(folder / "record", -1)
    with open_town(url, folder, RunningClock(moment_of(0)), Gateway(record), 999) as system:
        prepare(system)
    record.close()


def left_alone(url: str) -> None:
    """Waits until the server has noticed that whoever spoke to it is dead, and has ended what they had begun."""
    if url.startswith("postgresql"):
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        with psycopg.connect(url, autocommit=True) as connection:
            while connection.execute(others).fetchone() != (0,):
                pass


def drained(database: tuple[str, Path], runs: int) -> list[str]:
    """What does not hold at the end, when every message owed has left."""
    url, folder = database
    record = Record(folder / "record", runs)
    clock = RunningClock(judgement.moment_after(runs - 1))
    with open_town(url, folder, clock, Gateway(record), runs) as system:
        found = judgement.faults(system, folder / "record")
        found += judgement.sent_again(system, folder / "record", runs - 1)
        clock.set(later(moment_of(runs), minutes=-5))
        while system.operations.dispatch(10_000).sent:
            pass
        owed = {state: number for (_, state), number in system.operations.messages().items() if state == "owed"}
        found += judgement.faults(system, folder / "record")
    return [*found, *(f"{number} messages are {state} for good" for state, number in owed.items())]


def crashed(
    nursery: Nursery,
    database: tuple[str, Path],
    deaths: Sequence[tuple[str, int]],
    kill: Callable[[], None],
    sabotage: str = "",
) -> list[str]:
    """Lets one worker after another die; what was found wrong at any time.

    Args:
        deaths: Boundaries, and at which passing; none is at random.
        kill: Waits for the moment to kill one at random.
    """
    url, folder = database
    founded(database)
    for run, (boundary, nth) in enumerate(deaths):
        died = nursery.run(database, run, boundary, nth, kill, sabotage)
        assert died, f"run {run} did not die at {boundary!r}"
        left_alone(url)
    found = [fault for line in read(folder / "record", "judged") for fault in line["faults"]]
    return found + drained(database, len(deaths))


def plan(count: int, first: int, chance: random.Random) -> list[tuple[str, int]]:
    """Where each of so many workers dies: every second at a boundary, in turn; the others whenever it is."""
    return [(boundary, chance.randint(1, _OFTEN.get(boundary, _MOST))) for boundary in _boundaries(count, first)]


def _boundaries(count: int, first: int) -> list[str]:
    turns = [BOUNDARIES[(first + number) % len(BOUNDARIES)] for number in range(count)]
    if count < 2 * len(BOUNDARIES):  # a sample has a boundary in two of three
        return [boundary if number % 3 < 2 else "" for number, boundary in enumerate(turns)]
    return [turns[number // 2] if number % 2 else "" for number in range(count)]


def test_nothing_told_is_lost_and_nothing_comes_twice_that_was_settled(
    nursery: Nursery, databases: Iterator[tuple[str, Path]], request: pytest.FixtureRequest
) -> None:
    chance = random.Random(os.environ.get("CRASHES_SEED", "1"))
    deaths = plan(CRASHES, 6 if "postgresql" in request.node.name else 0, chance)

    def kill() -> None:
        _after(chance.uniform(0, _SECONDS))

    faults: list[str] = []
    figures = {"crashes": 0, "answers": 0, "handed": 0, "twice": 0}
    for start in range(0, CRASHES, A_DATABASE):
        database = next(databases)
        faults += crashed(nursery, database, deaths[start : start + A_DATABASE], kill)
        record = database[1] / "record"
        figures["crashes"] += len(deaths[start : start + A_DATABASE])
        figures["answers"] += sum(1 for _ in read(record, "answered"))
        figures["handed"] += sum(1 for _ in read(record, "handed"))
        figures["twice"] += sum(judgement.twice(record).values())
        print(f"{request.node.name}: {figures}", flush=True)  # noqa: T201 - what make crashes shows

    assert faults == []
    assert figures["answers"] >= 5 * CRASHES
    assert figures["handed"] >= 20 * CRASHES


@pytest.mark.postgresql
def test_a_server_that_breaks_off_and_one_that_dies_lose_nothing_told(nursery: Nursery, tmp_path: Path) -> None:
    """Its sessions are ended three times, it dies and comes back, and then the worker is killed too.

    The worker lives through it: whoever is not told the answer sends the same command with the same key again.
    """
    binaries = find_binaries()
    if binaries is None and os.environ.get("CI") == "true":
        pytest.fail(MISSING)
    if binaries is None:
        pytest.skip(MISSING)
    with crashing_server(binaries) as (server, crash):
        database = (server.create_database("crs"), tmp_path)
        record = tmp_path / "record"

        def storm() -> None:
            _more_answers(record, 5)
            for _ in range(3):
                with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
                    connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'crs'")
                _more_answers(record, 5)
            crash()
            _more_answers(record, 5)

        faults = crashed(nursery, database, [("", 0)], storm)

    told = [line["told"] for line in read(record, "away")]
    assert faults == []
    assert len(told) >= 3
    assert all(told), "a refusal without the time to try again"


def _more_answers(record: Path, number: int) -> None:
    """Waits until the worker has given so many answers more."""
    wanted = sum(1 for _ in read(record, "answered")) + number
    deadline = monotonic() + LONGEST_SECONDS
    while sum(1 for _ in read(record, "answered")) < wanted:
        assert monotonic() < deadline, "the worker answers no more"
        sleep(0.01)


@pytest.mark.parametrize(
    ("sabotage", "deaths", "said"),
    [
        ("answers first", [("citizen: decided", 2)], "is lost"),
        ("settles first", [("dispatcher: committed", 2)], "count as sent, the gateway has"),
        ("leases hundreds", [("of a batch: 60", 1)], "of lane BULK came twice"),
        ("settles nothing", [("handed over", 130)], "leases were never settled"),
        ("names every try anew", [("of a batch: 20", 1), ("of a batch: 40", 1)], "count as sent, the gateway has"),
    ],
)
def test_a_guard_taken_out_is_seen(
    nursery: Nursery, tmp_path: Path, sabotage: str, deaths: list[tuple[str, int]], said: str
) -> None:
    database = (f"sqlite:///{tmp_path}/crs.db", tmp_path)

    faults = crashed(nursery, database, deaths, lambda: None, sabotage)
    assert any(said in fault for fault in faults), faults
