"""The office decides which registration of a person counts, having seen who somebody is."""

from attrs import evolve

from crs_core.desks.entering import locks_of
from crs_core.domain import duplicates, gate
from crs_core.domain.messages import Purpose
from crs_core.domain.people import mask
from crs_core.domain.plans import Key, Plan, Versioned
from crs_core.domain.registration import Registration
from crs_core.domain.reservations import Reservation
from crs_core.domain.time import Instant
from crs_core.errors import NotFound, Refused
from crs_core.office.commands import Command, Office
from crs_core.office.letters import sms
from crs_core.office.persons import Held, cancelled, held, named, pin_letters, put
from crs_core.ports.storage import View, Work

__all__ = ["settle_duplicate"]


def settle_duplicate(office: Office, registration_id: str, *, actor: str, idempotency_key: str | None) -> None:
    """See `OperationsDesk.settle_duplicate`."""

    def decide(work: Work, now: Instant) -> Plan[bool]:
        chosen = work.get(Key(Registration, registration_id))
        if chosen is None:
            message = f"registration={mask(registration_id)}: there is none"
            raise NotFound("unknown_registration", message, remedy="copy the id once more")
        if chosen.value.withdrawn_at is not None:
            raise Refused("withdrawn", "this registration has ended", remedy="choose one that has not")
        found = held(work, chosen.value.person)
        plan = _chosen(office, found, chosen, now)
        for each in found.all:
            if each.value.id != registration_id:
                plan = plan.with_(_ended(office, work, found, each, now))
        return plan.answering(True)

    arguments = {"registration": registration_id}
    keys = locks_of(office, registration_id)
    office.run(Command("settle_duplicate", actor, arguments, bool, decide, keys, idempotency_key))


def _chosen(office: Office, found: Held, chosen: Versioned[Registration], now: Instant) -> Plan[None]:
    person = found.person_put(chosen.value.insured_number, chosen.value.id, ())
    if duplicates.block_of(chosen.value) is None:
        return Plan(None, (person,))
    after = duplicates.freed(chosen.value)
    entry = named(office, "took_place", after, now, because="office")
    return Plan(None, (person, put(chosen, after)), journal=(entry,), messages=pin_letters(office, after, now))


def _ended(office: Office, view: View, found: Held, stored: Versioned[Registration], now: Instant) -> Plan[None]:
    before = stored.value
    reservation = view.get(Key(Reservation, before.reservation_id or ""))
    if reservation is not None and reservation.value.begun:
        raise Refused("dose_given", "a dose was given by another registration of this person", remedy="keep that one")
    is_live = found.live is not None and found.live.value.id == before.id
    end = Plan(
        None,
        (put(stored, evolve(gate.returned(before), withdrawn_at=now, pending=None)),),
        gate.no_longer_invited(before),
        (named(office, "withdrawn" if is_live else "duplicate_ended", before, now, because="office"),),
        (sms(office, before, Purpose.DUPLICATE_ENDED, now),),
    )
    return cancelled(office, before, reservation, now).with_(end)
