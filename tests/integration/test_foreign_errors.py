"""An adapter lets an error of its library through, or answers what its port does not know: no round ends by it."""

import traceback
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from attrs import define, evolve, field

import crs_core as crs
from crs_core.domain.campaign import Eligibility
from crs_core.domain.order import Priority, PriorityGroup
from crs_core.domain.rules import always
from crs_core.ports.registry import Answer
from crs_core.testing.invented import insured_number
from tests.systems import OpenTown, Town, invented

NURSE = "health-worker"
PHONE = "601 000 001"
RULES: dict[str, Any] = {
    "claims": frozenset({NURSE}),
    "may_register": always(Eligibility(80, frozenset({NURSE}))),
    "priority": always(Priority.in_order(PriorityGroup(None, frozenset({NURSE})), PriorityGroup())),
}


@define
class Fickle:
    """Raises what a library raises so many times, then answers."""

    answer: Callable[..., Any]
    errors: int = 0
    error: Exception = field(factory=ConnectionResetError)
    asked: list[Any] = field(factory=list)

    def send(self, *asked: Any) -> Any:
        self.asked.append(asked)
        if len(self.asked) <= self.errors:
            raise self.error
        return self.answer(*asked)

    verify = render = send


@pytest.mark.parametrize(
    "error", [ConnectionResetError("reset"), crs.InvalidInput([]), crs.Busy("busy", "…"), crs.NotFound("nobody", "…")]
)
def test_a_gateway_that_raises_what_its_port_does_not_name_is_tried_again(
    open_town: OpenTown, storage_url: str, error: Exception
) -> None:
    town = open_town(storage_url)
    town.system._office.sms = gateway = Fickle(lambda sms: sms.reference, 2, error)
    town.desk.request_control_pin(PHONE, source="203.0.113.7")

    rounds, told = [], []
    for _ in range(3):
        rounds.append(town.system.operations.dispatch())
        told.append(town.system.operations.gateways()[0].reason)
        town.clock.move(minutes=2)

    assert [(each.put_off, each.sent) for each in rounds] == [(1, 0), (1, 0), (0, 1)]
    assert told == ["adapter_broken", "adapter_broken", ""]
    assert len({asked[0].reference for asked in gateway.asked}) == 1


@pytest.mark.parametrize("answer", [None, 7, b"gw-1"])
def test_a_gateway_that_answers_no_text_has_taken_the_message(
    open_town: OpenTown, storage_url: str, answer: object
) -> None:
    town = open_town(storage_url)
    town.system._office.sms = gateway = Fickle(lambda _sms: answer)
    town.desk.request_control_pin(PHONE, source="203.0.113.7")

    for _ in range(3):
        town.system.operations.dispatch()
        town.clock.move(minutes=3)

    assert len(gateway.asked) == 1
    assert town.system.operations.messages() == {("interactive", "sent"): 1}


def nurse(town: Town) -> crs.Application:
    """Somebody of 40 who may register by a claim alone."""
    born = date(1980, 1, 1)
    number = insured_number(born, 1, woman=True)
    return evolve(invented(1).application, insured_number=number, birth_date=born, claims=frozenset({NURSE}))


@pytest.mark.parametrize(
    "registry",
    [
        Fickle(lambda *_: Answer.CONFIRMED, 1),
        Fickle(lambda *_: Answer.CONFIRMED, 1, crs.Refused("no_such_number", "…")),
        Fickle(lambda *_: True),
    ],
    ids=["raises", "refuses", "says true"],
)
def test_a_registry_that_fails_or_says_what_it_may_not_is_asked_again(open_town: OpenTown, registry: Fickle) -> None:
    """Whoever it should have confirmed is saved and not turned away."""
    town = open_town("memory:", **RULES)
    town.system._office.registry = registry
    registered = town.desk.register(town.proof_of(invented(1)), nurse(town))
    assert registered.pending == {NURSE}

    registry.answer = lambda *_: Answer.CONFIRMED
    town.clock.move(hours=2)
    town.system.operations.tick()

    assert town.system.site("north").release().invited == (registered.registration_id,)


def test_documents_whose_library_fails_are_a_fault_that_tells_nothing(open_town: OpenTown) -> None:
    town = open_town("memory:")
    [(citizen, entry)] = town.entered()
    town.desk.reserve(entry, town.desk.offers(entry).offers[0], email="vzorka@example.org")

    def names(facts: Any) -> Any:
        raise ValueError(f"no font for {facts.name}")

    town.system._office.documents = Fickle(names)
    with pytest.raises(crs.AdapterFault) as caught:
        town.desk.confirmation(entry)
    town.system.operations.dispatch()
    owed = town.system.operations.messages()[("transactional", "owed")]
    town.system._office.documents = Fickle(lambda _facts: ())
    town.clock.move(hours=1)
    town.system.operations.dispatch()

    assert (caught.value.code, caught.value.message) == ("adapter_broken", "port=confirmation: raised ValueError")
    assert citizen.application.first_name not in "".join(traceback.format_exception(caught.value))
    assert owed == 1
    assert town.system.operations.dead_letters() == ()
    assert ("transactional", "owed") not in town.system.operations.messages()
