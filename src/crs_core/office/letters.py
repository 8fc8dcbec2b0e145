"""Messages and notes about a registration, as desks and rounds owe and write them."""

from attrs import evolve

from crs_core.domain.messages import BY_EMAIL, Channel, Lane, Message, Purpose
from crs_core.domain.plans import JournalEntry
from crs_core.domain.registration import Registration
from crs_core.domain.reservations import Reservation
from crs_core.domain.statistics import age_group
from crs_core.domain.time import Instant, age_on, clock_time, later
from crs_core.office.commands import Office

__all__ = ["about", "matter", "note", "notice", "of", "of_reservation", "sms", "times", "told"]

_GOOD_DAYS = 7
_BULK = {Purpose.INVITATION, Purpose.INVITATION_ENDED, Purpose.INVITATION_LAPSED}


def about(office: Office, registration: Registration, _now: Instant) -> dict[str, str | int]:
    """What the journal says of a person: the age group and the registration, nothing more.

    The age is that at the registration, so that whoever is counted into a group is counted out of the same.
    """
    age = age_on(registration.birth_date, office.today(registration.registered_at))
    return {"age": age_group(age), "registration": registration.id}


def sms(office: Office, registration: Registration, purpose: Purpose, now: Instant, **facts: str) -> Message:
    """A message owed to a registration's phone, due now; one of an older registration, phone or site is another."""
    place = office.campaign.place(registration.site_id)
    return Message(
        id=office.chance.name(),
        lane=Lane.BULK if purpose in _BULK else Lane.TRANSACTIONAL,
        channel=Channel.SMS,
        purpose=purpose,
        recipient=registration.phone,
        language=registration.language,
        subject=registration.id,
        person=of(registration, purpose),
        created_at=now,
        due_at=now,
        good_until=later(now, days=_GOOD_DAYS),
        facts={"site": place.name, "address": place.address, **facts},
    )


def notice(office: Office, older: Registration, newer: str, now: Instant) -> Message:
    """What the phone of an older registration is told of a newer one, by its id."""
    found = sms(office, older, Purpose.DUPLICATE, now)
    return evolve(found, subject=newer, person=f"{older.person}/{newer}/{older.id}")


def of(registration: Registration, purpose: Purpose) -> str:
    """Under which name at most one message of a purpose waits: of each phone and site of a registration one.

    Of each invitation one: who lets one go and is called again is told again, even while the first is on its way.
    """
    name = f"{registration.person}/{registration.id}/{registration.pin_generation}/{registration.site_id}"
    if purpose is not Purpose.INVITATION or registration.invitation is None:
        return name
    return f"{name}/{registration.invitation.number}"


def times(reservation: Reservation) -> dict[str, str]:
    """When each dose still to come is, as messages write it: ``dose2`` is ``2021-02-15 08:30``."""
    return {f"dose{each.dose}": f"{each.day} {clock_time(each.minute)}" for each in reservation.doses if each.held}


def matter(reservation: Reservation, person: str) -> str:
    """Under which name at most one message of a purpose waits: of each state of a reservation one."""
    return f"{person}/{reservation.id}/{reservation.revision}" if reservation.revision else f"{person}/{reservation.id}"


def of_reservation(
    office: Office, registration: Registration, reservation: Reservation, purpose: Purpose, now: Instant
) -> Message:
    """A message about a reservation as it stands now, owed to its registration's phone."""
    place = office.campaign.place(reservation.site_id)
    facts = {"site": place.name, "address": place.address, **times(reservation)}
    return evolve(sms(office, registration, purpose, now, **facts), person=matter(reservation, registration.person))


def told(
    office: Office, registration: Registration, reservation: Reservation, purpose: Purpose, now: Instant
) -> tuple[Message, ...]:
    """Messages about a reservation as it stands now: to the phone, and to the e-mail address where there is one.

    The e-mail encloses the reservation as it stands at hand-off, so every change of it is told there too: the entry in
    a citizen's calendar follows.
    """
    text = of_reservation(office, registration, reservation, purpose, now)
    if registration.email is None:
        return (text,)
    facts = {**text.facts, "reservation": reservation.id}
    mail = evolve(text, id=office.chance.name(), channel=Channel.EMAIL, purpose=BY_EMAIL[purpose], facts=facts)
    return (text, evolve(mail, recipient=registration.email))


def note(
    office: Office, kind: str, registration: Registration, reservation: Reservation, now: Instant, **facts: str | int
) -> JournalEntry:
    """What the journal says of something that happened to a reservation."""
    said: dict[str, str | int] = {**about(office, registration, now), "reservation": reservation.id}
    said |= {"at": reservation.site_id, "invitation": reservation.invitation, **facts}
    return office.note(now, kind, person=registration.person, site_id=registration.site_id, **said)
