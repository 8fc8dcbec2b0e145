"""Every error of a driver becomes one of ours, with its cause and without what it quotes of a row."""

import sqlite3

import pendulum
import psycopg
import pytest
from psycopg import errors as pg
from sqlalchemy import select
from sqlalchemy.dialects.sqlite import dialect

from crs_adapters.storage.sql import postgresql, sqlite
from crs_adapters.storage.sql.compiling import compiled, given
from crs_adapters.storage.sql.errors import Trouble, missed, translated
from crs_adapters.storage.sql.schema import tally
from crs_core.domain.ledger import Account, AccountKind
from crs_core.domain.time import Day
from crs_core.errors import AdapterFault, Busy, CrsError, Short, Stale

NOW = pendulum.datetime(2021, 1, 15, 8)
SEAT = Account("north", AccountKind.DAY.value, "V1", Day(2021, 1, 20))

SQLITE = {name: getattr(sqlite3, name) for name in dir(sqlite3) if name.startswith("SQLITE_")}
SQLITE_TAKEN = {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_ROWID"}
CONNECTION = ("08000", "08001", "08003", "08004", "08006", "08007", "08P01")
WITHOUT_STATE = (pg.ConnectionTimeout, pg.CancellationTimeout, pg._WaitTimeout)
POSTGRESQL_TROUBLES: dict[type[psycopg.Error], Trouble] = {
    pg.UniqueViolation: Trouble.TAKEN,
    pg.CheckViolation: Trouble.BELOW_NOTHING,
    pg.LockNotAvailable: Trouble.HELD,
    pg.DeadlockDetected: Trouble.HELD,
    pg.SerializationFailure: Trouble.HELD,
    pg.TooManyConnections: Trouble.HELD,
    pg.DiskFull: Trouble.FULL,
    pg.AdminShutdown: Trouble.AWAY,
    pg.CrashShutdown: Trouble.AWAY,
    pg.CannotConnectNow: Trouble.AWAY,
    pg.IdleInTransactionSessionTimeout: Trouble.AWAY,
    **dict.fromkeys(map(pg.lookup, CONNECTION), Trouble.AWAY),
    **dict.fromkeys([psycopg.OperationalError, *WITHOUT_STATE], Trouble.AWAY),
}


def sqlite_error(code: int, kind: type[sqlite3.Error] = sqlite3.OperationalError) -> sqlite3.Error:
    error = kind("made up")
    error.sqlite_errorcode = code
    return error


def now() -> pendulum.DateTime:
    return NOW


@pytest.mark.parametrize("name", sorted(name for name in SQLITE if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))))
def test_sqlite_busy_is_held(name: str) -> None:
    assert sqlite.trouble(sqlite_error(SQLITE[name])) is Trouble.HELD


@pytest.mark.parametrize("name", sorted(name for name in SQLITE if name.startswith("SQLITE_CONSTRAINT")))
def test_sqlite_constraints_are_told_apart(name: str) -> None:
    wanted = Trouble.TAKEN if name in SQLITE_TAKEN else Trouble.FAULT
    wanted = Trouble.BELOW_NOTHING if name == "SQLITE_CONSTRAINT_CHECK" else wanted

    assert sqlite.trouble(sqlite_error(SQLITE[name], sqlite3.IntegrityError)) is wanted


@pytest.mark.parametrize("name", ["SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE"])
def test_sqlite_is_full_where_it_cannot_write(name: str) -> None:
    """A limit of files or a quota is told as a failed write, a full disk as full."""
    assert sqlite.trouble(sqlite_error(SQLITE[name])) is Trouble.FULL


@pytest.mark.parametrize("name", ["SQLITE_READONLY", "SQLITE_IOERR_READ", "SQLITE_CORRUPT"])
def test_other_troubles_of_sqlite_are_faults(name: str) -> None:
    assert sqlite.trouble(sqlite_error(SQLITE[name])) is Trouble.FAULT
    assert sqlite.trouble(sqlite3.ProgrammingError("Cannot operate on a closed database.")) is Trouble.FAULT


def test_every_state_of_postgresql_has_its_trouble() -> None:
    kinds = {each for each in vars(pg).values() if isinstance(each, type) and issubclass(each, psycopg.Error)}
    found = {kind: postgresql.trouble(kind("made up")) for kind in kinds}

    assert len(found) > 200
    assert {kind: trouble for kind, trouble in found.items() if trouble is not Trouble.FAULT} == POSTGRESQL_TROUBLES


def test_what_carries_no_code_is_a_fault() -> None:
    for error in (psycopg.DataError("NUL"), psycopg.InterfaceError("the connection is closed"), UnicodeError()):
        assert postgresql.trouble(error) is Trouble.FAULT


def test_a_connection_that_breaks_without_a_state_is_away() -> None:
    assert postgresql.trouble(psycopg.OperationalError("server closed the connection")) is Trouble.AWAY


@pytest.mark.parametrize(
    ("trouble", "subject", "wanted"),
    [
        (Trouble.TAKEN, "person", Stale),
        (Trouble.TAKEN, SEAT, Short),
        (Trouble.BELOW_NOTHING, SEAT, Short),
        (Trouble.BELOW_NOTHING, "person", AdapterFault),
        (Trouble.HELD, SEAT, Busy),
        (Trouble.FULL, SEAT, Busy),
        (Trouble.AWAY, SEAT, Busy),
        (Trouble.FAULT, SEAT, AdapterFault),
    ],
)
def test_a_trouble_is_told_as_one_of_ours(trouble: Trouble, subject: object, wanted: type[CrsError]) -> None:
    assert type(translated(trouble, sqlite_error(SQLITE["SQLITE_FULL"]), now, subject)) is wanted


def test_busy_says_when_to_try_again() -> None:
    error = translated(Trouble.HELD, sqlite_error(SQLITE["SQLITE_BUSY"]), now)

    assert error.retry_at == NOW.add(seconds=1)


@pytest.mark.parametrize(("trouble", "seconds"), [(Trouble.FULL, 60), (Trouble.AWAY, 5)])
def test_what_operators_must_mend_says_when_to_try_again_and_that_nothing_changed(
    trouble: Trouble, seconds: int
) -> None:
    error = translated(trouble, sqlite_error(SQLITE["SQLITE_FULL"]), now)

    assert error.retry_at == NOW.add(seconds=seconds)
    assert "nothing was changed" in error.remedy


def test_a_fault_names_the_driver_s_code_and_not_its_words() -> None:
    error = translated(Trouble.FAULT, psycopg.DataError("Vzorová"), now)

    assert "DataError" in str(error)
    assert "Vzorová" not in str(error)


def test_a_text_that_cannot_be_encoded_is_not_quoted() -> None:
    with pytest.raises(UnicodeEncodeError) as caught:
        "Vzorová \ud800".encode()
    translated(Trouble.FAULT, caught.value, now)

    assert "Vzorová" not in repr(caught.value)


def test_what_is_missed_is_short_of_an_account_and_stale_of_anything_else() -> None:
    error = missed(SEAT)

    assert isinstance(error, Short)
    assert error.account == str(SEAT)
    assert type(missed("person")) is Stale


def test_values_in_another_order_than_said_are_found_when_compiled() -> None:
    here = select(tally.c.number).where(tally.c.day == given(tally.c.day), tally.c.measure == given(tally.c.measure))
    assert compiled(dialect(), here, "day", "measure")

    with pytest.raises(AssertionError, match="stand in the order"):
        compiled(dialect(), here, "measure", "day")
