"""Corrections of a registration: with its PIN2, or by registering again from the same phone."""

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from crs_core.desks.entering import entered, entry_id, locks_of
from crs_core.desks.proving import challenge_of, proved
from crs_core.domain import claims, corrections, gate, insured_number, people
from crs_core.domain.campaign import Access
from crs_core.domain.corrections import Details
from crs_core.domain.journey import Journey
from crs_core.domain.journey import journey as journey_of
from crs_core.domain.messages import Channel, Message, Purpose
from crs_core.domain.people import Application
from crs_core.domain.plans import JournalEntry, Key, Plan, Versioned
from crs_core.domain.priority import claims_of
from crs_core.domain.registration import Registration, is_duplicate, is_live
from crs_core.domain.reservations import Reservation
from crs_core.domain.sites import Site, require_open
from crs_core.domain.time import Day, Instant
from crs_core.errors import Refused
from crs_core.office.admitting import counts_on, not_admitted
from crs_core.office.commands import Command, Office
from crs_core.office.letters import sms, told
from crs_core.office.persons import Held, held, named, put
from crs_core.office.verifying import Verified
from crs_core.ports.storage import View, Work

__all__ = ["confirmed_anew", "correct", "details", "doubt", "mended", "plan"]


def doubt(office: Office, number: str, born: Day, now: Instant) -> str:
    """Why an insured number is doubtful; empty if it is not."""
    verdict = insured_number.verdict(number, office.today(now))
    return verdict.reason or ("birth_date_differs" if verdict.birth_date != born else "")


def mended(office: Office, before: Registration, details: Mapping[str, Any], now: Instant) -> Registration:
    """The registration with these details, by the rule of this moment."""
    rule = office.campaign.corrections.at(now)
    return corrections.corrected(before, rule, office.keyring.active, now, **details)


def plan(office: Office, stored: Versioned[Registration], after: Registration, now: Instant) -> Plan[None]:
    """What a correction wants done: nothing where nothing differs."""
    before = stored.value
    if after == before:
        return Plan(None)
    closed = gate.no_longer_invited(before) if after.gate is not before.gate else ()
    return Plan(
        None, (put(stored, after),), closed, _journal(office, before, after, now), _letters(office, before, after, now)
    )


def _journal(office: Office, before: Registration, after: Registration, now: Instant) -> tuple[JournalEntry, ...]:
    """Whoever waits and is counted elsewhere from now on is counted out of the old site and age group."""
    names = corrections.changed(before, after)
    entry = named(office, "corrected", after, now, details=",".join(names))
    if before.reservation_id is not None or is_duplicate(before) or not {"site_id", "birth_date"} & set(names):
        return (entry,)
    left = named(office, "lost_place", before, now, because="correction")
    return (left, entry, named(office, "took_place", after, now, because="correction"))


def _letters(office: Office, before: Registration, after: Registration, now: Instant) -> tuple[Message, ...]:
    said = (sms(office, after, Purpose.CORRECTED, now),)
    if after.phone == before.phone:
        return said
    return (*said, sms(office, before, Purpose.PHONE_CHANGED, now), *_new_pin(office, after, now))


def _new_pin(office: Office, after: Registration, now: Instant) -> tuple[Message, ...]:
    """Another phone has another PIN2: it is told wherever the old one would open something."""
    access = office.campaign.access.at(now)
    if after.reservation_id is not None:
        return (sms(office, after, Purpose.PIN_REMINDER, now),)
    if not gate.is_open(after, access, now, office.pauses):
        return ()
    purpose = Purpose.REGISTERED if access is Access.IMMEDIATE else Purpose.INVITATION
    return (sms(office, after, purpose, now),)


def details(office: Office, entry: str) -> Details:
    """See `CitizenDesk.details`."""
    with office.storage.read() as view:
        return corrections.details(entered(view, entry_id(office, entry, office.now())).value)


def correct(
    office: Office,
    entry: str,
    details: Mapping[str, Any],
    proof: str | None,
    *,
    actor: str,
    idempotency_key: str | None,
) -> Journey:
    """See `CitizenDesk.correct`."""
    now = office.now()
    ident = entry_id(office, entry, now)
    phone = None if proof is None else proved(office, proof, now)
    if details.get("site_id") is not None:
        office.campaign.place(details["site_id"])

    def decide(work: Work, now: Instant) -> Plan[Journey]:
        stored = entered(work, ident)
        before = stored.value
        if not is_live(before):
            raise gate.blocked()
        wanted = _checked(office, before, details, now)
        if phone is not None:
            wanted["phone"] = challenge_of(work, phone).phone
        after = _lifted(office, mended(office, before, wanted, now), now)
        _require_possible(office, work, before, after, now)
        done = plan(office, stored, after, now)
        of_person = held(work, before.person)
        journey = journey_of(after, _reservation(work, after), office.campaign, now, office.pauses)
        anew: Plan[None] = Plan(None, messages=confirmed_anew(office, work, before, after, now))
        return done.with_(_merged(of_person, before, after, now)).with_(anew).answering(journey)

    shown = {name: ascii(value) for name, value in details.items()}
    arguments = {"entry": ident[0], "phone": "" if phone is None else phone.id, **shown}
    keys = locks_of(office, ident[0])
    return office.run(Command("correct", actor, arguments, Journey, decide, keys, idempotency_key))


def confirmed_anew(
    office: Office, view: View, before: Registration, after: Registration, now: Instant
) -> tuple[Message, ...]:
    """Another e-mail address is sent the confirmation of the reservation that is held."""
    held = _reservation(view, after)
    if held is None or after.email == before.email or not any(each.held for each in held.doses):
        return ()
    both = told(office, after, held, Purpose.RESERVED, now)
    return tuple(each for each in both if each.channel is Channel.EMAIL)


def _checked(office: Office, before: Registration, details: Mapping[str, Any], now: Instant) -> dict[str, Any]:
    """The details that were given, in their canonical form.

    Raises:
        InvalidInput: Every fault of every field.
    """
    of_form = ("first_name", "last_name", "birth_date", "site_id", "language", "email")
    given = {name: details[name] for name in of_form if details.get(name) is not None}
    application = Application(
        **{"insured_number": before.insured_number, **{name: getattr(before, name) for name in of_form}, **given}
    )
    campaign = office.campaign
    checked = people.check(application, today=office.today(now), languages=campaign.languages, claims=campaign.claims)
    found = {name: getattr(checked, name) for name in given}
    if "birth_date" in found:
        found["doubt"] = doubt(office, before.insured_number, found["birth_date"], now)
    return found


def _require_possible(office: Office, view: View, before: Registration, after: Registration, now: Instant) -> None:
    if after.site_id != before.site_id:
        if before.reservation_id is not None:
            remedy = "cancel the reservation first"
            raise Refused("already_reserved", "a reservation holds at the old site", remedy=remedy)
        site = view.get(Key(Site, after.site_id))
        require_open(None if site is None else site.value, after.site_id)
    if after.birth_date != before.birth_date:
        waits = before.pending.claims if claims.awaits(before) and before.pending is not None else ""
        refusal = not_admitted(office, after.birth_date, Verified(claims_of(after.claims), claims_of(waits)), now)
        if refusal is not None:
            raise refusal


def _lifted(office: Office, after: Registration, now: Instant) -> Registration:
    """Whoever waits for a registry's word and may register without it waits for it no longer."""
    if not claims.awaits(after) or counts_on(office, after.birth_date, Verified(claims_of(after.claims)), now):
        return after
    return claims.admitted(after)


def _merged(of_person: Held, before: Registration, after: Registration, now: Instant) -> Plan[None]:
    """A duplicate that waits with the new phone is done with: one phone has one registration of a person."""
    same = of_person.of_phone(after.phone)
    if after.phone == before.phone or same is None:
        return Plan(None)
    ends = evolve(same.value, withdrawn_at=now, pending=None)
    others = [each.value.id for each in of_person.others if each.value.id != ends.id]
    return Plan(None, (put(same, ends), of_person.person_put(after.insured_number, after.id, others)))


def _reservation(view: View, registration: Registration) -> Reservation | None:
    stored = view.get(Key(Reservation, registration.reservation_id or ""))
    return None if stored is None else stored.value
