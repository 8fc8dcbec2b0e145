"""What is kept of a command, so that it answers the same when sent twice, opens no door to its reader."""

from collections.abc import Callable
from typing import Any

import pytest

import crs_core as crs
from crs_core.composition.codec import Codec, codec
from crs_core.domain.tokens import Unsigned
from tests.systems import KEYS, START, OpenTown, Town, dump, invented


def tokens_of(town: Town) -> list[str]:
    """A proof and an entry, each asked for twice with one key."""
    citizen = invented(1)
    sent = town.desk.request_control_pin(citizen.phone, source=citizen.source)
    town.system.operations.dispatch()
    pin = town.pin_of(citizen.phone, 6)
    proof = twice(lambda: town.desk.verify_phone(sent.handle, pin, idempotency_key="prove"))
    town.desk.register(proof, citizen.application)
    town.system.site("north").release()
    town.system.operations.dispatch()
    pin2 = town.pin_of(citizen.phone, 8)
    entry = twice(lambda: town.desk.enter(citizen.insured_number, pin2, source=citizen.source, idempotency_key="enter"))
    return [proof, entry]


def twice(command: Callable[[], str]) -> str:
    first = command()
    assert command() == first
    return first


def kept(town: Town, storage_url: str) -> str:
    state: Any = getattr(town.system._office.storage, "_state", None)
    return repr(dump(town.system, storage_url)) + repr(None if state is None else state.answers)


def test_no_token_that_opens_is_kept(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    proof, entry = tokens_of(town)

    found = kept(town, storage_url)
    assert "prove" in found
    assert town.desk.journey(entry).step == 5
    for token in (proof, entry):
        assert token not in found
        assert token.rsplit(".", 1)[1] not in found  # its signature


def test_a_kept_token_would_be_found(open_town: OpenTown, storage_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard taken out: what is signed is kept."""
    keyring = crs.Keyring(KEYS, "2021-01")
    dumps = Codec.dumps

    def dumps_signed(self: Codec, value: object) -> str:
        extra = f" {value.signed(keyring)}" if isinstance(value, Unsigned) else ""
        return dumps(self, value)[:-1] + f', "signed": "{extra}"}}' if extra else dumps(self, value)

    monkeypatch.setattr(Codec, "dumps", dumps_signed)
    town = open_town(storage_url)
    proof, entry = tokens_of(town)

    assert all(token in kept(town, storage_url) for token in (proof, entry))


def test_after_a_new_key_the_answer_is_signed_with_it_and_opens_the_same(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    [citizen] = town.invited(1)
    pin2 = town.pin_of(citizen.phone, 8)
    first = town.desk.enter(citizen.insured_number, pin2, source=citizen.source, idempotency_key="enter")
    town.system._office.keyring = crs.Keyring({**KEYS, "2021-02": b"another invented key of 32 bytes"}, "2021-02")
    again = town.desk.enter(citizen.insured_number, pin2, source=citizen.source, idempotency_key="enter")

    assert again != first
    assert town.desk.journey(again) == town.desk.journey(first)


def test_facts_of_a_token_are_kept_whole() -> None:
    unsigned = Unsigned("proof", {"c": "challenge", "g": 2}, START)

    assert codec().loads(Unsigned, codec().dumps(unsigned)) == unsigned


def test_a_command_answers_as_it_did_whatever_came_after_it(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    citizen = invented(1)
    proof = town.proof_of(citizen)
    asked: dict[str, Callable[[], object]] = {}
    answers: dict[str, object] = {}

    def ask(name: str, command: Callable[..., object], *given: Any, **more: Any) -> None:
        asked[name] = lambda: command(*given, **more, idempotency_key=name)
        answers[name] = asked[name]()

    ask("register", town.desk.register, proof, citizen.application)
    town.system.site("north").release()
    town.system.operations.dispatch()
    entry = town.enter(citizen)
    ask("reserve", town.desk.reserve, entry, town.desk.offers(entry).offers[0])
    ask("move", town.desk.move_dose, entry, dose=2, offer=town.desk.move_offers(entry, dose=2).offers[0])
    ask("cancel", town.desk.cancel, entry)
    ask("correct", town.desk.correct, entry, proof=town.proof_of(invented(2)))
    town.system.site("north").release()
    town.system.operations.dispatch()
    last = town.desk.enter(citizen.insured_number, town.pin_of(invented(2).phone, 8), source=citizen.source)
    ask("withdraw", town.desk.withdraw, last)

    before = dump(town.system, storage_url)
    assert {name: again() for name, again in asked.items()} == answers
    assert dump(town.system, storage_url) == before
