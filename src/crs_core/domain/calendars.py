"""Calendars of a vaccination site: slots of one product and one dose, and the deliveries of doses behind them."""

from collections.abc import Iterable, Iterator

from attrs import field, frozen

from crs_core.domain.campaign import Campaign
from crs_core.domain.time import Day, clock_time, exists
from crs_core.errors import Problem

__all__ = ["Calendar", "Delivery", "Slot", "even_slots", "faults"]

_LAST_MINUTE = 24 * 60 - 1


@frozen(order=True)
class Slot:
    """Seats at one time of one day.

    Attributes:
        minute: Wall-clock time in the campaign's zone, minutes since midnight, 0 to 1439.
        seats: How many people it takes, 0 or more.
    """

    day: Day
    minute: int
    seats: int = field(order=False)


def _in_order(slots: Iterable[Slot]) -> tuple[Slot, ...]:
    return tuple(sorted(slots))


@frozen
class Calendar:
    """The slots of one dose of one product at one site.

    Attributes:
        name: Unique at the site, such as ``V1``.
        dose: Which dose, from 1.
        slots: In order of time, each time once.
    """

    name: str
    product: str
    dose: int
    slots: tuple[Slot, ...] = field(converter=_in_order)


@frozen
class Delivery:
    """Doses of a product that come to a site and can be given from that day on.

    Attributes:
        doses: How many, 0 or more.
        received: None while only announced; then how many came.
    """

    id: str
    product: str
    day: Day
    doses: int
    received: int | None = None


def even_slots(day: Day, seats: int, *, first: int = 480, last: int = 960, every: int = 30) -> Iterator[Slot]:
    """Slots of a day with that many seats in all, spread as evenly as whole seats allow.

    >>> [(slot.minute, slot.seats) for slot in even_slots(Day(2021, 1, 15), 3, last=540)]
    [(480, 1), (510, 2)]
    """
    times = range(first, last, every)
    for number, minute in enumerate(times):
        here = seats * (number + 1) // len(times) - seats * number // len(times)
        if here:
            yield Slot(day, minute, here)


def faults(calendars: Iterable[Calendar], campaign: Campaign) -> Iterator[Problem]:
    """Every fault of calendars about to be published, each with its place."""
    seen: set[str] = set()
    for calendar in calendars:
        place = f"calendars[{calendar.name}]"
        if calendar.name in seen:
            yield Problem(f"{place}.name", calendar.name, "a calendar's name is unique at its site", "rename one")
        seen.add(calendar.name)
        yield from _of_product(calendar, place, campaign)
        yield from _of_slots(calendar, place, campaign.zone)


def _of_product(calendar: Calendar, place: str, campaign: Campaign) -> Iterator[Problem]:
    known = {product.name: product for product in campaign.products}
    if calendar.product not in known:
        rule = f"must be a product of the campaign: {sorted(known)}"
        yield Problem(f"{place}.product", repr(calendar.product), rule, "choose one of them")
    elif not 1 <= calendar.dose <= known[calendar.product].doses:
        rule = f"{calendar.product} has doses 1 to {known[calendar.product].doses}"
        yield Problem(f"{place}.dose", str(calendar.dose), rule, "mend the dose")


def _of_slots(calendar: Calendar, place: str, zone: str) -> Iterator[Problem]:
    times: set[tuple[Day, int]] = set()
    for slot in calendar.slots:
        where = f"{place}.slots[{slot.day} {clock_time(slot.minute % 1440)}]"
        if not 0 <= slot.minute <= _LAST_MINUTE:
            yield Problem(f"{where}.minute", str(slot.minute), "must be 0 to 1439", "give minutes since midnight")
        elif 0 < slot.minute < 4 * 60 and not exists(slot.day, slot.minute, zone):
            yield Problem(where, clock_time(slot.minute), f"the clocks skip it in {zone}", "choose another time")
        if slot.seats < 0:
            yield Problem(f"{where}.seats", str(slot.seats), "must be 0 or more", "give the number of seats")
        if (slot.day, slot.minute) in times:
            yield Problem(where, clock_time(slot.minute), "a time stands once in a calendar", "add up the seats")
        times.add((slot.day, slot.minute))
