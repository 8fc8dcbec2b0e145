"""Guessing insured numbers tells nothing and pushes nobody out, at any form or desk.

Two towns are asked the same: in one the number is somebody's, in the other nobody's. Answers, messages to whoever
asks, budgets, expected times, and the statements that a database is sent are the same.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import Engine, event

import crs_core as crs
from crs_core.desks import registering
from crs_core.desks.registering import Registered
from crs_core.domain.campaign import Access, Budget, Limits
from crs_core.domain.plans import Plan
from crs_core.domain.registration import Registration
from crs_core.domain.rules import always
from crs_core.office import persons
from crs_core.office.commands import Office
from crs_core.office.letters import notice
from crs_core.ports.storage import Work
from crs_core.testing.invented import insured_number
from tests.systems import Citizen, OpenTown, Town, invented, open_towns

DECIDED = registering._decided
GUESSER = "2001:db8::bad"
THEIRS = "+420602000009"
VICTIM = invented(1)
IMMEDIATE: dict[str, Any] = {"access": always(Access.IMMEDIATE)}


def answer(call: Callable[[], object]) -> str:
    """What somebody outside sees of an answer or a refusal; names that are drawn are left out."""
    try:
        found = call()
    except crs.CrsError as error:
        return f"{type(error).__name__} {error} {error.facts}"
    if isinstance(found, Registered):
        found = evolve(found, registration_id="")
    return re.sub(r"[\w=-]{16,}(\.[\w=-]+)*", "…", repr(found))


def guesser() -> Citizen:
    """Somebody who knows a number, with a phone of their own."""
    return evolve(VICTIM, phone=THEIRS, number=0xBAD)


def messages(town: Town) -> list[str]:
    """What came to the guesser's phone, without its digits."""
    return [re.sub(r"\d{6,}", "…", text) for text in town.texts(THEIRS)]


@pytest.fixture(params=[{}, IMMEDIATE], ids=["invitation", "immediate"])
def rules(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(request.param)


@contextmanager
def two_towns(folder: Path, kind: str, rules: dict[str, Any]) -> Iterator[tuple[Town, Town]]:
    """One in which the victim is registered, one in which somebody else is; each with a folder of its own."""
    with ExitStack() as stack:
        found = []
        for name, number in (("known", VICTIM.number), ("unknown", 2)):
            (folder / name).mkdir()
            open_town = stack.enter_context(contextmanager(open_towns)(folder / name))
            url = "memory:" if kind == "memory" else f"sqlite:///{folder}/{name}/crs.db"
            town = open_town(url, seed=number, **rules)
            town.registered(1, first=number)
            town.clock.move(hours=1)
            found.append(town)
        yield found[0], found[1]


@pytest.fixture
def towns(tmp_path: Path, rules: dict[str, Any]) -> Iterator[tuple[Town, Town]]:
    with two_towns(tmp_path, "memory", rules) as found:
        yield found


def tells_at_once(office: Office, work: Work, stored: persons.Held, *rest: Any) -> Plan[Registered]:
    """The form itself owes the older phone its message."""
    plan = DECIDED(office, work, stored, *rest)
    letter = [] if stored.live is None else [notice(office, stored.live.value, "newer", office.now())]
    return plan.with_(Plan(None, messages=tuple(letter)))


def all_forms(town: Town) -> list[str]:
    """Whatever somebody can do who knows a number and has a phone, one after the other, with rounds in between."""
    guess, number, desk = guesser(), VICTIM.insured_number, town.desk
    wrong = "00000000"
    seen = [answer(lambda: desk.enter(number, wrong, source=GUESSER)) for _ in range(3)]
    seen += [answer(lambda: desk.remind_pin(number, source=GUESSER)) for _ in range(3)]
    seen.append(answer(lambda: town.system.site("north").check_in(insured_number=number)))
    proof = town.proof_of(guess)
    seen.append(answer(lambda: desk.dispute(proof, number)))
    seen.append(answer(lambda: desk.register(proof, guess.application)))
    rounds(town)
    seen.append(answer(lambda: desk.register(proof, evolve(guess.application, site_id="south", email="a@example.org"))))
    rounds(town)
    seen.append(answer(lambda: desk.dispute(proof, number)))
    seen += [answer(lambda: desk.enter(number, wrong, source=GUESSER, proof=proof)) for _ in range(2)]
    town.clock.move(days=1)
    seen += [answer(lambda: desk.remind_pin(number, source=GUESSER)) for _ in range(3)]
    rounds(town)
    seen += [answer(lambda: desk.enter(number, own_pin(town), source=GUESSER))]
    return seen


def own_pin(town: Town) -> str:
    """PIN2 as the guesser was sent it, or none where no message had one."""
    pins = [pin for text in town.texts(THEIRS) for pin in re.findall(r"\b\d{8}\b", text)]
    return pins[-1] if pins else "99999999"


def rounds(town: Town) -> None:
    town.system.operations.tick()
    town.system.operations.dispatch()
    town.clock.move(minutes=1)


def test_whoever_knows_a_number_sees_the_same_whether_it_is_somebodys(towns: tuple[Town, Town]) -> None:
    known, unknown = towns

    assert all_forms(known) == all_forms(unknown)
    assert messages(known) == messages(unknown)
    assert len(messages(known)) >= 2


def test_nobody_is_pushed_out(towns: tuple[Town, Town]) -> None:
    """Whatever the guesser does, the victim stands as before, has the same PIN2, and hears of it."""
    known, _ = towns
    [victim] = _registrations(known)
    all_forms(known)

    assert victim in _registrations(known)
    assert any("z jineho telefonu" in text for text in known.texts(VICTIM.phone))
    assert known.system.operations.audit() == ()
    known.desk.dispute(known.proof_of(VICTIM), VICTIM.insured_number)
    known.clock.move(days=30)
    rounds(known)
    assert victim in _registrations(known)


def _registrations(town: Town) -> list[Registration]:
    with town.system._office.storage.read() as view:
        return list(view.scan(Registration))


def test_wrong_tries_of_others_keep_nobody_out_who_has_the_phone(open_town: OpenTown, storage_url: str) -> None:
    """The budget of a registration is used up by guesses from many places; a proof of its phone opens all the same."""
    town = open_town(storage_url, limits=Limits(entries_registration=Budget(5, 24 * 60)))
    [victim] = town.invited(1)
    for each in range(6):
        answer(lambda each=each: town.desk.enter(victim.insured_number, "00000000", source=f"2001:db8::{each}"))  # type: ignore[misc]
    pin2 = town.pin_of(victim.phone, 8)
    with pytest.raises(crs.TooManyAttempts):
        town.desk.enter(victim.insured_number, pin2, source=victim.source)
    with pytest.raises(crs.TooManyAttempts):
        town.desk.enter(victim.insured_number, pin2, source=victim.source, proof=town.proof_of(guesser()))

    assert town.desk.enter(victim.insured_number, pin2, source=victim.source, proof=town.proof_of(victim))


def test_a_duplicate_of_somebodys_is_no_way_to_keep_them_out(open_town: OpenTown, storage_url: str) -> None:
    """The guesser has a phone of the person, too, once a registration with their number waits."""
    town = open_town(storage_url, limits=Limits(entries_registration=Budget(5, 24 * 60)))
    [victim] = town.invited(1)
    stranger = evolve(victim, phone=THEIRS, number=99)
    proof = town.proof_of(stranger)
    town.desk.register(proof, victim.application)
    for given in (None, proof):
        ends = [
            answer(partial(town.desk.enter, victim.insured_number, "00000000", source=f"2001:db8::{each}", proof=given))
            for each in range(6)
        ]
        assert "too_many_tries" in ends[-1]

    pin2 = town.pin_of(victim.phone, 8)
    assert town.desk.enter(victim.insured_number, pin2, source=victim.source, proof=town.proof_of(victim))


def test_asking_a_registry_about_numbers_is_counted(open_town: OpenTown) -> None:
    """Who may register by a claim is told by the answer: no phone asks about more than its budget."""
    town = open_town("memory:", limits=Limits(registrations_phone=Budget(3, 60)))
    proof = town.proof_of(guesser())
    born = date(1990, 1, 31)
    number = insured_number(born, 1, woman=True)
    young = evolve(VICTIM.application, insured_number=number, birth_date=born)
    ends = [answer(lambda: town.desk.register(proof, young)) for _ in range(5)]

    assert [end.split()[0] for end in ends] == ["Refused"] * 3 + ["TooManyAttempts"] * 2


def test_the_same_statements_are_sent_whether_the_number_is_somebodys(tmp_path: Path, rules: dict[str, Any]) -> None:
    """So that time tells nothing either: the older phone is owed its message by a round, not by the form."""
    known, unknown = sent_to_both(tmp_path, rules)

    assert known == unknown
    assert len(known) > 20


@pytest.mark.parametrize(
    ("module", "guard", "broken"),
    [(persons, "_LEAST_READS", 1), (registering, "_decided", tells_at_once)],
)
def test_a_dropped_guard_shows_in_the_statements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: Any, guard: str, broken: Any
) -> None:
    """The negative control."""
    monkeypatch.setattr(module, guard, broken)
    known, unknown = sent_to_both(tmp_path, IMMEDIATE)

    assert known != unknown


def sent_to_both(folder: Path, rules: dict[str, Any]) -> tuple[list[str], list[str]]:
    sent: list[str] = []

    def listen(connection: sqlite3.Connection, _record: object) -> None:
        connection.set_trace_callback(sent.append)

    event.listen(Engine, "connect", listen)
    try:
        with two_towns(folder, "sqlite", rules) as (known, unknown):
            return statements(known, sent), statements(unknown, sent)
    finally:
        event.remove(Engine, "connect", listen)


def kind_of(statement: str) -> str:
    """The verb and the table; whether the row of a person is new or changed, it is one write."""
    verb = statement.split(maxsplit=1)[0].upper()
    table = re.findall(r"\b(?:FROM|INTO|UPDATE)\s+(\w+)", statement)
    return f"WRITE {table}" if table == ["person"] and verb in {"INSERT", "UPDATE"} else f"{verb} {table[:1]}"


def statements(town: Town, sent: list[str]) -> list[str]:
    """Those of the forms that take a number."""
    guess, number, desk = guesser(), VICTIM.insured_number, town.desk
    proof = town.proof_of(guess)
    sent.clear()
    answer(lambda: desk.enter(number, "00000000", source=GUESSER))
    answer(lambda: desk.enter(number, "00000000", source=GUESSER, proof=proof))
    answer(lambda: desk.dispute(proof, number))
    answer(lambda: desk.register(proof, guess.application))
    answer(lambda: desk.enter(number, "00000000", source=GUESSER))
    return [kind_of(" ".join(each.split())) for each in sent]
