"""The real calendars, whole, before the check that every site passes before it opens."""

from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

import crs_core as crs
from crs_adapters.simulation.czechia_2021.sites import PlannedSite
from crs_core.domain.calendar_check import Finding
from crs_core.domain.calendars import Slot
from crs_core.ports.clock import Clock

__all__ = ["Reviewed", "review"]

_KEY = {"review": b"an invented key: nobody comes to this one"}
_OPENING = 8 * 60


@frozen
class Reviewed:
    """One site and what the check says of its calendars.

    Attributes:
        seats: First doses in them.
        findings: The worst first; empty is good.
        refusal: Why the site may not open; empty if it may.
    """

    site: str
    seats: int
    findings: tuple[Finding, ...]
    refusal: str = ""


def review(campaign: crs.Campaign, sites: Sequence[PlannedSite], clock: Clock, folder: Path) -> tuple[Reviewed, ...]:
    """What the check says of each site's calendars, all of them published at once, in a system of their own.

    Args:
        folder: Where its messages would go; there will be none.
    """
    spool = f"spool:{folder}"
    with crs.open_system(campaign, keys=_KEY, storage="memory:", sms=spool, mail=spool, clock=clock) as system:
        return tuple(_reviewed(system.site(site.id), site) for site in sites)


def _reviewed(desk: crs.SiteDesk, site: PlannedSite) -> Reviewed:
    desk.publish(
        crs.Calendar(name, "comirnaty", dose, tuple(Slot(day, _OPENING, seats) for day, seats in of.items()))
        for name, dose, of in (("V1", 1, site.first), ("V2", 2, site.second))
    )
    findings = desk.check_calendars()
    try:
        desk.open()
    except crs.Refused as refusal:
        return Reviewed(site.name, site.seats, findings, refusal.message)
    return Reviewed(site.name, site.seats, findings)
