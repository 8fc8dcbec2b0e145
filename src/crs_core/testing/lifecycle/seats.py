"""The model of vaccination sites: seats published less seats taken, doses that came less doses promised."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from attrs import define, field

from crs_core.domain.calendars import Calendar, Slot
from crs_core.domain.campaign import Campaign, StockRule
from crs_core.domain.time import Day, Instant
from crs_core.testing.lifecycle.pairs import Window, most_people
from crs_core.testing.lifecycle.people import People

__all__ = ["Came", "Seats", "Taken", "spaced"]

Taken = tuple[str, str, Day, int]
"""Site, calendar, day and minute of a seat."""


@define
class Came:
    """A delivery; `received` is None while it is only announced."""

    product: str
    day: Day
    doses: int
    received: int | None = None

    @property
    def number(self) -> int:
        """How many doses there are, or will be."""
        return self.doses if self.received is None else self.received


@define
class Seats:
    """All sites. What is taken is never kept: it is read off the reservations."""

    campaign: Campaign
    people: People
    open: set[str] = field(factory=set)
    published: dict[tuple[str, str], Calendar] = field(factory=dict)
    came: dict[tuple[str, str], Came] = field(factory=dict)

    def taken(self) -> Counter[Taken]:
        """Seats that reservations hold."""
        return Counter(
            (each.site_id, dose.calendar, dose.day, dose.minute)
            for each in self.people.reserved()
            for dose in each.doses
            if dose.held
        )

    def promised(self) -> Counter[tuple[str, str]]:
        """Doses that reservations hold, by site and delivery."""
        return Counter(
            (each.site_id, dose.delivery_id)
            for each in self.people.reserved()
            for dose in each.doses
            if dose.held and dose.delivery_id is not None
        )

    def calendars(self, site: str) -> dict[str, Calendar]:
        """The calendars of a site by name."""
        return {name: each for (where, name), each in self.published.items() if where == site}

    def free(self, site: str) -> Iterator[tuple[Calendar, Slot, int]]:
        """Every slot of a site with what is free of it."""
        taken = self.taken()
        for name, calendar in sorted(self.calendars(site).items()):
            for slot in calendar.slots:
                yield calendar, slot, slot.seats - taken[site, name, slot.day, slot.minute]

    def loses_taken(self, site: str, calendars: Iterable[Calendar]) -> bool:
        """Whether publishing these would take a seat from somebody."""
        new = {(calendar.name, slot.day, slot.minute): slot.seats for calendar in calendars for slot in calendar.slots}
        names = {calendar.name for calendar in calendars}
        return any(
            number > new.get((name, day, minute), 0)
            for (where, name, day, minute), number in self.taken().items()
            if where == site and name in names
        )

    def products(self, site: str) -> list[str]:
        """Products for which a site has calendars."""
        return sorted({each.product for each in self.calendars(site).values()})

    def supply(self, site: str, product: str, now: Instant) -> list[dict[Day, int]]:
        """Free seats of each dose by day, of times that lie ahead."""
        found: list[Counter[Day]] = [Counter() for _ in range(self.campaign.product(product).doses)]
        for calendar, slot, free in self.free(site):
            if calendar.product == product and free and not self.over(slot.day, slot.minute, now):
                found[calendar.dose - 1][slot.day] += free
        return [dict(each) for each in found]

    def over(self, day: Day, minute: int, now: Instant) -> bool:
        """Whether the time of a seat has come, by the clock on the wall."""
        wall = now.in_timezone(self.campaign.zone)
        return (day, minute) <= (wall.date(), 60 * wall.hour + wall.minute)

    def window(self, product: str, now: Instant) -> Window:
        """The interval in force."""
        rule = self.campaign.product(product).interval
        return None if rule is None else (rule.at(now).earliest, rule.at(now).latest)

    def deliveries(self, site: str, product: str, now: Instant) -> dict[str, tuple[Day, int]] | None:
        """Doses that count now and are not promised, by delivery; None where stock does not count."""
        rule = self.campaign.stock.at(now)
        if rule is StockRule.IGNORED:
            return None
        promised = self.promised()
        return {
            name: (came.day, came.number - promised[site, name])
            for (where, name), came in sorted(self.came.items())
            if (where, came.product) == (site, product) and (came.received is not None or rule is StockRule.EXPECTED)
        }

    def room(self, site: str, product: str, now: Instant) -> int:
        """How many people the site can still fully book with a product."""
        stock = _by_day(self.deliveries(site, product, now))
        return most_people(self.supply(site, product, now), self.window(product, now), stock)

    def room_in_all(self, site: str, now: Instant) -> int:
        """How many people an open site can still fully book; none at a closed one."""
        return sum(self.room(site, product, now) for product in self.products(site)) if site in self.open else 0

    def strands(self, site: str, product: str, days: Sequence[Day], now: Instant) -> str:
        """The refusal for somebody who wants these days; empty where they may have them."""
        seats, stock = self.supply(site, product, now), self.deliveries(site, product, now)
        window = self.window(product, now)
        if any(not free.get(day) for free, day in zip(seats, days, strict=True)) or not spaced(days, window):
            return "offer_taken"
        left = _by_day(stock)
        if left is not None and not _promise(left, days):
            return "offer_taken"
        rest = [{**free, day: free[day] - 1} for free, day in zip(seats, days, strict=True)]
        return "" if most_people(rest, window, left) == self.room(site, product, now) - 1 else "offer_strands"


def _promise(stock: dict[Day, int], days: Sequence[Day]) -> bool:
    """Takes a dose for each day, from the latest delivery that has one; whether there were enough."""
    for day in days:
        fitting = [arrival for arrival, number in stock.items() if arrival <= day and number > 0]
        if not fitting:
            return False
        stock[max(fitting)] -= 1
    return True


def spaced(days: Sequence[Day], window: Window) -> bool:
    """Whether doses on these days keep the interval."""
    gaps = [(after - before).days for before, after in pairwise(days)]
    return window is None or all(window[0] <= gap <= window[1] for gap in gaps)


def _by_day(deliveries: dict[str, tuple[Day, int]] | None) -> dict[Day, int] | None:
    if deliveries is None:
        return None
    found: Counter[Day] = Counter()
    for day, number in deliveries.values():
        found[day] += number
    return dict(found)
