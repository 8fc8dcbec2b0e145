"""Whether a gateway is down is known to every dispatcher, and to the desk that says when a PIN will come."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Makes the table of circuits, one row a channel."""
    op.create_table(
        "circuit",
        sa.Column("id", _TEXT, primary_key=True, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("body", _TEXT, nullable=False),
        sqlite_strict=True,
    )


def downgrade() -> None:
    """A circuit that is not known is closed; nobody needs fewer tables."""
    raise NotImplementedError
