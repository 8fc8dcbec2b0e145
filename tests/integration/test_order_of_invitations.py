"""Who is invited when, as the campaign declares it, and why the others are not yet; on every storage."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

import crs_core as crs
from crs_core.domain import lottery
from crs_core.domain.campaign import Access, Eligibility, ResponseRule
from crs_core.domain.order import AgeMeaning, Order, Priority, PriorityGroup
from crs_core.domain.plans import Key, Plan, Put
from crs_core.domain.registration import Registration
from crs_core.domain.rules import always
from crs_core.domain.time import midnight
from crs_core.rounds.calling import Turn
from crs_core.testing.invented import insured_number
from tests.systems import Citizen, OpenTown, Town, dump, invented

ANYBODY = always(Eligibility(0))
OLD = PriorityGroup(80, score=13, name="80+")
YOUNGER = PriorityGroup(65, score=3, maximum_age=79, opens=date(2021, 1, 27), name="65-79")
FROM_60 = evolve(YOUNGER, minimum_age=60, name="60-79")
HEALTH = PriorityGroup(claims=frozenset({"health-worker"}), score=11)


def aged(number: int, born: date, *claims: str) -> Citizen:
    """An invented citizen with a birth date of choice."""
    one = invented(number)
    given = evolve(one.application, birth_date=born, claims=frozenset(claims))
    return evolve(one, application=evolve(given, insured_number=insured_number(born, number, woman=True)))


def register(town: Town, *citizens: Citizen) -> list[str]:
    """Their registrations, a minute apart."""
    found = []
    for citizen in citizens:
        found.append(town.register(citizen).registration_id)
        town.clock.move(minutes=1)
    return found


def release(town: Town) -> tuple[list[str], str]:
    """Whom a release invites, and what holds back the next; a dry run says the same."""
    dry = town.system.site("north").release(dry_run=True)
    done = town.system.site("north").release()
    assert (dry.invited, dry.held_by) == (done.invited, done.held_by)
    return list(done.invited), done.held_by


def turn(town: Town, registration_id: str) -> Turn:
    return town.system.operations.explain(registration_id).turn


def stored(town: Town) -> list[Registration]:
    with town.system._office.storage.read() as view:
        return list(view.scan(Registration))


def test_a_group_opens_at_midnight_and_nothing_is_written(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url, may_register=ANYBODY, priority=always(Priority((OLD, YOUNGER))))
    younger, old = register(town, aged(1, date(1950, 5, 5)), aged(2, date(1940, 5, 5)))

    assert turn(town, younger) == Turn("group_not_open", YOUNGER)
    assert turn(town, old) == Turn("", OLD, 0)
    assert release(town) == ([old], "groups_not_open")
    assert turn(town, old) == Turn("invited", OLD, 0)
    before = dump(town.system, storage_url)
    town.clock.set(midnight(date(2021, 1, 27), "Europe/Prague"))
    assert dump(town.system, storage_url) == before
    assert turn(town, younger) == Turn("", YOUNGER, 1)
    assert release(town) == ([younger], "queue_empty")


def test_the_second_before_midnight_is_still_too_early(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url, may_register=ANYBODY, priority=always(Priority((OLD, YOUNGER))))
    [younger] = register(town, aged(1, date(1950, 5, 5)))
    town.clock.set(midnight(date(2021, 1, 27), "Europe/Prague").subtract(seconds=1))

    assert release(town) == ([], "groups_not_open")
    town.clock.move(seconds=1)
    assert release(town) == ([younger], "queue_empty")


def test_whom_no_group_takes_may_register_and_waits(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url, may_register=ANYBODY, priority=always(Priority((OLD,))))
    [young] = register(town, aged(1, date(1990, 5, 5)))

    assert release(town) == ([], "no_group")
    assert turn(town, young) == Turn("no_group")


def test_the_highest_of_several_groups_counts(open_town: OpenTown, storage_url: str, tmp_path: Path) -> None:
    """A claim counts once a registry has confirmed it: one of two who say that they are health workers is one."""
    town, ids = with_registry(open_town, storage_url, tmp_path)

    assert release(town) == ([ids["old"], ids["health"], ids["66"]], "groups_not_open")
    assert turn(town, ids["denied"]) == Turn("group_not_open", FROM_60)


def with_registry(open_town: OpenTown, storage_url: str, folder: Path) -> tuple[Town, dict[str, str]]:
    """Groups in any order, and four people; of one the registry knows what they say, of another it does not."""
    groups = (evolve(YOUNGER, maximum_age=69, opens=None), HEALTH, FROM_60, OLD)
    people = {
        "denied": aged(1, date(1960, 5, 5), "health-worker"),
        "66": aged(2, date(1954, 5, 5)),
        "health": aged(3, date(1955, 1, 1), "health-worker"),
        "old": aged(4, date(1930, 1, 1)),
    }
    file = folder / "registry.csv"
    file.write_text(f"insured_number,claim\n{people['health'].insured_number},health-worker\n", encoding="utf-8")
    town = open_town(
        storage_url,
        may_register=ANYBODY,
        claims=frozenset({"health-worker"}),
        registry=f"csv:{file}",
        priority=always(Priority(groups)),
    )
    return town, dict(zip(people, register(town, *people.values()), strict=True))


@pytest.mark.parametrize("order", Order)
def test_among_equals_the_declared_order_decides(open_town: OpenTown, storage_url: str, order: Order) -> None:
    town = open_town(storage_url, seats=1, may_register=ANYBODY, priority=always(Priority((OLD,), then=order)))
    births = [date(1938, 3, 1), date(1932, 2, 29), date(1940, 1, 1), date(1929, 7, 1), date(1935, 1, 1)]
    ids = register(town, *(aged(number, born) for number, born in enumerate(births, 1)))
    tickets = {each.id: each.ticket for each in stored(town)}
    wanted = {
        Order.AGE: sorted(ids, key=lambda name: births[ids.index(name)]),
        Order.SENIORITY: ids,
        Order.LOTTERY: sorted(ids, key=tickets.__getitem__),
    }[order]

    assert release(town) == (wanted, "outstanding_invitations")
    assert len({tuple(wanted), tuple(ids), tuple(sorted(ids, key=lambda name: births[ids.index(name)]))}) > 1


def test_a_ticket_is_the_persons_and_drawn_with_the_campaigns_seed(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url, lottery_seed="drawn in Vzorov")
    [first, second] = register(town, invented(1), invented(2))
    office = town.system._office
    drawn = {each.id: each for each in stored(town)}

    assert drawn[first].ticket == lottery.ticket(office.keyring, "drawn in Vzorov", drawn[first].person)
    assert drawn[first].ticket != lottery.ticket(office.keyring, "", drawn[first].person)
    assert drawn[first].ticket != drawn[second].ticket


def test_the_audit_draws_every_ticket_again(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url, priority=always(Priority((OLD,), then=Order.LOTTERY)))
    second = register(town, invented(1), invented(2))[1]
    assert town.system.operations.audit() == ()
    office = town.system._office
    with office.storage.write() as work:
        one = work.get(Key(Registration, second))
        assert one is not None
        better = evolve(one.value, ticket=one.value.ticket - 1)
        work.apply(Plan(None, (Put(Key(Registration, second), better, one.version),)), actor="thief", now=office.now())

    [violation] = town.system.operations.audit()
    assert (violation.invariant, violation.where) == (5, second)


def test_who_registers_again_gets_no_second_chance(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    [(citizen, entry)] = town.entered()
    town.desk.withdraw(entry)
    again = town.register(citizen)
    old, new = stored(town)

    assert old.id != new.id
    assert again.registration_id in (old.id, new.id)
    assert old.ticket == new.ticket > 0


@pytest.mark.parametrize(("age", "may"), [(AgeMeaning.BIRTHDAY, False), (AgeMeaning.YEAR, True)])
def test_to_be_80_in_the_year_counts_where_the_rules_say_so(
    open_town: OpenTown, storage_url: str, age: AgeMeaning, *, may: bool
) -> None:
    rules: dict[str, Any] = {"priority": always(Priority((OLD,), age))}
    town = open_town(storage_url, may_register=ANYBODY, **rules)
    [one] = register(town, aged(1, date(1941, 12, 31)))

    assert release(town) == (([one], "queue_empty") if may else ([], "no_group"))


@pytest.mark.parametrize("age", AgeMeaning)
def test_may_register_has_an_age_of_its_own_meaning(open_town: OpenTown, age: AgeMeaning) -> None:
    town = open_town("memory:", may_register=always(Eligibility(80, age=age)))
    late = aged(1, date(1941, 12, 31))
    if age is AgeMeaning.YEAR:
        assert town.register(late).registration_id
        return
    with pytest.raises(crs.Refused) as caught:
        town.register(late)

    assert caught.value.code == "not_eligible"


def test_an_explanation_names_the_first_rule_that_holds_a_person(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url, seats=1, may_register=ANYBODY, priority=always(Priority((OLD,))))
    [younger] = register(town, aged(7, date(1940, 12, 1)))
    older = register(town, *(aged(number, date(1930, 1, number)) for number in range(1, 6)))

    assert [turn(town, one).why_not for one in (*older, younger)] == [*[""] * 5, "others_first"]
    assert release(town) == (older, "outstanding_invitations")
    assert turn(town, younger) == Turn("outstanding_invitations", OLD, 0)
    town.system.operations.dispatch()
    entry = town.enter(aged(1, date(1930, 1, 1)))
    town.reserve(entry)
    assert turn(town, older[0]).why_not == "reserved"
    town.desk.withdraw(entry)
    assert turn(town, older[0]).why_not == "withdrawn"
    town.system.site("north").close()
    assert turn(town, younger).why_not == "site_closed"


@pytest.mark.parametrize("rule", [{"access": always(Access.IMMEDIATE)}, {"response": always(ResponseRule())}])
def test_an_explanation_says_what_holds_everybody(open_town: OpenTown, storage_url: str, rule: dict[str, Any]) -> None:
    town = open_town(storage_url, seats=1, **rule)
    ids = register(town, *(aged(number, date(1930, 1, number)) for number in range(1, 7)))

    if "access" in rule:
        assert {turn(town, one).why_not for one in ids} == {"immediate_access"}
        assert release(town) == ([], "immediate_access")
    else:
        assert [turn(town, one).why_not for one in ids] == [*[""] * 5, "others_first"]
