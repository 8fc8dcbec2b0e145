"""Turns of events that are rare and were once wrong, each at its smallest, on every storage."""

from datetime import date
from typing import Any

import pytest
from attrs import evolve

from crs_core.domain.campaign import Access
from crs_core.domain.messages import Lane, Purpose
from crs_core.domain.registration import Standing
from crs_core.domain.rules import Dated, always
from crs_core.domain.terms import InvitationRule, Then, Window
from crs_core.domain.time import later
from crs_core.errors import Refused, Stale
from crs_core.ports.sms import Sms
from crs_core.rounds import dispatch
from crs_core.rounds.circuits import Circuits
from tests.systems import START, OpenTown, invented


class NoSuchNumber:
    """A gateway that knows that nobody has this number."""

    def send(self, _sms: Sms) -> str:
        raise Refused("no_such_number", "nobody has this number", remedy="correct it")


def test_an_invitation_that_no_phone_takes_is_counted_as_lapsed(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    town.registered(1)
    town.system.site("north").release()
    town.system._office.sms = NoSuchNumber()

    assert town.system.operations.dispatch().dead == 1
    town.system.operations.tick()
    assert sum(row.lapsed for row in town.system.operations.statistics().days) == 1


def test_a_birthday_in_the_queue_leaves_nobody_behind_in_an_age_group(open_town: OpenTown, storage_url: str) -> None:
    """Whoever waited as one of 80 to 84 years and reserved at 85 waits no more, in no age group."""
    town = open_town(storage_url)
    citizen = invented(1)
    born = date(START.year - 85, START.month, START.day + 1)
    number = f"{born.year % 100:02d}{born.month + 50:02d}{born.day:02d}001"
    town.register(evolve(citizen, application=evolve(citizen.application, birth_date=born, insured_number=number)))
    town.clock.move(days=1)
    town.system.site("north").release()
    town.system.operations.dispatch()
    town.reserve(town.desk.enter(number, town.pin_of(citizen.phone, 8), source=citizen.source))
    town.system.operations.tick()

    assert set(town.system.operations.statistics().waiting_by_age.values()) == {0}


def test_a_message_of_the_registration_before_keeps_nobody_from_the_next(open_town: OpenTown, storage_url: str) -> None:
    """Invited again, withdrawn before that message left, registered anew and invited: this message is owed too."""
    town = open_town(storage_url)
    [(citizen, entry)] = town.entered(1)
    town.reserve(entry)
    town.desk.cancel(entry)
    town.system.site("north").release()
    town.desk.withdraw(entry)
    proof_at = town.clock.move(minutes=2)
    sent = town.desk.request_control_pin(citizen.phone, source=citizen.source)
    assert sent.retry_at >= proof_at
    town.system.operations.dispatch(1)
    again = town.desk.register(
        town.desk.verify_phone(sent.handle, town.pin_of(citizen.phone, 6), source=citizen.source), citizen.application
    )
    town.system.site("north").release()

    assert town.system.operations.audit() == ()
    town.system.operations.dispatch()
    assert town.system.operations.audit() == ()
    assert town.system.operations.explain(again.registration_id).journey.step == 5
    assert town.desk.journey(town.enter(citizen)).step == 5


def test_who_is_called_again_while_the_first_message_is_on_its_way_is_told_again(
    open_town: OpenTown, storage_url: str
) -> None:
    """The citizen is quicker than the dispatcher: reserved, cancelled and called again before it says "sent".

    What comes of the first message then says nothing of the second invitation.
    """
    town = open_town(storage_url)
    [citizen] = town.registered(1)
    town.system.site("north").release()
    office, circuits = town.system._office, Circuits(town.system._office)
    now = town.clock.now()
    [first] = office.storage.lease([Lane.BULK], 1, now=now, until=later(now, seconds=60))
    outcome = dispatch._hand_over(office, circuits, first)
    entry = town.enter(citizen)
    town.reserve(entry)
    town.desk.cancel(entry)
    town.system.site("north").release()
    dispatch._settle(office, circuits, [first], [outcome], "operations")

    with office.storage.read() as view:
        [second] = [message for message in view.owed() if message.purpose is Purpose.INVITATION]
    assert (second.subject, second.id) != (first.subject, first.id)
    assert town.system.operations.audit() == ()
    town.clock.move(minutes=1)
    town.system.operations.dispatch()
    assert town.system.operations.audit() == ()
    assert town.desk.journey(town.enter(citizen)).step == 5


def test_what_another_round_changes_while_it_is_settled_is_read_again(
    open_town: OpenTown, storage_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message that was handed over is written down as sent, whoever came between reading and writing."""
    town = open_town(storage_url)
    town.registered(1)
    town.system.site("north").release()
    settle_once, turns = dispatch._settle_once, iter([True])

    def crossed(*args: Any) -> None:
        if next(turns, False):
            raise Stale("stale", "a registration was changed meanwhile")
        settle_once(*args)

    monkeypatch.setattr(dispatch, "_settle_once", crossed)
    assert town.system.operations.dispatch().sent == 1
    assert town.system.operations.messages()["bulk", "sent"] == 1


def test_who_lapsed_and_reserved_under_immediate_access_keeps_it_by_registering_again(
    open_town: OpenTown, storage_url: str
) -> None:
    """A switch back to immediate access lets whoever lapsed reserve; registering again is a correction then."""
    town = open_town(
        storage_url,
        access=Dated(((later(START, days=-1), Access.INVITATION), (later(START, days=1), Access.IMMEDIATE))),
        invitation=always(InvitationRule(windows=(Window(2, (), Then.LAPSE),))),
    )
    [citizen] = town.invited(1)
    town.clock.move(hours=3)
    assert town.system.operations.tick().ended == 1
    assert town.system.operations.explain(citizen.registration_id).rule.code == "lapsed"
    town.clock.move(days=1)
    assert town.system.operations.explain(citizen.registration_id).rule.code == "immediate_access"
    entry = town.enter(citizen)
    town.reserve(entry)

    town.register(citizen)
    town.register(evolve(citizen, application=evolve(citizen.application, first_name="Vzorinka")))

    assert town.desk.journey(entry).standing is Standing.RESERVED
    assert town.system.operations.audit() == ()


def test_no_reminder_says_that_pin2_is_valid_once_it_opens_nothing(open_town: OpenTown, storage_url: str) -> None:
    """It waited at a gateway that was down until the term had ended; whoever holds a reservation is still reminded."""
    town = open_town(storage_url, invitation=always(InvitationRule(windows=(Window(72, (48,)),))))
    [silent, holder] = town.invited(2)
    town.reserve(town.enter(holder))
    town.system.operations.dispatch()
    town.clock.move(hours=48)
    assert town.system.operations.tick().reminded == 1
    town.desk.remind_pin(holder.insured_number, source=holder.source)
    told = [len(town.texts(each.phone)) for each in (silent, holder)]
    town.clock.move(hours=24)

    assert town.system.operations.dispatch().sent == 1
    assert [len(town.texts(each.phone)) for each in (silent, holder)] == [told[0], told[1] + 1]
    assert [each.reason for each in town.system.operations.dead_letters()] == ["superseded"]
