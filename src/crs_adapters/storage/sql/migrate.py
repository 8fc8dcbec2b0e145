"""Bringing a database to the tables that this code knows, by alembic, when it is opened.

Nobody runs a command for it. Whoever opens a database first migrates it, under a lock, in one transaction; the others
wait and find it done. For a look from outside, ``alembic`` can be pointed at the folder ``migrations``.
"""

import threading
from pathlib import Path

from sqlalchemy import Connection, Engine, column, inspect, select, table

from crs_adapters.storage.sql.schema import REVISION, VERSION_TABLE
from crs_core.errors import AdapterFault

__all__ = ["FOLDER", "migrate"]

FOLDER = Path(__file__).with_name("migrations")

_ALONE = {"sqlite": "BEGIN IMMEDIATE", "postgresql": f"SELECT pg_advisory_xact_lock({0x6372735F6D6967})"}  # "crs_mig"
_ONE_AT_A_TIME = threading.Lock()  # alembic's `op` and `context` are the process's, not the connection's


def migrate(engine: Engine) -> None:
    """Brings a database to the newest revision, and leaves one that is there untouched.

    Raises:
        AdapterFault: ``database_newer``: a newer version of this code has migrated it.
    """
    with engine.connect() as connection:
        found = _revision(connection)
    if found == REVISION:
        return
    with _ONE_AT_A_TIME, engine.begin() as connection:
        connection.exec_driver_sql(_ALONE[engine.dialect.name])
        _upgrade(connection, _revision(connection))


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(select(column("version_num")).select_from(table(VERSION_TABLE))).scalar()
    return None if found is None else str(found)


def _upgrade(connection: Connection, found: str | None) -> None:
    from alembic import command  # noqa: PLC0415 - paid for only where there is something to migrate
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise AdapterFault(
            "database_newer",
            f"revision={found}: a newer version of crs has migrated this database; this one knows up to {REVISION}",
            remedy="run the newer version, or restore a backup from before",
        )
    command.upgrade(config, "head")
