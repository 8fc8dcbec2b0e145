"""The older phone says that a newer registration is somebody else's."""

from crs_core.desks.entering import number_of
from crs_core.desks.proving import challenge_of, proved
from crs_core.domain import duplicates
from crs_core.domain.people import Person
from crs_core.domain.plans import Key, Plan, Versioned
from crs_core.domain.registration import Registration
from crs_core.domain.time import Instant
from crs_core.office.commands import Command, Office
from crs_core.office.persons import Held, held, named, put, took_place
from crs_core.ports.storage import BudgetUse, Work

__all__ = ["dispute"]


def dispute(office: Office, proof: str, insured_number: str, *, actor: str, idempotency_key: str | None) -> None:
    """See `CitizenDesk.dispute`."""
    number = number_of(insured_number)
    phone = proved(office, proof, office.now())
    key = Key(Person, office.person(number))

    def decide(work: Work, now: Instant) -> Plan[bool]:
        challenge = challenge_of(work, phone)
        tries = BudgetUse(f"dispute:phone:{phone.id}", office.campaign.limits.registrations_phone, "too_many_tries")
        work.take((tries,), now)
        found = held(work, key.id)
        mine = found.of_phone(challenge.phone)
        return Plan(True) if mine is None else _disputed(office, found, mine, now)

    arguments = {"proof": proof, "insured_number": number}
    office.run(Command("dispute", actor, arguments, bool, decide, (key,), idempotency_key))


def _disputed(office: Office, found: Held, mine: Versioned[Registration], now: Instant) -> Plan[bool]:
    if found.live is not None and found.live.value.id == mine.value.id:
        return _keeps(office, found, mine.value, now)
    newer = found.live
    if duplicates.contends(mine.value) or (newer is not None and newer.value.reservation_id is not None):
        return Plan(True, journal=(named(office, "dispute_left_to_office", mine.value, now),))
    return took_place(office, found, mine, "objection", now).answering(True)


def _keeps(office: Office, found: Held, mine: Registration, now: Instant) -> Plan[bool]:
    """No time frees any of those that wait."""
    waiting = [each for each in found.others if duplicates.is_open(each.value)]
    return Plan(
        True,
        puts=tuple(put(each, duplicates.objected(each.value)) for each in waiting),
        journal=(named(office, "disputed", mine, now, newer=len(waiting)),) if waiting else (),
    )
