"""A registry that is silent: whoever may register by its word alone waits for it, everybody else waits as they are."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
from attrs import evolve

import crs_core as crs
from crs_core.domain.campaign import Access, ClaimsRule, Eligibility
from crs_core.domain.order import Priority, PriorityGroup
from crs_core.domain.registration import BlockReason, Registration
from crs_core.domain.rules import Dated, always
from crs_core.domain.time import later
from crs_core.errors import AdapterFault
from crs_core.ports.registry import Answer
from crs_core.rounds.tick import Tick
from crs_core.testing.invented import insured_number
from tests.systems import START, Citizen, OpenTown, Town, invented

NURSE, TEACHER = "health-worker", "teacher"
RULES: dict[str, Any] = {
    "claims": frozenset({NURSE, TEACHER}),
    "may_register": always(Eligibility(80, frozenset({NURSE}))),
    "priority": always(Priority.in_order(PriorityGroup(None, frozenset({NURSE})), PriorityGroup())),
}


class MoodyRegistry:
    """A registry that answers what it is told, or nothing; it counts how often it is asked."""

    def __init__(self, mood: Answer | None) -> None:
        self.mood, self.asked = mood, 0

    def verify(self, _claim: str, _insured_number: str) -> Answer:
        """See `Registry.verify`."""
        self.asked += 1
        if self.mood is None:
            raise AdapterFault("registry_down", "the registry does not answer", remedy="try again")
        return self.mood


def young(number: int, claims: Iterable[str] = (NURSE,)) -> Citizen:
    """Somebody of 40 who says what they are."""
    born = date(1980, 1, number)
    who = invented(number)
    application = evolve(
        who.application,
        insured_number=insured_number(born, number, woman=True),
        birth_date=born,
        claims=frozenset(claims),
    )
    return evolve(who, application=application)


def moody(town: Town, mood: Answer | None) -> MoodyRegistry:
    """Puts such a registry into a town."""
    found = MoodyRegistry(mood)
    town.system._office.registry = found
    return found


def stored(town: Town, citizen: Citizen) -> Registration:
    with town.system._office.storage.read() as view:
        return next(each for each in view.scan(Registration) if each.id == citizen.registration_id)


def rounds(town: Town) -> Tick:
    done = town.system.operations.tick()
    town.system.operations.dispatch()
    assert town.system.operations.audit() == ()
    return done


def test_whoever_counts_on_a_claim_alone_waits_for_the_registry(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url, **RULES)
    registry = moody(town, None)
    nurse = town.register(young(1))
    older = town.registered(1, first=2)[0]
    rounds(town)

    explained = town.system.operations.explain(nurse.registration_id)
    assert [each.reason for each in explained.blocks] == [BlockReason.CLAIMS]
    assert (explained.journey.standing.value, explained.journey.why_not) == ("blocked", "registration_blocked")
    assert explained.journey.pending == {NURSE}
    assert town.system.site("north").release(dry_run=True).invited == (older.registration_id,)

    registry.mood = Answer.CONFIRMED
    town.clock.move(minutes=9)
    assert rounds(town).asked == 0
    town.clock.move(minutes=1)
    assert rounds(town).asked == 1
    assert "povolani je overeno" in town.texts(nurse.phone)[-1]
    assert stored(town, nurse).pending is None
    assert stored(town, nurse).seniority == stored(town, nurse).registered_at
    assert town.system.site("north").release().invited == (nurse.registration_id, older.registration_id)


@pytest.mark.parametrize("mood", [Answer.DENIED, Answer.UNKNOWN])
def test_a_registry_that_does_not_confirm_ends_it(open_town: OpenTown, storage_url: str, mood: Answer) -> None:
    town = open_town(storage_url, **RULES)
    registry = moody(town, None)
    nurse = town.register(young(1))
    registry.mood = mood
    town.clock.move(minutes=10)
    rounds(town)

    assert town.system.operations.explain(nurse.registration_id).journey.standing.value == "withdrawn"
    assert "v registru nepotvrdilo" in town.texts(nurse.phone)[-1]
    assert town.system.operations.statistics().days[-1].registrations == 0
    town.clock.move(days=1)
    registry.mood = Answer.CONFIRMED
    assert town.register(nurse).registration_id != nurse.registration_id
    rounds(town)


def test_whoever_may_register_anyway_waits_as_everybody(open_town: OpenTown, storage_url: str) -> None:
    """Their claim is added to their groups once it is confirmed; until then they are called without it."""
    town = open_town(storage_url, **RULES)
    registry = moody(town, None)
    older = invented(1)
    older = evolve(older, application=evolve(older.application, claims=frozenset({NURSE})))
    answer = town.desk.register(town.proof_of(older), older.application)
    older = evolve(older, registration_id=answer.registration_id)
    assert answer.pending == {NURSE}
    assert town.system.site("north").release(dry_run=True).invited == (older.registration_id,)

    registry.mood = Answer.CONFIRMED
    town.clock.move(minutes=10)
    rounds(town)
    assert stored(town, older).claims == NURSE
    assert town.system.operations.explain(older.registration_id).journey.pending == frozenset()


def test_the_registry_is_asked_less_and_less_often(open_town: OpenTown) -> None:
    rule = ClaimsRule(first_minutes=10, longest_minutes=60)
    town = open_town("memory:", **RULES, pending_claims=always(rule))
    registry = moody(town, None)
    town.register(young(1))
    asked = []
    for minute in range(1, 301):
        town.clock.move(minutes=1)
        before = registry.asked
        town.system.operations.tick()
        asked += [minute] * (registry.asked - before)

    assert asked == [10, 30, 70, 130, 190, 250]


def test_a_registry_that_is_down_is_asked_once_a_round(open_town: OpenTown) -> None:
    town = open_town("memory:", **RULES)
    registry = moody(town, None)
    for number in range(1, 6):
        town.register(young(number, (NURSE, TEACHER)))
    registry.asked = 0
    town.clock.move(minutes=10)

    assert town.system.operations.tick().asked == 5
    assert registry.asked == 1


def test_a_claim_that_admits_nobody_does_not_lift_the_block(open_town: OpenTown) -> None:
    """Only a claim that the rule names admits somebody."""
    town = open_town("memory:", **RULES)
    registry = moody(town, None)
    both = town.register(young(1, (NURSE, TEACHER)))

    def verify(claim: str, _number: str) -> Answer:
        return Answer.CONFIRMED if claim == TEACHER else Answer.DENIED

    registry.verify = verify  # type: ignore[assignment]
    town.clock.move(minutes=10)
    rounds(town)
    assert town.system.operations.explain(both.registration_id).journey.standing.value == "withdrawn"


def test_where_the_rule_refuses_nothing_is_saved(open_town: OpenTown) -> None:
    town = open_town("memory:", **RULES, pending_claims=always(ClaimsRule("refuse")))
    moody(town, None)
    with pytest.raises(crs.Refused) as caught:
        town.register(young(1))

    assert caught.value.code == "claims_unverified"
    assert caught.value.retry_at == town.clock.now().add(minutes=10)
    assert town.system.operations.audit() == ()
    assert town.register(invented(2)).registration_id


def test_under_immediate_access_pin2_comes_with_the_confirmation(open_town: OpenTown) -> None:
    town = open_town("memory:", **RULES, access=always(Access.IMMEDIATE))
    registry = moody(town, None)
    nurse = young(1)
    answer = town.desk.register(town.proof_of(nurse), nurse.application)
    assert (answer.pin_follows, set(answer.pending)) == (False, {NURSE})
    rounds(town)
    assert not [text for text in town.texts(nurse.phone) if "PIN2" in text]

    registry.mood = Answer.CONFIRMED
    town.clock.move(minutes=10)
    rounds(town)
    assert town.desk.journey(town.enter(nurse)).step == 5


def test_a_claim_confirmed_before_survives_a_silent_registry(open_town: OpenTown) -> None:
    """Whoever corrects the form while the registry is down does not lose what it has said."""
    town = open_town("memory:", **RULES)
    registry = moody(town, Answer.CONFIRMED)
    nurse = town.register(young(1))
    registry.mood = None
    town.clock.move(minutes=5)
    again = town.register(evolve(nurse, application=evolve(nurse.application, last_name="Smyšlená")))

    assert again.registration_id == nurse.registration_id
    assert (stored(town, nurse).claims, stored(town, nurse).blocks) == (NURSE, ())
    assert stored(town, nurse).last_name == "Smyšlená"
    assert town.system.site("north").release().invited == (nurse.registration_id,)


@pytest.mark.parametrize("mood", [None, Answer.DENIED])
def test_whoever_may_register_without_it_by_then_waits_for_no_registry(
    open_town: OpenTown, storage_url: str, mood: Answer | None
) -> None:
    """The age is lowered while the registry is silent: its word counts for the group alone from then on."""
    lowered = Dated(
        ((later(START, days=-1), Eligibility(80, frozenset({NURSE}))), (later(START, hours=1), Eligibility(18)))
    )
    town = open_town(storage_url, **{**RULES, "may_register": lowered})
    registry = moody(town, None)
    nurse = town.register(young(1))
    town.clock.move(hours=1)
    registry.mood = mood
    rounds(town)

    assert town.system.operations.explain(nurse.registration_id).journey.standing.value == "queued"
    assert not [text for text in town.texts(nurse.phone) if "povolani" in text]
    assert town.system.site("north").release().invited == (nurse.registration_id,)
    assert rounds(town).asked == 0


def test_a_birth_date_is_corrected_while_the_registry_is_silent(open_town: OpenTown, storage_url: str) -> None:
    """It was mistyped; and where the right one admits, nothing else is waited for."""
    town = open_town(storage_url, **{**RULES, "may_register": always(Eligibility(30, frozenset({NURSE})))})
    registry = moody(town, None)
    nurse = town.register(young(1))
    town.system.site("north").release()
    town.system.operations.dispatch()
    entry = town.enter(nurse)
    town.system.operations.amend(
        evolve(
            town.system.campaign,
            may_register=Dated(
                (
                    (later(START, days=-9), Eligibility(30, frozenset({NURSE}))),
                    (START, Eligibility(80, frozenset({NURSE}))),
                )
            ),
        )
    )
    town.register(nurse)
    assert [each.reason for each in stored(town, nurse).blocks] == [BlockReason.CLAIMS]

    assert town.desk.correct(entry, birth_date=date(1980, 1, 2)).why_not == "registration_blocked"
    assert town.desk.correct(entry, birth_date=date(1930, 1, 2)).why_not == "not_invited"

    registry.mood = Answer.DENIED
    town.clock.move(minutes=10)
    assert rounds(town).asked == 1
    assert town.system.operations.explain(nurse.registration_id).journey.standing.value == "queued"


def test_a_claim_that_admits_nobody_admits_nobody_while_the_registry_is_silent(open_town: OpenTown) -> None:
    """A teacher of 80 makes herself 40 and a nurse while nobody can be asked: she waits for the answer, too."""
    town = open_town("memory:", **RULES)
    registry = moody(town, Answer.CONFIRMED)
    teacher = invented(1)
    teacher = town.register(evolve(teacher, application=evolve(teacher.application, claims=frozenset({TEACHER}))))
    registry.mood = None
    younger = evolve(teacher.application, birth_date=date(1980, 1, 1), claims=frozenset({TEACHER, NURSE}))
    town.register(evolve(teacher, application=younger))

    assert stored(town, teacher).claims == TEACHER
    assert [each.reason for each in stored(town, teacher).blocks] == [BlockReason.CLAIMS]


def test_a_duplicate_that_no_registry_has_admitted_takes_nobodys_place(open_town: OpenTown, storage_url: str) -> None:
    """A denial would leave its person without any registration."""
    town = open_town(storage_url, **RULES)
    registry = moody(town, None)
    older = town.registered(1)[0]
    stranger = evolve(
        young(2), application=evolve(older.application, birth_date=date(1980, 1, 1), claims=frozenset({NURSE}))
    )
    newer = town.register(stranger)
    rounds(town)
    town.clock.move(days=4)
    rounds(town)
    assert town.system.operations.explain(older.registration_id).journey.standing.value == "queued"

    registry.mood = Answer.DENIED
    town.clock.move(days=1)
    rounds(town)
    assert town.system.operations.explain(older.registration_id).journey.standing.value == "queued"
    assert town.system.operations.explain(newer.registration_id).journey.standing.value == "withdrawn"


def test_whoever_is_erased_while_the_registry_is_silent_counts_no_more(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url, **RULES)
    moody(town, None)
    nurse = town.register(young(1))
    rounds(town)
    assert town.system.operations.statistics().days[-1].registrations == 1

    town.system.operations.erase(nurse.insured_number)

    rounds(town)
    assert town.system.operations.statistics().days[-1].registrations == 0
    assert town.system.operations.statistics().waiting_by_site == {"north": 0}


def test_a_no_show_of_whoever_waits_for_a_registry_by_now_is_not_undone(open_town: OpenTown, storage_url: str) -> None:
    """They were missed, made themselves 40 and a nurse, and may not reserve before the registry says so."""
    town = open_town(storage_url, **RULES)
    moody(town, None)
    [(citizen, entry)] = town.entered()
    reservation = town.reserve(entry)
    town.clock.move(days=2, hours=12)
    site = town.system.site("north")
    site.no_show(reservation.id, 1)
    younger = evolve(citizen.application, birth_date=date(1980, 1, 1), claims=frozenset({NURSE}))
    town.register(evolve(citizen, application=younger))

    with pytest.raises(crs.Refused) as caught:
        site.undo(reservation.id, reason="she had come")

    assert caught.value.code == "undo_impossible"
    rounds(town)
