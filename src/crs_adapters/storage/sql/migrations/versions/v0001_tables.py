"""The first tables: values, accounts, outbox, journal, tallies, budgets, answers."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_STATES = ("free", "held", "reserved", "given", "wasted")


def upgrade() -> None:
    """Makes them."""
    _values("person")
    _values("challenge")
    _values("site")
    _registrations()
    _reservations()
    _accounts()
    _outbox()
    _journal()
    _tallies()
    _budgets()
    _answers()


def downgrade() -> None:
    """There is nothing before them; drop the database instead."""
    raise NotImplementedError


def _text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, _TEXT, primary_key=key, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _micros(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, _LONG, nullable=null)


def _index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def _values(name: str, *columns: sa.Column[str] | sa.Column[int]) -> None:
    op.create_table(name, _text("id", key=True), _number("version"), *columns, _text("body"), sqlite_strict=True)


def _registrations() -> None:
    _values(
        "registration",
        _text("site_id"),
        _number("queued"),
        _text("claims"),
        _text("birth_date"),
        _micros("seniority"),
        _micros("wakes_at", null=True),
    )
    queue = ["site_id", "claims", "birth_date", "seniority", "id"]
    _index("registration_queue", "registration", queue, "queued = 1")
    _index("registration_wakes", "registration", ["wakes_at", "id"], "wakes_at IS NOT NULL")


def _reservations() -> None:
    _values("reservation", _text("registration_id"), _number("active"))
    _index("reservation_active", "reservation", ["registration_id"], "active = 1", unique=True)


def _accounts() -> None:
    op.create_table(
        "account",
        _text("site_id", key=True),
        _text("kind", key=True),
        _text("series", key=True),
        _text("day", key=True),
        sa.Column("minute", sa.Integer, primary_key=True, autoincrement=False),
        *(_number(state) for state in _STATES),
        *(sa.CheckConstraint(f"{state} >= 0", name=f"account_{state}") for state in _STATES),
        sqlite_strict=True,
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 70},
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        _text("id", key=True),
        _number("lane"),
        _text("channel"),
        _text("purpose"),
        _text("person"),
        _micros("created_at"),
        _micros("due_at"),
        _micros("good_until"),
        _number("attempts"),
        _text("body"),
        _text("state"),
        _micros("leased_until", null=True),
        _micros("settled_at", null=True),
        _text("gateway_id"),
        _text("reason"),
        sqlite_strict=True,
    )
    _index("outbox_unsent", "outbox", ["person", "purpose"], "state = 'owed'", unique=True)
    _index("outbox_lane", "outbox", ["lane", "due_at", "id"], "state = 'owed'")
    _index("outbox_dead", "outbox", ["settled_at", "id"], "state = 'dead'")


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("number", _LONG, sa.Identity(), primary_key=True),
        _micros("at"),
        _text("kind"),
        _text("person"),
        _text("site_id"),
        _text("actor"),
        _text("facts"),
        _number("counted"),
        sqlite_strict=True,
    )
    op.create_index("journal_person", "journal", ["person", "number"])
    _index("journal_uncounted", "journal", ["number"], "counted = 0")


def _tallies() -> None:
    op.create_table(
        "tally",
        _text("day", key=True),
        _text("measure", key=True),
        _text("site_id", key=True),
        _text("age_group", key=True),
        _number("number"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _budgets() -> None:
    op.create_table(
        "budget",
        _text("name", key=True),
        _micros("started_at"),
        _number("used"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 70},
    )


def _answers() -> None:
    op.create_table(
        "idempotency",
        _text("key", key=True),
        _text("fingerprint"),
        _text("answer"),
        _micros("at"),
        sqlite_strict=True,
    )
