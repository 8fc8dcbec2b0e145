"""From a URL to a storage: which database, set up, migrated, its statements compiled."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from crs_adapters.storage.sql.migrate import migrate
from crs_adapters.storage.sql.session import Database
from crs_adapters.storage.sql.storage import SqlStorage
from crs_core.domain.time import Instant
from crs_core.errors import AdapterFault, CrsError, InvalidInput, Problem

__all__ = ["open_storage"]

_REMEDY = "give sqlite:///file.db, sqlite:////absolute/file.db, or postgresql://user@host/database"


def open_storage(url: str, now: Callable[[], Instant], connections: int) -> SqlStorage:
    """See `crs_adapters.storage.sql.open_sql`."""
    target = _parsed(url)
    engine, database = _on_sqlite(target, now) if _is_sqlite(target) else _on_postgresql(target, now, connections)
    try:
        migrate(engine)
    except (CrsError, ImportError):
        database.close()
        raise
    except Exception as error:
        database.close()
        raise _unreachable(target, error) from error
    return SqlStorage(database, engine.dialect)


def _parsed(url: str) -> URL:
    try:
        target = make_url(url)
    except ArgumentError:
        raise _invalid("…", "is no URL of a database") from None
    shown = target.render_as_string(hide_password=True)
    if target.drivername in {"postgresql", "postgresql+psycopg"}:
        return target
    if not _is_sqlite(target):
        raise _invalid(shown, "must begin with sqlite: or postgresql:")
    if target.database in {None, "", ":memory:"}:
        raise _invalid(shown, "SQLite in memory is another database for every connection; memory: keeps nothing either")
    if target.host or target.query:
        raise _invalid(shown, "an SQLite URL is a path, with neither host nor options")
    return target


def _is_sqlite(target: URL) -> bool:
    return target.drivername == "sqlite"


def _invalid(value: str, rule: str) -> InvalidInput:
    return InvalidInput([Problem("storage", value, rule, _REMEDY)])


def _on_sqlite(target: URL, now: Callable[[], Instant]) -> tuple[Engine, Database]:
    from crs_adapters.storage.sql import sqlite  # noqa: PLC0415 - paid for only where it is used

    path = Path(target.database or "").absolute()  # the working folder may change later
    if not path.parent.is_dir():
        raise _invalid(f"{path}", "the folder of the file must exist")
    engine = sqlite.engine_of(path)
    return engine, sqlite.SqliteDatabase(engine, now)


def _on_postgresql(target: URL, now: Callable[[], Instant], connections: int) -> tuple[Engine, Database]:
    try:
        from crs_adapters.storage.sql import postgresql  # noqa: PLC0415 - the driver is another extra
    except ImportError as error:
        raise AdapterFault(
            "driver_missing", "postgresql: needs psycopg 3", remedy="pip install 'crs[postgresql]'"
        ) from error
    engine = postgresql.engine_of(target)
    return engine, postgresql.PostgresqlDatabase(engine, now, connections)


def _unreachable(target: URL, error: Exception) -> AdapterFault:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return AdapterFault(
        "storage_unreachable",
        f"storage={target.render_as_string(hide_password=True)}: cannot be opened: {type(cause).__name__}",
        remedy="see the chained cause; the database must exist, and its user must be allowed to make tables",
    )
