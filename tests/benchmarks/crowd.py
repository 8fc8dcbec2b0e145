"""A queue of any length, written straight into the table: the library would take minutes for a million people."""

import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

import psycopg
from psycopg import sql

from crs_core.composition.codec import codec
from crs_core.domain.time import from_micros
from crs_core.testing.invented import registration

_COLUMNS = (
    *("id", "version", "site_id", "queued", "claims", "birth_date", "birth_year", "seniority", "ticket", "wakes_at"),
    "body",
)
_CLAIMS = ("",) * 12 + ("health-worker", "teacher", "teacher", "health-worker,teacher")
_BORN = [date(1925, 1, 1) + timedelta(number) for number in range(79 * 365)]
_SINCE = 1_610_690_400_000_000
_WEEKS = 45 * 86_400_000_000


def fill_sqlite(path: str, people: int) -> None:
    """Adds so many queued people to a database that nobody has open; indexes are made afterwards, all at once."""
    connection = sqlite3.connect(path, isolation_level=None)
    for setting in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-262144", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {setting}").fetchone()
    made = "SELECT name, sql FROM sqlite_schema WHERE tbl_name = 'registration' AND type = 'index' AND sql IS NOT NULL"
    indexes = connection.execute(made).fetchall()
    connection.execute("BEGIN")
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    marks = ", ".join("?" for _ in _COLUMNS)
    connection.executemany(f"INSERT INTO registration ({', '.join(_COLUMNS)}) VALUES ({marks})", _rows(people))
    for _, text in indexes:
        connection.execute(text)
    connection.execute("COMMIT")
    connection.close()


def fill_postgresql(dsn: str, people: int) -> None:
    """The same in PostgreSQL, which gathers statistics as it would by itself within a minute."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET maintenance_work_mem = '256MB'")
        made = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'registration' AND indexname !~ '_pkey$'"
        indexes = connection.execute(made).fetchall()
        for name, _ in indexes:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        names = sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
        command = sql.SQL("COPY registration ({}) FROM STDIN").format(names)
        with connection.cursor() as cursor, cursor.copy(command) as copy:
            for row in _rows(people):
                copy.write_row(row)
        for _, text in indexes:
            connection.execute(text.encode())
        connection.execute("VACUUM ANALYZE registration")


def _rows(people: int) -> Iterator[tuple[object, ...]]:
    """Invented people of 17 to 96 years, the same for every database: a row of the table each."""
    chance = Random(people)
    body = _body()
    for number in range(people):
        born, claims = chance.choice(_BORN), chance.choice(_CLAIMS)
        since, ticket = _SINCE + chance.randrange(_WEEKS), chance.getrandbits(60)
        name, day = f"queued-{number:07d}", born.isoformat()
        text = body % (name, name, day, number, claims, since, since, ticket)
        yield name, 1, "north", 1, claims, day, born.year, since, ticket, None, text


def _body() -> str:
    """The JSON of a registration with places for what differs."""
    made = registration(
        from_micros(222),
        id="%s",
        person="person-%s",
        birth_date=date(1111, 11, 11),
        phone="+4206%08d",
        claims="%s",
        pin_key_id="bench",
        ticket=333,
    )
    return codec().dumps(made).replace("1111-11-11", "%s").replace(":222", ":%d").replace(":333", ":%d")
