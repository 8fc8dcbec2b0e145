"""All registrations of one person, and what it takes to make another of them the one that counts."""

from collections.abc import Iterable

from attrs import evolve, frozen

from crs_core.domain import claims, duplicates, gate
from crs_core.domain.campaign import Access
from crs_core.domain.messages import Channel, Message, Purpose
from crs_core.domain.people import Person
from crs_core.domain.plans import JournalEntry, Key, Plan, Put, Versioned
from crs_core.domain.registration import Registration
from crs_core.domain.reservations import Reservation, changes
from crs_core.domain.time import Instant
from crs_core.office.commands import Office
from crs_core.office.letters import about, note, sms, told
from crs_core.ports.storage import View

__all__ = ["Held", "cancelled", "ended", "held", "named", "pin_letters", "put", "took_place"]

_LEAST_READS = 2


@frozen
class Held:
    """What is stored of one person.

    Attributes:
        person: Who holds the insured number; None where nobody ever registered with it.
        live: The registration that counts, or None.
        others: Those blocked as duplicates, in the order in which they were saved.
    """

    key: Key[Person]
    person: Versioned[Person] | None
    live: Versioned[Registration] | None
    others: tuple[Versioned[Registration], ...]

    @property
    def all(self) -> tuple[Versioned[Registration], ...]:
        """The live one first."""
        return self.others if self.live is None else (self.live, *self.others)

    def of_phone(self, phone: str) -> Versioned[Registration] | None:
        """The registration with that phone: at most one a person has."""
        return next((each for each in self.all if each.value.phone == phone), None)

    def person_put(self, insured_number: str, live: str | None, others: Iterable[str]) -> Put[Person]:
        """Stores which registrations there are now."""
        found = Person(insured_number, live, tuple(others))
        return Put(self.key, found, 0 if self.person is None else self.person.version)


def held(view: View, person: str) -> Held:
    """All registrations of a person, by pseudonym.

    Two registrations are looked for at the least, whether there are any or not: how long it takes does not tell
    whether a number is known.
    """
    key = Key(Person, person)
    stored = view.get(key)
    names = [""] if stored is None else [stored.value.registration_id or "", *stored.value.others]
    found = [view.get(Key(Registration, name)) for name in names + [""] * (_LEAST_READS - len(names))]
    return Held(key, stored, found[0], tuple(each for each in found[1:] if each is not None))


def put(stored: Versioned[Registration], after: Registration) -> Put[Registration]:
    """Stores what became of a registration."""
    return Put(Key(Registration, after.id), after, stored.version)


def named(office: Office, kind: str, registration: Registration, now: Instant, **facts: str | int) -> JournalEntry:
    """What the journal says of something that happened to a registration."""
    said = {**about(office, registration, now), **facts}
    return office.note(now, kind, person=registration.person, site_id=registration.site_id, **said)


def pin_letters(office: Office, registration: Registration, now: Instant) -> tuple[Message, ...]:
    """The message with PIN2 that immediate access owes whoever registers, also where a duplicate waits blocked.

    Without it the phone that gets none would know that the number is known.
    """
    if office.campaign.access.at(now) is not Access.IMMEDIATE or claims.awaits(registration):
        return ()
    return (sms(office, registration, Purpose.REGISTERED, now),)


def took_place(
    office: Office, held: Held, newer: Versioned[Registration], because: str, now: Instant, *, gone: bool = False
) -> Plan[None]:
    """The plan by which a blocked registration takes the place of the live one.

    Args:
        because: ``undisputed``, ``objection``, ``withdrawal`` or ``office``.
        gone: Whether the live one has ended; otherwise it stays, blocked, and must hold no reservation.
    """
    after = duplicates.freed(newer.value)
    older = None if gone else held.live
    waiting = [each for each in held.others if each.value.id != after.id]
    again = [put(each, duplicates.waits(each.value, now)) for each in waiting if duplicates.contends(each.value)]
    others = [each.value.id for each in waiting] + ([] if older is None else [older.value.id])
    place = Plan(
        None,
        puts=(held.person_put(after.insured_number, after.id, others), put(newer, after), *again),
        journal=(named(office, "took_place", after, now, because=because),),
        messages=() if because == "objection" else pin_letters(office, after, now),
    )
    return place if older is None else _lost_place(office, older, after.id, because, now).with_(place)


def _lost_place(office: Office, older: Versioned[Registration], to: str, because: str, now: Instant) -> Plan[None]:
    """After an objection the newer one waits again; otherwise the phone of the older is told how to object."""
    before = older.value
    after = duplicates.displaced(before, to, now) if because == "objection" else duplicates.replaced(before, now)
    return Plan(
        None,
        puts=(put(older, after),),
        transfers=gate.no_longer_invited(before),
        journal=(named(office, "lost_place", before, now, because=because),),
        messages=() if because == "objection" else (sms(office, after, Purpose.REPLACED, now),),
    )


def ended(
    office: Office,
    held: Held,
    stored: Versioned[Registration],
    reservation: Versioned[Reservation] | None,
    now: Instant,
    because: str,
) -> Plan[None]:
    """The plan by which a registration ends, its reservation with it; the first duplicate that waits takes its place.

    Args:
        because: ``withdrawal``, ``claims``, ``office`` or ``erasure``, for the journal.
    """
    before = stored.value
    is_live = held.live is not None and held.live.value.id == before.id
    follows = next((each for each in held.others if duplicates.contends(each.value)), None) if is_live else None
    then = Plan(None, puts=(_without(held, before),))
    if follows is not None:
        then = took_place(office, held, follows, "withdrawal", now, gone=True)
    after = evolve(gate.returned(before), withdrawn_at=now, pending=None)
    entry = named(office, "withdrawn" if is_live else "duplicate_ended", before, now, because=because)
    end = Plan(None, (put(stored, after),), gate.no_longer_invited(before), (entry,))
    return cancelled(office, before, reservation, now).with_(end).with_(then)


def _without(held: Held, gone: Registration) -> Put[Person]:
    live = None if held.live is None or held.live.value.id == gone.id else held.live.value.id
    return held.person_put(
        gone.insured_number, live, [each.value.id for each in held.others if each.value.id != gone.id]
    )


def cancelled(
    office: Office, holder: Registration, reservation: Versioned[Reservation] | None, now: Instant
) -> Plan[None]:
    """The plan that ends a reservation with its registration, if it holds one.

    The phone hears of the end of everything; the calendar, by e-mail, of the end of this.
    """
    if reservation is None:
        return Plan(None)
    gone = reservation.value.cancelled(now)
    stored = Put(Key(Reservation, gone.id), gone, reservation.version)
    entry = note(office, "cancelled", holder, gone, now)
    letters = told(office, holder, gone, Purpose.CANCELLED, now)
    by_email = tuple(each for each in letters if each.channel is Channel.EMAIL)
    return Plan(None, (stored,), changes(reservation.value, gone), (entry,), by_email)
