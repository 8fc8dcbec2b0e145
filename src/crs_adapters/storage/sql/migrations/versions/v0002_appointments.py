"""Reservations are found by site and day: the list of appointments, and whom a re-plan may move.

SQLite cannot put columns before others, so the table is made anew and its rows are read back.
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_DAYS = ("first_day", "second_day", "third_day")
_KEPT = ("id", "version", "registration_id", "active", "body")
_PAGE = 500


def upgrade() -> None:
    """Makes the columns and fills them from what is there."""
    op.execute("CREATE TEMPORARY TABLE reservation_0001 AS SELECT * FROM reservation")
    op.drop_table("reservation")
    op.create_table(
        "reservation",
        sa.Column("id", _TEXT, primary_key=True, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("registration_id", _TEXT, nullable=False),
        sa.Column("active", sa.Integer, nullable=False),
        sa.Column("site_id", _TEXT, nullable=False),
        *(sa.Column(name, _TEXT, nullable=True) for name in _DAYS),
        sa.Column("body", _TEXT, nullable=False),
        sqlite_strict=True,
    )
    _fill()
    op.drop_table("reservation_0001")
    _index("reservation_active", ["registration_id"], "active = 1", unique=True)
    for name in _DAYS:
        _index(f"reservation_{name}", ["site_id", name, "id"], f"{name} IS NOT NULL", unique=False)


def downgrade() -> None:
    """The days can be read from the reservations again, but nobody needs fewer."""
    raise NotImplementedError


def _index(name: str, columns: list[str], where: str, *, unique: bool) -> None:
    condition = sa.text(where)
    op.create_index(name, "reservation", columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def _fill() -> None:
    old = sa.table("reservation_0001", *(sa.column(name) for name in _KEPT))
    new = sa.table("reservation", *(sa.column(name) for name in (*_KEPT, "site_id", *_DAYS)))
    last = ""
    while True:
        page = sa.select(*old.c).where(old.c.id > last).order_by(old.c.id).limit(_PAGE)
        rows = [dict(row) for row in op.get_bind().execute(page).mappings()]
        if not rows:
            return
        op.get_bind().execute(sa.insert(new), [{**row, **_listed(row)} for row in rows])
        last = str(rows[-1]["id"])


def _listed(row: dict[str, Any]) -> dict[str, Any]:
    """The site and the days of a reservation as it was then: one that was cancelled stands on no list."""
    body = json.loads(row["body"])
    days = [dose["day"] for dose in body["doses"]] if row["active"] else []
    return {"site_id": body["site_id"], **dict(zip(_DAYS, [*days, None, None, None], strict=False))}
