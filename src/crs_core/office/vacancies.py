"""What is free at a site from now on.

Days are what people are paired by, so storages add the seats of a day up; of today those whose time has come count for
nothing, neither for the page nor for how many are invited.
"""

from crs_core.domain.ledger import SiteDays
from crs_core.domain.time import Instant, has_come
from crs_core.office.commands import Office
from crs_core.ports.storage import View

__all__ = ["vacancies"]


def vacancies(office: Office, view: View, site_id: str, now: Instant) -> SiteDays:
    """Free seats and doses of a site, by day; of today only the seats whose time lies ahead."""
    days, today, zone = view.days(site_id), office.today(now), office.campaign.zone
    gone = {
        name: sum(free for minute, free in view.slots(site_id, name, today) if has_come(today, minute, zone, now))
        for name, by_day in days.seats.items()
        if by_day.get(today)
    }
    return days.without(today, gone)
