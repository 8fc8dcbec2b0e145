"""The gateway is down for an hour: messages wait, nobody's are given up, and it recovers by itself."""

from collections import Counter

import pytest
from attrs import define, evolve, field

from crs_core.domain import circuit
from crs_core.domain.campaign import Sending
from crs_core.domain.circuit import Circuit
from crs_core.domain.messages import Channel
from crs_core.domain.plans import Key
from crs_core.domain.registration import Gate, Registration
from crs_core.domain.rules import always
from crs_core.domain.time import Instant, later
from crs_core.errors import AdapterFault
from crs_core.ports.mail import Mail
from crs_core.ports.sms import Sms
from crs_core.testing.clock import VirtualClock
from tests.systems import PIN, OpenTown, Town, invented

PEOPLE = 40
ROUND_SECONDS = 20


@define
class Operator:
    """A gateway that takes nothing until a moment, and then everything."""

    clock: VirtualClock
    down_until: Instant
    tries: int = 0
    taken: list[tuple[Instant, Sms | Mail]] = field(factory=list)

    def send(self, message: Sms | Mail) -> str:
        now = self.clock.now()
        if now < self.down_until:
            self.tries += 1
            raise AdapterFault("gateway_down", "the gateway takes nothing now", remedy="try again")
        self.taken.append((now, message))
        return f"gw-{len(self.taken)}"


def rounds(town: Town, minutes: float) -> None:
    """A dispatcher comes round every few seconds."""
    for _ in range(round(minutes * 60 / ROUND_SECONDS)):
        town.system.operations.dispatch()
        town.clock.move(seconds=ROUND_SECONDS)


def in_an_outage(open_town: OpenTown, storage_url: str, hours: int = 1) -> tuple[Town, Operator]:
    """A town whose people wait for their invitations, and whose gateway goes down before these are sent."""
    town = open_town(storage_url)
    town.registered(PEOPLE)
    town.system.site("north").release()
    operator = Operator(town.clock, later(town.clock.now(), hours=hours))
    town.system._office.sms = operator
    return town, operator


def test_nothing_is_lost_and_it_recovers_by_itself(open_town: OpenTown, storage_url: str) -> None:
    town, operator = in_an_outage(open_town, storage_url)
    rounds(town, 30)
    late = [invented(1000 + number) for number in range(5)]
    asked = {citizen.phone: town.desk.request_control_pin(citizen.phone, source=citizen.source) for citizen in late}
    rounds(town, 30)

    assert town.system.operations.messages().get(("bulk", "owed")) == PEOPLE
    assert operator.tries <= 100  # one every minute or so, however many wait
    assert [each.failures > 0 for each in town.system.operations.gateways()] == [True, False]
    rounds(town, 3)
    assert [each.failures for each in town.system.operations.gateways()] == [0, 0]
    assert town.system.operations.messages() == {
        ("interactive", "sent"): PEOPLE + 5,
        ("bulk", "sent"): PEOPLE,
    }
    assert town.system.operations.dead_letters() == ()
    assert set(Counter(message.reference for _, message in operator.taken).values()) == {1}
    for citizen in late:
        [(at, message)] = [(at, message) for at, message in operator.taken if message.to == citizen.phone]
        assert town.clock.now() < later(at, minutes=10)  # the life of a PIN begins with its hand-off
        town.desk.verify_phone(asked[citizen.phone].handle, PIN.findall(message.text)[0], source=citizen.source)
    assert town.system.operations.audit() == ()


def test_once_it_is_back_a_pin_goes_before_the_invitations_that_waited(open_town: OpenTown) -> None:
    town, operator = in_an_outage(open_town, "memory:")
    rounds(town, 59)
    citizen = invented(1000)
    town.desk.request_control_pin(citizen.phone, source=citizen.source)
    rounds(town, 4)

    first = [message.to for _, message in operator.taken[:2]]  # the one that was tried may be another's
    assert citizen.phone in first


def test_what_is_told_meanwhile_is_not_before_the_next_try(open_town: OpenTown) -> None:
    town, operator = in_an_outage(open_town, "memory:")
    told: list[tuple[Instant, Instant]] = []
    for number in range(20):
        rounds(town, 2)
        citizen = invented(1000 + number)
        with town.system._office.storage.read() as view:
            known = view.get(Key(Circuit, Channel.SMS.value))
        sent = town.desk.request_control_pin(citizen.phone, source=citizen.source)
        assert known is not None
        assert known.value.retry_at is not None
        told.append((sent.expected_at, known.value.retry_at))

    assert all(expected > again for expected, again in told)
    assert operator.taken == []


def test_a_pin_that_nobody_waits_for_any_more_is_not_sent(open_town: OpenTown) -> None:
    """Down for longer than a PIN1 is worth sending: it dies as the rule says, and a new request is a new PIN."""
    town, operator = in_an_outage(open_town, "memory:", hours=3)
    citizen = invented(1000)
    town.desk.request_control_pin(citizen.phone, source=citizen.source)
    rounds(town, 125)
    sent = town.desk.request_control_pin(citizen.phone, source=citizen.source)
    rounds(town, 60)

    assert [(letter.reason, letter.message.recipient) for letter in town.system.operations.dead_letters()] == [
        ("too_late", citizen.phone)
    ]
    [text] = [message.text for _, message in operator.taken if message.to == citizen.phone]
    assert town.desk.verify_phone(sent.handle, PIN.findall(text)[0], source=citizen.source)


def test_whom_no_message_reached_in_a_week_waits_as_before(open_town: OpenTown, storage_url: str) -> None:
    """The gateway was down, not the citizen's phone: the invitation ends, the place in the queue does not."""
    town, _ = in_an_outage(open_town, storage_url, hours=24 * 8)
    town.clock.move(hours=24 * 8)
    rounds(town, 1)
    with town.system._office.storage.read() as view:
        waiting = list(view.scan(Registration))

    assert {letter.reason for letter in town.system.operations.dead_letters()} == {"too_late"}
    assert {each.gate for each in waiting} == {Gate.QUEUED}
    assert len(waiting) == PEOPLE
    assert town.system.operations.audit() == ()


def test_e_mail_leaves_while_short_messages_cannot(open_town: OpenTown) -> None:
    town = open_town("memory:")
    [(_, entry)] = town.entered(1)
    down = Operator(town.clock, later(town.clock.now(), hours=1))
    up = Operator(town.clock, town.clock.now())
    town.system._office.sms, town.system._office.mail = down, up
    for _ in range(3):  # short messages enough to find out
        town.desk.request_control_pin("+420601000999", source="203.0.113.9")
        town.system.operations.dispatch()
        town.clock.move(minutes=6)
    town.desk.reserve(entry, town.desk.offers(entry).offers[0], email="vzor@example.org")
    rounds(town, 1)

    assert [message.to for _, message in up.taken] == ["vzor@example.org"]
    assert down.taken == []


def test_a_message_that_alone_fails_is_given_up_and_keeps_nobody(open_town: OpenTown) -> None:
    """The gateway chokes on one number while it takes all others: that message has its tries and no more."""
    town = open_town("memory:", sending=always(Sending(attempts=5)))
    [citizen, *_] = town.registered(PEOPLE)
    town.system.site("north").release()
    gateway = Choking(citizen.phone)
    town.system._office.sms = gateway
    for number in range(18):
        other = invented(2000 + number)
        town.desk.request_control_pin(other.phone, source=other.source)
        rounds(town, 10)

    [letter] = town.system.operations.dead_letters()
    assert (letter.reason, letter.message.recipient) == ("gateway_broken", citizen.phone)
    assert 5 <= gateway.choked < 180  # alone in the queue it is tried in place of the gateway, which costs it nothing
    assert len(gateway.took) == PEOPLE - 1 + 18


@define
class Choking:
    """A gateway that takes every message but those to one number."""

    number: str
    choked: int = 0
    took: list[str] = field(factory=list)

    def send(self, message: Sms | Mail) -> str:
        if message.to == self.number:
            self.choked += 1
            raise AdapterFault("gateway_broken", "an error of the gateway", remedy="try again")
        self.took.append(message.to)
        return ""


def never_breaks(known: Circuit, _rule: object, _fraction: float, _now: Instant, _reason: str) -> Circuit:
    return evolve(known, failures=known.failures + 1)


def test_without_the_circuit_an_hour_costs_messages_their_tries(
    open_town: OpenTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard taken out: some of the invitations are given up, and the gateway is stormed."""
    monkeypatch.setattr(circuit, "failed", never_breaks)
    town, operator = in_an_outage(open_town, "memory:")
    rounds(town, 64)

    assert operator.tries > 200
    assert {letter.reason for letter in town.system.operations.dead_letters()} == {"gateway_down"}
