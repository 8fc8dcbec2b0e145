"""A first start: every vaccination site gets calendars of both doses, and opens."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import crs_core as crs

__all__ = ["furnish"]

DAYS = 14
SPACING = 21  # days from dose to dose, within the interval of campaign.toml
SEATS = 8  # a day


def furnish(system: crs.System) -> None:
    """Publishes calendars from tomorrow on and opens the sites, unless some are open already."""
    if system.citizen.sites():
        return
    today = datetime.now(ZoneInfo(system.campaign.zone)).date()
    for place in system.campaign.places:
        site = system.site(place.id)
        site.publish(calendar(dose, today + timedelta(days=1 + SPACING * (dose - 1))) for dose in (1, 2))
        site.open()


def calendar(dose: int, first: date) -> crs.Calendar:
    """The calendar of one dose: two weeks, the same every day."""
    days = [first + timedelta(days=number) for number in range(DAYS)]
    return crs.Calendar(f"V{dose}", "comirnaty", dose, [slot for day in days for slot in crs.even_slots(day, SEATS)])
