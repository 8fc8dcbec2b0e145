"""Vaccination sites: open only by their own state and their passed checks."""

from attrs import field, frozen

from crs_core.domain.calendars import Calendar
from crs_core.domain.campaign import Campaign, Product, StockRule
from crs_core.domain.ledger import SiteDays
from crs_core.domain.pairing import Supply
from crs_core.domain.time import Day, Instant, day_of
from crs_core.errors import Refused

__all__ = ["CalendarHead", "DeliveryNote", "OpenSite", "Site", "heads", "require_open", "supplies"]


@frozen
class CalendarHead:
    """What a site keeps of a calendar beside its slots, which are accounts of the ledger."""

    name: str
    product: str
    dose: int


@frozen
class DeliveryNote:
    """What a site keeps of a delivery beside its doses; `received` is None while it is only announced."""

    id: str
    product: str
    day: Day
    doses: int
    received: int | None = None


@frozen
class Site:
    """The state of a vaccination site.

    Attributes:
        calendars: In order of name.
        deliveries: In order of day, then id.
        calendar_version: Grows with every change of calendars or deliveries.
    """

    id: str
    is_open: bool = False
    calendars: tuple[CalendarHead, ...] = ()
    deliveries: tuple[DeliveryNote, ...] = ()
    calendar_version: int = 0
    opened_at: Instant | None = None


@frozen
class OpenSite:
    """An open vaccination site, for people to choose; true as of `as_of`."""

    id: str
    name: str
    region: str
    address: str
    as_of: Instant = field(eq=False)


def heads(calendars: tuple[Calendar, ...]) -> tuple[CalendarHead, ...]:
    """What the site keeps of its calendars, in order of name."""
    return tuple(sorted((CalendarHead(each.name, each.product, each.dose) for each in calendars), key=lambda h: h.name))


def require_open(site: Site | None, site_id: str) -> Site:
    """The site, if it is open.

    Raises:
        Refused: ``site_closed``.
    """
    if site is None or not site.is_open:
        raise Refused("site_closed", f"site={site_id}: it is not open", remedy="choose an open site", site=site_id)
    return site


def supplies(site: Site, days: SiteDays, campaign: Campaign, now: Instant) -> dict[str, Supply]:
    """What is free at the site from today on, by product; the interval is the one in force now."""
    rule = campaign.stock.at(now)
    today = day_of(now, campaign.zone).toordinal()
    products = sorted({head.product for head in site.calendars})
    return {name: _supply(site, days, campaign.product(name), rule, now, today) for name in products}


def _supply(site: Site, days: SiteDays, product: Product, rule: StockRule, now: Instant, today: int) -> Supply:
    seats: list[dict[int, int]] = [{} for _ in range(product.doses)]
    for head in site.calendars:
        if head.product != product.name:
            continue
        free = seats[head.dose - 1]
        for day, number in days.seats.get(head.name, {}).items():
            if day.toordinal() >= today:
                free[day.toordinal()] = free.get(day.toordinal(), 0) + number
    interval = None if product.interval is None else product.interval.at(now)
    return Supply(seats, interval, _doses(site, days, product, rule))


def _doses(site: Site, days: SiteDays, product: Product, rule: StockRule) -> dict[int, int] | None:
    if rule is StockRule.IGNORED:
        return None
    found: dict[int, int] = {}
    for note in site.deliveries:
        if note.product == product.name and (note.received is not None or rule is StockRule.EXPECTED):
            for day, number in days.doses.get(note.id, {}).items():
                found[day.toordinal()] = found.get(day.toordinal(), 0) + number
    return found
