"""Weeks of a campaign on memory, SQLite and PostgreSQL in lock-step: against a model, audited at every step."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from crs_adapters.storage.memory import MemoryStorage
from crs_adapters.storage.sql import open_sql
from crs_core.domain import duplicates, gate
from crs_core.domain.amendments import InForce
from crs_core.domain.registration import Registration
from crs_core.office import reception
from crs_core.office.commands import Office
from crs_core.ports.clock import Clock
from crs_core.ports.storage import Storage
from crs_core.testing.lifecycle import lifecycle_machine

QUIET = list(HealthCheck)


def plays(quick: int, whole: int) -> int:
    """Few plays in the quick loop, more otherwise."""
    return quick if os.environ.get("HYPOTHESIS_PROFILE") == "quick" else whole


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Any]:
    storage = open_sql(f"sqlite:///{tmp_path}/weeks.db")
    yield storage
    storage.close()


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[Any]:
    storage = open_sql(postgresql_url)
    yield storage
    storage.close()


def play(others: Mapping[str, Any], examples: int, steps: int) -> None:
    """So many plays of so many steps, on memory and these."""

    def fresh(clock: Clock) -> dict[str, Storage]:
        for storage in others.values():
            storage.wipe()
        return {"memory": MemoryStorage(clock), **others}

    run_state_machine_as_test(
        lifecycle_machine(fresh),
        settings=settings(
            settings.get_profile("default"),
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=QUIET,
        ),
    )


def test_weeks_on_memory_and_sqlite(sqlite: Any) -> None:
    play({"sqlite": sqlite}, plays(5, 25), 20)


@pytest.mark.slow
@pytest.mark.postgresql
def test_weeks_on_all_three(sqlite: Any, postgresql: Any) -> None:
    play({"sqlite": sqlite, "postgresql": postgresql}, plays(5, 25), 25)


def nobody_leaves(_registration: Registration) -> tuple[()]:
    """An unanswered invitation stays on the site's account for ever."""
    return ()


def everybody_may(*_: object) -> None:
    """The gate stands open."""


def never_amended(office: Office, _view: object, found: InForce) -> Office:
    """Amendments are kept and followed by nobody."""
    return evolve(office, pauses=found.pauses, version=found.version)


def takes_the_place(newer: Registration, _now: object) -> Registration:
    """A duplicate is saved and not blocked."""
    return newer


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "guard", "broken"),
    [
        (gate, "no_longer_invited", nobody_leaves),
        (gate, "require_open", everybody_may),
        (reception, "as_in_force", never_amended),
        (duplicates, "waits", takes_the_place),
    ],
)
def test_a_guard_taken_out_is_found(monkeypatch: pytest.MonkeyPatch, module: Any, guard: str, broken: Any) -> None:
    """The machine can fail: the audit or the model catches each."""
    monkeypatch.setattr(module, guard, broken)

    with pytest.raises((AssertionError, LookupError, ExceptionGroup)):
        run_state_machine_as_test(
            lifecycle_machine(lambda clock: {"memory": MemoryStorage(clock)}),
            settings=settings(
                max_examples=400,
                stateful_step_count=30,
                deadline=None,
                database=None,
                derandomize=True,  # whether a guard is missed is no matter of luck
                suppress_health_check=QUIET,
                phases=[Phase.generate],
            ),
        )
