"""Somebody registers who is registered already: from another phone a duplicate that waits, from the same a correction.

Each way that the dated rule lets a duplicate end is walked on every storage, and audited.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from attrs import evolve

import crs_core as crs
from crs_core.domain.campaign import Access, CorrectionRule, DuplicateRule
from crs_core.domain.ledger import AccountKind
from crs_core.domain.messages import Message, Purpose
from crs_core.domain.registration import Block, BlockReason, Registration, is_live
from crs_core.domain.rules import Dated, always
from crs_core.domain.terms import InvitationRule, Then, Window
from crs_core.domain.time import later
from tests.systems import DURABLE, START, Citizen, OpenTown, Town, invented


def elsewhere(citizen: Citizen, phone: str = "+420602000001", source: str = "2001:db8::ffff") -> Citizen:
    """The same person, or whoever knows their number, with another phone."""
    return evolve(citizen, phone=phone, number=int(source.rpartition(":")[2], 16))


def passes(town: Town, **span: int) -> None:
    """Time passes; the rounds run."""
    town.clock.move(**span)
    town.system.operations.tick()
    town.system.operations.dispatch()
    town.system.operations.tick()
    assert town.system.operations.audit() == ()


def standing(town: Town, citizen: Citizen) -> str:
    return town.system.operations.explain(citizen.registration_id).journey.standing.value


def blocks(town: Town, citizen: Citizen) -> tuple[Block, ...]:
    return town.system.operations.explain(citizen.registration_id).blocks


def twice(town: Town) -> tuple[Citizen, Citizen]:
    """Somebody registers, and again from another phone, whose older phone is told."""
    [older] = town.registered(1)
    passes(town, hours=1)
    newer = town.register(elsewhere(older))
    passes(town, minutes=1)
    return older, newer


def test_the_older_phone_is_told_and_the_newer_waits(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    older, newer = twice(town)

    assert (standing(town, older), standing(town, newer)) == ("queued", "blocked")
    assert [each.reason for each in blocks(town, newer)] == [BlockReason.NEWER]
    assert "z jineho telefonu" in town.texts(older.phone)[-1]
    assert not any("registrac" in text for text in town.texts(newer.phone))
    assert town.system.site("north").release().invited == (older.registration_id,)


def test_an_older_phone_that_lets_its_time_pass_loses_its_place(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    older, newer = twice(town)
    passes(town, hours=71, minutes=58)
    assert (standing(town, older), standing(town, newer)) == ("queued", "blocked")
    passes(town, minutes=3)

    assert (standing(town, older), standing(town, newer)) == ("blocked", "queued")
    assert [each.reason for each in blocks(town, older)] == [BlockReason.REPLACED]
    assert "nahradila novejsi" in town.texts(older.phone)[-1]
    assert town.system.site("north").release().invited == (newer.registration_id,)
    passes(town, minutes=1)
    assert town.desk.journey(town.enter(newer)).step == 5
    row = town.system.operations.statistics().days[-1]
    assert (row.registrations, row.waiting) == (1, 1)


def test_the_time_of_the_older_phone_begins_with_the_hand_off(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    [older] = town.registered(1)
    newer = town.register(elsewhere(older))
    town.system.operations.tick()
    passes(town, days=6)  # the gateway was down meanwhile, the message waited
    passes(town, hours=71)
    assert (standing(town, older), standing(town, newer)) == ("queued", "blocked")

    passes(town, hours=2)
    assert (standing(town, older), standing(town, newer)) == ("blocked", "queued")


def test_the_time_of_the_older_phone_stands_still_in_maintenance(open_town: OpenTown, storage_url: str) -> None:
    """It cannot object in it; and maintenance is announced after the time began, too."""
    town = open_town(storage_url)
    older, newer = twice(town)
    told = town.clock.now()
    for day in (1, 2):
        start = later(told, days=day)
        town.system.operations.announce_maintenance(start, later(start, hours=20))
    town.clock.set(later(told, hours=72))
    passes(town, hours=39)
    assert (standing(town, older), standing(town, newer)) == ("queued", "blocked")

    town.clock.set(later(told, hours=112))
    passes(town, minutes=0)
    assert (standing(town, older), standing(town, newer)) == ("blocked", "queued")


def test_nobody_loses_a_reservation_or_their_place_with_one(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    [(older, entry)] = town.entered(1)
    reservation = town.reserve(entry)
    newer = town.register(elsewhere(older))
    passes(town, minutes=1)
    for _ in range(5):
        passes(town, days=1)

    assert (standing(town, older), standing(town, newer)) == ("reserved", "blocked")
    assert town.desk.journey(town.enter(older)).reservation == reservation
    town.desk.cancel(town.enter(older))
    passes(town, days=1, minutes=1)
    assert (standing(town, older), standing(town, newer)) == ("blocked", "queued")


def test_an_objection_in_time_keeps_the_place(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    older, newer = twice(town)
    town.desk.dispute(town.proof_of(older), older.insured_number)
    for _ in range(10):
        passes(town, days=1)

    assert (standing(town, older), standing(town, newer)) == ("queued", "blocked")
    assert blocks(town, newer)[0].disputed


def test_a_late_objection_brings_the_place_back_with_its_seniority(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    older, newer = twice(town)
    since = town.system.operations.explain(older.registration_id).journey.waiting_since
    passes(town, hours=73)
    town.system.site("north").release()
    passes(town, minutes=1)
    assert standing(town, newer) == "invited"
    town.desk.dispute(town.proof_of(older), older.insured_number)
    passes(town, hours=1)

    assert (standing(town, older), standing(town, newer)) == ("queued", "blocked")
    assert town.system.operations.explain(older.registration_id).journey.waiting_since == since
    assert town.system.site("north").release().invited == (older.registration_id,)
    town.system.operations.tick()
    assert town.system.operations.statistics().days[-1].registrations == 1
    passes(town, days=4)
    assert (standing(town, older), standing(town, newer)) == ("invited", "blocked")


def test_an_objection_costs_nobody_a_reservation(open_town: OpenTown) -> None:
    town = open_town("memory:")
    older, newer = twice(town)
    passes(town, hours=73)
    town.system.site("north").release()
    passes(town, minutes=1)
    town.reserve(town.enter(newer))
    town.desk.dispute(town.proof_of(older), older.insured_number)

    assert (standing(town, older), standing(town, newer)) == ("blocked", "reserved")
    history = town.system.operations.explain(older.registration_id).history
    assert history[-1].kind == "dispute_left_to_office"


def test_whoever_withdraws_leaves_the_place_to_the_one_that_waits(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    [(older, entry)] = town.entered(1)
    town.reserve(entry)
    newer = town.register(elsewhere(older))
    town.desk.withdraw(entry)
    passes(town, minutes=1)

    assert (standing(town, older), standing(town, newer)) == ("withdrawn", "queued")
    row = town.system.operations.statistics().days[-1]
    assert (row.registrations, row.reservations, row.waiting) == (1, 0, 1)


def test_three_phones_contend_one_after_the_other(open_town: OpenTown, storage_url: str) -> None:
    """Whoever takes the place is told of the next one, from then on."""
    town = open_town(storage_url)
    older, second = twice(town)
    passes(town, hours=10)
    third = town.register(elsewhere(older, "+420602000002", "2001:db8::fffe"))
    passes(town, hours=63)
    assert [standing(town, each) for each in (older, second, third)] == ["blocked", "queued", "blocked"]
    assert "z jineho telefonu" in town.texts(second.phone)[-1]
    passes(town, hours=73)

    assert [standing(town, each) for each in (older, second, third)] == ["blocked", "blocked", "queued"]


def test_one_phone_of_a_person_has_one_registration(open_town: OpenTown) -> None:
    """A duplicate that is sent again is corrected, gains no time and waits on."""
    town = open_town("memory:")
    older, newer = twice(town)
    passes(town, hours=40)
    again = town.register(evolve(newer, application=evolve(newer.application, first_name="Smyšlenka")))
    assert again.registration_id == newer.registration_id
    passes(town, hours=33)

    assert (standing(town, older), standing(town, newer)) == ("blocked", "queued")
    back = town.register(older)
    assert back.registration_id == older.registration_id
    passes(town, minutes=1)
    assert [each.reason for each in blocks(town, older)] == [BlockReason.NEWER]
    assert "z jineho telefonu" in town.texts(newer.phone)[-1]


def test_the_rule_is_that_of_the_newer_registration(open_town: OpenTown) -> None:
    """A rule that nobody has seen before: two days until the 24th, from then on only the older one's end."""
    two_days, never = DuplicateRule("undisputed", 48), DuplicateRule("older", 48)
    town = open_town("memory:", duplicates=Dated(((START, two_days), (later(START, days=1), never))))
    [first, second] = town.registered(2)
    early = town.register(elsewhere(first))
    passes(town, days=1)
    late = town.register(elsewhere(second, "+420602000002", "2001:db8::fffe"))
    passes(town, minutes=1)
    for _ in range(5):
        passes(town, days=1)

    assert [standing(town, each) for each in (first, early)] == ["blocked", "queued"]
    assert [standing(town, each) for each in (second, late)] == ["queued", "blocked"]


def test_a_second_form_from_the_same_phone_corrects_the_first(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    [(citizen, entry)] = town.entered(1)
    pin2 = town.pin_of(citizen.phone, 8)
    mended = evolve(citizen.application, last_name="Vymyšlená", email="vzor@example.org", birth_date=date(1931, 1, 31))
    again = town.register(evolve(citizen, application=mended))
    passes(town, minutes=1)

    assert again.registration_id == citizen.registration_id
    with town.system._office.storage.read() as view:
        [stored] = view.scan(Registration)
    assert (stored.last_name, stored.email, stored.birth_date) == ("Vymyšlená", "vzor@example.org", date(1931, 1, 31))
    assert stored.doubt == "birth_date_differs"
    assert (stored.seniority, stored.pin_generation) == (stored.registered_at, 1)
    assert town.desk.journey(entry).standing.value == "invited"
    assert town.desk.enter(citizen.insured_number, pin2, source=citizen.source)
    assert {group: of for group, of in town.system.operations.statistics().waiting_by_age.items() if of} == {"85-89": 1}


def test_whoever_reserved_meanwhile_is_not_told_to_choose_a_time(open_town: OpenTown, storage_url: str) -> None:
    """The form once more owes PIN2 again; a reservation comes before that message leaves."""
    town = open_town(storage_url, access=always(Access.IMMEDIATE))
    [citizen] = town.registered(1)
    passes(town, minutes=1)
    entry = town.enter(citizen)
    town.register(citizen)
    before = len(town.texts(citizen.phone))
    town.reserve(entry)
    passes(town, minutes=1)

    assert not any("Termin si vyberte" in text for text in town.texts(citizen.phone)[before:])
    dead = [(each.message.purpose, each.reason) for each in town.system.operations.dead_letters()]
    assert dead == [(Purpose.REGISTERED, "superseded")]


@pytest.mark.parametrize(("rule", "kept"), [("restarts", False), ("keeps", True)])
def test_another_site_closes_the_gate_and_the_rule_says_what_becomes_of_the_seniority(
    open_town: OpenTown, storage_url: str, rule: str, kept: object
) -> None:
    town = open_town(storage_url, corrections=always(CorrectionRule("keeps", rule)))
    [(citizen, entry)] = town.entered(1)
    before = town.desk.journey(entry)
    town.clock.move(minutes=5)
    journey = town.desk.correct(entry, site_id="south")
    passes(town, minutes=1)

    assert (journey.site_id, journey.standing.value, journey.why_not) == ("south", "queued", "not_invited")
    assert (journey.waiting_since == before.waiting_since) == kept
    assert town.system.operations.statistics().waiting_by_site == {"north": 0, "south": 1}
    assert town.system.site("north").release().invited == ()
    assert town.system.site("south").release().invited == (citizen.registration_id,)
    passes(town, minutes=1)
    assert town.desk.offers(entry).site_id == "south"


def test_a_reservation_keeps_its_site(open_town: OpenTown) -> None:
    town = open_town("memory:")
    [(citizen, entry)] = town.entered(1)
    town.reserve(entry)
    with pytest.raises(crs.Refused) as caught:
        town.desk.correct(entry, site_id="south", first_name="Smyšlenka")
    assert caught.value.code == "already_reserved"
    answer = town.desk.register(town.proof_of(citizen), evolve(citizen.application, site_id="south", last_name="Nová"))

    assert answer.site_id == "north"
    assert town.desk.journey(entry).site_id == "north"
    assert town.system.operations.audit() == ()


def test_another_phone_has_another_pin2(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    [(citizen, entry)] = town.entered(1)
    old_pin = town.pin_of(citizen.phone, 8)
    moved = elsewhere(citizen)
    since = town.desk.journey(entry).waiting_since
    town.desk.correct(entry, proof=town.proof_of(moved))
    passes(town, minutes=1)

    for refused in (lambda: town.desk.journey(entry), lambda: town.desk.offers(entry)):
        with pytest.raises(crs.Refused) as caught:
            refused()
        assert caught.value.code == "token_expired"
    assert town.pin_of(moved.phone, 8) != old_pin
    with pytest.raises(crs.Refused, match="wrong_pin2"):
        town.desk.enter(citizen.insured_number, old_pin, source=citizen.source)
    assert "prevedena na jiny telefon" in town.texts(citizen.phone)[-1]
    journey = town.desk.journey(town.enter(moved))
    assert (journey.waiting_since, journey.step) == (since, 5)
    town.reserve(town.enter(moved))
    assert town.system.operations.audit() == ()


def test_an_invitation_to_the_old_phone_is_neither_sent_nor_lost(open_town: OpenTown, storage_url: str) -> None:
    """It waited unsent when the phone changed: no PIN goes to the old phone, and the invitation stays."""
    town = open_town(storage_url)
    [(citizen, entry)] = town.entered(1)
    town.reserve(entry)
    town.desk.cancel(entry)
    town.system.site("north").release()
    moved = elsewhere(citizen)
    sent = town.desk.request_control_pin(moved.phone, source=moved.source)
    town.system.operations.dispatch(1)
    proof = town.desk.verify_phone(sent.handle, town.pin_of(moved.phone, 6), source=moved.source)
    before = len([text for text in town.texts(citizen.phone) if "PIN2 k rezervaci" in text])
    town.desk.correct(entry, proof=proof)
    passes(town, minutes=1)

    assert len([text for text in town.texts(citizen.phone) if "PIN2 k rezervaci" in text]) == before
    assert standing(town, citizen) == "invited"
    assert town.desk.journey(town.enter(moved)).step == 5


def test_the_phone_of_a_duplicate_may_become_that_of_the_older(open_town: OpenTown, storage_url: str) -> None:
    """Whoever still has the older PIN2 need not wait: the duplicate is done with, the seniority stays."""
    town = open_town(storage_url)
    [(older, entry)] = town.entered(1)
    newer = town.register(elsewhere(older))
    town.desk.correct(entry, proof=town.proof_of(newer))
    passes(town, minutes=1)

    assert (standing(town, older), standing(town, newer)) == ("invited", "withdrawn")
    assert town.desk.journey(town.enter(newer)).step == 5


def test_the_office_decides_for_one_and_ends_the_others(open_town: OpenTown, storage_url: str) -> None:
    """Somebody had registered with the number first, reserved, and objected: the card of the person decides."""
    town = open_town(storage_url)
    [(stranger, entry)] = town.entered(1)
    town.reserve(entry)
    real = town.register(elsewhere(stranger))
    passes(town, minutes=1)
    town.desk.dispute(town.proof_of(stranger), stranger.insured_number)
    town.system.operations.settle_duplicate(real.registration_id)
    passes(town, minutes=1)

    assert (standing(town, stranger), standing(town, real)) == ("withdrawn", "queued")
    assert "plati jina registrace" in town.texts(stranger.phone)[-1]
    assert town.system.site("north").release().invited == (real.registration_id,)
    row = town.system.operations.statistics().days[-1]
    assert (row.registrations, row.reservations) == (1, 0)
    with pytest.raises(crs.Refused, match="withdrawn"):
        town.system.operations.settle_duplicate(stranger.registration_id)


def test_the_office_may_keep_the_older_one(open_town: OpenTown) -> None:
    town = open_town("memory:")
    older, newer = twice(town)
    town.system.operations.settle_duplicate(older.registration_id)
    for _ in range(5):
        passes(town, days=1)

    assert (standing(town, older), standing(town, newer)) == ("queued", "withdrawn")


def test_whoever_had_a_dose_keeps_their_registration(open_town: OpenTown) -> None:
    town = open_town("memory:")
    [(older, entry)] = town.entered(1)
    held = town.reserve(entry)
    newer = town.register(elsewhere(older))
    passes(town, days=(held.doses[0].day - START.date()).days)
    town.system.site("north").record_dose(held.id, 1)
    with pytest.raises(crs.Refused, match="dose_given"):
        town.system.operations.settle_duplicate(newer.registration_id)

    assert (standing(town, older), standing(town, newer)) == ("reserved", "blocked")


def test_who_withdraws_is_told_gives_back_what_they_hold_and_may_come_again(
    open_town: OpenTown, storage_url: str
) -> None:
    town = open_town(storage_url)
    [(citizen, entry)] = town.entered(1)
    free = dict(town.desk.offers(entry).days)
    town.reserve(entry)
    town.desk.withdraw(entry)
    passes(town, minutes=1)

    assert "ukoncena" in town.texts(citizen.phone)[-1]
    assert town.system.site("north").release().invited == ()
    with pytest.raises(crs.Refused, match="withdrawn"):
        town.desk.offers(entry)
    again = town.register(citizen)
    assert again.registration_id != citizen.registration_id
    town.system.site("north").release()
    passes(town, minutes=1)
    assert dict(town.desk.offers(town.enter(again)).days) == free


def test_whoever_let_the_invitations_lapse_registers_again(open_town: OpenTown, storage_url: str) -> None:
    rule = InvitationRule(windows=(Window(24, (), Then.LAPSE),))
    town = open_town(storage_url, invitation=always(rule))
    [(citizen, _)] = town.entered(1)
    passes(town, hours=25)
    assert standing(town, citizen) == "lapsed"
    assert town.register(citizen).registration_id == citizen.registration_id
    passes(town, minutes=1)

    assert standing(town, citizen) == "queued"
    assert town.system.site("north").release().invited == (citizen.registration_id,)


def test_whoever_registers_again_after_a_lapse_is_expected_anew(open_town: OpenTown, storage_url: str) -> None:
    """The second invitation counts from the first, which was let pass; the form answers both."""
    rule = InvitationRule(windows=(Window(24, (), Then.RETURN), Window(24, (), Then.LAPSE)))
    town = open_town(storage_url, invitation=always(rule))
    [(citizen, _)] = town.entered(1)
    first = _unanswered(town)
    passes(town, hours=25)
    town.system.site("north").release()
    passes(town, minutes=1)
    assert _unanswered(town) == first
    passes(town, hours=25)
    assert (standing(town, citizen), _unanswered(town)) == ("lapsed", {})
    town.register(citizen)
    town.system.site("north").release()

    assert standing(town, citizen) == "invited"
    assert _unanswered(town) == {town.clock.now().date(): 1}
    assert town.system.operations.audit() == ()


def _unanswered(town: Town) -> dict[date, int]:
    """Invitations at the site by the day they count from."""
    with town.system._office.storage.read() as view:
        accounts = list(view.accounts("north"))
    return {account.day: each.held for account, each in accounts if account.kind == AccountKind.INVITED and each.held}


def test_bad_corrections_change_nothing(open_town: OpenTown) -> None:
    town = open_town("memory:")
    [(_, entry)] = town.entered(1)
    with pytest.raises(crs.InvalidInput) as caught:
        town.desk.correct(entry, first_name="", email="vzor", birth_date=date(2030, 1, 1), language="xx")
    assert {problem.place for problem in caught.value.problems} == {"first_name", "email", "birth_date", "language"}
    with pytest.raises(crs.Refused, match="not_eligible"):
        town.desk.correct(entry, birth_date=date(1990, 1, 31))
    with pytest.raises(crs.NotFound, match="unknown_site"):
        town.desk.correct(entry, site_id="nowhere")
    town.system.site("south").close()
    with pytest.raises(crs.Refused, match="site_closed"):
        town.desk.correct(entry, site_id="south")

    before = town.desk.journey(entry)
    assert town.desk.correct(entry) == before
    assert Purpose.CORRECTED not in {each.purpose for each in _owed(town)}


def _owed(town: Town) -> list[Message]:
    with town.system._office.storage.read() as view:
        return list(view.owed())


@pytest.mark.slow
@pytest.mark.parametrize("storage_url", DURABLE, indirect=True)
def test_one_person_at_many_desks_at_once_has_one_live_registration(open_town: OpenTown, storage_url: str) -> None:
    """Forms, objections, corrections, withdrawals, the office and rounds meet; each waits, or is refused by a rule."""
    town = open_town(storage_url, duplicates=always(DuplicateRule("undisputed", 0)))
    phones = [evolve(invented(1), phone=f"+4206020000{number:02d}", number=0xBAD00 + number) for number in range(4)]
    proofs = [town.proof_of(each) for each in phones]
    person, operations = invented(1).application, town.system.operations

    def form(number: int) -> Callable[[], object]:
        site = "north" if number % 2 else "south"
        return lambda: town.desk.register(proofs[number % 4], evolve(person, site_id=site))

    def office() -> None:
        waiting = [each.id for each in _registrations(town) if each.withdrawn_at is None]
        operations.settle_duplicate(waiting[-1])

    for turn in range(6):
        town.clock.move(minutes=61)
        proofs[:] = [town.proof_of(each) for each in phones]
        calls = [
            *(form(turn + number) for number in range(4)),
            *(lambda number=number: town.desk.dispute(proofs[number], person.insured_number) for number in range(4)),
            *(operations.tick, operations.dispatch, operations.tick, operations.release_all, office),
        ]
        with ThreadPoolExecutor(6) as hands:
            ends = [hands.submit(call) for call in calls]
        faults = [error for each in ends if (error := each.exception()) is not None]

        assert all(isinstance(error, crs.Refused | crs.Busy) for error in faults), faults
        assert operations.audit() == ()
        live = [each for each in _registrations(town) if is_live(each)]
        assert len(live) == 1


def _registrations(town: Town) -> list[Registration]:
    with town.system._office.storage.read() as view:
        return list(view.scan(Registration))


def test_who_withdraws_between_the_doses_gives_the_next_one_back(open_town: OpenTown, storage_url: str) -> None:
    """The dose that was given stays given; the auditor finds every seat and dose."""
    town = open_town(storage_url)
    [(citizen, entry)] = town.entered(1)
    held = town.reserve(entry)
    passes(town, days=(held.doses[0].day - START.date()).days)
    town.system.site("north").record_dose(held.id, 1)
    town.desk.withdraw(town.enter(citizen))
    passes(town, minutes=1)

    assert standing(town, citizen) == "withdrawn"
    with town.system._office.storage.read() as view:
        balances = {account.day: each for account, each in view.accounts("north") if account.kind == AccountKind.DAY}
    first, second = (balances[dose.day] for dose in held.doses)
    assert (first.given, second.reserved) == (1, 0)
