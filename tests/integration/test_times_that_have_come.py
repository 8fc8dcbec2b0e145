"""Seats of today whose time has come: nobody is offered one, moved to one or invited to one."""

import pendulum
import pytest

import crs_core as crs
from crs_core.domain.campaign import CalendarCheckRule
from crs_core.domain.rules import always
from crs_core.domain.time import Day, Instant, add_days
from tests.systems import OpenTown, Town

TODAY = Day(2021, 1, 25)
TIMES = (480, 600, 840)  # 8:00, 10:00 and 14:00 on the wall


def at(hour: int, minute: int = 0, day: Day = TODAY) -> Instant:
    return pendulum.datetime(day.year, day.month, day.day, hour, minute, tz="Europe/Prague").in_timezone("UTC")


def town_at(open_town: OpenTown, url: str, now: Instant) -> Town:
    """One seat at each of three times today, and as many second doses four weeks later."""
    town = open_town(url, start=now, furnished=False, calendar_check=always(CalendarCheckRule(1.0)))
    publish(town, TODAY)
    town.system.site("north").open()
    return town


def publish(town: Town, *days: Day) -> None:
    town.system.site("north").publish(
        crs.Calendar(name, "comirnaty", dose, [crs.Slot(add_days(day, after), m, 1) for day in days for m in TIMES])
        for name, dose, after in (("V1", 1, 0), ("V2", 2, 28))
    )


def times_of(page: crs.Offers) -> list[int]:
    return [offer.doses[0].minute for offer in page.offers]


@pytest.mark.parametrize(
    ("now", "ahead"), [(at(7, 59), [480, 600, 840]), (at(8), [600, 840]), (at(9, 59), [600, 840]), (at(13, 59), [840])]
)
def test_the_page_offers_what_lies_ahead(open_town: OpenTown, storage_url: str, now: Instant, ahead: list[int]) -> None:
    town = town_at(open_town, storage_url, now)
    [(_, entry)] = town.entered()

    page = town.desk.offers(entry)

    assert times_of(page) == ahead
    assert page.days == ((TODAY, len(ahead)),)
    shown = [town.system.operations.explain_seat("north", calendar="V1", day=TODAY, minute=each) for each in TIMES]
    assert [each.rule.code for each in shown] == ["seat_past"] * (3 - len(ahead)) + ["offered"] * len(ahead)


def test_nobody_is_invited_to_them(open_town: OpenTown, storage_url: str) -> None:
    town = town_at(open_town, storage_url, at(10))
    town.registered(3)
    site = town.system.site("north")

    assert [each.stranded for each in site.check_calendars()] == []
    assert (len(site.release().invited), site.release().held_by) == (1, "outstanding_invitations")
    town.clock.set(at(14))
    assert site.release().held_by == "no_free_pair"
    assert town.system.operations.explain_site("north").people == 0
    assert town.system.operations.audit() == ()


def test_an_offer_in_hand_ends_with_its_time(open_town: OpenTown, storage_url: str) -> None:
    town = town_at(open_town, storage_url, at(9, 50))
    [(_, entry), (_, other)] = town.entered(2)
    [ten, *_] = town.desk.offers(entry).offers
    town.clock.set(at(10))

    with pytest.raises(crs.Refused) as refused:
        town.desk.reserve(entry, ten)

    assert refused.value.code == "offer_taken"
    town.reserve(entry)
    assert town.desk.offers(other).reason == "full"


def test_no_dose_moves_to_one(open_town: OpenTown, storage_url: str) -> None:
    tomorrow = add_days(TODAY, 1)
    town = town_at(open_town, storage_url, at(9, 50))
    publish(town, TODAY, tomorrow)
    [(citizen, entry)] = town.entered()
    town.desk.reserve(entry, town.desk.offers(entry, day=tomorrow).offers[0])
    page = town.desk.move_offers(entry, dose=1, day=TODAY)
    assert times_of(page) == [600, 840]
    town.clock.set(at(10))

    with pytest.raises(crs.Refused) as refused:
        town.desk.move_dose(entry, dose=1, offer=page.offers[0])

    assert refused.value.code == "offer_taken"
    assert times_of(town.desk.move_offers(entry, dose=1, day=TODAY)) == [840]
    town.clock.set(at(14))
    assert [day for day, _ in town.desk.move_offers(town.enter(citizen), dose=1).days] == [tomorrow]
