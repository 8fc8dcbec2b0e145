"""Weeks of a campaign on memory, SQLite and PostgreSQL in lock-step: against a model, audited at every step."""

import os
from collections.abc import Iterator, Mapping
from datetime import date
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
from crs_core.domain.calendars import Calendar, Slot
from crs_core.domain.campaign import StockRule
from crs_core.domain.registration import Registration
from crs_core.domain.time import add_days
from crs_core.office import reception
from crs_core.office.commands import Office
from crs_core.ports.clock import Clock
from crs_core.ports.storage import Storage
from crs_core.testing.invented import Invented, insured_number
from crs_core.testing.lifecycle import lifecycle_machine, town
from crs_core.testing.lifecycle.phones import Proof

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


ANNA, BEDRICH = (
    Invented(insured_number(day, number, woman=woman), name, "Vzorová", day)
    for day, number, woman, name in ((date(1936, 1, 10), 1, True, "Ng"), (date(1935, 2, 20), 2, False, "Václav"))
)


@pytest.fixture
def written(sqlite: Any) -> Any:
    """A play that is written down: on the sixth day a site opens."""
    machine = lifecycle_machine(lambda clock: {"memory": MemoryStorage(clock), "sqlite": sqlite})()
    machine.begin(town.STARTS[0], StockRule.IGNORED, town.TERMS[1], 0, [ANNA, BEDRICH])
    machine.clock.move(days=5)
    today = machine.now.date()
    first = Calendar("V1", "comirnaty", 1, (Slot(add_days(today, 20), 480, 2),))
    second = Calendar("V2", "comirnaty", 2, (Slot(add_days(today, 46), 480, 2),))
    machine.offers_seats("north", [first, second], twice=False)
    machine.opens("north")
    return machine


def registers(machine: Any, person: Invented, phone: str) -> None:
    machine.applies(proof(machine, phone), person, "north", claims=False, email=False, twice=False)


def proof(machine: Any, phone: str) -> Proof:
    machine._proves(phone)
    found: Proof = machine.proofs[-1]
    assert found.phone == phone
    return found


@pytest.mark.parametrize("objects", [False, True])
def test_whoever_contended_is_erased(written: Any, *, objects: bool) -> None:
    for person in (ANNA, BEDRICH):
        registers(written, person, town.PHONES[0])
        registers(written, person, town.PHONES[1])
    written.ticks()
    written.dispatch()
    if objects:
        written.objects(proof(written, town.PHONES[0]), ANNA, twice=True)
    written.days_pass(days=5)
    assert {each.blocked for each in written.model.people.of(ANNA)} == {"", "newer" if objects else "replaced"}
    written.erases(ANNA)
    written.clock.move(hours=2)
    registers(written, ANNA, town.PHONES[2])
    written.days_pass(days=5)
    written.teardown()


def test_whoever_registers_again_after_a_lapse(written: Any) -> None:
    registers(written, ANNA, town.PHONES[0])
    written.days_pass(days=5)
    assert [each.state for each in written.model.people.of(ANNA)] == ["lapsed"]
    registers(written, ANNA, town.PHONES[0])
    written.days_pass(days=1)
    assert [each.is_invited for each in written.model.people.of(ANNA)] == [True]
    written.teardown()


def test_whoever_changes_phones_while_nothing_leaves_for_a_week_asks_for_pin2(written: Any) -> None:
    """With a reservation; the message to the new phone is not worth sending by then, and nothing else is owed."""
    registers(written, ANNA, town.PHONES[0])
    written.days_pass(days=1)
    [anna] = written.model.people.of(ANNA)
    entered = written.entry_of(anna)
    [offer, *_] = written.chooses(entered)
    written.books(entered, offer, email=False, twice=False)
    written.mends(entered, None, proof(written, town.PHONES[1]), twice=False)
    assert anna.pin2 is None
    written.clock.move(days=8)
    written.teardown()


def test_a_phone_objects_so_often_and_no_more(written: Any) -> None:
    registers(written, ANNA, town.PHONES[0])
    held = proof(written, town.PHONES[0])
    most = written.model.campaign.limits.registrations_phone.most
    for _ in range(most + 1):
        written.objects(held, ANNA, twice=False)
    written.erases(ANNA)
    written.objects(held, ANNA, twice=False)


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
