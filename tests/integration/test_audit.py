"""Faults planted behind the desks' back, one an example: the audit names the invariant that each breaks."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from attrs import evolve, frozen

import crs_core as crs
from crs_core.domain.campaign import StockRule
from crs_core.domain.ledger import Account, AccountKind, State, Transfer
from crs_core.domain.people import Person
from crs_core.domain.plans import Key, Plan, Put
from crs_core.domain.registration import Gate, Registration
from crs_core.domain.reservations import Reservation, changes, transfers
from crs_core.domain.rules import always
from crs_core.domain.time import Day
from tests.systems import FIRST_DAY, START, Citizen, OpenTown, Town, invented

TODAY = START.date()
IN_FEBRUARY = Day(2021, 2, 10)


@frozen
class Scene:
    """A town in which one has reserved, one is invited, one has a duplicate that waits; its stock counts."""

    town: Town
    reserved: Citizen
    invited: Citizen
    contended: Citizen
    duplicate: Citizen
    reservation: crs.Reservation

    def plant(self, *puts: tuple[Key[Any], Callable[[Any], Any]], moves: Iterable[Transfer] = ()) -> None:
        """Changes what is stored as no desk would."""
        with self.town.system._office.storage.write() as work:
            stored = [(key, work.get(key), change) for key, change in puts]
            made = tuple(
                Put(key, change(None if old is None else old.value), 0 if old is None else old.version)
                for key, old, change in stored
            )
            work.apply(Plan(None, made, tuple(moves)), actor="tester", now=self.town.clock.now())

    def of(self, citizen: Citizen, **changed: Any) -> tuple[Key[Registration], Callable[[Any], Any]]:
        return Key(Registration, citizen.registration_id), lambda one: evolve(one, **changed)

    def person(self, citizen: Citizen) -> Key[Person]:
        return Key(Person, self.town.system._office.person(citizen.insured_number))

    def rewrite(self, after: crs.Reservation) -> None:
        """The reservation and its accounts, alike."""
        self.plant((Key(Reservation, after.id), lambda _: after), moves=changes(self.reservation, after))


@pytest.fixture
def scene(open_town: OpenTown) -> Scene:
    town = open_town("memory:", stock=always(StockRule.EXPECTED))
    for name, day in (("january", FIRST_DAY), ("february", IN_FEBRUARY)):
        town.system.site("north").expect(crs.Delivery(name, "comirnaty", day, 50))
    (reserved, entry), (invited, _), (contended, _) = town.entered(3)
    reservation = town.reserve(entry)
    duplicate = town.register(evolve(contended, phone="+420602000001", number=999))
    town.system.operations.tick()
    town.system.operations.dispatch()
    assert town.system.operations.audit() == ()
    return Scene(town, reserved, invited, contended, duplicate, reservation)


def a_dose_is_not_there(scene: Scene) -> None:
    first = scene.reservation.doses[:1]
    scene.rewrite(evolve(scene.reservation, doses=first))


def an_interval_that_was_never_in_force(scene: Scene) -> None:
    scene.rewrite(evolve(scene.reservation, interval=(1, 100)))


def a_product_that_nobody_has(scene: Scene) -> None:
    scene.rewrite(evolve(scene.reservation, product="invented"))


def a_second_dose_in_the_calendar_of_the_first(scene: Scene) -> None:
    was = scene.reservation.doses[1]
    becomes = evolve(was, calendar="V1")
    made = transfers("north", [becomes], State.OUTSIDE, State.FREE)
    scene.plant(moves=[each for each in made if each.account.kind != AccountKind.DELIVERY])
    scene.rewrite(scene.reservation.with_dose(becomes))


def vaccine_that_comes_after_its_day(scene: Scene) -> None:
    first = evolve(scene.reservation.doses[0], delivery_id="february", delivery_day=IN_FEBRUARY)
    scene.rewrite(scene.reservation.with_dose(first))


def doses_that_nobody_delivered(scene: Scene) -> None:
    account = Account("north", AccountKind.DELIVERY, "invented", FIRST_DAY)
    scene.plant(moves=[Transfer(account, State.OUTSIDE, State.FREE, 5)])


def seats_that_nobody_published(scene: Scene) -> None:
    here = ("north", AccountKind.SLOT, "V9", FIRST_DAY, 480), ("north", AccountKind.DAY, "V9", FIRST_DAY)
    scene.plant(moves=[Transfer(Account(*name), State.OUTSIDE, State.FREE, 5) for name in here])


def a_day_that_is_no_sum(scene: Scene) -> None:
    day = Account("north", AccountKind.DAY, "V1", Day(2021, 1, 31))
    scene.plant(moves=[Transfer(day, State.OUTSIDE, State.FREE, 5)])


def a_seat_that_is_held_by_nobody(scene: Scene) -> None:
    dose = scene.reservation.doses[0]
    names = ("north", AccountKind.SLOT, "V1", dose.day, dose.minute + 30), ("north", AccountKind.DAY, "V1", dose.day)
    scene.plant(moves=[Transfer(Account(*name), State.FREE, State.HELD) for name in names])


def a_gate_that_is_closed(scene: Scene) -> None:
    scene.plant(scene.of(scene.reserved, gate=Gate.QUEUED))


def an_invitation_that_was_never_made(scene: Scene) -> None:
    scene.rewrite(evolve(scene.reservation, invitation=7))


def an_access_that_was_over(scene: Scene) -> None:
    scene.rewrite(evolve(scene.reservation, invitation=0, access="immediate"))


def a_holder_who_has_withdrawn(scene: Scene) -> None:
    scene.plant(scene.of(scene.reserved, withdrawn_at=START))


def an_open_gate_without_an_invitation(scene: Scene) -> None:
    scene.plant(scene.of(scene.invited, invitation=None))


def an_invitation_on_no_account(scene: Scene) -> None:
    with scene.town.system._office.storage.read() as view:
        stored = view.get(Key(Registration, scene.invited.registration_id))
    assert stored is not None
    assert stored.value.invitation is not None
    earlier = evolve(stored.value.invitation, day=Day(2021, 1, 1))
    of_today = Account("north", AccountKind.INVITED, "", TODAY)
    scene.plant(scene.of(scene.invited, invitation=earlier), moves=[Transfer(of_today, State.HELD, State.OUTSIDE)])


def a_person_who_counts_on_nothing(scene: Scene) -> None:
    scene.plant((scene.person(scene.invited), lambda one: evolve(one, others=("nowhere",))))


def a_person_who_counts_on_another(scene: Scene) -> None:
    stranger = invented(77)
    of_another = Person(stranger.insured_number, scene.invited.registration_id)
    scene.plant((scene.person(stranger), lambda _: of_another))


def a_number_of_somebody_else(scene: Scene) -> None:
    scene.plant(
        scene.of(scene.invited, insured_number="1234567890"),
        (scene.person(scene.invited), lambda one: evolve(one, insured_number="1234567890")),
    )


def a_duplicate_that_nobody_looks_at(scene: Scene) -> None:
    with scene.town.system._office.storage.read() as view:
        stored = view.get(Key(Registration, scene.duplicate.registration_id))
    assert stored is not None
    [block] = stored.value.blocks
    scene.plant(scene.of(scene.duplicate, blocks=(evolve(block, told="", wakes_at=None),)))


def a_journal_that_knows_of_no_withdrawal(scene: Scene) -> None:
    scene.plant(
        scene.of(scene.duplicate, withdrawn_at=START),
        scene.of(scene.contended, withdrawn_at=START, gate=Gate.QUEUED),
        (scene.person(scene.contended), lambda one: evolve(one, registration_id=None, others=())),
        moves=[Transfer(Account("north", AccountKind.INVITED, "", TODAY), State.HELD, State.OUTSIDE)],
    )


@pytest.mark.parametrize(
    ("plant", "invariant"),
    [
        (doses_that_nobody_delivered, 1),
        (seats_that_nobody_published, 1),
        (vaccine_that_comes_after_its_day, 1),
        (a_dose_is_not_there, 2),
        (an_interval_that_was_never_in_force, 2),
        (a_product_that_nobody_has, 2),
        (a_second_dose_in_the_calendar_of_the_first, 2),
        (a_gate_that_is_closed, 3),
        (an_invitation_that_was_never_made, 3),
        (an_access_that_was_over, 3),
        (a_holder_who_has_withdrawn, 3),
        (an_open_gate_without_an_invitation, 3),
        (an_invitation_on_no_account, 4),
        (a_person_who_counts_on_nothing, 7),
        (a_person_who_counts_on_another, 7),
        (a_number_of_somebody_else, 7),
        (a_duplicate_that_nobody_looks_at, 7),
        (a_day_that_is_no_sum, 10),
        (a_seat_that_is_held_by_nobody, 10),
        (a_journal_that_knows_of_no_withdrawal, 10),
    ],
    ids=lambda each: getattr(each, "__name__", str(each)),
)
def test_a_planted_fault_is_named(scene: Scene, plant: Callable[[Scene], None], invariant: int) -> None:
    plant(scene)

    assert invariant in {each.invariant for each in scene.town.system.operations.audit()}
