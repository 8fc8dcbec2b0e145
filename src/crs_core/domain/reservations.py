"""Reservations: all the doses of one person at one site, in one commit."""

import enum
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise, zip_longest

from attrs import evolve, field, frozen

from crs_core.domain import pairing
from crs_core.domain.ledger import Account, AccountKind, State, Transfer
from crs_core.domain.pairing import Supply
from crs_core.domain.sites import Site
from crs_core.domain.time import Day, Instant, clock_time, days_between, has_come
from crs_core.errors import Refused

__all__ = [
    "Appointment",
    "Attendance",
    "Offer",
    "OfferedDose",
    "Offers",
    "Reservation",
    "Step",
    "accounts_of",
    "appointments",
    "changes",
    "kept_interval",
    "listed_days",
    "require_offered",
    "transfers",
    "units",
]


@frozen(order=True)
class OfferedDose:
    """A seat for one dose: which, in which calendar, on which day, at what time (minutes since midnight, local)."""

    dose: int
    calendar: str
    day: Day
    minute: int

    def __str__(self) -> str:
        return f"{self.dose}. {self.day} {clock_time(self.minute)}"


@frozen
class Offer:
    """Linked seats for all the doses of a product at a site.

    Attributes:
        token: Signed and expiring: what a form sends back to reserve it.
        doses: In order of dose.
    """

    site_id: str
    product: str
    doses: tuple[OfferedDose, ...]
    token: str = field(default="", repr=False)


@frozen
class Offers:
    """What a citizen may choose from; true as of `as_of`, checked again when reserved.

    Attributes:
        days: Dose-1 days with at least one offer, rising, and the seats free on each.
        day: The day that `offers` are of; None if there is no day.
        offers: Offers of that day, by time.
        reason: Why there is nothing, or ``""``: ``site_closed``; ``full``; of the day asked for also ``no_next_dose``
            (no later dose is free within the interval), ``no_vaccine`` (none is delivered for it) or ``day_strands``
            (somebody else would lose a dose).
    """

    as_of: Instant
    site_id: str
    days: tuple[tuple[Day, int], ...]
    day: Day | None
    offers: tuple[Offer, ...]
    reason: str = ""


class Attendance(enum.Enum):
    """What became of one dose, and so where its seat and its vaccine stand in the ledger."""

    EXPECTED = "expected"
    CHECKED_IN = "checked_in"
    GIVEN = "given"
    MISSED = "missed"
    """Nobody came: the seat is wasted, the vaccine went back to its delivery."""
    MISSED_WASTED = "missed_wasted"
    """Nobody came, and the vaccine had been opened: both are wasted."""
    LOST = "lost"
    """A re-plan took the seat away and found no other yet; it holds neither seat nor vaccine."""


_HELD = frozenset({Attendance.EXPECTED, Attendance.CHECKED_IN})
_STANDS: dict[Attendance, tuple[State, State]] = {
    Attendance.EXPECTED: (State.RESERVED, State.RESERVED),
    Attendance.CHECKED_IN: (State.RESERVED, State.RESERVED),
    Attendance.GIVEN: (State.GIVEN, State.GIVEN),
    Attendance.MISSED: (State.WASTED, State.FREE),
    Attendance.MISSED_WASTED: (State.WASTED, State.WASTED),
    Attendance.LOST: (State.FREE, State.FREE),
}


@frozen
class Appointment:
    """One dose of a reservation.

    Attributes:
        delivery_id: The delivery that its dose is taken from; None where stock does not count.
    """

    dose: int
    calendar: str
    day: Day
    minute: int
    delivery_id: str | None = None
    delivery_day: Day | None = None
    attendance: Attendance = Attendance.EXPECTED

    @property
    def held(self) -> bool:
        """Whether its seat is still reserved: nobody has been given the dose or missed it."""
        return self.attendance in _HELD

    @property
    def stands(self) -> tuple[State, State]:
        """Where its seat and its vaccine stand while the reservation is active."""
        return _STANDS[self.attendance]


@frozen
class Step:
    """One thing that the site recorded, so that the last one can be undone.

    Attributes:
        by: Who recorded it.
        before: What the dose was before.
        ended: Whether the reservation ended by it.
    """

    dose: int
    at: Instant
    by: str
    before: Attendance
    after: Attendance
    ended: bool = False


@frozen
class Reservation:
    """One person's doses.

    Attributes:
        interval: Calendar days from dose to dose in force when it was made, both included; None for one dose. A dose
            that moves later keeps to it.
        access: The access in force when it was made.
        invitation: The number of the invitation it answers; 0 under immediate access.
        cancelled_at: When it was cancelled, or None while it is active.
        steps: What the site recorded, in order; undone ones are gone.
        missed: Appointments that nobody came to and that were moved since; their seats stay wasted.
        revision: How often its doses moved since it was made.
        replanned: How many of those moves a re-plan made.
    """

    id: str
    registration_id: str
    site_id: str
    product: str
    doses: tuple[Appointment, ...]
    made_at: Instant
    interval: tuple[int, int] | None
    access: str
    invitation: int
    cancelled_at: Instant | None = None
    steps: tuple[Step, ...] = ()
    missed: tuple[Appointment, ...] = ()
    revision: int = 0
    replanned: int = 0

    @property
    def begun(self) -> bool:
        """Whether a dose of it has been given."""
        return any(each.attendance is Attendance.GIVEN for each in self.doses)

    def cancelled(self, now: Instant) -> "Reservation":
        """The same, no longer active."""
        return evolve(self, cancelled_at=now)

    def with_dose(self, appointment: Appointment) -> "Reservation":
        """The same with another appointment for the dose of that number."""
        doses = tuple(appointment if each.dose == appointment.dose else each for each in self.doses)
        return evolve(self, doses=doses)


def require_offered(offer: Offer, supply: Supply, site: Site, zone: str, now: Instant) -> None:
    """Returns where all of the offer's seats are there and ahead, in order, within the interval; nobody is stranded.

    Raises:
        Refused: ``offer_taken`` where a seat or a dose is gone, or its time has come; ``offer_strands`` where taking it
            would leave somebody else's first dose without its second.
    """
    dose_of = {head.name: (head.product, head.dose) for head in site.calendars}
    wanted = [(offer.product, number) for number in range(1, len(supply.seats) + 1)]
    if [dose_of.get(dose.calendar) for dose in offer.doses] != wanted:
        raise _taken()
    days = [dose.day.toordinal() for dose in offer.doses]
    if not pairing.spaced(supply, days):
        raise _taken()
    if any(free.get(day, 0) <= 0 for free, day in zip(supply.seats, days, strict=True)):
        raise _taken()
    if any(site.is_short(dose.calendar, dose.day, dose.minute) for dose in offer.doses):
        raise _taken()
    if any(has_come(dose.day, dose.minute, zone, now) for dose in offer.doses):
        raise _taken()
    if pairing.deliveries_for(supply.doses, days) is None:
        raise _taken()
    if not pairing.strands_nobody(supply, days):
        raise Refused(
            "offer_strands", "these days together would leave another first dose without its second", remedy=_AGAIN
        )


_AGAIN = "choose another time; the page shows what is free now"


def _taken() -> Refused:
    return Refused("offer_taken", "a seat of this offer is no longer free", remedy=_AGAIN)


def appointments(offer: Offer, supply: Supply, deliveries: Mapping[str, Mapping[Day, int]]) -> tuple[Appointment, ...]:
    """The doses with the deliveries that they are taken from."""
    days = [dose.day.toordinal() for dose in offer.doses]
    arrivals = pairing.deliveries_for(supply.doses, days)
    if not arrivals:
        return tuple(Appointment(dose.dose, dose.calendar, dose.day, dose.minute) for dose in offer.doses)
    taken: dict[str, int] = {}
    found = []
    for dose, arrival in zip(offer.doses, arrivals, strict=True):
        name = _delivery(deliveries, Day.fromordinal(arrival), taken)
        taken[name] = taken.get(name, 0) + 1
        found.append(Appointment(dose.dose, dose.calendar, dose.day, dose.minute, name, Day.fromordinal(arrival)))
    return tuple(found)


def _delivery(deliveries: Mapping[str, Mapping[Day, int]], day: Day, taken: Mapping[str, int]) -> str:
    for name, free in sorted(deliveries.items()):
        if free.get(day, 0) - taken.get(name, 0) > 0:
            return name
    raise _taken()


def accounts_of(site_id: str, appointment: Appointment) -> Iterator[Account]:
    """The accounts that one dose takes a unit of: its slot, its day, its delivery."""
    yield Account(site_id, AccountKind.SLOT, appointment.calendar, appointment.day, appointment.minute)
    yield Account(site_id, AccountKind.DAY, appointment.calendar, appointment.day)
    if appointment.delivery_id is not None and appointment.delivery_day is not None:
        yield Account(site_id, AccountKind.DELIVERY, appointment.delivery_id, appointment.delivery_day)


def units(reservation: Reservation) -> Iterator[tuple[Account, State]]:
    """Every unit that the ledger must show for a reservation, with the state it stands in; free ones are left out.

    A reservation that is over holds no seat any more, but what it used up stays used up.
    """
    for each in (*reservation.doses, *reservation.missed):
        if each.held and reservation.cancelled_at is not None:
            continue
        seat, stock = each.stands
        for account in accounts_of(reservation.site_id, each):
            state = stock if account.kind == AccountKind.DELIVERY else seat
            if state is not State.FREE:
                yield account, state


def changes(before: Reservation | None, after: Reservation) -> tuple[Transfer, ...]:
    """The transfers that take the ledger from what one state of a reservation says to what another says.

    What both hold alike is not touched, so a dose that moves within its day takes no second unit of the day.
    """
    old = Counter(units(before)) if before is not None else Counter[tuple[Account, State]]()
    new = Counter(units(after))
    gone, come = _by_account(old - new), _by_account(new - old)
    found = []
    for account in sorted(gone.keys() | come.keys()):
        left, wanted = gone.get(account, []), come.get(account, [])
        pairs = zip_longest(left, wanted, fillvalue=State.FREE)
        found += [Transfer(account, source, target) for source, target in pairs]
    return tuple(found)


def _by_account(found: Counter[tuple[Account, State]]) -> dict[Account, list[State]]:
    states: dict[Account, list[State]] = {}
    for account, state in found.elements():
        states.setdefault(account, []).append(state)
    return states


def listed_days(reservation: Reservation) -> tuple[Day, ...]:
    """The days on whose list of appointments it stands at its site, by dose; a lost dose stands on none."""
    ended = reservation.cancelled_at is not None
    return tuple(
        each.day for each in reservation.doses if each.attendance is not Attendance.LOST and not (ended and each.held)
    )


def transfers(site_id: str, doses: Iterable[Appointment], source: State, target: State) -> tuple[Transfer, ...]:
    """The transfers of all seats and doses of some appointments."""
    return tuple(Transfer(account, source, target) for dose in doses for account in accounts_of(site_id, dose))


def kept_interval(reservation: Reservation) -> bool:
    """Whether the doses stand in order, each within the interval in force when the reservation was made."""
    numbers = [dose.dose for dose in reservation.doses]
    if numbers != list(range(1, len(numbers) + 1)):
        return False
    if reservation.interval is None:
        return len(numbers) == 1
    earliest, latest = reservation.interval
    days = [dose.day for dose in reservation.doses]
    return all(earliest <= days_between(first, second) <= latest for first, second in pairwise(days))
