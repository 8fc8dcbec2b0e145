"""One dose of a reservation moves: what it may move to, and the move, in one commit or not at all."""

from crs_core.desks.entering import entered, entry_id
from crs_core.desks.offering import free_times
from crs_core.desks.reserving import held_by
from crs_core.domain import attendance, inputs, moving, tokens
from crs_core.domain.messages import Purpose
from crs_core.domain.moving import Case
from crs_core.domain.plans import Key, Plan, Put, Versioned
from crs_core.domain.registration import Registration
from crs_core.domain.reservations import Offer, OfferedDose, Offers, Reservation, changes
from crs_core.domain.sites import Site, require_open
from crs_core.domain.time import Day, Instant, clock_time, later
from crs_core.errors import Problem, Refused, Short
from crs_core.office.commands import Command, Office
from crs_core.office.letters import note, told
from crs_core.office.vacancies import vacancies
from crs_core.ports.storage import View, Work

__all__ = ["move_dose", "move_offers"]

_OFFER_MINUTES = 20
_MOST_OFFERS = 24
_MOST_DOSES = 3


def move_offers(office: Office, entry: str, *, dose: int, day: Day | None) -> Offers:
    """See `CitizenDesk.move_offers`."""
    inputs.require(_of_dose(dose), None if day is None else inputs.of_day("day", day))
    now = office.now()
    with office.storage.read() as view:
        held = held_by(view, entered(view, entry_id(office, entry, now)).value).value
        case = _case(office, view, held, dose, now)
        if case is None:
            return Offers(now, held.site_id, (), None, (), "site_closed")
        times = {each: _times(office, view, case, each) for each in moving.days_open(case)}
    days = tuple((each, len(found)) for each, found in times.items() if found)
    chosen = day if day is not None or not days else days[0][0]
    found = () if chosen is None else times.get(chosen, ())
    offered = tuple(_offer(office, case, seat) for seat in found[:_MOST_OFFERS])
    return Offers(now, held.site_id, days, chosen, offered, "" if offered else "full")


def _of_dose(dose: int) -> Problem | None:
    return inputs.of_number("dose", dose, least=1, most=_MOST_DOSES)


def _case(office: Office, view: View, held: Reservation, dose: int, now: Instant) -> Case | None:
    """The dose and its site as it is; None where the site is not open.

    Raises:
        Refused: ``no_appointment``, ``dose_given``, ``dose_past``.
    """
    moving.require_movable(attendance.dose_of(held, dose), now, office.campaign.zone)
    site = view.get(Key(Site, held.site_id))
    if site is None or not site.value.is_open:
        return None
    return Case(held, dose, site.value, vacancies(office, view, held.site_id, now), office.campaign, now)


def _times(office: Office, view: View, case: Case, day: Day) -> tuple[OfferedDose, ...]:
    old = case.old
    seats = free_times(office, view, case.site, case.reservation.product, case.dose, day, case.now)
    return tuple(
        seat for seat in seats if (seat.calendar, seat.day, seat.minute) != (old.calendar, old.day, old.minute)
    )


def _offer(office: Office, case: Case, seat: OfferedDose) -> Offer:
    facts = {"r": case.reservation.id, "d": [seat.dose, seat.calendar, seat.day.isoformat(), seat.minute]}
    token = tokens.sign(office.keyring, "move", facts, until=later(case.now, minutes=_OFFER_MINUTES))
    return Offer(case.site.id, case.reservation.product, (seat,), token)


def move_dose(
    office: Office, entry: str, *, dose: int, offer: Offer | str, actor: str, idempotency_key: str | None
) -> Reservation:
    """See `CitizenDesk.move_dose`."""
    inputs.require(_of_dose(dose))
    now = office.now()
    ident = entry_id(office, entry, now)
    token = offer.token if isinstance(offer, Offer) else offer
    reservation_id, seat = _read(office, token, dose, now)
    with office.storage.read() as view:  # where it is, to lock the site; whether it still holds, the locks say
        found = view.get(Key(Reservation, reservation_id))
    site_id = "" if found is None else found.value.site_id

    def decide(work: Work, now: Instant) -> Plan[Reservation]:
        stored = entered(work, ident)
        held = held_by(work, stored.value)
        if held.value.id != reservation_id:
            raise _taken()
        case = _case(office, work, held.value, dose, now)
        if case is None:
            require_open(None, site_id)
            raise _taken()
        return _plan(office, stored.value, held, moving.moved(case, seat), dose, now)

    keys = (Key(Registration, ident[0]), Key(Site, site_id))
    arguments = {"entry": ident[0], "dose": str(dose), "offer": token}
    try:
        return office.run(Command("move_dose", actor, arguments, Reservation, decide, keys, idempotency_key))
    except Short as short:
        raise _taken() from short


def _read(office: Office, token: str, dose: int, now: Instant) -> tuple[str, OfferedDose]:
    facts = tokens.read(office.keyring, "move", token, now=now)
    number, calendar, day, minute = facts["d"]
    if number != dose:
        raise Refused(
            "token_invalid", f"this offer is for dose {number}", remedy="choose among its offers", kind="move"
        )
    return str(facts["r"]), OfferedDose(number, calendar, Day.fromisoformat(day), minute)


def _taken() -> Refused:
    remedy = "choose another time; the page shows what is free now"
    return Refused("offer_taken", "the seat of this offer is no longer free", remedy=remedy)


def _plan(
    office: Office,
    registration: Registration,
    held: Versioned[Reservation],
    after: Reservation,
    dose: int,
    now: Instant,
) -> Plan[Reservation]:
    was, becomes = attendance.dose_of(held.value, dose), attendance.dose_of(after, dose)
    from_to = {"was": f"{was.day} {clock_time(was.minute)}", "becomes": f"{becomes.day} {clock_time(becomes.minute)}"}
    return Plan(
        after,
        puts=(Put(Key(Reservation, after.id), after, held.version),),
        transfers=changes(held.value, after),
        journal=(note(office, "moved", registration, after, now, dose=dose, **from_to),),
        messages=told(office, registration, after, Purpose.MOVED, now),
    )
