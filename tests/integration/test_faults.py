"""A disk that is full, a database that is locked, a clock that is put back: clear refusals, nothing lost, recovery.

On SQLite the disk is full in two ways that need no rights: a file may grow no further (`RLIMIT_FSIZE`), or the
database may have no more pages (`max_page_count`). On PostgreSQL it is a small file system, which takes root to mount.
"""

import os
import resource
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
import pytest
from attrs import define, frozen

import crs_core as crs
from crs_adapters.storage.sql import postgresql, storage
from crs_core.domain.messages import Lane
from crs_core.domain.plans import Key, Plan, Put
from crs_core.domain.sites import Site
from crs_core.domain.time import later
from tests.postgresql import PostgresqlServer
from tests.systems import DURABLE, PIN, START, OpenTown, Town, dump, invented

HOUR = 60
CITIZENS = 3
LOCKED_SECONDS = 60.0 if os.environ.get("CI") == "true" else 12.0
"""A minute; outside CI a little more than a command waits."""


def commands(town: Town) -> dict[str, Callable[[int], object]]:
    """Commands of every desk, each for the citizen of a number who has not come before."""

    def ask(number: int) -> object:
        citizen = invented(number)
        return town.desk.request_control_pin(citizen.phone, source=citizen.source)

    def remind(number: int) -> object:
        return town.desk.remind_pin(invented(1).insured_number, source=f"2001:db8:1::{number:x}")

    return {
        "ask": ask,
        "remind": remind,
        "release": lambda _: town.system.site("north").release(),
        "dispatch": lambda _: town.system.operations.dispatch(),
        "tick": lambda _: town.system.operations.tick(),
        "publish": lambda number: town.system.site("south").publish(
            [crs.Calendar(f"W{number}", "comirnaty", 1, crs.even_slots(START.date().replace(day=28), number))]
        ),
    }


@define
class Disk:
    """A disk of a town that can be filled, and be given room again."""

    fill: Callable[[Town], None]
    free: Callable[[Town], None]


@contextmanager
def limited_file(path: Path) -> Iterator[Disk]:
    """No file of this process grows beyond the largest of the database."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(_town: Town) -> None:
        most = max(each.stat().st_size for each in path.parent.glob(f"{path.name}*"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (most + 8192, hard))

    def free(_town: Town) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    try:
        yield Disk(fill, free)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def limited_pages(_path: Path) -> Iterator[Disk]:
    """The database may have as many pages as it has, and a few."""

    def most(town: Town, pages: int) -> None:
        with town.system._office.storage._database.write(10) as session:  # type: ignore[attr-defined]
            session.row(f"PRAGMA max_page_count={pages}")

    def fill(town: Town) -> None:
        with town.system._office.storage._database.write(10) as session:  # type: ignore[attr-defined]
            pages = session.row("PRAGMA page_count")[0]
        most(town, pages + 2)

    yield Disk(fill, lambda town: most(town, 1 << 30))


@contextmanager
def small_tablespace(server: PostgresqlServer, url: str) -> Iterator[Disk]:
    """The database is moved to a file system of 24 MB."""
    folder = Path(server.options.get("host", "/nowhere")) / f"small-{uuid.uuid4().hex}"
    name = url.partition("@/")[2].partition("?")[0]
    with ExitStack() as stack:
        if not folder.parent.is_dir() or not mounted(folder, stack):
            pytest.skip("fault=disk full on PostgreSQL: needs root, who may mount a small file system")
        admin = stack.enter_context(psycopg.connect(server.dsn("postgres"), autocommit=True))
        admin.execute(f"CREATE TABLESPACE {name}_small LOCATION '{folder}'")
        stack.callback(admin.execute, f"DROP TABLESPACE {name}_small")
        admin.execute(f"ALTER DATABASE {name} SET TABLESPACE {name}_small")
        stack.callback(admin.execute, f"ALTER DATABASE {name} SET TABLESPACE pg_default")

        def fill(_town: Town) -> None:
            with psycopg.connect(url, autocommit=True) as filler:
                filler.execute("CREATE TABLE filler (x text)")
                with suppress(psycopg.errors.DiskFull):
                    while True:
                        filler.execute("INSERT INTO filler SELECT repeat('x', 500) FROM generate_series(1, 200)")

        def free(_town: Town) -> None:
            with psycopg.connect(url, autocommit=True) as filler:
                filler.execute("DROP TABLE filler")

        yield Disk(fill, free)


def mounted(folder: Path, stack: ExitStack) -> bool:
    """Whether a small file system could be mounted there; it goes with the stack."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    folder.mkdir()
    stack.callback(folder.rmdir)
    owner = folder.parent.stat()
    options = f"size=24m,mode=0700,uid={owner.st_uid},gid={owner.st_gid}"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], check=False).returncode:
        return False
    stack.callback(lambda: subprocess.run(["umount", "-l", folder], check=True))
    return True


@pytest.mark.slow
@pytest.mark.parametrize(
    ("way", "name"),
    [(limited_file, "ask"), (limited_file, "publish"), (limited_pages, "release"), (limited_pages, "ask")],
)
def test_a_full_disk_of_sqlite(open_town: OpenTown, tmp_path: Path, way: Any, name: str) -> None:
    path = tmp_path / "crs.db"
    town = open_town(f"sqlite:///{path}")
    town.registered(30)
    with way(path) as disk:
        holds_on_a_full_disk(town, disk, name)


@pytest.mark.slow
@pytest.mark.postgresql
@pytest.mark.parametrize("name", ["ask", "publish"])
def test_a_full_disk_of_postgresql(
    open_town: OpenTown, postgresql_server: PostgresqlServer, postgresql_url: str, name: str
) -> None:
    with small_tablespace(postgresql_server, postgresql_url) as disk:
        town = open_town(postgresql_url)
        town.registered(10)
        holds_on_a_full_disk(town, disk, name)
        town.system.close()


def holds_on_a_full_disk(town: Town, disk: Disk, name: str) -> None:
    command = commands(town)[name]
    disk.fill(town)
    refusal, number = first_refusal(town, command)

    assert (refusal.code, type(refusal)) == ("storage_full", crs.Busy)
    assert refusal.retry_at is not None
    assert refusal.retry_at > town.clock.now()
    assert "storage_full" not in crs.refusal_text(refusal, "cs")
    before = dump(town.system)
    with pytest.raises(crs.Busy):
        command(number)
    assert dump(town.system) == before
    assert town.desk.sites()  # who only reads is not refused
    assert town.system.operations.audit() == ()

    disk.free(town)
    command(number)
    assert dump(town.system) != before
    town.clock.move(minutes=3)  # what was leased when its outcome could not be kept is leased again
    town.system.operations.dispatch(10_000)
    assert all(state != "owed" for _, state in town.system.operations.messages())
    assert town.system.operations.dead_letters() == ()
    assert town.system.operations.audit() == ()


def first_refusal(town: Town, command: Callable[[int], object]) -> tuple[crs.CrsError, int]:
    """What the first command says for which there is no room left, and whose number it was."""
    for number in range(200, 3000):
        try:
            command(number)
        except crs.CrsError as refusal:
            return refusal, number
        if number % 50 == 0:
            with suppress(crs.Busy):
                town.register(invented(number + 3000))
    raise AssertionError("the disk never filled")


@frozen
class Lock:
    """Another program that holds the whole database."""

    url: str

    @contextmanager
    def held(self) -> Iterator[None]:
        """For as long as this lasts."""
        command = [sys.executable, "-c", _HOLD_SQLITE if self.url.startswith("sqlite") else _HOLD_POSTGRESQL]
        target = self.url.removeprefix("sqlite:///")
        with subprocess.Popen([*command, target], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield
            process.stdin.close()


_HOLD_SQLITE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""
_HOLD_POSTGRESQL = """
import psycopg, sys
with psycopg.connect(sys.argv[1]) as connection:
    names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    connection.execute("LOCK TABLE " + ", ".join(name for name, in names) + " IN ACCESS EXCLUSIVE MODE")
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.slow
@pytest.mark.parametrize("storage_url", DURABLE, indirect=True)
def test_a_locked_database(open_town: OpenTown, storage_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands wait for as long as they were told to and then say when to come again; the wait is a tenth here."""
    town = open_town(storage_url)
    town.registered(3)
    town.system._office.write_timeout = 0.1
    monkeypatch.setattr(storage, "_LEASE_SECONDS", 0.1)
    monkeypatch.setattr(postgresql, "_READ_SECONDS", 0.1)
    before = dump(town.system)
    with Lock(storage_url).held():
        for name, command in commands(town).items():
            with pytest.raises(crs.Busy) as refused:
                command(500)
            assert refused.value.code == "busy", name
            assert refused.value.retry_at is not None, name

    assert dump(town.system) == before
    for command in commands(town).values():
        command(500)
    assert town.system.operations.audit() == ()


@pytest.mark.slow
@pytest.mark.postgresql
def test_a_minute_of_a_locked_database(open_town: OpenTown, tmp_path: Path, postgresql_url: str) -> None:
    """The waits are what they are for users: whoever is refused comes again with the same key, and is served once."""
    urls = (f"sqlite:///{tmp_path}/crs.db", postgresql_url)
    towns = [open_town(url) for url in urls]
    with ThreadPoolExecutor(2 * CITIZENS) as pool, ExitStack() as locks:
        for url in urls:
            locks.enter_context(Lock(url).held())
        waiting = [pool.submit(asks_again_and_again, town, number) for town in towns for number in range(CITIZENS)]
        Event().wait(LOCKED_SECONDS)
        early = [each for each in waiting if each.done()]
        locks.close()
        told = [each.result() for each in waiting]

    assert early == []
    assert all(told), "somebody waited without an answer"
    assert all(moment is not None and moment > START for moments in told for moment in moments)
    for town in towns:
        assert town.system.operations.dispatch().sent == CITIZENS
        assert town.system.operations.audit() == ()


def asks_again_and_again(town: Town, number: int) -> list[datetime | None]:
    """When a citizen was told to come again, each time, until a PIN was on its way."""
    citizen = invented(number)
    told: list[datetime | None] = []
    while True:
        try:
            town.desk.request_control_pin(citizen.phone, source=citizen.source, idempotency_key=f"press {number}")
        except crs.Busy as refusal:
            told.append(refusal.retry_at)
        else:
            return told


@pytest.mark.postgresql
def test_a_worker_that_stands_still_with_its_locks_is_ended(
    open_town: OpenTown, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stops between two statements, as a frozen machine does; the others wait, and it keeps nothing."""
    town = open_town(postgresql_url)
    monkeypatch.setattr(postgresql, "_IDLE_SECONDS", 1.0)
    site = Key(Site, "north")

    def freeze() -> None:
        with town.system._office.storage.write() as work:
            work.lock([site])
            stored = work.get(site)
            assert stored is not None
            monkeypatch.undo()
            town.system._office.write_timeout = 60
            town.system.site("north").close()  # waits for the lock until the server has ended the other
            work.apply(Plan(None, (Put(site, stored.value, stored.version),)), actor="frozen", now=START)

    with pytest.raises(crs.Busy) as refused:
        freeze()
    assert refused.value.code == "storage_away"
    assert [each.id for each in town.desk.sites()] == ["south"]


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
def test_readers_of_a_locked_sqlite_wait_for_nobody(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    [(_, entry)] = town.entered(1)
    with Lock(storage_url).held():
        assert town.desk.offers(entry).offers
        assert town.desk.journey(entry).step == 5
        assert town.system.operations.audit() == ()


class TestClockPutBackByAnHour:
    """Nothing ends early, nothing lives longer than its rule and the hour, and everything goes on."""

    def test_a_pin_lives_as_long_as_its_rule_and_the_hour_and_no_longer(
        self, open_town: OpenTown, storage_url: str
    ) -> None:
        town = open_town(storage_url)
        citizens = [invented(number) for number in (1, 2)]
        sent = [town.desk.request_control_pin(each.phone, source=each.source) for each in citizens]
        town.system.operations.dispatch()
        pins = [PIN.findall(town.texts(each.phone)[0])[0] for each in citizens]
        town.clock.move(minutes=-HOUR)

        town.desk.verify_phone(sent[0].handle, pins[0])
        town.clock.move(minutes=HOUR + 10)  # the rule's ten minutes by this clock, an hour and ten by another
        with pytest.raises(crs.Refused) as refused:
            town.desk.verify_phone(sent[1].handle, pins[1])
        assert refused.value.code == "pin_expired"

    def test_what_is_asked_for_in_the_hour_come_again_is_sent_and_opens(
        self, open_town: OpenTown, storage_url: str
    ) -> None:
        town = open_town(storage_url)
        town.registered(3)
        town.clock.move(minutes=-HOUR)

        newcomer = town.register(invented(9))
        assert newcomer.registration_id
        assert town.system.site("north").release().invited
        town.system.operations.dispatch()
        entry = town.enter(newcomer)
        town.reserve(entry)
        town.desk.cancel(entry)
        town.system.operations.tick()
        assert town.system.operations.audit() == ()

    def test_who_waited_longer_still_goes_first(self, open_town: OpenTown, storage_url: str) -> None:
        """Those of one birth date who registered before it was put back stay in their order."""
        town = open_town(storage_url)
        first = town.register(invented(1))
        town.clock.move(minutes=20)
        second = town.register(invented(841))  # of the same birth date: 840 is a multiple of 10, 12 and 28
        town.clock.move(minutes=-HOUR)
        assert first.application.birth_date == second.application.birth_date

        invited = town.system.site("north").release().invited
        assert invited == (first.registration_id, second.registration_id)

    def test_a_lease_of_the_first_hour_ends_with_it_and_the_message_leaves(
        self, open_town: OpenTown, storage_url: str
    ) -> None:
        town = open_town(storage_url)
        office = town.system._office
        citizen = invented(1)
        sent = town.desk.request_control_pin(citizen.phone, source=citizen.source)
        now = town.clock.now()
        office.storage.lease([Lane.INTERACTIVE], 1, now=now, until=later(now, seconds=120))  # and dies
        town.clock.move(minutes=-HOUR)
        for _ in range(HOUR + 3):
            town.system.operations.dispatch()
            town.clock.move(minutes=1)

        assert len(town.texts(citizen.phone)) == 1
        assert town.desk.verify_phone(sent.handle, town.pin_of(citizen.phone, 6))
        assert town.system.operations.audit() == ()
