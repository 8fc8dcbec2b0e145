"""The statements that run most find their rows by an index and sort nothing, however large the tables grow."""

import re
import uuid
from collections.abc import Iterator

import pytest

from crs_adapters.storage.sql import open_sql
from crs_adapters.storage.sql.session import Row, Session
from crs_adapters.storage.sql.storage import SqlStorage
from crs_core.domain.order import Order
from crs_core.domain.people import Person
from tests.postgresql import PostgresqlServer

ACCOUNT = ("north", "slot", "V1", "2021-01-25", 480)
STATEMENTS = {
    "get": ("person", ("one",)),
    "update": ("person", ("{}", "one", 1)),
    "scan": ("person", ("", 100)),
    "head": ("registration_queue", ("north", "", "0001-01-01", "1941-01-25", 100)),
    "head by seniority": ("registration_seniority", ("north", "", 1941, "01-01", "01-25", 100)),
    "head by lottery": ("registration_lottery", ("north", "", 1941, "01-01", "01-25", 100)),
    "birth years": ("registration_", ("north", "", 1941, 1, "north", "", 1941)),
    "claims": ("registration_", ("north", "north")),
    "due": ("registration_wakes", (0, 100)),
    "first doses": ("reservation_first_day", ("north", "2021-01-25", "2021-01-25")),
    "third doses": ("reservation_third_day", ("north", "2021-01-25", "2021-01-25")),
    "days": ("account", ("north",)),
    "slots": ("account", ("north", "V1", "2021-01-25")),
    "move": ("account", (-1, 1, 0, 0, 0, *ACCOUNT)),
    "lease": ("outbox_lane", (0, 0, 0, "sms", "", 10, 1)),
    "backlog": ("outbox_lane", (0,)),
    "owed": ("outbox_lane", (0, 0, "", 100)),
    "dead letters": ("outbox_dead", (10,)),
    "journal": ("journal_person", ("person-1",)),
    "uncounted": ("journal_uncounted", (100,)),
    "budget": ("budget", ("tries",)),
    "answer": ("idempotency", ("key",)),
}
"""The index, or the table whose primary key, each statement has to use, and values for it; any index of some where the
name ends with a line."""

TUNED = ("enable_seqscan", "enable_bitmapscan", "enable_sort")
"""Off, PostgreSQL shows whether an index can serve a statement, though its tables here are empty."""


def text_of(storage: SqlStorage, name: str) -> str:
    tables = storage._tables
    values, queue, ledger, outbox, journal = tables.values, tables.queue, tables.ledger, tables.outbox, tables.journal
    person = values._shelf(Person)
    return {
        "get": person.get,
        "update": person.update,
        "scan": person.page,
        "head": queue._by_age,
        "head by seniority": queue._by_year[Order.SENIORITY],
        "head by lottery": queue._by_year[Order.LOTTERY],
        "birth years": queue._years,
        "claims": queue._claims,
        "due": queue._due,
        "first doses": values._listed[0],
        "third doses": values._listed[2],
        "days": ledger._days,
        "slots": ledger._slots,
        "move": ledger._move,
        "lease": outbox._lease,
        "backlog": outbox._backlog,
        "owed": outbox._page,
        "dead letters": outbox._dead,
        "journal": journal._person,
        "uncounted": journal._uncounted,
        "budget": tables.budgets._started,
        "answer": tables.answers._kept,
    }[name]


def explained(session: Session, text: str, values: Row) -> str:
    return "\n".join(str(row[-1]) for row in session.rows(text, values))


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStorage]:
    storage = open_sql(f"sqlite:///{tmp_path_factory.mktemp('plans')}/crs.db")
    yield storage
    storage.close()


@pytest.fixture(scope="module")
def on_postgresql(postgresql_server: PostgresqlServer) -> Iterator[SqlStorage]:
    name = f"crs_{uuid.uuid4().hex}"
    storage = open_sql(postgresql_server.create_database(name))
    yield storage
    storage.close()
    postgresql_server.drop_database(name)


@pytest.mark.parametrize("name", STATEMENTS)
def test_sqlite_uses_the_index(on_sqlite: SqlStorage, name: str) -> None:
    index, values = STATEMENTS[name]
    with on_sqlite._database.read() as session:
        plan = explained(session, f"EXPLAIN QUERY PLAN {text_of(on_sqlite, name)}", values)

    key = {f"INDEX sqlite_autoindex_{index}_1 ", f"SEARCH {index} USING PRIMARY KEY", f"INDEX {index}"}
    assert any(each in plan for each in key), plan
    assert f"SCAN {index}\n" not in f"{plan}\n"
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("name", STATEMENTS)
def test_postgresql_uses_the_index(on_postgresql: SqlStorage, name: str) -> None:
    index, values = STATEMENTS[name]
    with on_postgresql._database.read() as session:
        session.row("SELECT " + ", ".join(f"set_config('{setting}', 'off', true)" for setting in TUNED))
        plan = explained(session, f"EXPLAIN {text_of(on_postgresql, name)}", values)

    assert re.search(rf"using {index}(_pkey)? on" if index[-1] != "_" else f"using {index}[a-z]+ on", plan), plan
    assert "Seq Scan" not in plan
    assert "Sort" not in plan
