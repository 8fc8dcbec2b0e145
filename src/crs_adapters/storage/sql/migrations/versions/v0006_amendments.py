"""The campaign in force is known to every process: a small row that each command reads, and each amendment whole."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Makes both tables, of values like the others."""
    for name in ("in_force", "amendment"):
        op.create_table(
            name,
            sa.Column("id", _TEXT, primary_key=True, nullable=False),
            sa.Column("version", sa.Integer, nullable=False),
            sa.Column("body", _TEXT, nullable=False),
            sqlite_strict=True,
        )


def downgrade() -> None:
    """Without them each process would go by its own file again."""
    raise NotImplementedError
