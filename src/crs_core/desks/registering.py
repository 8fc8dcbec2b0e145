"""Steps 3 and 4: a registration is saved."""

from attrs import evolve, frozen

from crs_core.desks import correcting
from crs_core.desks.proving import challenge_of, proved
from crs_core.domain import claims, duplicates, gate, lottery, people
from crs_core.domain.campaign import Access
from crs_core.domain.control_pin import Challenge
from crs_core.domain.people import Application, Person
from crs_core.domain.plans import Key, Plan, Put, Versioned
from crs_core.domain.priority import claims_of, claims_text
from crs_core.domain.registration import Block, BlockReason, Gate, Registration
from crs_core.domain.sites import Site, require_open
from crs_core.domain.time import Instant
from crs_core.office.admitting import counts_on, not_admitted
from crs_core.office.commands import Command, Office
from crs_core.office.persons import Held, held, named, pin_letters, took_place
from crs_core.office.verifying import Verified, verified
from crs_core.ports.storage import BudgetUse, Work

__all__ = ["Registered", "register"]


@frozen
class Registered:
    """What the page says once a registration is saved; the same whoever else holds the insured number.

    Attributes:
        site_id: The site that it is for; where a reservation is held already, that of before.
        pin_follows: Whether a message with PIN2 is on its way; otherwise it comes with an invitation.
        pending: Claims whose registry did not answer; it is asked again, and the person told.
        doubt: Why the insured number is doubtful, for a page to ask whether all is right: ``birth_date_differs`` where
            the number says another day of birth, or a reason of `insured_number.verdict`; ``""`` where it is not.
    """

    registration_id: str
    site_id: str
    registered_at: Instant
    pin_follows: bool
    pending: frozenset[str] = frozenset()
    doubt: str = ""


def register(
    office: Office, proof: str, application: Application, *, actor: str, idempotency_key: str | None
) -> Registered:
    """See `CitizenDesk.register`."""
    now = office.now()
    campaign = office.campaign
    given = people.check(application, today=office.today(now), languages=campaign.languages, claims=campaign.claims)
    campaign.place(given.site_id)
    phone = proved(office, proof, now)
    of_claims = verified(office, given.claims, given.insured_number)
    name = office.chance.name()
    key = Key(Person, office.person(given.insured_number))

    def decide(work: Work, now: Instant) -> Plan[Registered]:
        challenge = challenge_of(work, phone)
        work.take((BudgetUse(f"register:phone:{phone.id}", campaign.limits.registrations_phone),), now)
        fresh = _registration(office, name, key.id, challenge, given, of_claims, now)
        refusal = not_admitted(office, given.birth_date, of_claims, now)
        if refusal is not None:  # counted, for it tells what the registry says of a number
            return Plan(_answer(office, fresh, now), refusal=refusal)
        site = work.get(Key(Site, given.site_id))
        require_open(None if site is None else site.value, given.site_id)
        return _decided(office, work, held(work, key.id), fresh, of_claims, now)

    arguments = {"proof": proof, "application": _text(given)}
    return office.run(Command("register", actor, arguments, Registered, decide, (key,), idempotency_key))


def _text(given: Application) -> str:
    parts = (given.insured_number, given.first_name, given.last_name, given.birth_date.isoformat(), given.site_id)
    return "\x1f".join((*parts, given.language, given.email or "", *sorted(given.claims)))


def _registration(
    office: Office,
    name: str,
    person: str,
    challenge: Challenge,
    given: Application,
    of_claims: Verified,
    now: Instant,
) -> Registration:
    blocks = (Block(BlockReason.CLAIMS, now),) if counts_on(office, given.birth_date, of_claims, now) else ()
    return Registration(
        id=name,
        person=person,
        insured_number=given.insured_number,
        first_name=given.first_name,
        last_name=given.last_name,
        birth_date=given.birth_date,
        phone=challenge.phone,
        email=given.email,
        language=given.language,
        site_id=given.site_id,
        claims=claims_text(of_claims.confirmed),
        doubt=correcting.doubt(office, given.insured_number, given.birth_date, now),
        registered_at=now,
        seniority=now,
        pin_key_id=office.keyring.active,
        ticket=lottery.ticket(office.keyring, office.campaign.lottery_seed, person),
        blocks=blocks,
        pending=claims.asked_in_vain(of_claims.unavailable, office.campaign.pending_claims.at(now), now),
    )


def _answer(office: Office, saved: Registration, now: Instant) -> Registered:
    immediate = office.campaign.access.at(now) is Access.IMMEDIATE
    follows = immediate and saved.reservation_id is None and not claims.awaits(saved)
    pending = frozenset() if saved.pending is None else claims_of(saved.pending.claims)
    return Registered(saved.id, saved.site_id, saved.registered_at, follows, pending, saved.doubt)


def _decided(
    office: Office, work: Work, stored: Held, fresh: Registration, of_claims: Verified, now: Instant
) -> Plan[Registered]:
    mine = stored.of_phone(fresh.phone)
    if mine is not None:
        return _again(office, work, stored, mine, fresh, of_claims, now)
    if stored.live is None:
        return _saved(office, stored, fresh, fresh.id, [each.value.id for each in stored.others], "registered", now)
    others = [*(each.value.id for each in stored.others), fresh.id]
    waits = duplicates.waits(fresh, now)
    return _saved(office, stored, waits, stored.live.value.id, others, "duplicate_saved", now)


def _saved(
    office: Office, stored: Held, fresh: Registration, live: str, others: list[str], kind: str, now: Instant
) -> Plan[Registered]:
    """The same work and the same answer, whether it counts from now on or waits as a duplicate."""
    return Plan(
        _answer(office, fresh, now),
        puts=(stored.person_put(fresh.insured_number, live, others), Put(Key(Registration, fresh.id), fresh, 0)),
        journal=(named(office, kind, fresh, now),),
        messages=pin_letters(office, fresh, now),
    )


def _again(
    office: Office,
    work: Work,
    stored: Held,
    mine: Versioned[Registration],
    fresh: Registration,
    of_claims: Verified,
    now: Instant,
) -> Plan[Registered]:
    """From the same phone: the details of the registration are corrected, and it keeps its id and its PIN2."""
    before = mine.value
    kept = claims_of(before.claims) & of_claims.unavailable
    details = {
        "first_name": fresh.first_name,
        "last_name": fresh.last_name,
        "birth_date": fresh.birth_date,
        "email": fresh.email,
        "language": fresh.language,
        "site_id": fresh.site_id if before.reservation_id is None else before.site_id,
        "claims": claims_text(claims_of(fresh.claims) | kept),
        "doubt": fresh.doubt,
        "pending": fresh.pending,
    }
    after = correcting.mended(office, before, details, now)
    if before.reservation_id is None and not kept & office.campaign.may_register.at(now).claims:
        after = _admitted(after, fresh)
    if before.gate is Gate.LAPSED and before.reservation_id is None:
        after = evolve(gate.returned(after), seniority=now)
    block = duplicates.block_of(before)
    if block is not None and block.reason is BlockReason.REPLACED:
        return _contends_again(office, stored, mine, evolve(after, seniority=now), now)
    pin = () if after.reservation_id is not None else pin_letters(office, after, now)
    said = (*pin, *correcting.confirmed_anew(office, work, before, after, now))
    return Plan(_answer(office, after, now), messages=said).with_(correcting.plan(office, mine, after, now))


def _admitted(after: Registration, fresh: Registration) -> Registration:
    """Blocked while nothing but a claim still to be confirmed admits it, and no longer."""
    others = tuple(each for each in after.blocks if each.reason is not BlockReason.CLAIMS)
    return evolve(gate.returned(after) if fresh.blocks else after, blocks=(*others, *fresh.blocks))


def _contends_again(
    office: Office, stored: Held, mine: Versioned[Registration], after: Registration, now: Instant
) -> Plan[Registered]:
    """One that lost its place and registers again waits as a duplicate of the one that has it."""
    if stored.live is None:
        newer = Versioned(after, mine.version)
        return took_place(office, stored, newer, "withdrawal", now).answering(_answer(office, after, now))
    waits = duplicates.waits(after, now)
    return Plan(
        _answer(office, after, now),
        puts=(Put(Key(Registration, after.id), waits, mine.version),),
        journal=(named(office, "duplicate_saved", waits, now),),
        messages=pin_letters(office, waits, now),
    )
