"""Vaccination sites: open only by their own state and their passed checks."""

from collections.abc import Mapping

from attrs import field, frozen

from crs_core.domain.calendars import Calendar
from crs_core.domain.campaign import Campaign, Product, StockRule
from crs_core.domain.ledger import SiteDays
from crs_core.domain.pairing import Supply
from crs_core.domain.time import Day, Instant, day_of
from crs_core.errors import Refused

__all__ = [
    "CalendarHead",
    "DeliveryNote",
    "OpenSite",
    "ShortSlot",
    "Site",
    "free_doses",
    "heads",
    "require_open",
    "supplies",
]


@frozen
class CalendarHead:
    """What a site keeps of a calendar beside its slots, which are accounts of the ledger."""

    name: str
    product: str
    dose: int


@frozen
class DeliveryNote:
    """What a site keeps of a delivery beside its doses; `received` is None while it is only announced.

    Attributes:
        short: Doses that people still hold of it although they will not come; a re-plan brings it to nothing.
    """

    id: str
    product: str
    day: Day
    doses: int
    received: int | None = None
    short: int = 0

    @property
    def coming(self) -> int:
        """How many came, or while it is only announced, are to come."""
        return self.doses if self.received is None else self.received


@frozen(order=True)
class ShortSlot:
    """A slot of which people hold more seats than it has now; a re-plan brings `seats` to nothing."""

    calendar: str
    day: Day
    minute: int
    seats: int


@frozen
class Site:
    """The state of a vaccination site.

    Attributes:
        calendars: In order of name.
        deliveries: In order of day, then id.
        calendar_version: Grows with every change of calendars or deliveries.
        short_slots: Slots with fewer seats than people hold, in order. Nobody is offered a seat of one.
        lost: People whose next dose waits for a seat, when last re-planned.
    """

    id: str
    is_open: bool = False
    calendars: tuple[CalendarHead, ...] = ()
    deliveries: tuple[DeliveryNote, ...] = ()
    calendar_version: int = 0
    short_slots: tuple[ShortSlot, ...] = ()
    lost: int = 0

    def is_short(self, calendar: str, day: Day, minute: int) -> bool:
        """Whether people hold more seats of a slot than it has now."""
        return any((each.calendar, each.day, each.minute) == (calendar, day, minute) for each in self.short_slots)


@frozen
class OpenSite:
    """An open vaccination site, for people to choose; true as of `as_of`.

    Attributes:
        retry_at: The end of a maintenance under way, before which nobody can register or reserve; None otherwise.
    """

    id: str
    name: str
    region: str
    address: str
    as_of: Instant = field(eq=False)
    retry_at: Instant | None = None


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
        for short in site.short_slots:
            if short.calendar == head.name and short.day.toordinal() in free:
                free[short.day.toordinal()] -= short.seats
    interval = None if product.interval is None else product.interval.at(now)
    return Supply(seats, interval, _doses(site, days, product, rule))


def _doses(site: Site, days: SiteDays, product: Product, rule: StockRule) -> dict[int, int] | None:
    if rule is StockRule.IGNORED:
        return None
    found: dict[int, int] = {}
    for of_delivery in free_doses(site, days, product.name, rule).values():
        for day, number in of_delivery.items():
            found[day.toordinal()] = found.get(day.toordinal(), 0) + number
    return found


def free_doses(site: Site, days: SiteDays, product: str, rule: StockRule) -> dict[str, Mapping[Day, int]]:
    """Free doses of a product by delivery, of those deliveries that the rule counts on.

    What is free of a delivery that is short is only what somebody gave back of the doses that will not come.
    """
    found: dict[str, Mapping[Day, int]] = {}
    for note in site.deliveries:
        if note.product == product and (note.received is not None or rule is StockRule.EXPECTED):
            free = days.doses.get(note.id, {})
            found[note.id] = {day: max(0, number - note.short) for day, number in free.items()} if note.short else free
    return found
