"""Releases are kept, each with its rules and its cut-off."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Makes the table; of releases from before only the journal knows."""
    op.create_table(
        "release_record",
        sa.Column("id", _TEXT, primary_key=True, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("body", _TEXT, nullable=False),
        sqlite_strict=True,
    )


def downgrade() -> None:
    """What was kept would be lost."""
    raise NotImplementedError
