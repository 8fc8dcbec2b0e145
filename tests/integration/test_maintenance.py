"""The night of the 22nd: the rules are amended, the system rests for an hour, and nobody loses anything by it."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import pendulum
import pytest
from attrs import evolve

import crs_core as crs
from crs_core.domain import control_pin, registration
from crs_core.domain.campaign import Access
from crs_core.domain.maintenance import Maintenance
from crs_core.domain.rules import Dated, always
from crs_core.domain.terms import InvitationRule, Window
from crs_core.domain.time import Instant, from_micros, later
from crs_core.office.commands import Office
from crs_core.office.reception import Reception
from crs_core.rounds import calling, dispatch, tick
from tests.systems import OpenTown, Town, invented

EVENING = pendulum.datetime(2021, 1, 21, 20)
MIDNIGHT = pendulum.datetime(2021, 1, 21, 23)
ONE = later(MIDNIGHT, hours=1)
SWITCHED = Dated(((from_micros(0), Access.IMMEDIATE), (MIDNIGHT, Access.INVITATION)))
INVITED = always(Access.INVITATION)
READING = {"maintenance", "sites", "journey", "details", "confirmation", "check_calendars", "appointments"}


def before_the_switch(open_town: OpenTown, url: str, **changes: Any) -> Town:
    return open_town(url, start=EVENING, access=always(Access.IMMEDIATE), **changes)


def switch(town: Town) -> None:
    """What operators do on the evening before."""
    amended = evolve(town.system.campaign, access=SWITCHED)
    assert town.system.operations.announce_maintenance(MIDNIGHT, ONE) == Maintenance(MIDNIGHT, ONE)
    assert town.system.operations.amend(amended) == 1


def commands(desk: object) -> dict[str, Callable[[], object]]:
    """Every public method of a desk that may change something, called with anything at all."""
    found: dict[str, Callable[[], object]] = {}
    for name, method in inspect.getmembers(type(desk), inspect.isfunction):
        if name.startswith("_") or name in READING:
            continue
        wanted = [each for each in inspect.signature(method).parameters.values() if each.default is each.empty]
        given = {each.name: "anything" for each in wanted if each.name != "self"}
        found[name] = partial(getattr(desk, name), **given)
    return found


def refusal(call: Callable[[], object]) -> tuple[str, object]:
    with pytest.raises(crs.CrsError) as caught:
        call()
    return caught.value.code, caught.value.retry_at


def test_the_switch(open_town: OpenTown, storage_url: str) -> None:
    town = before_the_switch(open_town, storage_url)
    desk, operations = town.desk, town.system.operations
    holder, reader = town.registered(2)
    operations.dispatch()
    held = town.reserve(town.enter(holder))
    unsent = town.register(invented(3))
    town.clock.set(later(MIDNIGHT, minutes=-20))
    entry = town.enter(reader)
    switch(town)
    town.clock.set(later(MIDNIGHT, minutes=30))

    # in the hour
    for refused in (desk, town.system.site("north")):
        answers = {name: refusal(call) for name, call in commands(refused).items()}
        assert len(answers) >= 8
        assert set(answers.values()) == {("maintenance", ONE)}, answers
    assert desk.maintenance() == Maintenance(MIDNIGHT, ONE)
    assert {site.retry_at for site in desk.sites()} == {ONE}
    assert town.system.site("north").release(dry_run=True).held_by == "maintenance"
    assert [(each.invited, each.held_by) for each in operations.release_all()] == [((), "maintenance")] * 2
    assert operations.explain(reader.registration_id).turn.why_not == "maintenance"
    sent = operations.dispatch()
    assert (sent.sent, sent.dead, sent.retry_at) == (0, 0, ONE)
    assert operations.tick().ended == 0
    journey = operations.explain(holder.registration_id).journey
    assert (journey.step, journey.retry_at) == (8, ONE)

    # afterwards
    town.clock.set(ONE)
    assert (desk.maintenance(), {site.retry_at for site in desk.sites()}) == (None, {None})
    before = len(town.texts(unsent.phone))
    assert operations.dispatch().retry_at is None
    dead = [letter for letter in operations.dead_letters() if letter.message.subject == unsent.registration_id]
    assert [(letter.message.purpose.value, letter.reason) for letter in dead] == [("registered", "superseded")]
    assert len(town.texts(unsent.phone)) == before, "nobody gets the old kind any more"
    assert desk.journey(town.enter(holder)).reservation == held
    assert refusal(lambda: desk.offers(town.enter(reader)))[0] == "not_invited"
    assert refusal(lambda: desk.offers(entry))[0] == "token_expired"

    # everyone else waits in order, and gets a new message
    newer = town.register(invented(11))  # born in the same year as the first, but later registered
    assert town.system.site("north").release().invited == in_order(town, [reader, unsent, newer])
    operations.dispatch()
    for citizen in (reader, unsent, newer):
        assert "jste na rade" in town.texts(citizen.phone)[-1]
        assert town.reserve(town.enter(citizen)).registration_id == citizen.registration_id
    assert operations.audit() == ()


def in_order(town: Town, citizens: list[Any]) -> tuple[str, ...]:
    """As the rule has it: the older first, then who has waited longer."""
    found = [town.system.operations.explain(each.registration_id).journey for each in citizens]
    ranked = sorted(
        (each.application.birth_date, journey.waiting_since, each.registration_id)
        for each, journey in zip(citizens, found, strict=True)
    )
    return tuple(name for _, _, name in ranked)


@pytest.mark.parametrize(("minutes", "code"), [(4, ""), (5, "pin_expired")])
def test_a_control_pin_does_not_age_in_the_hour(open_town: OpenTown, storage_url: str, minutes: int, code: str) -> None:
    """Handed off five minutes before midnight it has ten: five of them come after one."""
    town = before_the_switch(open_town, storage_url)
    switch(town)
    town.clock.set(later(MIDNIGHT, minutes=-5))
    phone = invented(1).phone
    sent = town.desk.request_control_pin(phone, source="2001:db8::1")
    town.system.operations.dispatch()
    pin = town.pin_of(phone, 6)
    town.clock.set(later(MIDNIGHT, minutes=30))
    for _ in range(9):  # no try is counted
        assert refusal(lambda: town.desk.verify_phone(sent.handle, "000000")) == ("maintenance", ONE)
    town.clock.set(later(ONE, minutes=minutes))

    if code:
        assert refusal(lambda: town.desk.verify_phone(sent.handle, pin))[0] == code
        return
    again = town.desk.request_control_pin(phone, source="2001:db8::1", handle=sent.handle)
    assert again.handle == sent.handle, "another PIN was made"
    assert town.desk.verify_phone(sent.handle, pin)


def test_when_a_pin_that_was_sent_as_often_as_may_be_gives_way_is_told_with_the_hour(
    open_town: OpenTown, storage_url: str
) -> None:
    """It lives on after the hour, so that asking before its end brings nothing."""
    town = before_the_switch(open_town, storage_url)
    switch(town)
    phone = invented(1).phone
    town.clock.set(later(MIDNIGHT, minutes=-6))
    for _ in range(5):
        town.desk.request_control_pin(phone, source="2001:db8::1")
        town.system.operations.dispatch()
        town.clock.move(minutes=1)
    sent = town.desk.request_control_pin(phone, source="2001:db8::1")

    assert (sent.sends_left, sent.retry_at) == (0, later(ONE, minutes=8))
    town.clock.set(sent.retry_at)
    assert town.desk.request_control_pin(phone, source="2001:db8::1").sends_left == 4


@pytest.mark.parametrize(("minutes", "sent"), [(50, 1), (60, 0)])
def test_the_hour_does_not_count_for_what_a_message_is_good_for(
    open_town: OpenTown, storage_url: str, minutes: int, sent: int
) -> None:
    """A control PIN is worth sending for two hours: one asked for at eleven goes until two."""
    town = before_the_switch(open_town, storage_url)
    switch(town)
    town.clock.set(later(MIDNIGHT, hours=-1))
    town.desk.request_control_pin(invented(1).phone, source="2001:db8::1")
    town.clock.set(later(ONE, minutes=minutes))
    done = town.system.operations.dispatch()

    assert (done.sent, done.dead) == (sent, 1 - sent)


def test_windows_of_invitations_stand_still(open_town: OpenTown, storage_url: str) -> None:
    """An invitation of ten hours, reminded after four, that rests for an hour after two and for two hours after six."""
    rule = always(InvitationRule(windows=(Window(10, (4,)),)))
    town = open_town(storage_url, start=EVENING, access=INVITED, invitation=rule)
    operations = town.system.operations
    citizen, entry = town.entered(1)[0]
    for start, end in ((2, 3), (7, 9)):
        operations.announce_maintenance(later(EVENING, hours=start), later(EVENING, hours=end))
    done: list[tuple[float, int, int]] = []
    for quarter in range(1, 60):
        town.clock.set(later(EVENING, minutes=15 * quarter))
        tick = operations.tick()
        operations.dispatch()
        if tick.reminded or tick.ended:
            done.append((quarter / 4, tick.reminded, tick.ended))

    assert done == [(5, 1, 0), (13, 0, 1)]
    assert refusal(lambda: town.desk.offers(entry))[0] == "token_expired"
    assert refusal(lambda: town.desk.offers(town.enter(citizen)))[0] == "not_invited"
    assert operations.audit() == ()


def test_a_round_of_the_clock_does_nothing_in_the_hour(open_town: OpenTown, storage_url: str) -> None:
    """An end that was due the minute before is dealt with the minute after."""
    town = open_town(
        storage_url, start=EVENING, access=INVITED, invitation=always(InvitationRule(windows=(Window(2),)))
    )
    town.invited(1)
    town.system.operations.announce_maintenance(later(EVENING, minutes=121), later(EVENING, minutes=181))
    town.clock.set(later(EVENING, minutes=130))

    assert town.system.operations.tick().ended == 0
    town.clock.set(later(EVENING, minutes=181))
    assert town.system.operations.tick().ended == 1


def test_somebody_invited_may_reserve_until_the_later_end(open_town: OpenTown) -> None:
    town = open_town("memory:", start=EVENING, access=INVITED, invitation=always(InvitationRule(windows=(Window(10),))))
    [citizen] = town.invited(1)
    town.system.operations.announce_maintenance(later(EVENING, hours=2), later(EVENING, hours=3))
    town.clock.set(later(EVENING, minutes=10.9 * 60))
    entry = town.enter(citizen)

    assert town.desk.journey(entry).invited_until == later(EVENING, hours=11)
    assert town.desk.offers(entry).offers
    town.clock.set(later(EVENING, hours=11))
    assert refusal(lambda: town.desk.offers(entry))[0] == "invitation_expired"


def test_maintenance_is_called_off_and_ended_early(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url, start=EVENING)
    operations = town.system.operations
    assert refusal(operations.end_maintenance)[0] == "no_maintenance"
    operations.announce_maintenance(EVENING, later(EVENING, hours=2))
    operations.announce_maintenance(MIDNIGHT, ONE)
    town.clock.move(minutes=20)
    assert refusal(lambda: town.register(invented(1)))[0] == "maintenance"

    assert operations.end_maintenance() == 2
    assert town.register(invented(1)).registration_id
    assert town.desk.maintenance() is None
    kinds = [entry.kind for entry in journal(town)]
    assert kinds == ["maintenance_announced"] * 2 + ["maintenance_ended"]


def test_announced_twice_is_announced_once(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url, start=EVENING)
    for _ in range(2):
        town.system.operations.announce_maintenance(MIDNIGHT, ONE)
    town.system.operations.announce_maintenance(MIDNIGHT, ONE, idempotency_key="tonight")
    town.clock.set(later(MIDNIGHT, minutes=1))

    assert town.system.operations.announce_maintenance(MIDNIGHT, ONE, idempotency_key="tonight").end == ONE
    assert [entry.kind for entry in journal(town)] == ["maintenance_announced"]


def journal(town: Town) -> list[Any]:
    """What was done to the campaign, not to a person or at a site."""
    with town.system._office.storage.read() as view:
        return [entry for entry in view.journal("") if not entry.site_id]


@pytest.mark.parametrize(
    ("start", "end", "place"),
    [
        (later(EVENING, seconds=-1), ONE, "start"),
        (MIDNIGHT, MIDNIGHT, "end"),
        (ONE, MIDNIGHT, "end"),
        (MIDNIGHT, later(MIDNIGHT, hours=24, seconds=1), "end"),
    ],
)
def test_no_window_is_past_endless_or_turned_round(
    open_town: OpenTown, start: Instant, end: Instant, place: str
) -> None:
    town = open_town("memory:", start=EVENING)

    with pytest.raises(crs.InvalidInput) as caught:
        town.system.operations.announce_maintenance(start, end)
    assert [problem.place for problem in caught.value.problems] == [place]


def runs_on(start: Instant, seconds: int, _windows: object) -> Instant:
    """A life in spite of maintenance."""
    return later(start, seconds=seconds)


def open_all_night(reception: Reception) -> Office:
    """Nobody is turned away."""
    return reception.look()


def never(_windows: object, _now: Instant) -> None:
    """No maintenance is ever under way."""


GUARDS: list[tuple[Any, str, Any, Callable[..., None], tuple[Any, ...]]] = [
    (registration, "deadline", runs_on, test_windows_of_invitations_stand_still, ()),
    (control_pin, "deadline", runs_on, test_a_control_pin_does_not_age_in_the_hour, (4, "")),
    (dispatch, "deadline", runs_on, test_the_hour_does_not_count_for_what_a_message_is_good_for, (50, 1)),
    (Reception, "serve", open_all_night, test_the_switch, ()),
    (dispatch, "under_way", never, test_the_switch, ()),
    (calling, "under_way", never, test_the_switch, ()),
    (tick, "under_way", never, test_a_round_of_the_clock_does_nothing_in_the_hour, ()),
]


@pytest.mark.parametrize(
    ("module", "guard", "broken", "test", "more"), GUARDS, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_guard_taken_out_is_found(
    monkeypatch: pytest.MonkeyPatch,
    open_town: OpenTown,
    module: Any,
    guard: str,
    broken: Any,
    test: Callable[..., None],
    more: tuple[Any, ...],
) -> None:
    monkeypatch.setattr(module, guard, broken)

    with pytest.raises((AssertionError, crs.CrsError, pytest.fail.Exception)):
        test(open_town, "memory:", *more)
