"""Duplicates that wait: the older phone is told, and once it has let its time pass the newer takes its place.

One that a registry has still to admit takes nobody's place before that: a denial would leave the person without any.
"""

from crs_core.domain import claims, duplicates
from crs_core.domain.people import Person
from crs_core.domain.plans import Key, Plan, Versioned
from crs_core.domain.registration import Registration
from crs_core.domain.time import Instant
from crs_core.errors import Stale
from crs_core.office.commands import Office
from crs_core.office.letters import notice
from crs_core.office.persons import Held, held, named, put, took_place

__all__ = ["contended"]


def contended(office: Office, one: Registration, actor: str) -> bool:
    """Takes the next step of a duplicate whose time has come; whether there was one, and nobody came in between."""
    try:
        with office.storage.write(timeout=office.write_timeout) as work:
            work.lock([Key(Person, one.person)])
            now = office.now()
            of_person = held(work, one.person)
            newer = next((each for each in of_person.others if each.value.id == one.id), None)
            if newer is None or not duplicates.is_due(newer.value, now):
                return False
            work.apply(_step(office, of_person, newer, now), actor=actor, now=now)
    except Stale:
        return False
    return True


def _step(office: Office, of_person: Held, newer: Versioned[Registration], now: Instant) -> Plan[None]:
    older = of_person.live
    if older is None:
        return took_place(office, of_person, newer, "withdrawal", now)
    block = duplicates.block_of(newer.value)
    if block is not None and not block.told:
        return _told(office, older.value, newer, now)
    ends = duplicates.objection_ends_at(
        newer.value, office.campaign.duplicates.at(newer.value.registered_at), office.pauses
    )
    if ends is not None and now < ends:
        return Plan(None, (put(newer, duplicates.looked_at(newer.value, ends)),))
    if older.value.reservation_id is not None or claims.awaits(newer.value):
        return Plan(None, (put(newer, duplicates.put_off(newer.value, now)),))
    return took_place(office, of_person, newer, "undisputed", now)


def _told(office: Office, older: Registration, newer: Versioned[Registration], now: Instant) -> Plan[None]:
    return Plan(
        None,
        (put(newer, duplicates.told(newer.value, older.id)),),
        journal=(named(office, "duplicate_told", newer.value, now),),
        messages=(notice(office, older, newer.value.id, now),),
    )
