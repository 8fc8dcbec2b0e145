"""A site's day on every storage: the list, check-in, doses given, no-shows, and the last step undone."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

import crs_core as crs
from crs_core.domain.campaign import NoShowRule, StockRule
from crs_core.domain.ledger import AccountKind
from crs_core.domain.registration import Gate, Registration
from crs_core.domain.reservations import Attendance
from crs_core.domain.rules import Dated, always
from crs_core.domain.time import Day, midnight, slot_instant
from crs_core.errors import CrsError
from tests.systems import Citizen, OpenTown, Town, dump, invented

FIRST, SECOND = Day(2021, 1, 25), Day(2021, 2, 22)
ZONE = "Europe/Prague"


@pytest.fixture
def town(open_town: OpenTown, storage_url: str) -> Town:
    """Ten seats a day for each dose, and vaccine for ten people."""
    found = open_town(storage_url, seats=10, stock=always(StockRule.EXPECTED))
    found.system.site("north").expect(crs.Delivery("january", "comirnaty", FIRST, 20))
    return found


def booked(town: Town, number: int = 1) -> list[tuple[Citizen, crs.Reservation]]:
    """So many people with a first dose on FIRST and a second one on SECOND."""
    found: list[tuple[Citizen, crs.Reservation]] = []
    for citizen, entry in town.entered(number):
        offers = town.desk.offers(entry, day=FIRST).offers
        found.append((citizen, town.desk.reserve(entry, offers[len(found) % len(offers)])))
    return found


def at(town: Town, day: Day, minute: int = 960) -> None:
    """Puts the clock to the end of a day's slots, unless told otherwise."""
    town.clock.set(slot_instant(day, minute, ZONE))


def code_of(call: Any) -> str:
    with pytest.raises(CrsError) as caught:
        call()
    return caught.value.code


def counted(town: Town, kind: str) -> Counter[str]:
    """All units of a kind of account, by state."""
    found = Counter[str]()
    with town.system._office.storage.read() as view:
        for account, balance in view.accounts("north"):
            if account.kind == kind:
                for state in ("free", "reserved", "given", "wasted"):
                    found[state] += getattr(balance, state)
    return found


def registration(town: Town, reservation: crs.Reservation) -> Registration:
    with town.system._office.storage.read() as view:
        return next(each for each in view.scan(Registration) if each.id == reservation.registration_id)


def test_the_journey_says_what_can_still_be_changed(town: Town) -> None:
    """Neither a dose whose time has come, nor one given; nothing is cancelled once begun, or changed in maintenance."""
    [(citizen, reservation)] = booked(town)
    site, operations = town.system.site("north"), town.system.operations

    def left() -> tuple[tuple[int, ...], bool]:
        journey = town.desk.journey(town.enter(citizen))
        return journey.may_move, journey.may_cancel

    found = [left()]
    at(town, FIRST)
    found.append(left())
    site.record_dose(reservation.id, dose=1)
    found.append(left())
    at(town, SECOND)
    found.append(left())
    site.no_show(reservation.id, dose=2)
    found.append(left())
    entry, rest = town.enter(citizen), town.clock.now().add(minutes=1)
    operations.announce_maintenance(rest, rest.add(hours=1))
    town.clock.move(minutes=2)

    assert found == [((1, 2), True), ((2,), True), ((2,), False), ((), False), ((2,), False)]
    assert (town.desk.journey(entry).may_move, town.desk.journey(entry).may_cancel) == ((), False)


def test_the_list_of_a_day_is_in_order_of_time(town: Town) -> None:
    people = booked(town, 4)
    site = town.system.site("north")
    listed = site.appointments(FIRST)

    assert {line.visit.reservation_id for line in listed} == {reservation.id for _, reservation in people}
    assert [line.visit.minute for line in listed] == sorted(line.visit.minute for line in listed)
    assert {line.last_name for line in listed} == {citizen.application.last_name for citizen, _ in people}
    assert {line.visit.dose for line in site.appointments(SECOND)} == {2}
    assert town.system.site("south").appointments(FIRST) == ()
    assert site.appointments() == ()
    at(town, FIRST)
    assert site.appointments() == listed
    assert "Vzor" not in repr(listed)


def test_a_dose_is_given(town: Town) -> None:
    [(citizen, reservation)] = booked(town)
    site = town.system.site("north")
    at(town, FIRST)

    assert site.check_in(insured_number=citizen.insured_number).attendance is Attendance.CHECKED_IN
    given = site.record_dose(reservation.id, 1, batch="EJ6796")
    assert (given.attendance, given.over) == (Attendance.GIVEN, False)
    assert counted(town, AccountKind.DELIVERY) == {"free": 18, "reserved": 1, "given": 1, "wasted": 0}
    at(town, SECOND)
    site.check_in(reservation.id)
    site.record_dose(reservation.id, 2)
    assert [line.visit.attendance for line in site.appointments()] == [Attendance.GIVEN]
    history = town.system.operations.explain(reservation.registration_id).history
    assert [entry.kind for entry in history if "dose" in entry.facts] == ["checked_in", "given", "checked_in", "given"]
    assert next(entry for entry in history if entry.kind == "given").facts["batch"] == "EJ6796"
    assert town.system.operations.audit() == ()


def test_who_is_not_expected_gets_one_answer(town: Town) -> None:
    """Somebody unknown, somebody who waits, somebody at another site: the desk tells nothing of them."""
    [(citizen, reservation)] = booked(town)
    [waiting] = town.registered(1, first=50)
    at(town, FIRST)
    north, south = town.system.site("north"), town.system.site("south")
    found = []
    calls: tuple[Callable[[], object], ...] = (
        lambda: north.check_in(insured_number=invented(77).insured_number),
        lambda: north.check_in(insured_number=waiting.insured_number),
        lambda: north.check_in(insured_number="nobody's"),
        lambda: south.check_in(insured_number=citizen.insured_number),
        lambda: south.check_in(reservation.id),
        lambda: south.record_dose(reservation.id, 1),
        lambda: south.undo(reservation.id, reason="invented"),
        lambda: north.no_show("no-such-reservation", 1),
    )
    for call in calls:
        with pytest.raises(crs.Refused) as caught:
            call()
        found.append(str(caught.value))

    assert len(set(found)) == 1
    assert "no_appointment" in found[0]


def test_a_given_dose_can_neither_move_nor_be_cancelled(town: Town) -> None:
    [(citizen, reservation)] = booked(town)
    at(town, FIRST)
    town.system.site("north").record_dose(reservation.id, 1)
    entry = town.enter(citizen)

    assert code_of(lambda: town.desk.move_offers(entry, dose=1)) == "dose_given"
    assert code_of(lambda: town.desk.cancel(entry)) == "dose_given"
    town.desk.withdraw(entry)
    assert counted(town, AccountKind.DELIVERY) == {"free": 19, "reserved": 0, "given": 1, "wasted": 0}
    assert town.system.operations.audit() == ()


def test_nobody_came_to_a_first_dose(town: Town) -> None:
    """Its seat is gone, its vaccine and the second seat are free, and the person waits as before."""
    [(citizen, reservation)] = booked(town)
    before = registration(town, reservation)
    at(town, FIRST)
    visit = town.system.site("north").no_show(reservation.id, 1)
    after = registration(town, reservation)

    assert (visit.attendance, visit.over) == (Attendance.MISSED, True)
    assert counted(town, AccountKind.DELIVERY) == {"free": 20, "reserved": 0, "given": 0, "wasted": 0}
    assert counted(town, AccountKind.SLOT)["wasted"] == 1
    assert counted(town, AccountKind.SLOT)["reserved"] == 0
    assert (after.gate, after.seniority, after.reservation_id) == (Gate.QUEUED, before.seniority, None)
    assert [line.visit.attendance for line in town.system.site("north").appointments()] == [Attendance.MISSED]
    assert town.system.operations.audit() == ()
    town.system.site("north").release()
    assert registration(town, reservation).gate is Gate.INVITED
    assert citizen.registration_id == after.id


def test_what_follows_a_no_show_is_a_dated_rule(open_town: OpenTown, storage_url: str) -> None:
    steps = ((midnight(Day(2021, 1, 1), ZONE), NoShowRule()), (midnight(FIRST, ZONE), NoShowRule("wasted", "lapse")))
    town = open_town(storage_url, seats=10, stock=always(StockRule.EXPECTED), no_show=Dated(steps))
    town.system.site("north").expect(crs.Delivery("january", "comirnaty", FIRST, 20))
    [(_, reservation)] = booked(town)
    at(town, FIRST)
    town.system.site("north").no_show(reservation.id, 1)

    assert counted(town, AccountKind.DELIVERY) == {"free": 19, "reserved": 0, "given": 0, "wasted": 1}
    assert registration(town, reservation).gate is Gate.LAPSED
    assert town.system.operations.audit() == ()


def test_a_missed_second_dose_can_be_moved(town: Town) -> None:
    """Within the interval of the reservation; the seat that was missed stays wasted."""
    [citizen] = town.invited(1)
    entry = town.enter(citizen)
    offer = town.desk.offers(entry, day=Day(2021, 1, 29)).offers[0]
    reservation = town.desk.reserve(entry, offer)
    entry = town.enter(citizen)
    moved = town.desk.move_dose(entry, dose=2, offer=town.desk.move_offers(entry, dose=2, day=SECOND).offers[0])
    at(town, Day(2021, 1, 29))
    town.system.site("north").record_dose(reservation.id, 1)
    at(town, SECOND)
    town.system.site("north").no_show(reservation.id, 2)
    entry = town.enter(citizen)
    page = town.desk.move_offers(entry, dose=2)

    assert moved.doses[1].day == SECOND
    assert [day for day, _ in page.days] == [Day(2021, 2, day) for day in (23, 24, 25, 26)]
    again = town.desk.move_dose(
        entry, dose=2, offer=town.desk.move_offers(entry, dose=2, day=page.days[2][0]).offers[0]
    )
    assert [each.attendance for each in again.doses] == [Attendance.GIVEN, Attendance.EXPECTED]
    assert counted(town, AccountKind.SLOT)["wasted"] == 1
    assert town.system.operations.audit() == ()


@pytest.mark.parametrize("steps", [["check_in"], ["record_dose"], ["no_show"], ["check_in", "record_dose"]])
def test_an_undone_step_leaves_the_books_as_they_were(town: Town, steps: list[str]) -> None:
    [(_, reservation)] = booked(town)
    site = town.system.site("north")
    at(town, FIRST)
    books = []
    for step in steps:
        books.append((town.system._office.storage, accounts(town), registration(town, reservation)))
        if step == "check_in":
            site.check_in(reservation.id)
        else:
            getattr(site, step)(reservation.id, 1)
    for _, before, person in reversed(books):
        site.undo(reservation.id, reason="the wrong line", actor="nurse of the day")

        assert accounts(town) == before
        assert registration(town, reservation) == person
    assert code_of(lambda: site.undo(reservation.id, reason="once more")) == "nothing_to_undo"
    last = town.system.operations.explain(reservation.registration_id).history[-1]
    assert (last.kind, last.actor, last.facts["reason"]) == ("undone", "nurse of the day", "the wrong line")
    assert town.system.operations.audit() == ()


def accounts(town: Town) -> Any:
    with town.system._office.storage.read() as view:
        return [each for each in view.accounts("north") if each[0].kind != AccountKind.INVITED or each[1].held]


def test_a_no_show_cannot_be_undone_once_its_second_seat_is_gone(town: Town, storage_url: str) -> None:
    """Everything stays as it was, the no-show included."""
    [(_, reservation)] = booked(town)
    site = town.system.site("north")
    at(town, FIRST)
    site.no_show(reservation.id, 1)
    site.publish([crs.Calendar("V2", "comirnaty", 2, [])])
    before = dump(town.system, storage_url)

    assert code_of(lambda: site.undo(reservation.id, reason="she was there")) == "undo_impossible"
    assert dump(town.system, storage_url) == before


def test_a_no_show_cannot_be_undone_once_the_person_holds_another_reservation(town: Town) -> None:
    [(citizen, reservation)] = booked(town)
    site = town.system.site("north")
    at(town, FIRST)
    site.no_show(reservation.id, 1)
    site.release()
    town.system.operations.dispatch()
    entry = town.enter(citizen)
    again = town.desk.reserve(entry, town.desk.offers(entry, day=Day(2021, 1, 27)).offers[0])

    assert code_of(lambda: site.undo(reservation.id, reason="she was there")) == "undo_impossible"
    assert registration(town, reservation).reservation_id == again.id
    assert town.system.operations.audit() == ()


def test_an_undone_no_show_takes_its_new_invitation_along(town: Town) -> None:
    [(_, reservation)] = booked(town)
    site = town.system.site("north")
    at(town, FIRST)
    site.no_show(reservation.id, 1)
    site.release()
    site.undo(reservation.id, reason="she was there")

    assert registration(town, reservation).reservation_id == reservation.id
    assert town.system.operations.audit() == ()


def test_statistics_count_doses_and_no_shows(town: Town) -> None:
    people = booked(town, 3)
    site = town.system.site("north")
    at(town, FIRST)
    site.record_dose(people[0][1].id, 1)
    site.record_dose(people[1][1].id, 1)
    site.no_show(people[2][1].id, 1)
    town.system.operations.tick()
    row = town.system.operations.statistics().days[-1]
    assert (row.given, row.no_show, row.cancelled, row.reservations, row.waiting) == (2, 1, 1, 2, 1)
    site.undo(people[1][1].id, reason="the wrong line")
    site.undo(people[2][1].id, reason="she was there")
    town.system.operations.tick()
    row = town.system.operations.statistics().days[-1]

    assert (row.given, row.no_show, row.cancelled, row.reservations, row.waiting) == (1, 0, 0, 3, 0)
    assert row.reserved == 0
    assert sum(each.reserved for each in town.system.operations.statistics().days) == 3
