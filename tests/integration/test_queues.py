"""What a citizen is told of the queue is true, and costs the others nothing."""

from typing import Any

import pytest
from attrs import define, field

from crs_adapters.storage.memory.view import MemoryView
from crs_adapters.storage.memory.work import MemoryWork
from crs_adapters.storage.sql import work as sql
from crs_core.domain.campaign import Sending
from crs_core.domain.control_pin import Sent
from crs_core.domain.messages import Lane
from crs_core.domain.rules import always
from crs_core.ports.sms import Sms
from tests.systems import OpenTown, Town, invented

SLOW = always(Sending(per_second=2))


def press(town: Town, number: int) -> Sent:
    citizen = invented(number)
    return town.desk.request_control_pin(citizen.phone, source=citizen.source)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[Lane]:
    """Every lane that is counted from now on; none may be while a command holds its locks."""
    found: list[Lane] = []
    for view, work in ((MemoryView, MemoryWork), (sql.SqlView, sql.SqlWork)):
        count: Any = view.backlog

        def outside(self: Any, lane: Lane, count: Any = count) -> int:
            found.append(lane)
            number: int = count(self, lane)
            return number

        def inside(_self: Any, _lane: Lane) -> int:
            raise AssertionError("the queue is counted while others wait")

        monkeypatch.setattr(view, "backlog", outside)
        monkeypatch.setattr(work, "backlog", inside)
    return found


def test_it_is_counted_once_a_second_and_under_no_lock(
    open_town: OpenTown, storage_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = open_town(storage_url)
    found = counted(monkeypatch)
    for number in range(1, 6):
        press(town, number)
        town.desk.remind_pin(invented(number).insured_number)
        town.clock.move(seconds=0.1)

    assert found == [Lane.INTERACTIVE, Lane.TRANSACTIONAL]
    town.clock.move(seconds=1)
    press(town, 6)
    assert found == [Lane.INTERACTIVE, Lane.TRANSACTIONAL, Lane.INTERACTIVE]


def test_everybody_behind_is_told_a_later_moment(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url, sending=SLOW)
    told = []
    for number in range(1, 11):
        told.append(press(town, number).expected_at)
        town.clock.move(seconds=1)

    assert told == sorted(set(told))


def test_whoever_presses_again_keeps_the_place_they_were_told(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url, sending=SLOW)
    for number in range(2, 40):
        press(town, number)
    town.clock.move(seconds=2)
    first = press(town, 1)
    for number in range(40, 60):
        press(town, number)
    town.clock.move(seconds=2)

    again = press(town, 1)
    assert again.expected_at == first.expected_at
    last = press(town, 60)
    assert last.expected_at > first.expected_at


def test_a_moment_that_has_passed_is_told_no_more(open_town: OpenTown, storage_url: str) -> None:
    """The dispatcher is late: whoever presses again is told a moment to come."""
    town = open_town(storage_url, sending=SLOW)
    first = press(town, 1)
    now = town.clock.move(minutes=5)

    again = press(town, 1)
    assert first.expected_at < now < again.expected_at


@define
class PressedDuring:
    """A gateway at whose first invitation another citizen asks for a control PIN."""

    town: Town
    sent: list[str] = field(factory=list)

    def send(self, sms: Sms) -> str:
        """See `SmsGateway.send`."""
        if not self.sent:
            press(self.town, 900)
        self.sent.append(sms.to)
        return ""


def test_a_control_pin_waits_for_the_batch_under_way_and_for_no_other(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    town.registered(60)
    town.system.site("north").release()
    gateway = PressedDuring(town)
    town.system._office.sms = gateway

    town.system.operations.dispatch()

    assert len(gateway.sent) == 61
    assert gateway.sent.index(invented(900).phone) == 50
