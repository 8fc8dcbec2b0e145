"""What the SQL storage promises beyond the contract: other processes, lost connections, indexes, spoilt works."""

import sqlite3
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import chain
from pathlib import Path

import psycopg
import pytest
from attrs import frozen

from crs_adapters.storage.sql import open_sql
from crs_adapters.storage.sql.storage import SqlStorage
from crs_core.domain.ledger import Balance, State, Transfer
from crs_core.domain.messages import Lane
from crs_core.domain.people import Person
from crs_core.domain.plans import Key, Plan, Put
from crs_core.domain.sites import Site
from crs_core.domain.time import later
from crs_core.errors import AdapterFault, Busy, Short, Stale
from crs_core.testing.clock import VirtualClock
from crs_core.testing.storage.common import NOW, PROBE, apply, at_once, found, message, mint, note, person, puts, seat

NORTH, SOUTH = Key(Site, "north"), Key(Site, "south")
UNTIL = later(NOW, seconds=120)
TAKE = Transfer(seat(), State.FREE, State.RESERVED)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgresql_url"))
    return f"sqlite:///{tmp_path}/crs.db"


@pytest.fixture
def storage(url: str) -> Iterator[SqlStorage]:
    storage = open_sql(url, clock=VirtualClock(NOW))
    yield storage
    storage.close()


@pytest.fixture
def other(storage: SqlStorage, url: str) -> Iterator[SqlStorage]:  # after `storage`, whose tables it finds
    """The same database, opened by somebody else."""
    other = open_sql(url, clock=VirtualClock(NOW))
    yield other
    other.close()


@pytest.fixture
def on_postgresql(postgresql_url: str) -> Iterator[SqlStorage]:
    storage = open_sql(postgresql_url, clock=VirtualClock(NOW))
    yield storage
    storage.close()


@pytest.fixture
def beside(on_postgresql: SqlStorage, postgresql_url: str) -> Iterator[psycopg.Connection]:
    """A connection beside the storage's."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        yield connection


def test_a_view_is_one_picture_whatever_another_process_commits(storage: SqlStorage, other: SqlStorage) -> None:
    apply(storage, Plan(None, puts([Site("north")])))
    with storage.read() as view:
        before = view.get(NORTH)
        apply(other, Plan(None, puts([Site("north", is_open=True)], 1)))

        assert view.get(NORTH) == before
    stored = found(storage, NORTH)
    assert stored is not None
    assert stored.value.is_open


def test_another_process_that_holds_the_store_makes_busy(storage: SqlStorage, other: SqlStorage) -> None:
    def impatient() -> None:
        with other.write(timeout=0.05) as work:
            work.lock([NORTH])

    with storage.write() as work:
        work.lock([NORTH])
        with pytest.raises(Busy) as caught:
            impatient()

    assert caught.value.retry_at == later(NOW, seconds=1)
    assert caught.value.__cause__ is not None
    impatient()


ATTEMPTS = """
import sys, threading
from crs_adapters.storage.sql import open_sql
from crs_core.domain.campaign import Budget
from crs_core.errors import TooManyAttempts
from crs_core.ports.storage import BudgetUse
from crs_core.testing.storage.common import NOW

storage, passed = open_sql(sys.argv[1]), []
use = BudgetUse("tries", Budget(100, 60))

def attempt():
    for _ in range(30):
        try:
            with storage.write(timeout=30) as work:
                left, = work.take([use], NOW)
        except TooManyAttempts:
            continue
        passed.append(left)

threads = [threading.Thread(target=attempt) for _ in range(4)]
print("ready", flush=True)
input()
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
storage.close()
print(*passed)
"""


def test_two_processes_use_one_budget_as_often_as_it_allows(storage: SqlStorage, url: str) -> None:
    command = [sys.executable, "-c", ATTEMPTS, url]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    left = [[int(each) for each in process.communicate(timeout=120)[0].split()] for process in processes]

    assert sorted(chain(*left)) == list(range(100))


def test_what_failed_is_not_committed_though_its_error_is_swallowed(storage: SqlStorage) -> None:
    apply(storage, Plan(None, transfers=(mint(seat()),)))
    with pytest.raises(AdapterFault) as caught, storage.write() as work, suppress(Short):
        work.apply(Plan(None, puts([person()]), (TAKE, TAKE)), actor="tester", now=NOW)

    assert caught.value.code == "work_spoilt"
    assert found(storage, Key(Person, "401231001")) is None


@pytest.mark.parametrize("before", range(4, 8))
def test_a_refused_plan_leaves_the_connection_as_it_was(on_postgresql: SqlStorage, before: int) -> None:
    """Psycopg prepares what runs often; in a pipeline that has failed it believes that to be done, and it is not."""
    good = Plan(None, transfers=(mint(seat()),), journal=(note(),))
    for _ in range(before):
        apply(on_postgresql, good)
    with pytest.raises(Short):
        apply(on_postgresql, Plan(None, transfers=(TAKE,) * 99, journal=(note(),)))
    apply(on_postgresql, good)

    with on_postgresql.read() as view:
        assert dict(view.accounts("north")) == {seat(): Balance(free=before + 1)}


def test_accounts_are_changed_in_one_order(on_postgresql: SqlStorage) -> None:
    """Two plans that name the same accounts the other way round would wait for each other."""
    accounts = [seat(minute) for minute in range(480, 520)]
    apply(on_postgresql, Plan(None, transfers=tuple(map(mint, accounts))))

    def crossing(step: int) -> None:
        there = tuple(Transfer(account, State.FREE, State.HELD) for account in accounts[::step])
        back = tuple(Transfer(account, State.HELD, State.FREE) for account in accounts[::step])
        for _ in range(10):
            with suppress(Short):
                apply(on_postgresql, Plan(None, transfers=there))
                apply(on_postgresql, Plan(None, transfers=back))

    assert at_once(*(partial(crossing, step) for step in (1, -1, 1, -1))) == [None] * 4


def test_the_cause_of_an_error_quotes_no_row(storage: SqlStorage) -> None:
    """PostgreSQL's details quote whole rows, and a traceback shows them."""
    secret = "600103 0017"
    values = [person(), Person("401231001", secret)]
    with pytest.raises(Stale) as caught:
        apply(storage, Plan(None, puts(values)))
    assert caught.value.__cause__ is not None

    shown = "".join(traceback.format_exception(caught.value))
    assert secret not in shown
    assert "401231001" not in shown


def test_a_value_of_no_table_is_told(storage: SqlStorage) -> None:
    @frozen
    class Kiosk:
        id: str

    with storage.read() as view, pytest.raises(AdapterFault) as caught:
        view.get(Key(Kiosk, "one"))
    assert caught.value.code == "unknown_kind"
    with pytest.raises(AdapterFault, match="kind=Kiosk"):
        apply(storage, Plan(None, (Put(Key(Kiosk, "one"), Kiosk("one"), 0),)))


def test_a_site_changed_elsewhere_is_read_anew(storage: SqlStorage, other: SqlStorage) -> None:
    """Decoded sites are kept by their text, so a kept one is never an old one."""
    apply(storage, Plan(None, puts([Site("north")])))
    for version in range(1, 4):
        apply(other, Plan(None, puts([Site("north", calendar_version=version)], version)))
        stored = found(storage, NORTH)

        assert stored is not None
        assert (stored.value.calendar_version, stored.version) == (version, version + 1)


def test_a_closed_storage_says_so(storage: SqlStorage) -> None:
    storage.close()
    for caught in at_once(lambda: found(storage, NORTH), lambda: apply(storage, Plan(None))):
        assert isinstance(caught, AdapterFault)
        assert caught.code == "storage_closed"


def test_wiping_leaves_nothing(storage: SqlStorage) -> None:
    plan = Plan(None, puts([Site("north"), person()]), (mint(seat()),), messages=(message("one"),))
    with storage.write() as work:
        work.take([PROBE], NOW)
        work.remember("key", "fingerprint", "answer", NOW)
        work.apply(plan, actor="tester", now=NOW)
    storage.wipe()

    with storage.write() as work:
        assert (list(work.scan(Site)), list(work.scan(Person)), work.accounts("north")) == ([], [], [])
        assert (work.outbox(), work.replay("key", "fingerprint")) == ({}, None)
        assert work.take([PROBE], NOW) == (99,)


def test_threads_share_few_connections(postgresql_url: str) -> None:
    storage = open_sql(postgresql_url, connections=2)
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        done = at_once(*[lambda: apply(storage, Plan(None, transfers=(mint(seat()),)))] * 8)
        count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        row = connection.execute(count).fetchone()
    storage.close()

    assert done == [None] * 8
    assert row is not None
    assert row[0] <= 2


def test_skipping_lets_go_of_what_it_got(on_postgresql: SqlStorage) -> None:
    def locked(*keys: Key[Site]) -> bool:
        with on_postgresql.write() as work:
            return work.lock(keys, skip=True)

    with on_postgresql.write() as work, on_postgresql.write() as second:
        assert work.lock([SOUTH])
        assert not second.lock([NORTH, SOUTH], skip=True)
        assert at_once(lambda: locked(NORTH)) == [True]
        assert at_once(lambda: locked(NORTH, SOUTH)) == [False]


def test_leasing_passes_over_what_another_is_settling(on_postgresql: SqlStorage, beside: psycopg.Connection) -> None:
    apply(on_postgresql, Plan(None, messages=tuple(message(name) for name in "abc")))
    with beside.transaction():
        beside.execute("SELECT id FROM outbox WHERE id = 'a' FOR UPDATE")
        (taken,) = at_once(lambda: on_postgresql.lease([Lane.BULK], 9, now=NOW, until=UNTIL))

    assert not isinstance(taken, Exception)
    assert [each.id for each in taken] == ["b", "c"]
    assert [each.id for each in on_postgresql.lease([Lane.BULK], 9, now=NOW, until=UNTIL)] == ["a"]


def test_a_row_held_by_somebody_else_makes_busy(on_postgresql: SqlStorage, beside: psycopg.Connection) -> None:
    apply(on_postgresql, Plan(None, puts([person()])))
    with beside.transaction():
        beside.execute("SELECT id FROM person FOR UPDATE")
        with pytest.raises(Busy), on_postgresql.write(timeout=0.05) as work:
            work.apply(Plan(None, puts([person()], 1)), actor="tester", now=NOW)


def test_a_lost_connection_is_made_anew(on_postgresql: SqlStorage, beside: psycopg.Connection) -> None:
    apply(on_postgresql, Plan(None, puts([Site("north")])))
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"
    beside.execute(others, (beside.info.backend_pid,))

    assert found(on_postgresql, NORTH) is not None

    def interrupted() -> None:
        with on_postgresql.write() as work:
            work.lock([NORTH])
            beside.execute(others, (beside.info.backend_pid,))
            work.apply(Plan(None, puts([Site("north")], 1)), actor="tester", now=NOW)

    with pytest.raises(Busy, match="nothing was changed"):
        interrupted()
    apply(on_postgresql, Plan(None, puts([Site("north")], 1)))


def test_sqlite_keeps_what_it_said(tmp_path: Path) -> None:
    storage = open_sql(f"sqlite:///{tmp_path}/crs.db")
    with storage._database.read() as reader, storage._database.write(1) as writer:
        for session in (reader, writer):
            settings = [session.row(f"PRAGMA {name}") for name in ("journal_mode", "synchronous", "foreign_keys")]
            assert settings == [("wal",), (2,), (1,)]
    storage.close()


def test_sqlite_waits_for_a_writer_it_does_not_know(tmp_path: Path) -> None:
    storage = open_sql(f"sqlite:///{tmp_path}/crs.db")
    stranger = sqlite3.connect(tmp_path / "crs.db", isolation_level=None, check_same_thread=False)
    stranger.execute("BEGIN IMMEDIATE")
    with pytest.raises(Busy), storage.write(timeout=0.05):
        pass
    leaving = threading.Timer(0.2, stranger.execute, ["COMMIT"])
    leaving.start()
    apply(storage, Plan(None, puts([Site("north")])))
    leaving.join()
    stranger.close()

    assert found(storage, NORTH) is not None
    storage.close()
