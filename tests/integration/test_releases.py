"""What is kept of a release, and what the audit makes of it: nobody passed over, nobody invited beyond the rule."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from attrs import evolve

import crs_core as crs
from crs_core.domain import lottery, regulator
from crs_core.domain.campaign import ResponseRule
from crs_core.domain.order import Order, Priority, PriorityGroup
from crs_core.domain.people import Person
from crs_core.domain.plans import JournalEntry, Key, Plan, Put, Versioned
from crs_core.domain.registration import Block, BlockReason, Registration
from crs_core.domain.releases import FreeSeats, Place, ReleaseRecord
from crs_core.domain.rules import Dated, always
from crs_core.domain.sites import Site
from crs_core.domain.terms import InvitationRule, Window
from crs_core.domain.time import later
from crs_core.office.persons import named
from crs_core.rounds import calling
from crs_core.rounds.violations import Violation
from crs_core.testing.invented import registration
from tests.systems import DURABLE, START, OpenTown, Town, invented

OLD = Priority((PriorityGroup(80, score=13),))
SIX_OF_TEN = ResponseRule(((0, 60), (3, 20), (7, 0)))


def waiting(town: Town, number: int, *, first: int = 1, born: date = date(1935, 1, 1)) -> list[str]:
    """So many registrations in the queue of the northern site, with all that registering leaves behind."""
    office, now = town.system._office, town.clock.now()
    puts: list[Put[Any]] = []
    journal: list[JournalEntry] = []
    for each in range(first, first + number):
        citizen = invented(each)
        one = registration(
            now,
            id=f"registration-{each:04d}",
            person=office.person(citizen.insured_number),
            insured_number=citizen.insured_number,
            birth_date=born,
            phone=citizen.phone,
            ticket=lottery.ticket(office.keyring, office.campaign.lottery_seed, office.person(citizen.insured_number)),
        )
        puts += [Put(Key(Registration, one.id), one, 0)]
        puts += [Put(Key(Person, one.person), Person(one.insured_number, one.id), 0)]
        facts = {"age": "85-89", "registration": one.id}
        journal.append(office.note(now, "registered", person=one.person, site_id="north", **facts))
    with office.storage.write() as work:
        work.apply(Plan(None, tuple(puts), journal=tuple(journal)), actor="citizen", now=now)
    return [put.value.id for put in puts if isinstance(put.value, Registration)]


def rewritten(town: Town, key: Key[Any], change: Callable[[Any], Any]) -> None:
    """Writes something else into the store, as nobody may."""
    with town.system._office.storage.write() as work:
        stored = work.get(key)
        assert stored is not None
        work.apply(Plan(None, (Put(key, change(stored.value), stored.version),)), actor="thief", now=town.clock.now())


def audit(town: Town) -> list[tuple[int, str]]:
    """What it says of releases and whom they call; some of these tests write people anew behind the journal's back."""
    return [(each.invariant, each.where) for each in town.system.operations.audit() if each.invariant in {4, 5}]


def test_a_release_is_kept_with_its_rules_its_cut_off_and_what_held_the_next(
    open_town: OpenTown, storage_url: str
) -> None:
    """Five seats; two people have been invited the day before, of whom 20 in a hundred are still expected to answer."""
    steps = ((later(START, days=-9), ResponseRule()), (later(START, days=-1), ResponseRule(((0, 50), (1, 20)), 120)))
    policy = Dated(((later(START, days=-9), Priority()), (later(START, days=-2), OLD)))
    town = open_town(storage_url, seats=1, response=Dated(steps), priority=policy)
    early = waiting(town, 2)
    town.system.site("north").release()
    town.clock.move(days=1)
    ids = waiting(town, 20, first=3)
    done = town.system.site("north").release()
    [first, second] = town.system.operations.releases("north")

    assert first.invited == (*early,)
    assert (first.policy_version, first.response_version) == (1, 1)
    assert (first.people, first.unanswered, first.outstanding, first.held_by) == (5, (), 100, "queue_empty")
    assert list(done.invited) == ids[:11] == list(second.invited)
    assert second.unanswered == ((date(2021, 1, 23), 2),)
    assert second.outstanding == 2 * 20 + 11 * 50 == 590, "of 600 that 120 per hundred allow"
    assert second.held_by == "outstanding_invitations"
    assert second.cut_off == Place(0, date(1935, 1, 1), None, town.clock.now(), ids[10])
    assert second.policy == OLD
    assert second.free == (FreeSeats("comirnaty", seats(0, 28), (21, 28)),)
    assert town.system.operations.releases("south") == ()
    assert town.system.operations.releases() == (first, second)
    assert audit(town) == []


def seats(*after: int) -> tuple[tuple[tuple[int, int], ...], ...]:
    """A seat a day of a week, so many days after the first one."""
    start = date(2021, 1, 25).toordinal()
    return tuple(tuple((start + days + day, 1) for day in range(5)) for days in after)


@pytest.mark.parametrize("storage_url", DURABLE, indirect=True)
def test_records_outlive_the_system(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    waiting(town, 3)
    town.system.site("north").release()
    kept = town.system.operations.releases()
    town.system.close()
    again = open_town(storage_url, furnished=False)

    assert again.system.operations.releases() == kept
    assert len(kept) == 1
    assert audit(again) == []


def test_a_release_goes_in_batches_each_kept(open_town: OpenTown) -> None:
    town = open_town("memory:", seats=50)
    ids = waiting(town, 260)
    done = town.system.site("north").release()
    kept = town.system.operations.releases()

    assert list(done.invited) == ids[:250]
    assert (done.people, done.outstanding, done.held_by) == (250, 0, "outstanding_invitations")
    batches = sorted(kept, key=lambda each: each.invited)
    assert [(len(each.invited), each.held_by) for each in batches] == [
        (100, ""),
        (100, ""),
        (50, "outstanding_invitations"),
    ]
    assert [each.outstanding for each in batches] == [10_000, 20_000, 25_000]
    assert audit(town) == []


@pytest.mark.parametrize("ends", ["queue", "rule", "batch"])
def test_a_dry_run_says_whom_in_what_order_and_what_holds_the_next(open_town: OpenTown, ends: str) -> None:
    """As the release does; of several batches the first. It changes nothing."""
    number, per_day = {"queue": (3, 40), "rule": (9, 1), "batch": (150, 40)}[ends]
    town = open_town("memory:", seats=per_day)
    ids = waiting(town, number)
    dry = town.system.site("north").release(dry_run=True)

    assert town.system.operations.releases() == ()
    held = {"queue": (3, "queue_empty"), "rule": (5, "outstanding_invitations"), "batch": (100, "")}[ends]
    assert (list(dry.invited), dry.held_by) == (ids[: held[0]], held[1])
    done = town.system.site("north").release()
    assert done.invited[:100] == dry.invited
    assert (done.people, done.outstanding) == (dry.people, dry.outstanding)


@pytest.mark.postgresql
def test_a_site_has_one_round_at_a_time(open_town: OpenTown, postgresql_url: str) -> None:
    town = open_town(postgresql_url)
    ids = waiting(town, 2)
    with town.system._office.storage.write() as work:
        assert work.lock([Key(Site, "north")])
        held = town.system.site("north").release()
        elsewhere = town.system.site("south").release()

    assert (held.invited, held.held_by) == ((), "busy")
    assert elsewhere.held_by == "queue_empty"
    assert list(town.system.site("north").release().invited) == ids


def released(town: Town, *, days: int = 0) -> None:
    """A queue that is longer than the site is large, and a release an hour later."""
    waiting(town, 9)
    town.clock.move(days=days, hours=1)
    town.system.site("north").release()


Called = tuple[list[Versioned[Registration]], bool]


def skips_the_first(*given: Any) -> Called:
    """Somebody has an enemy."""
    found, exhausted = real_called(*given)
    return found[1:], exhausted


def skips_the_last(*given: Any) -> Called:
    """Everybody is called but one, and then the queue is said to be empty."""
    return real_called(*given)[0][:-1], True


real_called: Callable[..., Called] = calling.called
real_room: Callable[..., regulator.Room] = regulator.room


def test_the_audit_finds_who_was_passed_over(open_town: OpenTown, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the next release invites them."""
    town = open_town("memory:", seats=1)
    monkeypatch.setattr(calling, "called", skips_the_first)
    released(town)

    assert audit(town) == [(5, "registration-0001")]
    monkeypatch.undo()
    town.clock.move(days=1)
    town.system.site("north").publish([crs.Calendar("V1", "comirnaty", 1, crs.even_slots(date(2021, 1, 25), 9))])
    town.system.site("north").publish([crs.Calendar("V2", "comirnaty", 2, crs.even_slots(date(2021, 2, 15), 9))])
    assert "registration-0001" in town.system.site("north").release().invited
    assert audit(town) == [(5, "registration-0001")]


def test_the_audit_finds_who_was_left_of_everybody(open_town: OpenTown, monkeypatch: pytest.MonkeyPatch) -> None:
    town = open_town("memory:")
    monkeypatch.setattr(calling, "called", skips_the_last)
    monkeypatch.setattr(calling, "uncalled", lambda *_: "queue_empty")
    released(town)

    assert audit(town) == [(5, "registration-0009")]


@pytest.mark.parametrize("order", Order)
def test_the_audit_finds_a_wrong_order(open_town: OpenTown, monkeypatch: pytest.MonkeyPatch, order: Order) -> None:
    """The storage is asked for another order than the declared one."""
    town = open_town("memory:", seats=1, priority=always(Priority(then=order)))
    for number, year in enumerate((1939, 1935, 1938, 1931, 1940, 1936, 1933, 1937)):
        waiting(town, 1, first=number + 1, born=date(year, 1, 1))
        town.clock.move(minutes=5)
    real: Callable[..., Any] = calling._head
    other = Order.AGE if order is not Order.AGE else Order.SENIORITY
    monkeypatch.setattr(calling, "_head", lambda *given: real(*given[:5], other))
    town.system.site("north").release()

    assert {invariant for invariant, _ in audit(town)} == {5}
    monkeypatch.undo()
    assert {invariant for invariant, _ in audit(town)} == {5}


def too_much_room(*given: Any) -> regulator.Room:
    found = real_room(*given)
    return evolve(found, left=found.left + 60)


def counts_first_doses(supply: Any) -> int:
    return sum(supply.seats[0].values())


def expects_nobody(*_: object) -> int:
    return 0


@pytest.mark.parametrize(
    ("guard", "broken", "number"),
    [("room", too_much_room, 1), ("bookable", counts_first_doses, 1), ("expected", expects_nobody, 2)],
)
def test_the_audit_finds_more_invited_than_the_rule_allows(
    open_town: OpenTown, monkeypatch: pytest.MonkeyPatch, guard: str, broken: Any, number: int
) -> None:
    """One invitation too many; stranded seats counted; unanswered invitations forgotten. The honest ones pass."""
    town = open_town("memory:", seats=1, response=always(SIX_OF_TEN))
    town.system.site("north").publish([crs.Calendar("V2", "comirnaty", 2, crs.even_slots(date(2021, 2, 22), 2))])
    released(town)
    assert audit(town) == []
    monkeypatch.setattr(regulator, guard, broken)
    for _ in range(number):
        waiting(town, 9, first=10 + 9 * _)
        town.system.site("north").release()

    found = town.system.operations.audit()
    assert {each.invariant for each in found} == {4}
    assert any("its rule allows" in each.message for each in found)


@pytest.mark.parametrize(
    ("change", "invariant", "message"),
    [
        (lambda record: evolve(record, people=record.people + 1), 4, "the release counted 6"),
        (lambda record: evolve(record, outstanding=0), 4, "the release counted 0"),
        (lambda record: evolve(record, cut_off=None), 5, "taken by no open group"),
        (lambda record: evolve(record, invited=record.invited[:-1]), 5, "by no release that is kept"),
        (lambda record: evolve(record, held_by="queue_empty"), 5, "passed it over"),
    ],
)
def test_the_audit_finds_a_record_that_was_changed(
    open_town: OpenTown, storage_url: str, change: Any, invariant: int, message: str
) -> None:
    town = open_town(storage_url, seats=1)
    released(town)
    [record] = town.system.operations.releases()
    rewritten(town, Key(ReleaseRecord, record.id), change)

    found = town.system.operations.audit()
    assert any(each.invariant == invariant and message in each.message for each in found), found


def test_the_audit_misses_a_record_that_is_gone(open_town: OpenTown) -> None:
    town = open_town("memory:", seats=1)
    released(town)
    [record] = town.system.operations.releases()
    rewritten(town, Key(ReleaseRecord, record.id), lambda one: evolve(one, id="another"))

    found = town.system.operations.audit()
    assert Violation(5, record.id, "a release is not kept") in found
    assert Violation(5, "another", "the journal knows no such release") in found
    assert sum("no release that is kept" in each.message for each in found) == len(record.invited) == 5


@pytest.mark.parametrize("back", [{"hours": -1}, {"seconds": -5}, {"seconds": 0}, {"seconds": 5}])
def test_who_came_after_a_release_was_not_passed_over(open_town: OpenTown, back: dict[str, int]) -> None:
    """Whatever the clock does meanwhile; all of them older than anybody called."""
    town = open_town("memory:", seats=1)
    released(town)
    town.clock.move(**back)
    waiting(town, 3, first=20, born=date(1925, 1, 1))

    assert audit(town) == []
    town.clock.move(days=1)
    assert audit(town) == []


def test_who_was_blocked_or_elsewhere_was_not_passed_over(open_town: OpenTown) -> None:
    """One waits for a registry, one was corrected since: their places are known for no release before."""
    town = open_town("memory:", seats=1)
    blocked, corrected, other = waiting(town, 3, first=20, born=date(1929, 1, 1))
    rewritten(town, Key(Registration, blocked), lambda one: evolve(one, blocks=(Block(BlockReason.CLAIMS, START),)))
    rewritten(town, Key(Registration, corrected), lambda one: evolve(one, birth_date=date(1939, 1, 1)))
    released(town)
    assert audit(town) == []
    rewritten(town, Key(Registration, corrected), lambda one: evolve(one, birth_date=date(1929, 1, 1)))
    assert audit(town) == [(5, corrected)]
    happens(town, corrected, "corrected")
    assert audit(town) == []
    happens(town, blocked, "withdrawn", withdrawn_at=town.clock.now())

    assert audit(town) == []
    assert other in town.system.operations.releases()[0].invited


def happens(town: Town, name: str, kind: str, **changes: Any) -> None:
    """Something befalls a registration, and the journal says so."""
    office, now = town.system._office, town.clock.now()
    with office.storage.write() as work:
        stored = work.get(Key(Registration, name))
        assert stored is not None
        puts = [Put(Key(Registration, name), evolve(stored.value, **changes), stored.version)]
        note = named(office, kind, stored.value, now)
        work.apply(Plan(None, tuple(puts), journal=(note,)), actor="tester", now=now)


def test_the_life_of_a_queue_is_no_violation(open_town: OpenTown, storage_url: str) -> None:
    """Returned by their terms, cancelled, withdrawn, registered again: nobody was passed over while they were away."""
    rule = always(InvitationRule(windows=(Window(24),)))
    town = open_town(storage_url, seats=1, invitation=rule, response=always(SIX_OF_TEN))
    people = town.entered(4)
    for _, entry in people[:3]:
        town.reserve(entry)
    town.clock.move(hours=2)
    town.desk.cancel(town.enter(people[0][0]))
    town.desk.withdraw(town.enter(people[1][0]))
    for _ in range(4):
        town.clock.move(hours=13)
        town.system.operations.dispatch()
        town.system.operations.tick()
        town.system.operations.release_all()

    assert audit(town) == []
    assert len(town.system.operations.releases("north")) >= 3
    assert max(each.number for each in _invitations(town)) >= 2


def _invitations(town: Town) -> list[Any]:
    with town.system._office.storage.read() as view:
        return [each.invitation for each in view.scan(Registration) if each.invitation is not None]


def test_whoever_is_invited_and_finds_the_site_full_keeps_pin2(open_town: OpenTown, storage_url: str) -> None:
    """Six are expected for five seats. The sixth gets a page like any other, and takes a seat of the next day."""
    town = open_town(storage_url, seats=1, response=always(ResponseRule(over_invitation=120)))
    people = town.entered(6)
    for _, entry in people[:5]:
        town.reserve(entry)
    last, entry = people[5]
    pin = town.pin_of(last.phone, 8)

    assert (town.desk.offers(entry).reason, town.desk.offers(entry).days) == ("full", ())
    assert town.system.site("north").release().held_by == "no_free_pair"
    town.clock.move(days=1)
    for name, dose, day in (("V1", 1, date(2021, 2, 1)), ("V2", 2, date(2021, 2, 25))):
        town.system.site("north").publish([crs.Calendar(f"{name} more", "comirnaty", dose, crs.even_slots(day, 1))])
    assert town.pin_of(last.phone, 8) == pin
    assert town.reserve(town.enter(last)).doses[0].day == date(2021, 2, 1)
    assert audit(town) == []


def test_a_site_that_closes_invites_nobody_and_offers_nothing_until_it_opens_again(
    open_town: OpenTown, storage_url: str
) -> None:
    town = open_town(storage_url)
    [(_, entry)] = town.entered(1)
    town.registered(1, first=2)
    town.system.site("north").close()

    assert town.system.site("north").release(dry_run=True).held_by == "site_closed"
    assert town.system.site("north").release().invited == ()
    assert town.desk.offers(entry).reason == "site_closed"
    town.system.site("north").open()
    assert town.reserve(entry).site_id == "north"
    assert len(town.system.site("north").release().invited) == 1
    assert audit(town) == []
