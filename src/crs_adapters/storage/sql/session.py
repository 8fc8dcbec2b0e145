"""What the tables are read and written through: one transaction on one connection of one database."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Engine

from crs_adapters.storage.sql.compiling import Statement
from crs_core.domain.plans import Key

__all__ = ["Change", "Database", "Row", "Session", "connection_of"]

Row = tuple[Any, ...]


Change = tuple[Statement, Row, bool, object]
"""One statement that writes: its text, its values, whether it is a conflict if there is no such row, and what it is
about for the error, an account or the name of something. A plain tuple, as a command makes a dozen."""


class Session(Protocol):
    """One transaction; every error it raises is a `CrsError`."""

    def row(self, statement: Statement, values: Row = ()) -> Row | None:
        """The first row, or None."""
        ...

    def rows(self, statement: Statement, values: Row = ()) -> Sequence[Row]:
        """All rows."""
        ...

    def rows_of_each(self, statement: Statement, many: Sequence[Row]) -> Sequence[Sequence[Row]]:
        """All rows for each of several values, in one go where the database can."""
        ...

    def run(self, changes: Sequence[Change]) -> None:
        """Makes changes in their order.

        Raises:
            Stale: Something is there already, or a change that must hit found nothing.
            Short: The same of an account, or it would fall below nothing.
        """
        ...

    def lock(self, keys: Sequence[tuple[int, Key[Any]]], *, skip: bool) -> bool:
        """Locks keys, each with its place in the order; see `Work.lock`."""
        ...


class Database(Protocol):
    """Transactions of one database."""

    def read(self) -> AbstractContextManager[Session]:
        """A transaction that reads one consistent picture."""
        ...

    def write(self, timeout: float) -> AbstractContextManager[Session]:
        """A transaction that writes, and waits at most so many seconds for others.

        Raises:
            Busy: Others held what it needs for longer.
        """
        ...

    def close(self) -> None:
        """Gives back all connections."""
        ...


def connection_of(engine: Engine) -> Any:
    """A new connection of the driver, set up by the engine and ours from now on."""
    made = engine.raw_connection()
    connection = made.driver_connection
    made.detach()
    return connection
