"""A person is erased: what the system knows of them goes, what it counted stays."""

from attrs import evolve, frozen

from crs_core.desks.entering import number_of
from crs_core.domain import erasure, gate
from crs_core.domain.control_pin import Challenge
from crs_core.domain.people import Person
from crs_core.domain.plans import Key, Plan, Put, Versioned
from crs_core.domain.registration import Registration, is_duplicate
from crs_core.domain.releases import ReleaseRecord
from crs_core.domain.reservations import Reservation
from crs_core.domain.time import Instant
from crs_core.office.commands import Command, Office
from crs_core.office.persons import cancelled, named, put
from crs_core.ports.storage import View, Work

__all__ = ["Erased", "erase"]


@frozen
class Erased:
    """What was erased.

    Attributes:
        registrations: How many of the person were overwritten, ended ones among them; 0 for a number that nobody has.
    """

    registrations: int


def erase(office: Office, insured_number: str, *, actor: str, idempotency_key: str | None) -> Erased:
    """See `OperationsDesk.erase`."""
    key = Key(Person, office.person(number_of(insured_number)))

    def decide(work: Work, now: Instant) -> Plan[Erased]:
        found = _ever(work, key.id)
        plan = Plan(Erased(len(found)))
        for each in found:
            plan = plan.with_(_erased(office, work, each, now))
        if not found:
            return plan
        return plan.with_(_cut_offs(office, work, key.id, found)).with_(_forgotten(office, work, key, found, now))

    return office.run(Command("erase", actor, {"person": key.id}, Erased, decide, (key,), idempotency_key))


def _ever(view: View, person: str) -> list[Versioned[Registration]]:
    """Every registration that the journal knows of the person, and that has not been erased before."""
    names = dict.fromkeys(str(entry.facts.get("registration", "")) for entry in view.journal(person))
    stored = (view.get(Key(Registration, name)) for name in names)
    return [each for each in stored if each is not None and not erasure.is_erased(each.value)]


def _erased(office: Office, view: View, stored: Versioned[Registration], now: Instant) -> Plan[None]:
    before = stored.value
    if before.withdrawn_at is not None:
        return Plan(None, (put(stored, erasure.erased(before, office.today(before.registered_at))),))
    after = evolve(gate.returned(before), withdrawn_at=now)
    reservation = view.get(Key(Reservation, before.reservation_id or ""))
    ends = named(office, "duplicate_ended" if is_duplicate(before) else "withdrawn", before, now, because="erasure")
    end = Plan(
        None,
        (put(stored, erasure.erased(after, office.today(before.registered_at))),),
        gate.no_longer_invited(before),
        (ends,),
    )
    return evolve(cancelled(office, before, reservation, now), messages=()).with_(end)


def _cut_offs(office: Office, view: View, person: str, found: list[Versioned[Registration]]) -> Plan[None]:
    """Releases of which one of the person was the last called keep a place that tells of nobody."""
    ever = {each.value.id: each.value for each in found}
    names = dict.fromkeys(str(entry.facts["release"]) for entry in view.journal(person) if "release" in entry.facts)
    puts = []
    for key in (Key(ReleaseRecord, name) for name in names):
        stored = view.get(key)
        last = None if stored is None else stored.value.cut_off
        if stored is None or last is None or last.id not in ever:
            continue
        blurred = erasure.cut_off(last, office.today(ever[last.id].registered_at))
        puts.append(Put(key, evolve(stored.value, cut_off=blurred), stored.version))
    return Plan(None, tuple(puts))


def _forgotten(
    office: Office, view: View, key: Key[Person], found: list[Versioned[Registration]], now: Instant
) -> Plan[None]:
    """The holder of the number, the phones, and the messages to them."""
    person = view.get(key)
    phones = dict.fromkeys(office.keyring.pseudonym("phone", each.value.phone) for each in found)
    stored = [(Key(Challenge, name), view.get(Key(Challenge, name))) for name in phones]
    challenges = [Put(name, erasure.unknown(each.value, now), each.version) for name, each in stored if each]
    return Plan(
        None,
        (Put(key, Person(""), 0 if person is None else person.version), *challenges),
        journal=(office.note(now, "erased", person=key.id, registrations=len(found)),),
        forgotten=(key.id, *phones),
    )
