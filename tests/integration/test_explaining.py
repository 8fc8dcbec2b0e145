"""Why not: of a person, of a site, of a seat; and that a seat is said to be offered where it is."""

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

import crs_core as crs
from crs_core.domain import rule_texts
from crs_core.domain.campaign import Access, StockRule
from crs_core.domain.holding import Rule
from crs_core.domain.order import Priority, PriorityGroup
from crs_core.domain.rules import Dated, always
from crs_core.domain.time import Day, add_days, later, midnight, slot_instant
from tests.systems import FIRST_DAY, START, OpenTown, Town, invented

SECOND = add_days(FIRST_DAY, 28)
ZONE = "Europe/Prague"


@pytest.fixture(params=["memory", "sqlite"])
def storage_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Nothing is written, so one database is enough."""
    return {"memory": "memory:", "sqlite": f"sqlite:///{tmp_path / 'crs.db'}"}[request.param]


def said(rule: Rule) -> str:
    """The code of a rule, once it has been said in both languages."""
    assert {rule.text("cs"), rule.text("en")} != {""}
    assert "{" not in rule.text("cs") + rule.text("en")
    return rule.code


def of_person(town: Town, registration_id: str) -> str:
    return said(town.system.operations.explain(registration_id).rule)


def inviting(town: Town, site: str = "north") -> str:
    return said(town.system.operations.explain_site(site).inviting)


def opening(town: Town, site: str = "north") -> str:
    return said(town.system.operations.explain_site(site).opening)


def of_seat(town: Town, calendar: str = "V1", day: Day = FIRST_DAY, minute: int = 480) -> str:
    found = town.system.operations.explain_seat("north", calendar=calendar, day=day, minute=minute)
    return said(found.rule)


def publish(town: Town, dose: int, days: dict[Day, int], *, name: str = "", **changes: Any) -> None:
    slots = [crs.Slot(day, 480, seats) for day, seats in days.items()]
    town.system.site("north").publish([crs.Calendar(name or f"V{dose}", "comirnaty", dose, slots)], **changes)


def test_a_person_from_the_queue_to_the_reservation(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url, seats=1)
    citizens = [town.register(invented(number)) for number in range(1, 8)]
    oldest, *_, youngest = sorted(citizens, key=lambda each: each.application.birth_date)
    assert of_person(town, oldest.registration_id) == "next"
    assert of_person(town, youngest.registration_id) == "others_first"
    assert inviting(town) == "invites"
    town.system.site("north").release()
    assert of_person(town, oldest.registration_id) == "invitation_unsent"
    assert of_person(town, youngest.registration_id) == "outstanding_invitations"
    assert inviting(town) == "outstanding_invitations"
    town.system.operations.dispatch()
    assert of_person(town, oldest.registration_id) == "invited"
    entry = town.enter(oldest)
    held = town.reserve(entry)
    assert of_person(town, oldest.registration_id) == "reserved"
    publish(town, 1, {}, cut=True)
    assert of_person(town, oldest.registration_id) == "replan_owed"
    assert town.system.operations.explain_site("north").short == 1
    assert of_seat(town, day=held.doses[0].day, minute=held.doses[0].minute) == "seat_short"
    town.system.operations.replan("north")
    assert of_person(town, oldest.registration_id) == "full", "back in the queue of a site without first doses"
    town.desk.withdraw(entry)
    assert of_person(town, oldest.registration_id) == "withdrawn"


def test_a_lost_dose_is_named(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    [(citizen, entry)] = town.entered(1)
    held = town.reserve(entry)
    town.clock.set(slot_instant(held.doses[0].day, 17 * 60, ZONE))
    town.system.site("north").record_dose(held.id, 1)
    publish(town, 2, {}, cut=True)
    town.system.operations.replan("north")
    found = town.system.operations.explain(citizen.registration_id).rule

    assert (found.code, found.facts) == ("dose_lost", {"dose": 2})
    assert "2. dávka" in found.text("cs")
    assert town.system.operations.explain_site("north").waiting == 1


def test_a_group_that_is_not_open_yet_and_one_that_is_not_there(open_town: OpenTown, storage_url: str) -> None:
    opens = Day(2021, 3, 1)
    later_group = Priority.in_order(PriorityGroup(100), evolve(PriorityGroup(80), opens=opens))
    town = open_town(storage_url, priority=always(later_group))
    [citizen] = town.registered(1)
    rule = town.system.operations.explain(citizen.registration_id).rule
    assert (said(rule), rule.facts) == ("group_not_open", {"opens": opens})
    assert "1. 3. 2021" in rule.text("cs")
    assert inviting(town) == "groups_not_open"


def test_whom_no_group_takes(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url, priority=always(Priority.in_order(PriorityGroup(100))))
    assert inviting(town) == "queue_empty"
    [citizen] = town.registered(1)
    assert of_person(town, citizen.registration_id) == "no_group"
    assert inviting(town) == "nobody_in_a_group"


def test_what_holds_a_site(open_town: OpenTown, storage_url: str) -> None:
    access = Dated(((midnight(Day(2021, 1, 1), "UTC"), Access.IMMEDIATE), (later(START, hours=1), Access.INVITATION)))
    town = open_town(storage_url, furnished=False, access=access, stock=always(StockRule.RECEIVED))
    site = town.system.site("north")
    assert (opening(town), inviting(town)) == ("calendars_not_ready", "site_closed")
    publish(town, 1, {FIRST_DAY: 2})
    found = town.system.operations.explain_site("north").opening
    assert "V1" not in found.text("en")
    assert "no calendar for dose 2" in found.text("en")
    publish(town, 2, {SECOND: 2})
    assert opening(town) == "not_opened"
    site.open()
    assert (opening(town), inviting(town)) == ("open", "immediate_access")
    town.clock.move(hours=2)
    assert inviting(town) == "no_vaccine"
    publish(town, 1, {})
    assert inviting(town) == "full"
    publish(town, 1, {add_days(FIRST_DAY, 20): 1})
    assert inviting(town) == "no_next_doses"


def test_what_holds_a_seat(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url, furnished=False, stock=always(StockRule.EXPECTED))
    site = town.system.site("north")
    assert of_seat(town) == "no_slot"
    publish(town, 1, {FIRST_DAY: 1})
    assert of_seat(town) == "site_closed"
    publish(town, 2, {SECOND: 2, add_days(FIRST_DAY, 5): 1})
    site.open()
    publish(town, 1, {FIRST_DAY: 1, add_days(FIRST_DAY, 10): 1})
    assert of_seat(town) == "no_vaccine"
    site.expect(crs.Delivery("d", "comirnaty", FIRST_DAY, 2))
    assert of_seat(town) == "offered"
    assert of_seat(town, "V2", SECOND) == "offered"
    assert of_seat(town, "V2", add_days(FIRST_DAY, 5)) == "no_first_dose"
    assert of_seat(town, minute=481) == "no_slot"
    assert of_seat(town, day=add_days(FIRST_DAY, 10)) == "no_next_dose"
    [(_, entry)] = town.entered(1)
    town.reserve(entry)
    assert of_seat(town) == "seat_taken"
    town.clock.set(slot_instant(FIRST_DAY, 480, ZONE))
    assert of_seat(town) == "seat_past"


def test_a_seat_that_would_cost_somebody_another(open_town: OpenTown, storage_url: str) -> None:
    """The one later dose that two first ones could have goes with the first whose day it is for."""
    town = open_town(storage_url, furnished=False, stock=always(StockRule.EXPECTED))
    site = town.system.site("north")
    [product] = town.system.campaign.products
    assert product.interval is not None
    gap = product.interval.at(START).earliest
    days = [add_days(FIRST_DAY, 0), add_days(FIRST_DAY, gap)]
    publish(town, 1, {days[0]: 1, days[1]: 2})
    publish(town, 2, {days[1]: 1, add_days(days[1], gap): 2})
    site.expect(crs.Delivery("early", "comirnaty", FIRST_DAY, 2))
    site.expect(crs.Delivery("late", "comirnaty", add_days(days[1], gap), 9))
    site.open()

    assert of_seat(town, day=days[0]) == "day_strands"
    assert of_seat(town, "V2", days[1]) == "day_strands"
    assert of_seat(town, day=days[1]) == "offered"


def test_a_later_day_waits_for_the_nearer_one(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url, furnished=False)
    publish(town, 1, {FIRST_DAY: 1})
    publish(town, 2, {add_days(FIRST_DAY, 21): 1, add_days(FIRST_DAY, 22): 1})
    town.system.site("north").open()
    waits = town.system.operations.explain_seat("north", calendar="V2", day=add_days(FIRST_DAY, 22), minute=480)

    assert (said(waits.rule), waits.free, waits.seats) == ("another_day_first", 1, 1)
    assert waits.rule.facts == {"first": FIRST_DAY, "offered": add_days(FIRST_DAY, 21)}


def test_seats_without_a_calendar_for_the_next_dose(open_town: OpenTown, storage_url: str) -> None:
    [product] = crs.example_campaign().products
    town = open_town(storage_url, products=(product, evolve(product, name="vzor")))
    town.system.site("north").publish([crs.Calendar("VX", "vzor", 1, [crs.Slot(FIRST_DAY, 480, 1)])])
    found = town.system.operations.explain_seat("north", calendar="VX", day=FIRST_DAY, minute=480).rule

    assert (said(found), found.facts) == ("not_linked", {"dose": 2, "product": "vzor"})


def test_a_seat_is_said_to_be_offered_where_a_page_shows_it(open_town: OpenTown) -> None:
    """For every first dose of a site that is partly booked, with a day that nobody can complete."""
    town = open_town("memory:", seats=3)
    publish(town, 1, {add_days(FIRST_DAY, 30): 2}, name="VX")
    people = town.entered(7)
    for _, entry in people[:5]:
        town.reserve(entry)
    entry = people[-1][1]
    with town.system._office.storage.read() as view:
        slots = [each for each, _ in view.accounts("north") if each.kind == "slot" and each.series in {"V1", "VX"}]
    shown = {
        (offer.doses[0].calendar, offer.doses[0].day, offer.doses[0].minute)
        for day in {each.day for each in slots}
        for offer in town.desk.offers(entry, day=day).offers
    }

    assert shown
    assert shown == {
        (each.series, each.day, each.minute)
        for each in slots
        if of_seat(town, each.series, each.day, each.minute) == "offered"
    }


def test_both_languages_have_every_text() -> None:
    assert rule_texts._TEXTS["cs"].keys() == rule_texts._TEXTS["en"].keys()


def test_every_text_stands_in_the_reference(pytestconfig: pytest.Config) -> None:
    listed = (pytestconfig.rootpath / "docs" / "reference" / "explanations.md").read_text(encoding="utf-8")

    assert {code for code in rule_texts.CODES if f"`{code}`" not in listed} == set()
