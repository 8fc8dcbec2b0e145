"""Claims whose registry could not be asked are asked again, outside of any transaction."""

from collections.abc import Iterable

from crs_core.domain import claims
from crs_core.domain.messages import Message, Purpose
from crs_core.domain.people import Person
from crs_core.domain.plans import Key, Plan, Versioned
from crs_core.domain.priority import claims_of
from crs_core.domain.registration import Registration
from crs_core.domain.time import Instant
from crs_core.errors import Stale
from crs_core.office.admitting import counts_on
from crs_core.office.commands import Office
from crs_core.office.letters import sms
from crs_core.office.persons import ended, held, named, pin_letters, put
from crs_core.office.verifying import Verified, verified
from crs_core.ports.storage import Work

__all__ = ["asked_again"]


def asked_again(office: Office, due: Iterable[Registration], actor: str) -> int:
    """Asks about the claims of those who are due; how many were answered or put off.

    Once the registry has failed to answer, those after are put off without asking: whoever is down is not pressed.
    """
    down, done = False, 0
    for one in due:
        wanted = frozenset() if one.pending is None else claims_of(one.pending.claims)
        found = Verified(unavailable=wanted) if down else verified(office, wanted, one.insured_number)
        down = down or bool(found.unavailable)
        done += _settled(office, one, found, actor)
    return done


def _settled(office: Office, one: Registration, found: Verified, actor: str) -> bool:
    try:
        with office.storage.write(timeout=office.write_timeout) as work:
            work.lock([Key(Person, one.person), Key(Registration, one.id)])
            now = office.now()
            stored = work.get(Key(Registration, one.id))
            if stored is None or stored.value.pending != one.pending:
                return False
            work.apply(_plan(office, work, stored, found, now), actor=actor, now=now)
    except Stale:
        return False
    return True


def _plan(office: Office, work: Work, stored: Versioned[Registration], found: Verified, now: Instant) -> Plan[None]:
    before = stored.value
    known = Verified(claims_of(before.claims) | found.confirmed)
    lifts = not counts_on(office, before.birth_date, known, now)
    rule = office.campaign.pending_claims.at(now)
    after = claims.answered(before, found.confirmed, found.unavailable, rule, now, lifts=lifts)
    if after.pending is not None and (after.claims, after.blocks) == (before.claims, before.blocks):
        return Plan(None, (put(stored, after),))
    if claims.awaits(after) and after.pending is None:
        ends = ended(office, held(work, before.person), stored, None, now, "claims")
        return Plan(None, messages=(sms(office, before, Purpose.CLAIMS_DENIED, now),)).with_(ends)
    entry = named(office, "claims_answered", after, now, confirmed=len(found.confirmed))
    return Plan(None, (put(stored, after),), journal=(entry,), messages=_letters(office, before, after, now))


def _letters(office: Office, before: Registration, after: Registration, now: Instant) -> tuple[Message, ...]:
    """Whoever waited for the answer hears of it, if it is the good one; immediate access owes them PIN2 from now on."""
    if not claims.awaits(before) or claims.awaits(after):
        return ()
    good = after.claims != before.claims
    said = (sms(office, after, Purpose.CLAIMS_CONFIRMED, now),) if good else ()
    return (*said, *pin_letters(office, after, now))
