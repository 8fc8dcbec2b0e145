"""What a site records of one dose: the person came, was given it, or did not come; and the last of these undone.

expected → checked in → given, or missed; each step is kept with who recorded it, so that the last can be taken back.
What is worse: to lose a dose that was given, or to record one late? A dose may be recorded on any later day, but never
before its own, and never before the doses that come before it.
"""

from attrs import evolve, field, frozen

from crs_core.domain.campaign import NoShowRule
from crs_core.domain.reservations import Appointment, Attendance, Reservation, Step, listed_days
from crs_core.domain.time import Day, Instant, slot_instant
from crs_core.errors import Refused

__all__ = [
    "Attendee",
    "Visit",
    "checked_in",
    "dose_of",
    "dose_on",
    "given",
    "missed",
    "no_appointment",
    "undone",
    "visit_of",
    "visits",
]

_UNDONE = "undo the last step first, or look at the list of the day"


@frozen(order=True)
class Visit:
    """One dose of a reservation as its site sees it; it tells of nobody.

    Attributes:
        minute: Wall-clock time in the campaign's zone, minutes since midnight.
        over: Whether the reservation has ended.
    """

    reservation_id: str
    dose: int
    product: str
    day: Day
    minute: int
    attendance: Attendance = field(order=lambda each: each.value)
    over: bool = False


@frozen
class Attendee:
    """One line of the list of a day: a visit, and who is to come; its `repr` shows nobody."""

    visit: Visit
    registration_id: str
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    birth_date: Day = field(repr=False)


def dose_of(reservation: Reservation, dose: int) -> Appointment:
    """The appointment of one dose.

    Raises:
        Refused: ``no_appointment``.
    """
    for each in reservation.doses:
        if each.dose == dose:
            return each
    raise no_appointment()


def dose_on(reservation: Reservation, day: Day) -> int:
    """Which dose is expected on a day; the next one where none is, so that its day can be said.

    Raises:
        Refused: ``no_appointment`` where nothing is expected any more.
    """
    ahead = [each for each in reservation.doses if each.held and reservation.cancelled_at is None]
    if not ahead:
        raise no_appointment()
    return next((each.dose for each in ahead if each.day == day), ahead[0].dose)


def visits(reservation: Reservation) -> tuple[Visit, ...]:
    """Every dose that stands on a list of appointments, in order."""
    days = listed_days(reservation)
    return tuple(visit_of(reservation, each.dose) for each in reservation.doses if each.day in days)


def visit_of(reservation: Reservation, dose: int) -> Visit:
    """What is said of one dose."""
    found = dose_of(reservation, dose)
    over = reservation.cancelled_at is not None
    return Visit(reservation.id, dose, reservation.product, found.day, found.minute, found.attendance, over)


def no_appointment() -> Refused:
    """The one answer where nothing is expected, whoever asks for whatever."""
    return Refused("no_appointment", "there is no such appointment here", remedy="look at the list of the day")


def checked_in(reservation: Reservation, dose: int, *, today: Day, now: Instant, by: str) -> Reservation:
    """The reservation once the person has come, on the day of the appointment.

    Raises:
        Refused: ``not_today``, ``wrong_step``, ``no_appointment``.
    """
    found = _standing(reservation, dose, Attendance.EXPECTED)
    if found.day != today:
        raise Refused(
            "not_today",
            f"dose={dose}: its appointment is on {found.day}, today is {today}",
            remedy="the citizen can move the dose",
            day=found.day.isoformat(),
        )
    return _step(reservation, found, Attendance.CHECKED_IN, now, by)


def given(reservation: Reservation, dose: int, *, today: Day, now: Instant, by: str) -> Reservation:
    """The reservation once a dose has been given, on the day of its appointment; recorded then or later.

    Raises:
        Refused: ``too_early``, ``wrong_step``, ``no_appointment``.
    """
    found = _standing(reservation, dose, Attendance.EXPECTED, Attendance.CHECKED_IN)
    if found.day > today:
        raise _too_early(found)
    for earlier in reservation.doses:
        if earlier.dose < dose and earlier.attendance is not Attendance.GIVEN:
            raise _wrong_step(earlier)
    return _step(reservation, found, Attendance.GIVEN, now, by)


def missed(reservation: Reservation, dose: int, rule: NoShowRule, *, now: Instant, zone: str, by: str) -> Reservation:
    """The reservation once nobody came to the time of a dose.

    Where no dose of it has been given the reservation ends, and the other doses are free; otherwise it stays, and the
    missed dose waits to be moved.

    Raises:
        Refused: ``too_early``, ``wrong_step``, ``no_appointment``.
    """
    found = _standing(reservation, dose, Attendance.EXPECTED, Attendance.CHECKED_IN)
    if now < slot_instant(found.day, found.minute, zone):
        raise _too_early(found)
    after = Attendance.MISSED_WASTED if rule.dose == "wasted" else Attendance.MISSED
    if reservation.begun:
        return _step(reservation, found, after, now, by)
    return _step(reservation, found, after, now, by, ended=True).cancelled(now)


def undone(reservation: Reservation) -> tuple[Reservation, Step]:
    """The reservation as it was before the last recorded step, and that step.

    Raises:
        Refused: ``nothing_to_undo``.
    """
    if not reservation.steps:
        raise Refused("nothing_to_undo", "nothing was recorded", remedy="look at the list of the day")
    step = reservation.steps[-1]
    back = reservation.with_dose(evolve(dose_of(reservation, step.dose), attendance=step.before))
    ended_at = None if step.ended else reservation.cancelled_at
    return evolve(back, steps=reservation.steps[:-1], cancelled_at=ended_at), step


def _standing(reservation: Reservation, dose: int, *allowed: Attendance) -> Appointment:
    found = dose_of(reservation, dose)
    if found.attendance not in allowed:
        raise _wrong_step(found)
    if reservation.cancelled_at is not None:
        raise no_appointment()
    return found


def _step(
    reservation: Reservation, found: Appointment, after: Attendance, now: Instant, by: str, *, ended: bool = False
) -> Reservation:
    step = Step(found.dose, now, by, found.attendance, after, ended)
    changed = reservation.with_dose(evolve(found, attendance=after))
    return evolve(changed, steps=(*reservation.steps, step))


def _wrong_step(found: Appointment) -> Refused:
    state = found.attendance.value
    return Refused("wrong_step", f"dose={found.dose}: it is {state}", remedy=_UNDONE, dose=found.dose, state=state)


def _too_early(found: Appointment) -> Refused:
    return Refused(
        "too_early",
        f"dose={found.dose}: its appointment is on {found.day}",
        remedy="record it when its time has come",
        dose=found.dose,
        day=found.day.isoformat(),
    )
