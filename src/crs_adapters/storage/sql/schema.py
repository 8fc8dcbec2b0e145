"""The tables: columns where the database must search, constrain or count, and a `body` of JSON for the rest.

Instants are microseconds since 1970 in UTC and days are YYYY-MM-DD, on either database. Text compares by code point,
so that order means the same on both.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, Integer, MetaData, Table, Text, text
from sqlalchemy.types import TypeEngine

__all__ = [
    "LISTED",
    "REVISION",
    "STATES",
    "VERSION_TABLE",
    "account",
    "amendment",
    "budget",
    "challenge",
    "circuit",
    "idempotency",
    "in_force",
    "journal",
    "metadata",
    "outbox",
    "person",
    "registration",
    "release_record",
    "reservation",
    "site",
    "tally",
]

REVISION = "0006"
"""The migration that makes these tables; a test holds it to the newest."""

VERSION_TABLE = "crs_version"

LISTED = ("first_day", "second_day", "third_day")
"""The days on whose list a reservation stands; a product has at most three doses."""

STATES = ("free", "held", "reserved", "given", "wasted")
"""What an account counts, in the order of its columns."""

_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
_LONG = BigInteger().with_variant(Integer(), "sqlite")
_OFTEN_CHANGED = {"fillfactor": 70}  # PostgreSQL keeps room for a row's new version beside the old one

metadata = MetaData()


def _text(name: str, *, key: bool = False, null: bool = False) -> Column[str]:
    return Column(name, _TEXT, primary_key=key, nullable=null)


def _number(name: str, kind: TypeEngine[int] | type[Integer] = Integer, *, null: bool = False) -> Column[int]:
    return Column(name, kind, nullable=null)


def _micros(name: str, *, null: bool = False) -> Column[int]:
    return _number(name, _LONG, null=null)


def _values(name: str, *columns: Column[str] | Column[int]) -> Table:
    """A table of values of one kind, and what the database searches and constrains them by."""
    return Table(name, metadata, _text("id", key=True), _number("version"), *columns, _text("body"), sqlite_strict=True)


def _index_where(condition: str, name: str, table: Table, *columns: str, unique: bool = False) -> None:
    where = text(condition)
    Index(name, *(table.c[each] for each in columns), unique=unique, sqlite_where=where, postgresql_where=where)


person = _values("person")
challenge = _values("challenge")
circuit = _values("circuit")
in_force = _values("in_force")
amendment = _values("amendment")
site = _values("site")
release_record = _values("release_record")

registration = _values(
    "registration",
    _text("site_id"),
    _number("queued"),
    _text("claims"),
    _text("birth_date"),
    _number("birth_year"),
    _micros("seniority"),
    _number("ticket", _LONG),
    _micros("wakes_at", null=True),
)
_by_age = ("site_id", "claims", "birth_date", "seniority", "id")
_by_year = ("site_id", "claims", "birth_year")  # within one, each of the other orders is a range
_index_where("queued = 1", "registration_queue", registration, *_by_age)
_index_where("queued = 1", "registration_seniority", registration, *_by_year, "seniority", "id", "birth_date")
_index_where("queued = 1", "registration_lottery", registration, *_by_year, "ticket", "seniority", "id", "birth_date")
_index_where("wakes_at IS NOT NULL", "registration_wakes", registration, "wakes_at", "id")

reservation = _values(
    "reservation",
    _text("registration_id"),
    _number("active"),
    _text("site_id"),
    *(_text(name, null=True) for name in LISTED),
)
_index_where("active = 1", "reservation_active", reservation, "registration_id", unique=True)
for _name in LISTED:
    _index_where(f"{_name} IS NOT NULL", f"reservation_{_name}", reservation, "site_id", _name, "id")

account = Table(
    "account",
    metadata,
    *(_text(name, key=True) for name in ("site_id", "kind", "series", "day")),
    Column("minute", Integer, primary_key=True, autoincrement=False),
    *(_number(state) for state in STATES),
    *(CheckConstraint(f"{state} >= 0", name=f"account_{state}") for state in STATES),
    sqlite_strict=True,
    sqlite_with_rowid=False,
    postgresql_with=_OFTEN_CHANGED,
)

outbox = Table(
    "outbox",
    metadata,
    _text("id", key=True),
    _number("lane"),
    *(_text(name) for name in ("channel", "purpose", "person")),
    *(_micros(name) for name in ("created_at", "due_at", "good_until")),
    _number("attempts"),
    _text("body"),
    _text("state"),
    _micros("leased_until", null=True),
    _micros("settled_at", null=True),
    _text("gateway_id"),
    _text("reason"),
    sqlite_strict=True,
)
_index_where("state = 'owed'", "outbox_unsent", outbox, "person", "purpose", unique=True)
_index_where("state = 'owed'", "outbox_lane", outbox, "lane", "due_at", "id")
_index_where("state = 'dead'", "outbox_dead", outbox, "settled_at", "id")

journal = Table(
    "journal",
    metadata,
    Column("number", _LONG, Identity(), primary_key=True),
    _micros("at"),
    *(_text(name) for name in ("kind", "person", "site_id", "actor", "facts")),
    _number("counted"),
    sqlite_strict=True,
)
Index("journal_person", journal.c.person, journal.c.number)
_index_where("counted = 0", "journal_uncounted", journal, "number")

tally = Table(
    "tally",
    metadata,
    *(_text(name, key=True) for name in ("day", "measure", "site_id", "age_group")),
    _number("number"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

budget = Table(
    "budget",
    metadata,
    _text("name", key=True),
    _micros("started_at"),
    _number("used"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
    postgresql_with=_OFTEN_CHANGED,
)

idempotency = Table(
    "idempotency",
    metadata,
    _text("key", key=True),
    _text("fingerprint"),
    _text("answer"),
    _micros("at"),
    sqlite_strict=True,
)
