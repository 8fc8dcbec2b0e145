"""One dose of a reservation moves to another day or time; the others stay, and so does the old seat until then.

The day must lie within the interval in force when the reservation was *made*, from the dose before and to the dose
after: a dose interval is anchored at the reservation, so a rule that changes meanwhile neither takes a promised day
away nor opens one that was never promised. The new seat, its day and its vaccine are taken and the old ones freed in
one commit. A move strands nobody: afterwards no fewer people can be fully booked than before, so the freed seat must
serve others as well as the new one did.

Sources: people were told to cancel first and were left with nothing; systems that moved dose 2 forgot the interval.
"""

from collections.abc import Iterator, Mapping

from attrs import evolve, frozen

from crs_core.domain.campaign import Campaign
from crs_core.domain.ledger import SiteDays
from crs_core.domain.pairing import Supply, bookable
from crs_core.domain.reservations import Appointment, Attendance, OfferedDose, Reservation, changes
from crs_core.domain.sites import Site, free_doses, supplies
from crs_core.domain.time import Day, Instant, has_come
from crs_core.errors import Refused

__all__ = ["Case", "days_open", "movable", "moved", "require_movable", "vacated", "window"]

_AGAIN = "choose another time; the page shows what is free now"
_MISSED = frozenset({Attendance.MISSED, Attendance.MISSED_WASTED})


@frozen
class Case:
    """One dose that somebody wants to move, and its site as it is.

    Attributes:
        days: What is free at the site now, of today what lies ahead; the old seat not included.
    """

    reservation: Reservation
    dose: int
    site: Site
    days: SiteDays
    campaign: Campaign
    now: Instant

    @property
    def old(self) -> Appointment:
        """The appointment that is to move."""
        return next(each for each in self.reservation.doses if each.dose == self.dose)


def require_movable(appointment: Appointment, now: Instant, zone: str) -> None:
    """Returns where an appointment may still move: it lies ahead, or was missed, or was lost.

    Raises:
        Refused: ``dose_given``; ``dose_past`` where its time has come and the site has not said what became of it.
    """
    if appointment.attendance is Attendance.GIVEN:
        raise Refused("dose_given", "this dose has been given", remedy="choose a dose that lies ahead")
    if appointment.held and not _lies_ahead(appointment, now, zone):
        raise Refused("dose_past", "the time of this dose has come", remedy="ask at the vaccination site")


def movable(reservation: Reservation, now: Instant, zone: str) -> tuple[int, ...]:
    """The doses, by number, of which `require_movable` says yes."""
    return tuple(
        each.dose
        for each in reservation.doses
        if each.attendance is not Attendance.GIVEN and (not each.held or _lies_ahead(each, now, zone))
    )


def _lies_ahead(appointment: Appointment, now: Instant, zone: str) -> bool:
    came = appointment.attendance is Attendance.CHECKED_IN
    return not (came or has_come(appointment.day, appointment.minute, zone, now))


def vacated(reservation: Reservation, dose: int) -> Reservation:
    """The reservation once a dose of it has no seat; one that was missed is kept, as its seat stays wasted."""
    old = next(each for each in reservation.doses if each.dose == dose)
    empty = reservation.with_dose(evolve(old, attendance=Attendance.LOST))
    if old.attendance not in _MISSED:
        return empty
    steps = tuple(step for step in reservation.steps if step.dose != dose)
    return evolve(empty, missed=(*reservation.missed, old), steps=steps)


def window(reservation: Reservation, dose: int) -> tuple[int, int]:
    """First and last day for a dose, as ordinals, by the doses around it and the interval the reservation keeps.

    >>> from pendulum import datetime
    >>> doses = (Appointment(1, "V1", Day(2021, 1, 25), 480), Appointment(2, "V2", Day(2021, 2, 15), 480))
    >>> made = Reservation("r", "one", "north", "comirnaty", doses, datetime(2021, 1, 20), (21, 28), "invitation", 1)
    >>> [Day.fromordinal(day).isoformat() for day in window(made, 2)]
    ['2021-02-15', '2021-02-22']
    """
    first, last = Day.min.toordinal(), Day.max.toordinal()
    if reservation.interval is None:
        return first, last
    earliest, latest = reservation.interval
    for each in reservation.doses:
        day = each.day.toordinal()
        if each.dose == dose - 1:
            first, last = max(first, day + earliest), min(last, day + latest)
        if each.dose == dose + 1:
            first, last = max(first, day - latest), min(last, day - earliest)
    return first, last


def days_open(case: Case) -> Iterator[Day]:
    """Days to which the dose may move without stranding anybody, rising, its own included."""
    supply = _freed(case)
    if supply is None:
        return
    first, last = window(case.reservation, case.dose)
    for day, free in sorted(supply.seats[case.dose - 1].items()):
        if free > 0 and first <= day <= last and _kept(case, _seat_of(case, Day.fromordinal(day)), supply):
            yield Day.fromordinal(day)


def moved(case: Case, seat: OfferedDose) -> Reservation:
    """The reservation with the dose at a new seat, and its vaccine from the latest delivery that is there for it.

    Raises:
        Refused: ``offer_taken`` where the seat or the vaccine is gone or the day lies outside of the interval,
            ``offer_strands`` where fewer people could be fully booked afterwards.
    """
    supply = _freed(case)
    heads = {head.name for head in case.site.calendars if (head.product, head.dose) == _column(case)}
    first, last = window(case.reservation, case.dose)
    inside = seat.calendar in heads and first <= seat.day.toordinal() <= last
    gone = case.site.is_short(seat.calendar, seat.day, seat.minute)
    gone = gone or has_come(seat.day, seat.minute, case.campaign.zone, case.now)
    if supply is None or gone or not inside or supply.seats[case.dose - 1].get(seat.day.toordinal(), 0) <= 0:
        raise _taken()
    after = _moved(case, seat, supply)
    if after is None:
        raise _taken()
    if not _strands_nobody(case, after):
        raise Refused("offer_strands", "this move would leave somebody else's dose without its pair", remedy=_AGAIN)
    return after


def _taken() -> Refused:
    return Refused("offer_taken", "this seat is no longer free", remedy=_AGAIN)


def _column(case: Case) -> tuple[str, int]:
    return case.reservation.product, case.dose


def _freed_days(case: Case) -> SiteDays:
    return case.days.after(changes(case.reservation, vacated(case.reservation, case.dose)))


def _freed(case: Case) -> Supply | None:
    """What is free once the old seat and its vaccine are."""
    return supplies(case.site, _freed_days(case), case.campaign, case.now).get(case.reservation.product)


def _seat_of(case: Case, day: Day) -> OfferedDose:
    """Some seat of a day: the seats of one day are interchangeable to others."""
    name = next(head.name for head in case.site.calendars if (head.product, head.dose) == _column(case))
    return OfferedDose(case.dose, name, day, 0)


def _kept(case: Case, seat: OfferedDose, supply: Supply) -> bool:
    after = _moved(case, seat, supply)
    return after is not None and _strands_nobody(case, after)


def _moved(case: Case, seat: OfferedDose, supply: Supply) -> Reservation | None:
    empty = vacated(case.reservation, case.dose)
    new = Appointment(case.dose, seat.calendar, seat.day, seat.minute)
    if supply.doses is not None:
        delivery = _delivery(case, seat.day)
        if delivery is None:
            return None
        new = evolve(new, delivery_id=delivery[0], delivery_day=delivery[1])
    return evolve(empty.with_dose(new), revision=empty.revision + 1)


def _delivery(case: Case, day: Day) -> tuple[str, Day] | None:
    """The latest delivery with a dose for that day; the one it holds counts as free for it."""
    rule = case.campaign.stock.at(case.now)
    found = _arrivals(free_doses(case.site, _freed_days(case), case.reservation.product, rule))
    fitting = [(arrival, name) for name, arrival in found if arrival <= day]
    if fitting:
        arrival, name = max(fitting)
        return name, arrival
    held = case.old
    if held.held and held.delivery_id is not None and held.delivery_day is not None and held.delivery_day <= day:
        return held.delivery_id, held.delivery_day
    return None


def _arrivals(free: Mapping[str, Mapping[Day, int]]) -> Iterator[tuple[str, Day]]:
    for name, by_day in free.items():
        for day, number in by_day.items():
            if number > 0:
                yield name, day


def _strands_nobody(case: Case, after: Reservation) -> bool:
    """Whether as many people can be fully booked once the move is made as now.

    Who has no seat any more, because the dose was missed or lost or a cut takes it, takes one person's place and no
    more.
    """
    then = supplies(case.site, case.days.after(changes(case.reservation, after)), case.campaign, case.now)
    now = supplies(case.site, case.days, case.campaign, case.now)
    place = 0 if case.old.held and not _is_cut(case) else 1
    return bookable(then[case.reservation.product]) >= bookable(now[case.reservation.product]) - place


def _is_cut(case: Case) -> bool:
    """Whether the site is short of the old seat or its vaccine, so that nobody else gains by the move."""
    old = case.old
    short = any(note.short for note in case.site.deliveries if note.id == old.delivery_id)
    return short or case.site.is_short(old.calendar, old.day, old.minute)
