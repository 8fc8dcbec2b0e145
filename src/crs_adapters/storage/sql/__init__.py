"""Storage in SQLite or PostgreSQL: one adapter on SQLAlchemy Core, migrated when it is opened.

Needs the extra ``sql``, and ``postgresql`` for PostgreSQL. Nothing of either is imported before a database is opened.
"""

from typing import TYPE_CHECKING

from crs_core.composition.defaults import SystemClock
from crs_core.composition.hookspecs import Adapter, Surroundings, hookimpl
from crs_core.errors import AdapterFault
from crs_core.ports.clock import Clock

if TYPE_CHECKING:
    from crs_adapters.storage.sql.storage import SqlStorage

__all__ = ["crs_register_adapters", "open_sql"]


def open_sql(url: str, *, clock: Clock | None = None, connections: int = 16) -> "SqlStorage":
    """A storage in the database of a URL, its tables made or brought up to date.

    Args:
        url: ``sqlite:///file.db`` (from the working folder), ``sqlite:////absolute/file.db``, or
            ``postgresql://user@host/database`` as libpq knows it.
        clock: Says when to try again; this machine's where None.
        connections: Most connections to PostgreSQL at once, 1 or more; further threads wait.

    Raises:
        InvalidInput: A URL that names no such database.
        AdapterFault: ``driver_missing``, ``storage_unreachable``, or ``database_newer`` than this code.

    >>> import tempfile
    >>> from crs_core.domain.plans import Key
    >>> from crs_core.domain.sites import Site
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     storage = open_sql(f"sqlite:///{folder}/crs.db")
    ...     with storage.read() as view:
    ...         print(view.get(Key(Site, "prague-1")))
    ...     storage.close()
    None
    """
    try:
        from crs_adapters.storage.sql.opening import open_storage  # noqa: PLC0415 - paid for on first use

        return open_storage(url, (clock or SystemClock()).now, connections)
    except ImportError as error:
        remedy = "pip install 'crs[sql]'"
        raise AdapterFault(
            "driver_missing", f"{url.partition(':')[0]}: needs SQLAlchemy and alembic", remedy=remedy
        ) from error


@hookimpl
def crs_register_adapters() -> tuple[Adapter, ...]:
    """See `Hooks.crs_register_adapters`."""
    return (
        Adapter("storage", "sqlite", _open, "one file; many processes of one machine may share it"),
        Adapter("storage", "postgresql", _open, "a server; many machines may share it"),
    )


def _open(url: str, around: Surroundings) -> "SqlStorage":
    return open_sql(url, clock=around.clock)
