"""1,000 attempts by eight threads in each of two processes on the last places: exactly so many reservations."""

import multiprocessing
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from crs_core.domain.ledger import AccountKind
from crs_core.rounds.audit import Violation
from tests.integration import race

pytestmark = pytest.mark.slow


def run_race(url: str, folder: Path, sabotage: str = "") -> tuple[Counter[str], int, tuple[Violation, ...]]:
    """How the attempts ended, how many seats the ledger says are taken, and what the auditor finds."""
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, context.Pool(2) as pool:
        barrier = manager.Barrier(2 * race.THREADS)
        halves = [(url, str(folder), first, barrier, sabotage) for first in (0, race.PEOPLE // 2)]
        ends = sum(pool.starmap(race.run, halves, chunksize=1), Counter[str]())
    with race.open_race(url, str(folder)) as system:
        with system._office.storage.read() as view:
            taken = sum(
                balance.reserved for account, balance in view.accounts("north") if account.kind == AccountKind.SLOT
            )
        assert sum(ends.values()) == race.PEOPLE
        assert ends["reserved"] == len(race.active(system))
        return ends, taken, system.operations.audit()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/race.db"
    found: str = request.getfixturevalue("postgresql_url")
    return found


def without_checks(url: str) -> None:
    """PostgreSQL keeps its checks in the table; for SQLite the processes turn them off."""
    if url.startswith("postgresql"):
        with psycopg.connect(url) as connection:
            connection.execute("ALTER TABLE account DROP CONSTRAINT account_free")


def test_the_last_places_go_to_exactly_so_many(url: str, tmp_path: Path) -> None:
    race.prepare(url, str(tmp_path))

    ends, taken, violations = run_race(url, tmp_path)

    assert ends["reserved"] == race.PLACES
    assert taken == 2 * race.PLACES
    assert violations == ()
    assert set(ends) <= {"reserved", "full", "offer_taken", "offer_strands"}


@pytest.mark.parametrize("guard", ["lock", "check"])
def test_one_guard_alone_still_sells_no_seat_twice(url: str, tmp_path: Path, guard: str) -> None:
    """Deciding before the lock leaves the accounts' own check, and without that check the lock decides right."""
    race.prepare(url, str(tmp_path))
    if guard == "check":
        without_checks(url)

    ends, taken, _ = run_race(url, tmp_path, guard)

    assert ends["reserved"] <= race.PLACES
    assert taken == 2 * ends["reserved"]


def test_without_its_guards_the_race_oversells(url: str, tmp_path: Path) -> None:
    """The negative control: if this fails, the test above proves nothing."""
    race.prepare(url, str(tmp_path))
    without_checks(url)

    ends, _, violations = run_race(url, tmp_path, "lock,check")

    assert ends["reserved"] > race.PLACES
    assert any(violation.invariant == 1 for violation in violations)
