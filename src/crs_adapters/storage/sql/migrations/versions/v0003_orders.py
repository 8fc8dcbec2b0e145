"""The queue is read by seniority and by lottery too: by birth year, as ranges of birth dates would need sorting.

SQLite cannot put columns before others, so the table is made anew and its rows are read back. Registrations from before
have drawn no ticket: theirs is 0, so that a lottery calls them first, by seniority.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COPY = """
INSERT INTO registration
  (id, version, site_id, queued, claims, birth_date, birth_year, seniority, ticket, wakes_at, body)
SELECT id, version, site_id, queued, claims, birth_date, CAST(substr(birth_date, 1, 4) AS INTEGER), seniority, 0,
  wakes_at, body
FROM registration_0002
"""


def upgrade() -> None:
    """Makes the columns and fills them from what is there."""
    op.execute("CREATE TEMPORARY TABLE registration_0002 AS SELECT * FROM registration")
    op.drop_table("registration")
    op.create_table(
        "registration",
        sa.Column("id", _TEXT, primary_key=True, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("site_id", _TEXT, nullable=False),
        sa.Column("queued", sa.Integer, nullable=False),
        sa.Column("claims", _TEXT, nullable=False),
        sa.Column("birth_date", _TEXT, nullable=False),
        sa.Column("birth_year", sa.Integer, nullable=False),
        sa.Column("seniority", _LONG, nullable=False),
        sa.Column("ticket", _LONG, nullable=False),
        sa.Column("wakes_at", _LONG, nullable=True),
        sa.Column("body", _TEXT, nullable=False),
        sqlite_strict=True,
    )
    op.execute(_COPY)
    op.drop_table("registration_0002")
    _index("registration_queue", ["site_id", "claims", "birth_date", "seniority", "id"])
    _index("registration_seniority", ["site_id", "claims", "birth_year", "seniority", "id", "birth_date"])
    _index("registration_lottery", ["site_id", "claims", "birth_year", "ticket", "seniority", "id", "birth_date"])
    _index("registration_wakes", ["wakes_at", "id"], "wakes_at IS NOT NULL")


def downgrade() -> None:
    """What is new can be worked out again, but nobody needs fewer."""
    raise NotImplementedError


def _index(name: str, columns: list[str], where: str = "queued = 1") -> None:
    condition = sa.text(where)
    op.create_index(name, "registration", columns, sqlite_where=condition, postgresql_where=condition)
