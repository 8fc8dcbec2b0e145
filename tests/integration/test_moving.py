"""One dose moves, or nothing does: on every storage, whatever fails, whoever else wants the seat."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from attrs import define, evolve

import crs_core as crs
from crs_core.domain import moving
from crs_core.domain.campaign import Interval, StockRule
from crs_core.domain.ledger import AccountKind, Balance
from crs_core.domain.plans import Key, Plan, Put
from crs_core.domain.reservations import changes
from crs_core.domain.rules import Dated, always
from crs_core.domain.time import Day, Instant, add_days, later, midnight
from crs_core.errors import CrsError, Short
from crs_core.ports.storage import Storage, Work
from crs_core.testing.storage.common import at_once
from tests.systems import OpenTown, Town, dump, invented

FIRST = Day(2021, 1, 29)
SECOND = Day(2021, 2, 22)


@pytest.fixture
def town(open_town: OpenTown, storage_url: str) -> Town:
    """Two seats a day for each dose, and vaccine that comes in two deliveries."""
    found = open_town(storage_url, seats=2, stock=always(StockRule.EXPECTED))
    for name, day, doses in (("january", Day(2021, 1, 25), 12), ("february", Day(2021, 2, 24), 4)):
        found.system.site("north").expect(crs.Delivery(name, "comirnaty", day, doses))
    return found


def booked(town: Town, number: int = 1, *, first: int = 1, day: Day = FIRST) -> list[tuple[str, crs.Reservation]]:
    """So many people with a first dose on a day, and their entries."""
    found = []
    for _, entry in town.entered(number, first=first):
        offer = town.desk.offers(entry, day=day).offers[0]
        found.append((entry, town.desk.reserve(entry, offer)))
    return found


def days_of(reservation: crs.Reservation) -> list[Day]:
    return [each.day for each in reservation.doses]


def seats(town: Town) -> dict[tuple[str, Day], Balance]:
    with town.system._office.storage.read() as view:
        accounts = view.accounts("north")
    return {(each.series, each.day): balance for each, balance in accounts if each.kind == AccountKind.DAY}


def code_of(call: Any) -> str:
    with pytest.raises(CrsError) as caught:
        call()
    return caught.value.code


def test_the_second_dose_moves_and_the_first_stays(town: Town) -> None:
    [(entry, before)] = booked(town)
    page = town.desk.move_offers(entry, dose=2)
    later_day = max(day for day, _ in page.days)
    offer = town.desk.move_offers(entry, dose=2, day=later_day).offers[0]
    after = town.desk.move_dose(entry, dose=2, offer=offer.token)

    assert [day for day, _ in page.days] == [add_days(SECOND, number) for number in range(5)]
    assert after.doses[0] == before.doses[0]
    assert days_of(after) == [FIRST, later_day]
    assert (after.id, after.interval, after.revision) == (before.id, before.interval, 1)
    assert [dose.delivery_id for dose in after.doses] == ["january", "february"]
    assert town.desk.journey(entry).reservation == after
    assert town.system.operations.audit() == ()


def test_a_freed_second_dose_stays_a_second_dose(town: Town) -> None:
    """Whoever books afterwards finds it free among second doses, and no first dose more than before."""
    [(entry, before)] = booked(town)
    free = seats(town)
    target = next(day for day, _ in town.desk.move_offers(entry, dose=2).days if day not in days_of(before))
    town.desk.move_dose(entry, dose=2, offer=town.desk.move_offers(entry, dose=2, day=target).offers[0])
    now = seats(town)
    old = days_of(before)[1]

    assert {name: now[name] for name in now if name[0] == "V1"} == {
        name: free[name] for name in free if name[0] == "V1"
    }
    assert now["V2", old].free == free["V2", old].free + 1
    assert now["V2", target].free == free["V2", target].free - 1


def test_moving_within_a_day_takes_no_second_seat_of_it(town: Town) -> None:
    [(entry, before)] = booked(town)
    day = days_of(before)[1]
    [offer] = town.desk.move_offers(entry, dose=2, day=day).offers
    after = town.desk.move_dose(entry, dose=2, offer=offer)

    assert days_of(after) == days_of(before)
    assert after.doses[1].minute != before.doses[1].minute
    assert seats(town)["V2", day] == Balance(free=1, reserved=1)


def test_the_interval_is_that_of_the_reservation(open_town: OpenTown, storage_url: str) -> None:
    """The rule changes after the reservation: what it never promised is not opened by the new one."""
    changed = later(midnight(Day(2021, 1, 24), "Europe/Prague"))
    steps = Dated(((midnight(Day(2021, 1, 1), "UTC"), Interval(25, 28)), (changed, Interval(21, 42))))
    [product] = crs.example_campaign().products
    town = open_town(storage_url, seats=4, products=(evolve(product, interval=steps),))
    [(entry, before)] = booked(town)
    town.clock.set(later(changed, hours=1))
    entry = town.enter(invented(1))

    assert before.interval == (25, 28)
    assert [day for day, _ in town.desk.move_offers(entry, dose=2).days] == [add_days(SECOND, n) for n in range(1, 5)]
    offer = town.desk.move_offers(entry, dose=2, day=add_days(SECOND, 1)).offers[0]
    assert town.desk.move_dose(entry, dose=2, offer=offer).interval == (25, 28)
    assert town.system.operations.audit() == ()


def test_a_move_is_told_once_and_an_older_confirmation_never(town: Town) -> None:
    """Nothing had been sent yet: the confirmation with the old time goes to the dead letters, of the moves the last."""
    [(entry, _)] = booked(town)
    for day in (add_days(SECOND, 3), add_days(SECOND, 4)):
        town.desk.move_dose(entry, dose=2, offer=town.desk.move_offers(entry, dose=2, day=day).offers[0])
    town.system.operations.dispatch()
    town.system.operations.dispatch()
    [text] = [text for text in town.texts("+420601000001") if "2. davka" in text]

    assert "termin zmenen" in text
    assert "2. davka 26. 2. 2021" in text.replace(" 02. ", " 2. ")
    reasons = [letter.reason for letter in town.system.operations.dead_letters()]
    assert reasons == ["superseded", "superseded"]


def test_the_confirmation_of_an_untouched_reservation_is_sent(town: Town) -> None:
    booked(town)
    town.system.operations.dispatch()

    assert any("2. davka" in text for text in town.texts("+420601000001"))
    assert town.system.operations.dead_letters() == ()


@pytest.mark.parametrize("dose", [1, 2])
@pytest.mark.parametrize("moment", ["before", "after", "short"])
def test_a_move_that_fails_leaves_everything_as_it_was(
    town: Town, storage_url: str, monkeypatch: pytest.MonkeyPatch, dose: int, moment: str
) -> None:
    [(entry, _)] = booked(town)
    day = town.desk.move_offers(entry, dose=dose).days[-1][0]
    offer = town.desk.move_offers(entry, dose=dose, day=day).offers[0]
    before = dump(town.system, storage_url)
    office = town.system._office
    monkeypatch.setattr(office, "storage", Failing(office.storage, moment))
    with pytest.raises((PulledPlugError, CrsError)):
        town.desk.move_dose(entry, dose=dose, offer=offer)
    monkeypatch.undo()

    assert dump(town.system, storage_url) == before
    assert town.system.operations.audit() == ()
    assert town.desk.move_dose(entry, dose=dose, offer=offer).revision == 1


def test_a_move_in_two_commits_would_be_seen(town: Town, storage_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: once the old seat is given back by itself, a move that fails leaves less than before."""
    [(entry, held)] = booked(town)
    day = town.desk.move_offers(entry, dose=2).days[-1][0]
    offer = town.desk.move_offers(entry, dose=2, day=day).offers[0]
    before = dump(town.system, storage_url)
    office = town.system._office
    with office.storage.write() as work:
        stored = work.get(Key(crs.Reservation, held.id))
        assert stored is not None
        empty = moving.vacated(stored.value, 2)
        put = Put(Key(crs.Reservation, held.id), empty, stored.version)
        work.apply(Plan(None, (put,), changes(stored.value, empty)), actor="sabotage", now=office.now())
    monkeypatch.setattr(office, "storage", Failing(office.storage, "before"))
    with pytest.raises(PulledPlugError):
        town.desk.move_dose(entry, dose=2, offer=offer)
    monkeypatch.undo()

    assert dump(town.system, storage_url) != before


class PulledPlugError(Exception):
    pass


@define
class Failing:
    """A storage on which the *last* plan of a command fails: before anything of it is written, or when all of it is.

    What a command commits before its last plan stays, so a move in two commits is seen here.
    """

    _storage: Storage
    _moment: str

    @contextmanager
    def write(self, *, timeout: float) -> Iterator[Any]:
        with self._storage.write(timeout=timeout) as work:
            yield FailingWork(work, self._moment)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)


@define
class FailingWork:
    _work: Work
    _moment: str

    def apply(self, plan: Any, *, actor: str, now: Instant) -> None:
        takes = any(each.source.value == "free" for each in plan.transfers)
        if takes and self._moment == "short":
            raise Short("invented")
        if not takes or self._moment == "after":
            self._work.apply(plan, actor=actor, now=now)
        if takes:
            raise PulledPlugError

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)


def test_two_who_want_the_last_seat(town: Town) -> None:
    """One moves, the other keeps both of the old doses."""
    people = booked(town, 2)
    target = add_days(SECOND, 3)
    assert target not in {day for _, each in people for day in days_of(each)}
    fill(town, target, first=10)
    asked = [town.desk.move_offers(entry, dose=2, day=target).offers[0] for entry, _ in people]
    found = at_once(
        *(
            lambda entry=entry, offer=offer: town.desk.move_dose(entry, dose=2, offer=offer)
            for (entry, _), offer in zip(people, asked, strict=True)
        )
    )
    moved = [each for each in found if isinstance(each, crs.Reservation)]
    refused = [each for each in found if isinstance(each, crs.Refused)]

    assert [len(moved), [each.code for each in refused]] == [1, ["offer_taken"]]
    held = [town.desk.journey(entry).reservation for entry, _ in people]
    old = [each for _, each in people]
    assert [each for each in held if each not in moved] == [each for each in old if each in held]
    assert len([each for each in old if each in held]) == 1
    assert town.system.operations.audit() == ()


def test_two_who_exchange_their_days(town: Town) -> None:
    """Each wants the day that the other leaves, where nothing else is free: whoever cannot keeps both old doses."""
    people = booked(town, 2) + booked(town, 2, first=10, day=add_days(FIRST, -1))
    one, other = people[0], people[2]
    asked = []
    for (entry, _), (_, wanted) in ((one, other), (other, one)):
        page = town.desk.move_offers(entry, dose=2, day=days_of(wanted)[1])
        asked.append((entry, page.offers[0] if page.offers else None))
    found = at_once(
        *(
            lambda entry=entry, offer=offer: offer and town.desk.move_dose(entry, dose=2, offer=offer)
            for entry, offer in asked
        )
    )
    held = [town.desk.journey(entry).reservation for entry, _ in people]

    assert not [each for each in found if isinstance(each, Exception) and not isinstance(each, CrsError)]
    for (_, before), after, outcome in zip((one, other), (held[0], held[2]), found, strict=True):
        assert after == (outcome if isinstance(outcome, crs.Reservation) else before)
    assert all(balance.free >= 0 for balance in seats(town).values())
    assert town.system.operations.audit() == ()


def fill(town: Town, day: Day, *, first: int) -> None:
    """Somebody else takes all but one of the second doses of a day."""
    [(entry, before)] = booked(town, first=first, day=add_days(FIRST, -1))
    if days_of(before)[1] == day:
        return
    town.desk.move_dose(entry, dose=2, offer=town.desk.move_offers(entry, dose=2, day=day).offers[0])


def test_what_cannot_move_is_refused(town: Town) -> None:
    [(entry, before)] = booked(town)
    offer = town.desk.move_offers(entry, dose=2).offers[0]

    assert code_of(lambda: town.desk.move_offers(entry, dose=3)) == "no_appointment"
    assert code_of(lambda: town.desk.move_offers(entry, dose=0)) == "invalid_input"
    assert code_of(lambda: town.desk.move_dose(entry, dose=1, offer=offer)) == "token_invalid"
    assert code_of(lambda: town.desk.reserve(entry, offer)) == "token_invalid"
    town.system.site("north").close()
    assert town.desk.move_offers(entry, dose=2).reason == "site_closed"
    assert code_of(lambda: town.desk.move_dose(entry, dose=2, offer=offer)) == "site_closed"
    town.system.site("north").open()
    town.desk.cancel(entry)
    assert code_of(lambda: town.desk.move_dose(entry, dose=2, offer=offer)) == "no_reservation"
    assert before.revision == 0


def test_a_move_once_done_is_answered_again_and_not_repeated(town: Town) -> None:
    [(entry, _)] = booked(town)
    offer = town.desk.move_offers(entry, dose=2, day=add_days(SECOND, 4)).offers[0]
    first = town.desk.move_dose(entry, dose=2, offer=offer, idempotency_key="move")

    assert town.desk.move_dose(entry, dose=2, offer=offer, idempotency_key="move") == first
    assert town.desk.journey(entry).reservation == first
