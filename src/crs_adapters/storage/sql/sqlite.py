"""SQLite: one writer at a time in the whole database, readers that never wait.

Threads of one process queue for the writer in order. Other processes are asked every few milliseconds, as SQLite has no
queue of its own and its growing pauses would let a busy process starve the others.
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any, cast

from sqlalchemy import URL, Engine, NullPool, create_engine, event

from crs_adapters.storage.sql.compiling import Statement
from crs_adapters.storage.sql.errors import Trouble, missed, spoilt, translated
from crs_adapters.storage.sql.pool import Pool
from crs_adapters.storage.sql.session import Change, Row, connection_of
from crs_core.domain.plans import Key
from crs_core.domain.time import Instant
from crs_core.errors import AdapterFault, Busy, CrsError

__all__ = ["SqliteDatabase", "engine_of", "trouble"]

_OLDEST = (3, 37)  # STRICT tables; RETURNING came in 3.35
_SETTINGS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA wal_autocheckpoint=8000",  # pages; with 1,000 every second release of 100 at a large site writes them back
)
_OPENING_SECONDS = 30.0
_POLL_MILLISECONDS = 3
_READERS = 64

_TAKEN = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID}
_HELD = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_FULL = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_SHMSIZE,
}  # quotas and limits of files too
_FAULTS = (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError)


def trouble(error: Exception) -> Trouble:
    """What an error of the driver means."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return Trouble.FAULT
    if code in _TAKEN:
        return Trouble.TAKEN
    if code == sqlite3.SQLITE_CONSTRAINT_CHECK:
        return Trouble.BELOW_NOTHING
    if code in _FULL:
        return Trouble.FULL
    return Trouble.HELD if code & 0xFF in _HELD else Trouble.FAULT


def engine_of(path: Path) -> Engine:
    """An engine that makes connections to a file, each set up alike."""
    if sqlite3.sqlite_version_info < _OLDEST:
        version = sqlite3.sqlite_version
        remedy = "use a Python that brings a newer SQLite, or PostgreSQL"
        raise AdapterFault("sqlite_too_old", f"sqlite={version}: 3.37 or newer is needed", remedy=remedy)
    settings = {"isolation_level": None, "check_same_thread": False, "timeout": _OPENING_SECONDS}
    engine = create_engine(URL.create("sqlite", database=str(path)), poolclass=NullPool, connect_args=settings)
    event.listen(engine, "connect", _set_up)
    return engine


def _set_up(connection: Any, _record: object) -> None:
    modes = [_patiently(connection, setting) for setting in _SETTINGS]
    if modes[0] != ("wal",):
        message = f"journal_mode={modes[0][0]}: the folder's file system allows no write-ahead log"
        raise AdapterFault("sqlite_without_wal", message, remedy="put the file on a local disk")


def _patiently(connection: Any, setting: str) -> Any:
    """What a setting says, once nobody else is in the way.

    Two connections that switch a new file to its write-ahead log at once would wait for each other for ever; SQLite
    tells one of them at once that it is busy, without its time-out (https://www.sqlite.org/c3ref/busy_handler.html).
    """
    ends = monotonic() + _OPENING_SECONDS
    while True:
        try:
            return connection.execute(setting).fetchone()
        except sqlite3.OperationalError as error:
            if trouble(error) is not Trouble.HELD or monotonic() >= ends:
                raise
            sleep(_POLL_MILLISECONDS / 1000)


class SqliteSession:
    """See `Session`. One connection, used by one thread at a time."""

    def __init__(self, connection: sqlite3.Connection, now: Callable[[], Instant]) -> None:
        self._connection = connection
        self._now = now
        self._spoilt = False

    def _failed(self, error: Exception, subject: object = None) -> CrsError:
        self._spoilt = True
        return translated(trouble(error), error, self._now, subject)

    def row(self, statement: Statement, values: Row = ()) -> Row | None:
        """See `Session.row`."""
        try:
            return cast("Row | None", self._connection.execute(statement, values).fetchone())
        except _FAULTS as error:
            raise self._failed(error) from error

    def rows(self, statement: Statement, values: Row = ()) -> Sequence[Row]:
        """See `Session.rows`."""
        try:
            return self._connection.execute(statement, values).fetchall()
        except _FAULTS as error:
            raise self._failed(error) from error

    def rows_of_each(self, statement: Statement, many: Sequence[Row]) -> Sequence[Sequence[Row]]:
        """See `Session.rows_of_each`."""
        return [self.rows(statement, values) for values in many]

    def run(self, changes: Sequence[Change]) -> None:
        """See `Session.run`."""
        subject: object = None
        try:
            for statement, values, must_hit, subject in changes:
                if not self._connection.execute(statement, values).rowcount and must_hit:
                    self._spoilt = True
                    raise missed(subject)
        except _FAULTS as error:
            raise self._failed(error, subject) from error

    def lock(self, keys: Sequence[tuple[int, Key[Any]]], *, skip: bool) -> bool:  # noqa: ARG002
        """See `Session.lock`; nothing to do, the writer is alone."""
        return True

    def begin(self, command: Statement) -> None:
        """Begins a transaction."""
        self._spoilt = False
        try:
            self._connection.execute(command)
        except _FAULTS as error:
            raise self._failed(error) from error

    def commit(self) -> None:
        """Keeps what was done.

        Raises:
            AdapterFault: A change failed and its error was not passed on.
        """
        if self._spoilt:
            raise spoilt()
        try:
            self._connection.execute("COMMIT")
        except _FAULTS as error:
            raise self._failed(error) from error

    def rollback(self) -> None:
        """Forgets what was done."""
        with suppress(*_FAULTS):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()


class SqliteDatabase:
    """See `Database`: a file."""

    def __init__(self, engine: Engine, now: Callable[[], Instant]) -> None:
        self._engine = engine
        self._now = now
        self._readers = Pool(self._session, _READERS, now)
        self._writers = Pool(self._writing_session, 1, now)

    def _session(self) -> SqliteSession:
        try:
            return SqliteSession(connection_of(self._engine), self._now)
        except _FAULTS as error:
            raise translated(trouble(error), error, self._now) from error

    def _writing_session(self) -> SqliteSession:
        session = self._session()
        session.row(f"PRAGMA busy_timeout={_POLL_MILLISECONDS}")
        return session

    def read(self) -> AbstractContextManager[SqliteSession]:
        """See `Database.read`; the picture is that of the first reading."""
        return self._readers.transaction(_begin_reading, _OPENING_SECONDS)

    def write(self, timeout: float) -> AbstractContextManager[SqliteSession]:
        """See `Database.write`."""
        ends = monotonic() + timeout
        return self._writers.transaction(lambda session: _begin_writing(session, ends), timeout)

    def close(self) -> None:
        """See `Database.close`."""
        self._readers.close()
        self._writers.close()
        self._engine.dispose()


def _begin_reading(session: SqliteSession) -> None:
    session.begin("BEGIN")


def _begin_writing(session: SqliteSession, ends: float) -> None:
    while True:
        try:
            return session.begin("BEGIN IMMEDIATE")
        except Busy as error:
            if error.code != "busy" or monotonic() >= ends:
                raise
