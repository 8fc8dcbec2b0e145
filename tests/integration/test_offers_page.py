"""The page of offers: days that have one, why another has none, and what is kept is never stale."""

from random import Random

import pendulum
import pytest

import crs_core as crs
from crs_core.domain import pairing
from crs_core.domain.campaign import Access, CalendarCheckRule, StockRule
from crs_core.domain.pairing import Supply
from crs_core.domain.plans import Key
from crs_core.domain.rules import always
from crs_core.domain.sites import Site, supplies
from crs_core.domain.time import Day, add_days
from tests.pairing_oracles import by_milp
from tests.systems import OpenTown, Town

NOW = pendulum.datetime(2021, 3, 8, 8)
FIRST = Day(2021, 3, 10)


def town_of(open_town: OpenTown, url: str, stock: StockRule) -> Town:
    return open_town(
        url,
        start=NOW,
        furnished=False,
        stock=always(stock),
        access=always(Access.IMMEDIATE),
        calendar_check=always(CalendarCheckRule(1.0)),
    )


def publish(town: Town, first: dict[int, int], second: dict[int, int], doses: dict[int, int]) -> None:
    """Seats by days after the 10th of March, so that the clocks change between the doses; deliveries likewise."""
    site = town.system.site("north")
    site.publish(
        crs.Calendar(
            f"V{dose}", "comirnaty", dose, [crs.Slot(add_days(FIRST, day), 540, free) for day, free in of.items()]
        )
        for dose, of in ((1, first), (2, second))
    )
    for day, number in doses.items():
        site.expect(crs.Delivery(f"delivery {day}", "comirnaty", add_days(FIRST, day), number))
    site.open()


def left(town: Town) -> Supply:
    office = town.system._office
    with office.storage.read() as view:
        site = view.get(Key(Site, "north"))
        assert site is not None
        return supplies(site.value, view.days("north"), office.campaign, NOW)["comirnaty"]


def entries(town: Town, number: int) -> list[str]:
    citizens = town.registered(number)
    town.system.operations.dispatch()
    return [town.enter(citizen) for citizen in citizens]


def test_a_day_without_an_offer_is_not_shown_and_says_why(open_town: OpenTown, storage_url: str) -> None:
    """Two doses now and more on day 50: whoever began on day 0 and ended by day 21 would take the doses of two."""
    town = town_of(open_town, storage_url, StockRule.EXPECTED)
    publish(town, {0: 1, 1: 1, 2: 0, 31: 2}, {21: 1, 52: 2}, {0: 2, 50: 9})
    [entry] = entries(town, 1)
    page = town.desk.offers(entry)

    assert page.days == ((add_days(FIRST, 31), 2),)
    assert page.day == add_days(FIRST, 31)
    assert page.offers
    reasons = {after: town.desk.offers(entry, day=add_days(FIRST, after)).reason for after in (0, 1, 2, 3, 31)}
    assert reasons == {0: "day_strands", 1: "no_next_dose", 2: "full", 3: "full", 31: ""}


def test_a_day_whose_doses_have_not_come_says_so(open_town: OpenTown, storage_url: str) -> None:
    town = town_of(open_town, storage_url, StockRule.EXPECTED)
    publish(town, {0: 1, 5: 1}, {21: 1, 26: 1}, {5: 9})
    [entry] = entries(town, 1)

    assert town.desk.offers(entry, day=FIRST).reason == "no_vaccine"
    assert town.desk.offers(entry).day == add_days(FIRST, 5)


def test_a_site_where_all_is_taken_is_full(open_town: OpenTown, storage_url: str) -> None:
    town = town_of(open_town, storage_url, StockRule.IGNORED)
    publish(town, {0: 1}, {21: 1}, {})
    taker, late = entries(town, 2)
    town.reserve(taker)

    assert town.desk.offers(late).reason == "full"
    assert town.desk.offers(late, day=FIRST).reason == "full"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_whatever_people_choose_all_who_can_be_booked_are(open_town: OpenTown, storage_url: str, seed: int) -> None:
    """Days are as fresh as if nothing were kept, after every reservation and cancellation."""
    chance = Random(seed)
    town = town_of(open_town, storage_url, StockRule.EXPECTED)
    publish(
        town,
        {day: chance.randint(1, 2) for day in range(6) if chance.random() < 0.8},
        {day: chance.randint(1, 2) for day in range(20, 36) if chance.random() < 0.4},
        {day: chance.randint(2, 9) for day in (0, 4, 22, 30)},
    )
    most = by_milp(left(town))
    waiting = entries(town, most + 1)
    booked: list[str] = []
    while True:
        page = town.desk.offers(waiting[-1])
        fresh = pairing.offered_days(left(town))
        assert {day.toordinal(): free for day, free in page.days} == fresh
        if not page.offers:
            break
        if booked and chance.random() < 0.2:
            town.desk.cancel(booked[-1])
            waiting.append(booked.pop())
            continue
        day, _ = chance.choice(page.days)
        booked.append(waiting.pop())
        town.desk.reserve(booked[-1], town.desk.offers(booked[-1], day=day).offers[0])

    assert len(booked) == most
    assert town.system.operations.audit() == ()
