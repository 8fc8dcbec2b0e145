"""The least that a re-plan can cost, found by trying; it knows nothing of searches or bounds."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import product

from crs_core.domain.campaign import StockRule
from crs_core.domain.reservations import Appointment, Attendance, Reservation
from crs_core.domain.time import Day, Instant, add_days, day_of, slot_instant
from crs_core.testing.lifecycle.seats import Seats, spaced

__all__ = ["Cost", "cost_of", "least_cost", "movable"]

Cost = tuple[int, int, int]
"""Begun series without a next seat, others without any, people moved."""

_Seat = tuple[str, Day, int]


def movable(reservation: Reservation, now: Instant, zone: str) -> list[int]:
    """The doses, from 0, that lie ahead or are lost."""
    return [
        number
        for number, each in enumerate(reservation.doses)
        if each.attendance is Attendance.LOST
        or (each.attendance is Attendance.EXPECTED and slot_instant(each.day, each.minute, zone) > now)
    ]


def _seat(dose: Appointment) -> _Seat:
    return dose.calendar, dose.day, dose.minute


def _begun(reservation: Reservation, now: Instant, zone: str) -> bool:
    return len(movable(reservation, now, zone)) < len(reservation.doses)


def cost_of(before: Reservation, after: Reservation | None, now: Instant, zone: str) -> Cost:
    """What became of one person; None or a lost dose is a seat that was not found."""
    waited = any(each.attendance is Attendance.LOST for each in before.doses)
    lost = after is None or any(each.attendance is Attendance.LOST for each in after.doses)
    if lost or after is None:
        return (1, 0, 0) if _begun(before, now, zone) else (0, 1, 0)
    moved = [_seat(each) for each in before.doses] != [_seat(each) for each in after.doses]
    return 0, 0, int(moved and not waited)


def least_cost(seats: Seats, site: str, name: str, now: Instant) -> Cost:
    """The least cost of a product at a site, as it is now."""
    zone = seats.campaign.zone
    here = [each for each in seats.people.reserved() if (each.site_id, each.product) == (site, name)]
    holders = [each for each in here if movable(each, now, zone)]
    room, stock = _left(seats, site, name, here, now)
    ways = [list(_ways(each, room, now, zone, stocked=stock is not None)) for each in holders]
    best = (len(holders) + 1, 0, 0)

    def go(number: int, cost: Cost, left: Mapping[_Seat, int], needs: tuple[Day, ...]) -> None:
        nonlocal best
        if cost >= best:
            return
        if number == len(ways):
            best = cost
            return
        for taken, days, more in ways[number]:
            rest = Counter(left)
            rest.subtract(taken)
            used = (*needs, *days)
            fits = all(rest[each] >= 0 for each in taken)
            if fits and (stock is None or all(_until(used, day) <= stock[day] for day in used)):
                go(number + 1, (cost[0] + more[0], cost[1] + more[1], cost[2] + more[2]), rest, used)

    go(0, (0, 0, 0), room, ())
    return best


def _until(days: tuple[Day, ...], day: Day) -> int:
    return sum(each <= day for each in days)


class _Come(dict[Day, int]):
    """Doses that have come by a day."""

    def __missing__(self, day: Day) -> int:
        return sum(number for arrival, number in self.items() if arrival <= day)


def _left(
    seats: Seats, site: str, name: str, here: list[Reservation], now: Instant
) -> tuple[dict[_Seat, int], _Come | None]:
    """Seats ahead, and doses that have come by each day, less those of whoever cannot move."""
    zone, rule = seats.campaign.zone, seats.campaign.stock.at(now)
    fixed = [
        each
        for one in here
        for number, each in enumerate(one.doses)
        if number not in movable(one, now, zone) and each.attendance is not Attendance.LOST
    ]
    taken = Counter(_seat(each) for each in fixed)
    promised = Counter(each.delivery_id for each in fixed)
    room = {
        (calendar.name, slot.day, slot.minute): slot.seats - taken[calendar.name, slot.day, slot.minute]
        for calendar in seats.calendars(site).values()
        for slot in calendar.slots
        if calendar.product == name and slot_instant(slot.day, slot.minute, zone) > now
    }
    if rule is StockRule.IGNORED:
        return room, None
    arrivals = Counter[Day]()
    for (where, delivery), came in seats.came.items():
        if (where, came.product) == (site, name) and (came.received is not None or rule is StockRule.EXPECTED):
            arrivals[came.day] += max(0, came.number - promised[delivery])
    days = {day for _, day, _ in room} | set(arrivals)
    return room, _Come({day: sum(n for arrival, n in arrivals.items() if arrival <= day) for day in days})


def _ways(
    one: Reservation, room: Mapping[_Seat, int], now: Instant, zone: str, *, stocked: bool
) -> Iterator[tuple[tuple[_Seat, ...], tuple[Day, ...], Cost]]:
    """Seats taken, days on which vaccine is needed and the cost of everything that may become of somebody."""
    ahead = movable(one, now, zone)
    first = add_days(day_of(now, zone), 1)
    begun = len(ahead) < len(one.doses)
    choices = []
    for number, each in enumerate(one.doses):
        new = [seat for seat in room if seat[0] == each.calendar and seat[1] >= first]
        own = [] if each.attendance is Attendance.LOST else [_seat(each)]
        choices.append(own + [seat for seat in new if seat not in own] if number in ahead else [_seat(each)])
    waited = any(each.attendance is Attendance.LOST for each in one.doses)
    for chosen in product(*choices):
        if not spaced([day for _, day, _ in chosen], one.interval):
            continue
        stays = [seat == _seat(each) and each.held for seat, each in zip(chosen, one.doses, strict=True)]
        days = tuple(
            chosen[number][1]
            for number in ahead
            if stocked and (not stays[number] or one.doses[number].delivery_id is not None)
        )
        moved = not waited and not all(stays[number] for number in ahead)
        yield tuple(chosen[number] for number in ahead), days, (0, 0, int(moved))
    yield (), (), ((1, 0, 0) if begun else (0, 1, 0))
