"""How alembic finds the database: by the connection that `migrate` hands over, in the transaction that it began."""

from alembic import context
from sqlalchemy import Connection

from crs_adapters.storage.sql.schema import VERSION_TABLE, metadata


def run(connection: Connection) -> None:
    """Runs the migrations asked for; whoever gave the connection commits."""
    context.configure(connection=connection, target_metadata=metadata, version_table=VERSION_TABLE)
    context.run_migrations()


if hasattr(context, "config"):  # not where a tool merely reads this module
    run(context.config.attributes["connection"])
