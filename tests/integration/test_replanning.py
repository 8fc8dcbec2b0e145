"""A supply cut on every storage: who is moved, what they are told, and that nobody is told twice."""

from collections import Counter

import pytest
from attrs import evolve

import crs_core as crs
from crs_core.domain.campaign import Interval, StockRule
from crs_core.domain.ledger import AccountKind
from crs_core.domain.messages import Purpose
from crs_core.domain.registration import Registration
from crs_core.domain.reservations import Attendance, Reservation
from crs_core.domain.rules import Dated, always
from crs_core.domain.sites import Site
from crs_core.domain.time import Day, add_days, later, midnight, slot_instant
from crs_core.rounds.replanning import Became, Replan
from crs_core.testing.storage.common import at_once
from tests.integration.test_moving import Failing, PulledPlugError
from tests.systems import Citizen, OpenTown, Town, dump

MONDAY, SECOND = Day(2021, 1, 25), Day(2021, 2, 22)
ZONE = "Europe/Prague"

light = pytest.mark.parametrize("storage_url", ["memory", "sqlite"], indirect=True)
"""For what is decided and told, and does not lean on the database."""


@pytest.fixture
def town(open_town: OpenTown, storage_url: str) -> Town:
    """Four seats a day for each dose, of which one delivery has vaccine."""
    found = open_town(storage_url, seats=4, stock=always(StockRule.EXPECTED))
    found.system.site("north").expect(crs.Delivery("january", "comirnaty", MONDAY, 40))
    return found


def booked(town: Town, number: int = 1, *, first: int = 1, day: Day = MONDAY) -> list[tuple[Citizen, Reservation]]:
    """So many people with a first dose on a day and the second four weeks later; their messages have left."""
    found = []
    for citizen, entry in town.entered(number, first=first):
        offer = town.desk.offers(entry, day=day).offers[0]
        found.append((citizen, town.desk.reserve(entry, offer)))
        town.clock.move(minutes=1)
    town.system.operations.dispatch()
    return found


def held(town: Town) -> dict[str, Reservation]:
    """Active reservations by registration."""
    with town.system._office.storage.read() as view:
        return {each.registration_id: each for each in view.scan(Reservation) if each.cancelled_at is None}


def registrations(town: Town) -> dict[str, Registration]:
    with town.system._office.storage.read() as view:
        return {each.id: each for each in view.scan(Registration)}


def calendar(name: str, dose: int, days: dict[Day, int]) -> crs.Calendar:
    return crs.Calendar(name, "comirnaty", dose, [crs.Slot(day, 480, seats) for day, seats in days.items() if seats])


def closed(town: Town, day: Day, *, name: str = "V1", seats: int = 4) -> None:
    """A day is closed: the calendar is published without it."""
    dose, start = (1, MONDAY) if name == "V1" else (2, SECOND)
    days = [add_days(start, number) for number in range(5)]
    slots = [slot for each in days for slot in crs.even_slots(each, 0 if each == day else seats)]
    town.system.site("north").publish([crs.Calendar(name, "comirnaty", dose, slots)], cut=True)


def texts_after(town: Town, citizen: Citizen, number: int) -> list[str]:
    """What somebody is told beyond so many messages, once everything has left."""
    while town.system.operations.dispatch().sent:
        pass
    return town.texts(citizen.phone)[number:]


def given(town: Town, reservation: Reservation, dose: int = 1) -> None:
    day = reservation.doses[dose - 1].day
    town.clock.set(slot_instant(day, 17 * 60, ZONE))
    town.system.site("north").record_dose(reservation.id, dose)


def test_without_the_word_nothing_is_taken_from_anybody(town: Town, storage_url: str) -> None:
    """A typing error must not cost people their appointments."""
    booked(town, 2)
    before = dump(town.system, storage_url)
    site = town.system.site("north")
    fewer = crs.Delivery("january", "comirnaty", MONDAY, 40, received=3)
    with pytest.raises(crs.InvalidInput, match="cut=True"):
        site.receive(fewer)
    with pytest.raises(crs.InvalidInput, match="cut=True"):
        site.publish([calendar("V1", 1, {})])

    assert dump(town.system, storage_url) == before


@light
def test_what_was_used_no_cut_can_take(town: Town) -> None:
    [(_, reservation)] = booked(town)
    given(town, reservation)
    site = town.system.site("north")
    with pytest.raises(crs.InvalidInput, match="1 of its doses were given or wasted"):
        site.receive(crs.Delivery("january", "comirnaty", MONDAY, 40, received=0), cut=True)
    with pytest.raises(crs.InvalidInput, match="were used, or their time has come"):
        site.publish([calendar("V1", 1, {})], cut=True)
    assert town.system.operations.audit() == ()


@light
@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize(("product", "dose"), [("comirnaty", 2), ("moderna", 1)])
def test_a_calendar_with_taken_seats_stays_what_it_is(
    open_town: OpenTown, storage_url: str, product: str, dose: int, *, cut: bool
) -> None:
    """Else people would sit in a calendar of another vaccine, whose own might be amended away beneath them."""
    [comirnaty] = crs.example_campaign().products
    town = open_town(storage_url, products=(comirnaty, evolve(comirnaty, name="moderna")))
    [(_, entry)] = town.entered()
    reservation = town.reserve(entry)
    first = reservation.doses[0]
    site = town.system.site("north")
    kept = [crs.Slot(first.day, first.minute, 4)]
    with pytest.raises(crs.InvalidInput, match="seats of it are taken for dose 1 of comirnaty"):
        site.publish([crs.Calendar("V1", product, dose, kept)], cut=cut)

    town.desk.cancel(entry)
    site.publish([crs.Calendar("V1", product, dose, kept)], cut=cut)
    assert town.system.operations.audit() == ()


def test_a_closed_day_moves_whoever_was_on_it_and_nobody_else(town: Town) -> None:
    people = booked(town, 3)
    others = booked(town, 2, first=11, day=add_days(MONDAY, 1))
    before = held(town)
    told = {citizen.registration_id: len(town.texts(citizen.phone)) for citizen, _ in (*people, *others)}
    closed(town, MONDAY)
    assert town.system.operations.audit() == ()
    planned = town.system.operations.replan("north", dry_run=True)
    assert held(town) == before
    found = town.system.operations.replan("north")

    assert found == planned
    assert Counter(found.of(Became.MOVED)) == Counter(citizen.registration_id for citizen, _ in people)
    assert (found.proven, found.short, found.waiting) == (True, 0, 0)
    after = held(town)
    assert all(after[citizen.registration_id] == before[citizen.registration_id] for citizen, _ in others)
    for citizen, old in people:
        new = after[citizen.registration_id]
        assert MONDAY < new.doses[0].day <= add_days(MONDAY, 4)
        assert new.doses[1] == old.doses[1], "the second dose can stay, so it does"
        assert (new.interval, new.revision, new.replanned) == (old.interval, 1, 1)
        [text] = texts_after(town, citizen, told[citizen.registration_id])
        assert "termin jsme museli zmenit" in text
        assert f"1. davka {new.doses[0].day.day}. {new.doses[0].day.month}. 2021" in text
    assert [texts_after(town, citizen, told[citizen.registration_id]) for citizen, _ in others] == [[], []]
    assert town.system.operations.audit() == ()


def test_a_second_re_plan_moves_nobody_and_tells_nobody(town: Town, storage_url: str) -> None:
    booked(town, 3)
    closed(town, MONDAY)
    town.system.operations.replan("north")
    before = dump(town.system, storage_url)

    assert town.system.operations.replan("north") == Replan("north")
    assert dump(town.system, storage_url) == before


def test_re_planned_twice_before_the_message_left_is_told_once(town: Town) -> None:
    """Of the last state; the message about the first one goes to the dead letters."""
    [(citizen, _)] = booked(town)
    told = len(town.texts(citizen.phone))
    closed(town, MONDAY)
    town.system.operations.replan("north")
    first = held(town)[citizen.registration_id].doses[0].day
    closed(town, first)
    town.system.operations.replan("north")
    [text] = texts_after(town, citizen, told)
    day = held(town)[citizen.registration_id].doses[0].day

    assert f"1. davka {day.day}. 1. 2021" in text
    assert [(each.message.purpose, each.reason) for each in town.system.operations.dead_letters()] == [
        (Purpose.REPLANNED, "superseded")
    ]


@light
def test_the_same_re_plan_sent_twice_is_one(town: Town) -> None:
    booked(town, 2)
    closed(town, MONDAY)
    found = town.system.operations.replan("north", idempotency_key="cut of 24 January")

    assert len(found.people) == 2
    assert town.system.operations.replan("north", idempotency_key="cut of 24 January") == found


@pytest.mark.parametrize("moment", ["before", "after", "short"])
def test_a_re_plan_that_fails_leaves_everything_as_it_was(
    town: Town, storage_url: str, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """It is whole or nothing; the next one does it all, and everybody is told once."""
    people = booked(town, 3)
    told = len(town.texts(people[0][0].phone))
    closed(town, MONDAY)
    before = dump(town.system, storage_url)
    office = town.system._office
    monkeypatch.setattr(office, "storage", Failing(office.storage, moment))
    with pytest.raises((PulledPlugError, crs.CrsError)):
        town.system.operations.replan("north")
    monkeypatch.undo()

    assert dump(town.system, storage_url) == before
    assert len(town.system.operations.replan("north").people) == 3
    assert [len(texts_after(town, citizen, told)) for citizen, _ in people] == [1, 1, 1]
    assert town.system.operations.audit() == ()


def test_a_smaller_delivery_takes_first_who_reserved_last(town: Town) -> None:
    """Five of six people's doses came: the last to reserve is back in the queue, first in turn, and told once."""
    people = booked(town, 4) + booked(town, 2, first=11, day=add_days(MONDAY, 1))
    told = len(town.texts(people[-1][0].phone))
    town.system.site("north").receive(crs.Delivery("january", "comirnaty", MONDAY, 40, received=10), cut=True)
    assert town.system.operations.audit() == ()
    found = town.system.operations.replan("north")
    last = people[-1][0].registration_id

    assert (found.of(Became.SEAT_LOST), len(found.people), found.proven) == ((last,), 1, True)
    assert held(town).keys() == {citizen.registration_id for citizen, _ in people[:-1]}
    one = registrations(town)[last]
    assert (one.queued, one.seniority) == (True, one.registered_at)
    [text] = texts_after(town, people[-1][0], told)
    assert "rezervaci jsme museli zrusit" in text
    town.system.site("north").expect(crs.Delivery("more", "comirnaty", MONDAY, 2))
    assert town.system.site("north").release().invited == (last,)
    assert town.system.operations.audit() == ()


@light
def test_another_delivery_with_doses_to_spare_moves_nobody(town: Town) -> None:
    people = booked(town, 2)
    before = held(town)
    town.system.site("north").expect(crs.Delivery("spare", "comirnaty", MONDAY, 4))
    town.system.site("north").receive(crs.Delivery("january", "comirnaty", MONDAY, 40, received=0), cut=True)
    found = town.system.operations.replan("north")
    after = held(town)

    assert (found.people, found.short) == ((), 0)
    assert {dose.delivery_id for each in after.values() for dose in each.doses} == {"spare"}
    assert [each.revision for each in after.values()] == [0, 0]
    assert [(d.day, d.minute) for each in after.values() for d in each.doses] == [
        (d.day, d.minute) for each in before.values() for d in each.doses
    ]
    assert town.system.operations.audit() == ()
    assert len(people) == 2


@light
def test_a_begun_series_goes_before_one_that_has_not_begun(town: Town) -> None:
    """One second dose is left: who had the first keeps it, though the other reserved before."""
    [(early, _)] = booked(town, day=add_days(MONDAY, 1))
    [(begun, reservation)] = booked(town, first=2)
    given(town, reservation)
    town.system.site("north").receive(crs.Delivery("january", "comirnaty", MONDAY, 40, received=2), cut=True)
    found = town.system.operations.replan("north")

    assert (found.of(Became.SEAT_LOST), len(found.people)) == ((early.registration_id,), 1)
    assert held(town)[begun.registration_id].doses[1].held
    assert town.system.operations.audit() == ()


def test_who_had_the_first_dose_keeps_it_and_gets_the_second_with_the_next_supply(town: Town) -> None:
    [(citizen, reservation)] = booked(town)
    given(town, reservation)
    told = len(town.texts(citizen.phone))
    site = town.system.site("north")
    site.receive(crs.Delivery("january", "comirnaty", MONDAY, 40, received=1), cut=True)
    found = town.system.operations.replan("north")
    waiting = held(town)[citizen.registration_id]

    assert (found.of(Became.DOSE_LOST), found.waiting) == ((citizen.registration_id,), 1)
    assert [each.attendance for each in waiting.doses] == [Attendance.GIVEN, Attendance.LOST]
    [text] = texts_after(town, citizen, told)
    assert "termin dalsi davky jsme museli zrusit" in text
    assert town.system.operations.audit() == ()
    assert town.system.operations.replan("north").people == ()
    site.expect(crs.Delivery("february", "comirnaty", SECOND, 1))
    site.release()
    [text] = texts_after(town, citizen, told + 1)
    served = held(town)[citizen.registration_id]
    assert "termin jsme museli zmenit" in text
    assert (served.doses[1].held, served.doses[1].delivery_id) == (True, "february")
    assert town.system.operations.audit() == ()


@light
def test_a_lost_dose_that_is_found_before_the_message_left_is_told_of_once(town: Town) -> None:
    [(citizen, reservation)] = booked(town)
    given(town, reservation)
    told = len(town.texts(citizen.phone))
    site = town.system.site("north")
    site.receive(crs.Delivery("january", "comirnaty", MONDAY, 40, received=1), cut=True)
    town.system.operations.replan("north")
    site.expect(crs.Delivery("february", "comirnaty", SECOND, 1))
    town.system.operations.replan("north")

    [text] = texts_after(town, citizen, told)
    assert "termin jsme museli zmenit" in text


@light
def test_who_reserves_again_before_the_message_left_hears_of_the_new_reservation_alone(
    open_town: OpenTown, storage_url: str
) -> None:
    town = open_town(storage_url, seats=1, access=always(crs.example_campaign().access.at(midnight(MONDAY, ZONE))))
    [(citizen, _)] = booked(town)
    told = len(town.texts(citizen.phone))
    for day in range(5):
        if day:
            booked(town, first=10 + day, day=add_days(MONDAY, day))
    closed(town, MONDAY, seats=1)
    assert town.system.operations.replan("north").of(Became.SEAT_LOST)
    days = {add_days(MONDAY, day): 1 + (day == 4) for day in range(1, 5)}
    town.system.site("north").publish([crs.Calendar("V1", "comirnaty", 1, _slots(days))])
    town.system.site("north").release()
    entry = town.enter(citizen)
    town.desk.reserve(entry, town.desk.offers(entry).offers[0])
    heard = texts_after(town, citizen, told)

    assert not any("museli zrusit" in text for text in heard)
    assert "rezervovano" in heard[-1]


def _slots(days: dict[Day, int]) -> list[crs.Slot]:
    return [slot for day, seats in days.items() for slot in crs.even_slots(day, seats)]


@light
def test_doses_move_within_the_interval_of_their_reservation(open_town: OpenTown, storage_url: str) -> None:
    """The rule changes after the reservation: a re-plan keeps to the one that was promised."""
    changed = later(midnight(Day(2021, 1, 24), ZONE))
    steps = Dated(((midnight(Day(2021, 1, 1), "UTC"), Interval(28, 29)), (changed, Interval(21, 42))))
    [product] = crs.example_campaign().products
    town = open_town(storage_url, seats=2, products=(evolve(product, interval=steps),))
    [(citizen, before)] = booked(town)
    town.clock.set(later(changed, hours=1))
    days = {add_days(SECOND, number): 2 for number in range(2, 5)}
    town.system.site("north").publish([crs.Calendar("V2", "comirnaty", 2, _slots(days))], cut=True)
    town.system.operations.replan("north")
    after = held(town)[citizen.registration_id]

    assert before.interval == after.interval == (28, 29)
    assert [each.day for each in after.doses] == [add_days(MONDAY, 1), add_days(SECOND, 2)], "both move, not only one"
    assert town.system.operations.audit() == ()


@light
def test_nobody_is_moved_at_shorter_notice_than_the_rule_says(open_town: OpenTown, storage_url: str) -> None:
    campaign = crs.example_campaign()
    rule = type(campaign.replan.at(midnight(MONDAY, ZONE)))(notice_days=5)
    town = open_town(storage_url, seats=4, replan=always(rule))
    [(citizen, _)] = booked(town)
    closed(town, MONDAY)
    town.system.operations.replan("north")

    assert held(town)[citizen.registration_id].doses[0].day == Day(2021, 1, 28)  # five days after the 23rd


@light
def test_a_short_slot_is_offered_to_nobody(town: Town) -> None:
    booked(town, 2)
    [(_, entry)] = town.entered(1, first=20)
    closed(town, MONDAY)
    offered = {dose.day for offer in town.desk.offers(entry).offers for dose in offer.doses}

    assert MONDAY not in offered
    assert town.desk.offers(entry, day=MONDAY).offers == ()


def test_citizens_and_a_re_plan_at_once(town: Town) -> None:
    """Whoever moves, cancels or reserves meanwhile: all is whole, and nobody has two messages of one move."""
    people = booked(town, 3)
    entries = [town.enter(citizen) for citizen, _ in people]
    [(_, newcomer)] = town.entered(1, first=20)
    told = {citizen.number: len(texts_after(town, citizen, 0)) for citizen, _ in people}
    closed(town, MONDAY)
    offers = town.desk.offers(newcomer).offers
    page = town.desk.move_offers(entries[1], dose=1)
    found = at_once(
        lambda: town.system.operations.replan("north"),
        lambda: town.desk.cancel(entries[0]),
        lambda: town.desk.move_dose(entries[1], dose=1, offer=page.offers[-1]),
        lambda: town.desk.reserve(newcomer, offers[0]),
    )
    assert not [each for each in found if isinstance(each, Exception) and not isinstance(each, crs.CrsError)]
    town.system.operations.replan("north")
    after = held(town)

    assert town.system.operations.audit() == ()
    assert all(dose.day != MONDAY for each in after.values() for dose in each.doses)
    with town.system._office.storage.read() as view:
        [site] = [each for each in view.scan(Site) if each.id == "north"]
        on_monday = [each for each, balance in view.accounts("north") if each.day == MONDAY and balance.total]
    assert (site.short_slots, [each for each in on_monday if each.kind != AccountKind.DELIVERY]) == ((), [])
    for citizen, _ in people[1:]:
        assert len(texts_after(town, citizen, told[citizen.number])) == 1
