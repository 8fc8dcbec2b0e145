"""Findings about linked calendars, for the people of a site."""

import enum
from collections.abc import Iterator, Mapping

from attrs import evolve, frozen

from crs_core.domain.campaign import Campaign
from crs_core.domain.pairing import Supply, bookable
from crs_core.domain.sites import Site

__all__ = ["Finding", "Severity", "check"]


class Severity(enum.Enum):
    """Whether a finding keeps the site from opening."""

    BLOCKS = "blocks"
    WARNS = "warns"


@frozen
class Finding:
    """One fault of a site's calendars.

    Attributes:
        code: Short name, the key of its translations.
        stranded: First-dose seats that cannot be completed because of it.
    """

    code: str
    severity: Severity
    product: str
    stranded: int
    message: str
    remedy: str


def check(site: Site, supplies: Mapping[str, Supply], campaign: Campaign) -> Iterator[Finding]:
    """Every finding, product by product."""
    if not site.calendars:
        yield Finding("no_calendar", Severity.BLOCKS, "", 0, "the site has no calendar", "publish its calendars")
    for name, supply in supplies.items():
        yield from _of_product(site, name, supply, campaign)


def _of_product(site: Site, name: str, supply: Supply, campaign: Campaign) -> Iterator[Finding]:
    doses = {head.dose for head in site.calendars if head.product == name}
    wanted = set(range(1, campaign.product(name).doses + 1))
    seats = sum(number for number in supply.seats[0].values() if number > 0)
    for dose in sorted(wanted - doses):
        message = f"{name} has no calendar for dose {dose}; all {seats} first doses are stranded"
        yield Finding("no_dose_calendar", Severity.BLOCKS, name, seats, message, f"publish a calendar of dose {dose}")
    if wanted - doses:
        return
    pairs = bookable(evolve(supply, doses=None))
    if seats and not pairs:
        message = f"{name}: none of {seats} first doses has a second within the interval"
        remedy = f"publish dose-2 seats {_window(supply)} after dose 1"
        yield Finding("empty_window", Severity.BLOCKS, name, seats, message, remedy)
    elif pairs < seats:
        message = f"{name}: {seats - pairs} of {seats} first doses cannot be completed"
        remedy = f"add {seats - pairs} dose-2 seats {_window(supply)} after dose 1"
        yield Finding("stranded_seats", Severity.WARNS, name, seats - pairs, message, remedy)


def _window(supply: Supply) -> str:
    if supply.interval is None:
        return ""
    return f"{supply.interval.earliest} to {supply.interval.latest} days"
