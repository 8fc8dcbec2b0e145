"""A site's day: who is expected, who came, who was given a dose, who did not come; and the last of these undone."""

from attrs import evolve

from crs_core.domain import attendance, gate, inputs
from crs_core.domain.attendance import Attendee, Visit
from crs_core.domain.insured_number import compact
from crs_core.domain.people import Person
from crs_core.domain.plans import Key, Plan, Put, Versioned
from crs_core.domain.registration import Gate, Registration, is_live
from crs_core.domain.reservations import Reservation, changes
from crs_core.domain.sites import Site
from crs_core.domain.time import Day, Instant
from crs_core.errors import Problem, Refused, Short
from crs_core.office.commands import Command, Office
from crs_core.office.letters import about, note
from crs_core.ports.storage import View, Work

__all__ = ["appointments", "check_in", "no_show", "record_dose", "undo"]

_MOST_DOSES = 3
_LONGEST_NUMBER = 20
_LONGEST_BATCH = 64


def appointments(office: Office, site_id: str, day: Day | None) -> tuple[Attendee, ...]:
    """See `SiteDesk.appointments`."""
    inputs.require(None if day is None else inputs.of_day("day", day))
    when = office.today(office.now()) if day is None else day
    with office.storage.read() as view:
        found = [_lines(view, stored.value, when) for stored in view.appointments(site_id, when, when)]
    return tuple(sorted((line for lines in found for line in lines), key=lambda line: (line.visit.minute, line.visit)))


def _lines(view: View, reservation: Reservation, day: Day) -> list[Attendee]:
    stored = view.get(Key(Registration, reservation.registration_id))
    if stored is None:
        return []
    who = stored.value
    return [
        Attendee(visit, who.id, who.first_name, who.last_name, who.birth_date)
        for visit in attendance.visits(reservation)
        if visit.day == day
    ]


def check_in(
    office: Office,
    site_id: str,
    reservation_id: str | None,
    insured_number: str | None,
    *,
    actor: str,
    idempotency_key: str | None,
) -> Visit:
    """See `SiteDesk.check_in`."""
    inputs.require(
        _one_of(reservation_id, insured_number),
        None if reservation_id is None else inputs.of_text("reservation_id", reservation_id, least=1),
        None if insured_number is None else inputs.of_text("insured_number", insured_number, most=_LONGEST_NUMBER),
    )
    person = office.person(compact(insured_number or ""))

    def decide(work: Work, now: Instant) -> Plan[Visit]:
        name = _held_by(work, person) if reservation_id is None else reservation_id
        stored = _here(work, site_id, name)
        today = office.today(now)
        dose = attendance.dose_on(stored.value, today)
        after = attendance.checked_in(stored.value, dose, today=today, now=now, by=actor)
        return _plan(office, work, stored, after, "checked_in", dose, now)

    arguments = {"site": site_id, "reservation": reservation_id or "", "person": insured_number or ""}
    return office.run(Command("check_in", actor, arguments, Visit, decide, (), idempotency_key))


def _one_of(reservation_id: str | None, insured_number: str | None) -> Problem | None:
    if (reservation_id is None) != (insured_number is None):
        return None
    place, value = ("reservation_id", "neither") if reservation_id is None else ("insured_number", "both")
    remedy = "take the reservation from the list, or the number from the card"
    return Problem(place, value, "give either a reservation or an insured number", remedy)


def _held_by(view: View, person: str) -> str:
    """The reservation of a person; "" where there is none, so that an unknown number gets the same answer."""
    holder = view.get(Key(Person, person))
    stored = view.get(Key(Registration, "" if holder is None else holder.value.registration_id or ""))
    return "" if stored is None else stored.value.reservation_id or ""


def _here(view: View, site_id: str, reservation_id: str) -> Versioned[Reservation]:
    """The reservation, if it is at this site.

    Raises:
        Refused: ``no_appointment``, whether there is none, it is elsewhere, or nobody has that number.
    """
    stored = view.get(Key(Reservation, reservation_id))
    if stored is None or stored.value.site_id != site_id:
        raise attendance.no_appointment()
    return stored


def record_dose(
    office: Office,
    site_id: str,
    reservation_id: str,
    dose: int,
    *,
    batch: str,
    actor: str,
    idempotency_key: str | None,
) -> Visit:
    """See `SiteDesk.record_dose`."""
    inputs.require(*_of_dose(reservation_id, dose), inputs.of_text("batch", batch, most=_LONGEST_BATCH))

    def decide(work: Work, now: Instant) -> Plan[Visit]:
        stored = _here(work, site_id, reservation_id)
        after = attendance.given(stored.value, dose, today=office.today(now), now=now, by=actor)
        return _plan(office, work, stored, after, "given", dose, now, batch=batch)

    arguments = {"site": site_id, "reservation": reservation_id, "dose": str(dose), "batch": batch}
    return office.run(Command("record_dose", actor, arguments, Visit, decide, (), idempotency_key))


def _of_dose(reservation_id: str, dose: int) -> tuple[Problem | None, ...]:
    return (
        inputs.of_text("reservation_id", reservation_id, least=1),
        inputs.of_number("dose", dose, least=1, most=_MOST_DOSES),
    )


def no_show(
    office: Office, site_id: str, reservation_id: str, dose: int, *, actor: str, idempotency_key: str | None
) -> Visit:
    """See `SiteDesk.no_show`."""
    inputs.require(*_of_dose(reservation_id, dose))

    def decide(work: Work, now: Instant) -> Plan[Visit]:
        stored = _here(work, site_id, reservation_id)
        rule = office.campaign.no_show.at(now)
        after = attendance.missed(stored.value, dose, rule, now=now, zone=office.campaign.zone, by=actor)
        plan = _plan(office, work, stored, after, "no_show", dose, now, vaccine=rule.dose)
        if after.cancelled_at is None:
            return plan
        return _over(office, work, plan, after, rule.registration, now)

    arguments = {"site": site_id, "reservation": reservation_id, "dose": str(dose)}
    return office.run(Command("no_show", actor, arguments, Visit, decide, (), idempotency_key))


def _over(office: Office, view: View, plan: Plan[Visit], gone: Reservation, rule: str, now: Instant) -> Plan[Visit]:
    """The same plan, by which the registration loses the reservation as well."""
    stored = _holder(view, gone)
    lapses = rule == "lapse"
    left = gate.returned(stored.value)
    after = gate.lapsed(left) if lapses else left
    journal = [note(office, "cancelled", after, gone, now, reason="no_show")]
    if lapses:
        facts = about(office, after, now)
        journal.append(office.note(now, "lapsed", person=after.person, site_id=after.site_id, **facts))
    return evolve(
        plan,
        puts=(*plan.puts, Put(Key(Registration, after.id), after, stored.version)),
        journal=(*plan.journal, *journal),
    )


def _holder(view: View, reservation: Reservation) -> Versioned[Registration]:
    stored = view.get(Key(Registration, reservation.registration_id))
    if stored is None:
        raise attendance.no_appointment()
    return stored


def _plan(
    office: Office,
    view: View,
    stored: Versioned[Reservation],
    after: Reservation,
    kind: str,
    dose: int,
    now: Instant,
    **facts: str | int,
) -> Plan[Visit]:
    registration = _holder(view, after).value
    return Plan(
        attendance.visit_of(after, dose),
        puts=(Put(Key(Reservation, after.id), after, stored.version),),
        transfers=changes(stored.value, after),
        journal=(note(office, kind, registration, after, now, dose=dose, **facts),),
    )


def undo(
    office: Office, site_id: str, reservation_id: str, *, reason: str, actor: str, idempotency_key: str | None
) -> Visit:
    """See `SiteDesk.undo`."""
    inputs.require(inputs.of_text("reservation_id", reservation_id, least=1), inputs.of_text("reason", reason, least=1))

    def decide(work: Work, now: Instant) -> Plan[Visit]:
        stored = _here(work, site_id, reservation_id)
        after, step = attendance.undone(stored.value)
        facts: dict[str, str | int] = {
            "step": _KINDS[step.after.value],
            "reason": reason,
            "reinstated": int(step.ended),
        }
        plan = _plan(office, work, stored, after, "undone", step.dose, now, **facts)
        return _reinstated(work, plan, after) if step.ended else plan

    arguments = {"site": site_id, "reservation": reservation_id, "reason": reason}
    keys = (Key(Site, site_id),)  # what is taken back may be wanted by somebody else now
    try:
        return office.run(Command("undo", actor, arguments, Visit, decide, keys, idempotency_key))
    except Short as short:
        raise _impossible("a seat or a dose of it was taken meanwhile") from short


_KINDS = {"checked_in": "checked_in", "given": "given", "missed": "no_show", "missed_wasted": "no_show"}


def _reinstated(view: View, plan: Plan[Visit], after: Reservation) -> Plan[Visit]:
    """The same plan, by which the registration holds the reservation again.

    Raises:
        Refused: ``undo_impossible`` where it holds another one, or was withdrawn.
    """
    stored = _holder(view, after)
    registration = stored.value
    if registration.reservation_id is not None or registration.blocks or not is_live(registration):
        raise _impossible("the registration has moved on since")
    opened = Gate.INVITED if after.invitation and registration.invitation is not None else Gate.QUEUED
    again = evolve(registration, reservation_id=after.id, gate=opened)
    return evolve(
        plan,
        puts=(*plan.puts, Put(Key(Registration, again.id), again, stored.version)),
        transfers=(*plan.transfers, *gate.no_longer_invited(registration)),
    )


def _impossible(why: str) -> Refused:
    return Refused("undo_impossible", f"it cannot be undone: {why}", remedy="book another time")
