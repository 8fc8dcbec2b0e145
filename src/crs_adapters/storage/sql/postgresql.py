"""PostgreSQL through psycopg 3: row versions and checks decide conflicts, advisory locks keep commands apart.

Round trips are what costs: writes go in one pipeline, and cursors are kept, as making one costs as much as a statement.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from hashlib import blake2b
from typing import Any, cast

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import URL, Engine, NullPool, create_engine

from crs_adapters.storage.sql.compiling import Statement
from crs_adapters.storage.sql.errors import Trouble, missed, spoilt, translated, unsure
from crs_adapters.storage.sql.pool import Pool
from crs_adapters.storage.sql.session import Change, Row, connection_of
from crs_core.domain.plans import Key
from crs_core.domain.time import Instant
from crs_core.errors import CrsError

__all__ = ["PostgresqlDatabase", "engine_of", "trouble"]

_TROUBLES = {
    "23505": Trouble.TAKEN,  # unique_violation
    "23514": Trouble.BELOW_NOTHING,  # check_violation
    "55P03": Trouble.HELD,  # lock_not_available: lock_timeout
    "40P01": Trouble.HELD,  # deadlock_detected
    "40001": Trouble.HELD,  # serialization_failure
    "53300": Trouble.HELD,  # too_many_connections
    "53100": Trouble.FULL,  # disk_full
    "57P01": Trouble.AWAY,  # admin_shutdown
    "57P02": Trouble.AWAY,  # crash_shutdown
    "57P03": Trouble.AWAY,  # cannot_connect_now
    "25P03": Trouble.AWAY,  # idle_in_transaction_session_timeout
}
_CONNECTION = "08"  # the class of connection exceptions
_FAULTS = (psycopg.Error, psycopg.Warning, OverflowError, UnicodeError)
_READ = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL lock_timeout = %d"
_READ_SECONDS = 10.0
_IDLE_SECONDS = 60.0
_WRITE = (
    b"BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = %d;"
    b" SET LOCAL idle_in_transaction_session_timeout = %d"
)
_BATCH = 64


def trouble(error: Exception) -> Trouble:
    """What an error of the driver means."""
    state = (error.sqlstate or error.diag.sqlstate) if isinstance(error, psycopg.Error) else None
    if (state or "").startswith(_CONNECTION) or (state is None and isinstance(error, psycopg.OperationalError)):
        # Without a state it is libpq that speaks, not the server.
        return Trouble.FAULT if isinstance(error, psycopg.errors.PipelineAborted) else Trouble.AWAY
    return _TROUBLES.get(state or "", Trouble.FAULT)


def engine_of(url: URL) -> Engine:
    """An engine that makes connections to a server."""
    target = url.set(drivername="postgresql+psycopg")
    return create_engine(target, poolclass=NullPool, paramstyle="format", use_native_hstore=False)


class PostgresqlSession:
    """See `Session`. One connection, used by one thread at a time; a lost one is made anew at the next beginning."""

    def __init__(self, connect: Callable[[], psycopg.Connection], now: Callable[[], Instant]) -> None:
        self._connect = connect
        self._now = now
        self._spoilt = False
        self._renew()

    def _renew(self) -> None:
        self._connection = self._connect()
        self._connection.autocommit = True  # transactions begin and end by our own commands
        self._cursors = [self._connection.cursor()]

    def _failed(self, error: Exception, subject: object = None) -> CrsError:
        self._spoilt = True
        if isinstance(error, psycopg.Error) and error.diag.message_primary:
            error.args = (error.diag.message_primary,)  # the detail quotes whole rows
        return translated(trouble(error), error, self._now, subject)

    def row(self, statement: Statement, values: Row = ()) -> Row | None:
        """See `Session.row`."""
        try:
            return self._cursors[0].execute(statement, values).fetchone()
        except _FAULTS as error:
            raise self._failed(error) from error

    def rows(self, statement: Statement, values: Row = ()) -> Sequence[Row]:
        """See `Session.rows`."""
        try:
            return self._cursors[0].execute(statement, values).fetchall()
        except _FAULTS as error:
            raise self._failed(error) from error

    def rows_of_each(self, statement: Statement, many: Sequence[Row]) -> Sequence[Sequence[Row]]:
        """See `Session.rows_of_each`."""
        if len(many) == 1:
            return [self.rows(statement, many[0])]
        return [self._rows_of(cursor) for cursor in self._sent([(statement, values, False, None) for values in many])]

    def run(self, changes: Sequence[Change]) -> None:
        """See `Session.run`."""
        for start in range(0, len(changes), _BATCH):
            batch = changes[start : start + _BATCH]
            for cursor, (_, _, must_hit, subject) in zip(self._sent(batch), batch, strict=True):
                if must_hit and not cursor.rowcount:
                    self._spoilt = True
                    raise missed(subject)

    def _sent(self, changes: Sequence[Change]) -> list[psycopg.Cursor]:
        """A cursor for each change, all sent before the first answer is waited for."""
        while len(self._cursors) < len(changes):
            self._cursors.append(self._connection.cursor())
        cursors = self._cursors[: len(changes)]
        failure: Exception | None = None
        try:
            with self._connection.pipeline():
                try:
                    for cursor, (statement, values, _, _) in zip(cursors, changes, strict=True):
                        cursor.execute(statement, values)
                except _FAULTS as error:
                    failure = error
        except _FAULTS as error:
            failure = failure or error
        if failure is not None:
            raise self._first_of(failure, cursors, changes) from failure
        return cursors

    def _first_of(self, failure: Exception, cursors: Sequence[psycopg.Cursor], changes: Sequence[Change]) -> CrsError:
        """What went wrong first: a change before the failed one may have found nothing, and then it is the reason.

        Answers come in order, so the first change without one is the one that failed.
        """
        for cursor, (_, _, must_hit, subject) in zip(cursors, changes, strict=True):
            if cursor.rowcount < 0:
                return self._failed(failure, subject)
            if must_hit and not cursor.rowcount and trouble(failure) is not Trouble.AWAY:
                self._spoilt = True
                return missed(subject)
        return self._failed(failure)

    def _rows_of(self, cursor: psycopg.Cursor) -> Sequence[Row]:
        try:
            return cursor.fetchall()
        except _FAULTS as error:
            raise self._failed(error) from error

    def lock(self, keys: Sequence[tuple[int, Key[Any]]], *, skip: bool) -> bool:
        """See `Session.lock`: advisory locks of this transaction, in one statement, in one order for everybody."""
        numbers = tuple(number for _, number in sorted({(place, _number(key)) for place, key in keys}))
        if not numbers:
            return True
        if not skip:
            self.row(_of_each("pg_advisory_xact_lock", numbers), numbers)
            return True
        self._order(b"SAVEPOINT locking")
        held = all(self.row(_of_each("pg_try_advisory_xact_lock", numbers), numbers) or ())
        if not held:
            self._order(b"ROLLBACK TO SAVEPOINT locking")  # lets go of those it got
        return held

    def _send(self, command: bytes) -> None:
        """Runs commands without values, beside psycopg, which forgets all prepared statements at every ROLLBACK."""
        result = self._connection.pgconn.exec_(command)
        if result.status != ExecStatus.COMMAND_OK:
            raise psycopg.OperationalError(result.get_error_message(), info=result)

    def _order(self, command: bytes) -> None:
        try:
            self._send(command)
        except _FAULTS as error:
            raise self._failed(error) from error

    def begin(self, command: bytes) -> None:
        """Begins a transaction, on a new connection where the old one was lost meanwhile."""
        self._spoilt = False
        if not self._connection.closed:
            with suppress(psycopg.OperationalError):
                self._send(command)
                return
        self.close()
        try:
            self._renew()
        except _FAULTS as error:
            raise self._failed(error) from error
        self._order(command)

    def commit(self) -> None:
        """Keeps what was done.

        Raises:
            AdapterFault: A change failed and its error was not passed on; or ``outcome_unknown``.
        """
        if self._spoilt:
            raise spoilt()
        try:
            self._send(b"COMMIT")
        except _FAULTS as error:
            failure = self._failed(error)
            raise (unsure(self._now()) if trouble(error) is Trouble.AWAY else failure) from error

    def rollback(self) -> None:
        """Forgets what was done; a connection that is not idle afterwards is given up."""
        with suppress(*_FAULTS):
            if self._connection.info.transaction_status is TransactionStatus.INTRANS:
                self._send(b"ROLLBACK")
            else:
                self._cursors[0].execute("ROLLBACK")  # by psycopg: what it prepared in a failed pipeline is not there
        if self._connection.info.transaction_status is not TransactionStatus.IDLE:
            self.close()

    def close(self) -> None:
        """Closes the connection."""
        with suppress(psycopg.Error):
            self._connection.close()


def _number(key: Key[Any]) -> int:
    """A key as 64 bits; two of one number share their lock, which only makes them wait."""
    name = f"{key.kind.__name__}\0{key.id}".encode(errors="surrogatepass")
    return int.from_bytes(blake2b(name, digest_size=8).digest(), signed=True)


def _of_each(function: str, numbers: tuple[int, ...]) -> Statement:
    """A call a number, from left to right; an array would cost half as much again."""
    return f"SELECT {', '.join([f'{function}(%s::bigint)'] * len(numbers))}"


class PostgresqlDatabase:
    """See `Database`: a database of a server."""

    def __init__(self, engine: Engine, now: Callable[[], Instant], connections: int) -> None:
        self._engine = engine
        self._now = now
        self._pool = Pool(self._session, connections, now)

    def _session(self) -> PostgresqlSession:
        try:
            return PostgresqlSession(lambda: cast("psycopg.Connection", connection_of(self._engine)), self._now)
        except _FAULTS as error:
            raise translated(trouble(error), error, self._now) from error

    def read(self) -> AbstractContextManager[PostgresqlSession]:
        """See `Database.read`."""
        return self._pool.transaction(_begin_reading, _READ_SECONDS)

    def write(self, timeout: float) -> AbstractContextManager[PostgresqlSession]:
        """See `Database.write`; each single wait for a lock is bounded by the time-out.

        A worker that stands still with its locks, or whose machine has gone, is ended by the server after a minute.
        """
        milliseconds = max(1, round(timeout * 1000))  # 0 would mean for ever
        begin = _WRITE % (milliseconds, round(_IDLE_SECONDS * 1000))
        return self._pool.transaction(lambda session: session.begin(begin), timeout)

    def close(self) -> None:
        """See `Database.close`."""
        self._pool.close()
        self._engine.dispose()


def _begin_reading(session: PostgresqlSession) -> None:
    """Readers wait for nobody but those who lock whole tables, such as a change of their columns."""
    session.begin(_READ % round(_READ_SECONDS * 1000))
