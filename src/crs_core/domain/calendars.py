"""Calendars of a vaccination site: slots of one product and one dose, and the deliveries of doses behind them."""

from collections.abc import Iterable, Iterator
from typing import Any, cast

from attrs import field, frozen

from crs_core.domain import inputs
from crs_core.domain.campaign import Campaign
from crs_core.domain.time import Day, clock_time, exists
from crs_core.errors import Problem

__all__ = ["Calendar", "Delivery", "Slot", "delivery_faults", "even_slots", "faults"]

_LAST_MINUTE = 24 * 60 - 1
_LONGEST_NAME = 64
_MOST_SEATS = 100_000
_MOST_DOSES = 100_000_000
_FIRST_DAY, _LAST_DAY = Day(2000, 1, 1), Day(2199, 12, 31)


@frozen(order=True)
class Slot:
    """Seats at one time of one day.

    Attributes:
        minute: Wall-clock time in the campaign's zone, minutes since midnight, 0 to 1439.
        seats: How many people it takes, 0 to 100,000.

    >>> Slot(Day(2021, 1, 25), 8 * 60 + 30, 3)
    Slot(day=datetime.date(2021, 1, 25), minute=510, seats=3)
    """

    day: Day
    minute: int
    seats: int = field(order=False)


def _in_order(slots: Iterable[Slot]) -> tuple[Slot, ...]:
    """Slots in order; what cannot be ordered is left as it is, for `faults` to name."""
    left: Any = slots
    try:
        left = tuple(slots)
        return tuple(sorted(left))
    except TypeError:
        return cast("tuple[Slot, ...]", left)


@frozen
class Calendar:
    """The slots of one dose of one product at one site.

    Attributes:
        name: Unique at the site, such as ``V1``; 1 to 64 characters.
        dose: Which dose, from 1.
        slots: In order of time, each time once.

    >>> calendar = Calendar("V1", "comirnaty", 1, [Slot(Day(2021, 1, 26), 480, 3), Slot(Day(2021, 1, 25), 480, 3)])
    >>> [slot.day.isoformat() for slot in calendar.slots]
    ['2021-01-25', '2021-01-26']
    """

    name: str
    product: str
    dose: int
    slots: tuple[Slot, ...] = field(converter=_in_order)


@frozen
class Delivery:
    """Doses of a product that come to a site and can be given from that day on.

    Attributes:
        id: 1 to 64 characters.
        doses: How many, 0 to 100,000,000.
        received: None while only announced; then how many came.

    >>> Delivery("delivery-1", "comirnaty", Day(2021, 1, 18), doses=975).received is None
    True
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
    for number, calendar in enumerate(calendars):
        given: object = calendar
        if not isinstance(given, Calendar):
            yield Problem(f"calendars[{number}]", type(given).__name__, "must be a Calendar", "make one")
            continue
        wrong_name = inputs.of_text(f"calendars[{number}].name", calendar.name, least=1, most=_LONGEST_NAME)
        place = f"calendars[{number if wrong_name else calendar.name}]"
        if wrong_name:
            yield wrong_name
        elif calendar.name in seen:
            yield Problem(f"{place}.name", calendar.name, "a calendar's name is unique at its site", "rename one")
        else:
            seen.add(calendar.name)
        yield from _of_product(calendar, place, campaign)
        yield from _of_slots(calendar, place, campaign.zone)


def delivery_faults(delivery: Delivery, campaign: Campaign) -> Iterator[Problem]:
    """Every fault of a delivery, by itself."""
    given: object = delivery
    if not isinstance(given, Delivery):
        yield Problem("delivery", type(given).__name__, "must be a Delivery", "make one")
        return
    received = 0 if delivery.received is None else delivery.received
    found = (
        inputs.of_text("delivery.id", delivery.id, least=1, most=_LONGEST_NAME),
        _of_known("delivery.product", delivery.product, campaign),
        _of_day("delivery.day", delivery.day),
        inputs.of_number("delivery.doses", delivery.doses, least=0, most=_MOST_DOSES),
        inputs.of_number("delivery.received", received, least=0, most=_MOST_DOSES),
    )
    yield from (problem for problem in found if problem is not None)


def _of_known(place: str, product: object, campaign: Campaign) -> Problem | None:
    names = sorted(each.name for each in campaign.products)
    if product in names:
        return None
    return Problem(place, inputs.shown(product), f"must be a product of the campaign: {names}", "choose one of them")


def _of_day(place: str, day: object) -> Problem | None:
    wrong_kind = inputs.of_day(place, day)
    if wrong_kind is None and not _FIRST_DAY <= cast("Day", day) <= _LAST_DAY:
        return Problem(place, str(day), f"must be a day from {_FIRST_DAY} to {_LAST_DAY}", "mend the year")
    return wrong_kind


def _of_product(calendar: Calendar, place: str, campaign: Campaign) -> Iterator[Problem]:
    unknown = _of_known(f"{place}.product", calendar.product, campaign)
    if unknown is not None:
        yield unknown
    doses = max(each.doses for each in campaign.products if unknown or each.name == calendar.product)
    wrong_dose = inputs.of_number(f"{place}.dose", calendar.dose, least=1, most=doses)
    if wrong_dose is not None:
        yield wrong_dose


def _of_slots(calendar: Calendar, place: str, zone: str) -> Iterator[Problem]:
    slots: object = calendar.slots
    if not isinstance(slots, tuple):
        yield Problem(f"{place}.slots", type(slots).__name__, "must be slots", "give a list of them")
        return
    times: set[tuple[Day, int]] = set()
    for number, slot in enumerate(slots):
        wrong = list(_of_slot(slot, f"{place}.slots[{number}]"))
        yield from wrong
        if wrong:
            continue
        where = f"{place}.slots[{slot.day} {clock_time(slot.minute)}]"
        if slot.minute < 4 * 60 and not exists(slot.day, slot.minute, zone):
            yield Problem(where, clock_time(slot.minute), f"the clocks skip it in {zone}", "choose another time")
        if (slot.day, slot.minute) in times:
            yield Problem(where, clock_time(slot.minute), "a time stands once in a calendar", "add up the seats")
        times.add((slot.day, slot.minute))


def _of_slot(slot: object, place: str) -> Iterator[Problem]:
    if not isinstance(slot, Slot):
        yield Problem(place, type(slot).__name__, "must be a Slot", "make one")
        return
    found = (
        _of_day(f"{place}.day", slot.day),
        inputs.of_number(f"{place}.minute", slot.minute, least=0, most=_LAST_MINUTE),
        inputs.of_number(f"{place}.seats", slot.seats, least=0, most=_MOST_SEATS),
    )
    yield from (problem for problem in found if problem is not None)
