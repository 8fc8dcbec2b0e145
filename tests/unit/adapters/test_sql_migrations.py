"""Opening migrates: the tables are those of the code, whoever comes first, and a newer database is left alone."""

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, inspect, text

from crs_adapters.storage.sql import open_sql
from crs_adapters.storage.sql.migrate import FOLDER
from crs_adapters.storage.sql.schema import REVISION, VERSION_TABLE, metadata
from crs_core.composition.codec import codec
from crs_core.domain.order import Order, Priority, PriorityGroup
from crs_core.domain.plans import Key, Plan
from crs_core.domain.priority import compile_segments
from crs_core.domain.registration import Gate, Registration
from crs_core.domain.reservations import Appointment, Reservation
from crs_core.domain.sites import Site
from crs_core.domain.time import later, to_micros
from crs_core.errors import AdapterFault
from crs_core.testing.invented import registration
from crs_core.testing.storage.common import DAY, NOW, apply, at_once, found, key_of, puts


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgresql_url"))
    return f"sqlite:///{tmp_path}/crs.db"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = create_engine(url)
    yield engine
    engine.dispose()


def definitions(engine: Engine) -> list[tuple[str, str]]:
    """All that a database was told to make, as it says itself: checks, conditions of indexes, options of tables."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            rows = connection.execute(text("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))
            found = [(str(name), re.sub(r"\s+", " ", sql)) for name, sql in rows]
        else:
            found = [(str(name), str(definition)) for name, definition in connection.execute(text(POSTGRESQL))]
    return sorted(each for each in found if VERSION_TABLE not in each[0])


POSTGRESQL = """
SELECT tablename || '.' || indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT relname, reloptions::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT table_name || '.' || column_name, concat_ws(' ', data_type, is_nullable, collation_name, is_identity)
    FROM information_schema.columns WHERE table_schema = 'public'
"""


def test_the_migrated_tables_are_those_of_the_code(url: str, engine: Engine) -> None:
    open_sql(url).close()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "version_table": VERSION_TABLE})

        assert compare_metadata(context, metadata) == []


def test_what_alembic_does_not_compare_is_equal_too(url: str, engine: Engine) -> None:
    open_sql(url).close()
    migrated = definitions(engine)
    metadata.drop_all(engine)
    assert definitions(engine) == []
    metadata.create_all(engine)

    assert definitions(engine) == migrated
    assert "state = 'owed'" in str(migrated)


def test_the_code_knows_the_newest_migration() -> None:
    assert ScriptDirectory(FOLDER).get_heads() == [REVISION]


def test_opening_again_changes_nothing(url: str) -> None:
    storage = open_sql(url)
    apply(storage, Plan(None, puts([Site("north")])))
    storage.close()
    again = open_sql(url)

    assert found(again, key_of(Site("north"))) is not None
    again.close()


def test_many_threads_open_an_empty_database_at_once(url: str) -> None:
    for each in at_once(*[lambda: open_sql(url)] * 6):
        assert not isinstance(each, Exception)
        each.close()


def test_many_processes_open_an_empty_database_at_once(url: str) -> None:
    program = """
import sys, alembic.command
from crs_adapters.storage.sql import open_sql, opening
print("ready", flush=True)
input()
open_sql(sys.argv[1]).close()
"""
    command = [sys.executable, "-c", program, url]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)

    assert [process.returncode for process in processes] == [0] * 3


def test_many_threads_open_databases_of_their_own_at_once(tmp_path: Path) -> None:
    """What alembic works on is the process's, not the thread's."""
    for each in at_once(*(partial(open_sql, f"sqlite:///{tmp_path}/{number}.db") for number in range(6))):
        assert not isinstance(each, Exception)
        each.close()


def test_a_newer_database_is_left_alone(url: str, engine: Engine) -> None:
    open_sql(url).close()
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(AdapterFault, match="revision=9999: a newer version of crs") as caught:
        open_sql(url)

    assert caught.value.code == "database_newer"
    assert "newer version" in caught.value.remedy


def test_a_migration_that_fails_leaves_nothing(url: str, engine: Engine) -> None:
    """A table of somebody else's is in the way; those made before it are gone again."""
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE journal (number INTEGER)"))
    with pytest.raises(AdapterFault) as caught:
        open_sql(url)

    assert caught.value.code == "storage_unreachable"
    assert inspect(engine).get_table_names() == ["journal"]


def test_tables_of_sqlite_hold_what_their_columns_say(tmp_path: Path) -> None:
    open_sql(f"sqlite:///{tmp_path}/crs.db").close()
    connection = sqlite3.connect(tmp_path / "crs.db")
    with pytest.raises(sqlite3.IntegrityError, match="cannot store TEXT value in INTEGER column"):
        connection.execute("INSERT INTO person (id, version, body) VALUES ('one', 'two', '{}')")
    connection.close()


def test_reservations_of_the_first_tables_stand_on_the_list(url: str, engine: Engine) -> None:
    """More of them than one page; a cancelled one stands on no list."""
    with engine.begin() as connection:
        upgrade(connection, "0001")
        insert = text("INSERT INTO reservation VALUES (:id, 1, :id, :active, :body)")
        connection.execute(insert, [old_reservation(number) for number in range(700)])
    storage = open_sql(url)
    with storage.read() as view:
        first = view.appointments("north", DAY, DAY)
        second = view.appointments("north", DAY + timedelta(days=28), DAY + timedelta(days=28))
    storage.close()

    assert [each.value.id for each in first] == [f"r{number:03d}" for number in range(700) if number % 7]
    assert [each.value for each in second] == [each.value for each in first]
    assert {each.version for each in first} == {1}


def upgrade(connection: Connection, revision: str) -> None:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(FOLDER))
    command.upgrade(config, revision)


def old_reservation(number: int) -> dict[str, object]:
    doses = (Appointment(1, "V1", DAY, 480), Appointment(2, "V2", DAY + timedelta(days=28), 480))
    gone = None if number % 7 else NOW
    made = Reservation(
        f"r{number:03d}", f"r{number:03d}", "north", "comirnaty", doses, NOW, (21, 28), "invitation", 1, gone
    )
    body = json.loads(codec().dumps(made))
    for name in ("steps", "missed", "revision", "replanned"):
        del body[name]
    for dose in body["doses"]:
        del dose["attendance"]
    return {"id": made.id, "active": int(gone is None), "body": json.dumps(body)}


def test_registrations_of_the_second_tables_are_called_in_every_order(url: str, engine: Engine) -> None:
    """Without tickets a lottery is seniority; whoever is not queued is still not called."""
    with engine.begin() as connection:
        upgrade(connection, "0002")
        names = "(:id, 3, 'north', :queued, 'teacher', :birth_date, :seniority, NULL, :body)"
        insert = text(f"INSERT INTO registration VALUES {names}")
        connection.execute(insert, [old_registration(number) for number in range(20)])
    storage = open_sql(url)
    with storage.read() as view:
        segments = compile_segments(Priority((PriorityGroup(60),)), view.claims("north"), DAY)
        heads = {order: [each.value.id for each in view.head("north", segments, 100, order)] for order in Order}
        one = view.get(Key(Registration, "r03"))
    storage.close()

    called = [f"r{number:02d}" for number in range(20) if number % 5]
    assert heads == {Order.AGE: called, Order.SENIORITY: called[::-1], Order.LOTTERY: called[::-1]}
    assert one is not None
    assert (one.version, one.value.ticket) == (3, 0)


def old_registration(number: int) -> dict[str, object]:
    born, since = date(1930 + number, 2, 1 + number), later(NOW, minutes=-number)
    made = registration(
        since,
        id=f"r{number:02d}",
        person=f"person-{number}",
        birth_date=born,
        claims="teacher",
        gate=Gate.QUEUED if number % 5 else Gate.LAPSED,
    )
    body = json.loads(codec().dumps(made))
    del body["ticket"]
    columns = {"id": made.id, "queued": int(made.queued), "birth_date": born.isoformat()}
    return {**columns, "seniority": to_micros(since), "body": json.dumps(body)}
