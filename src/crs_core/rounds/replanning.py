"""A re-plan: people who hold seats or doses that a site no longer has are moved, whole, in one commit a site.

It is one commit because half a re-plan is no better than none: who moves where depends on all the others. After a crash
nothing has happened, and the next one does it; once it is done a site is no longer short, and another one moves nobody.
Whoever is changed is owed one message, and an e-mail beside it where there is an address; what was owed of an earlier
state and has not left yet never will.
"""

import enum
from typing import Any

from attrs import field, frozen

from crs_core.domain import gate, replanning
from crs_core.domain.maintenance import under_way
from crs_core.domain.messages import Message, Purpose
from crs_core.domain.plans import JournalEntry, Key, Plan, Put, Versioned
from crs_core.domain.registration import Registration
from crs_core.domain.replanning import Decision
from crs_core.domain.reservations import Appointment, Attendance, Reservation
from crs_core.domain.sites import Site
from crs_core.domain.time import Day, Instant, clock_time
from crs_core.office.commands import Command, Office
from crs_core.office.letters import note, told
from crs_core.ports.storage import View, Work

__all__ = ["Became", "Replan", "Replanned", "replan", "seat_lost"]

_LONG_AGO, _FAR = Day(1900, 1, 1), Day(9999, 12, 31)


class Became(enum.Enum):
    """What a re-plan made of somebody's reservation; each has its message."""

    MOVED = "replanned"
    """One or more doses have another time."""
    DOSE_LOST = "dose_lost"
    """A dose was given and there is no seat for the next yet: it is kept, and the next is given the first seat."""
    SEAT_LOST = "seat_lost"
    """Nothing was given yet and there is no seat: it is back in the queue with its seniority."""


@frozen
class Replanned:
    """One person whose reservation a re-plan changed.

    Attributes:
        was: The appointments that changed, as they were.
        becomes: The same as they are now; empty where they are lost.
    """

    registration_id: str
    reservation_id: str
    became: Became
    was: tuple[Appointment, ...]
    becomes: tuple[Appointment, ...]


@frozen
class Replan:
    """What a re-plan did, or in a dry run would do.

    Attributes:
        people: Everybody who is told, by product, whoever reserved first first.
        waiting: How many are left whose next dose waits for a seat.
        short: Seats and doses that are still missing: of people whose time has come, so that they cannot be moved.
        proven: Whether it is shown that no other way leaves fewer people without a seat, and then moves fewer.
    """

    site_id: str
    people: tuple[Replanned, ...] = field(default=(), repr=lambda found: f"<{len(found)}>")
    waiting: int = 0
    short: int = 0
    proven: bool = True

    def of(self, became: Became) -> tuple[str, ...]:
        """The registrations of whom it made that."""
        return tuple(each.registration_id for each in self.people if each.became is became)


def replan(office: Office, site_id: str, *, dry_run: bool, actor: str, idempotency_key: str | None) -> Replan:
    """See `OperationsDesk.replan`."""
    office.campaign.place(site_id)
    key = Key(Site, site_id)
    if dry_run:
        with office.storage.read() as view:
            return _plan(office, view, site_id, office.now()).result

    def decide(work: Work, now: Instant) -> Plan[Replan]:
        return _plan(office, work, site_id, now)

    return office.run(Command("replan", actor, {"site": site_id}, Replan, decide, (key,), idempotency_key))


def seat_lost(office: Office, site_id: str, *, actor: str) -> None:
    """Gives people whose next dose waits for a seat the first that there are, before anybody is invited to them.

    During maintenance nothing is given, as nobody is invited.
    """
    if under_way(office.pauses, office.now()) is not None:
        return
    with office.storage.read() as view:
        stored = view.get(Key(Site, site_id))
    if stored is not None and stored.value.lost:
        replan(office, site_id, dry_run=False, actor=actor, idempotency_key=None)


def _plan(office: Office, view: View, site_id: str, now: Instant) -> Plan[Replan]:
    stored = view.get(Key(Site, site_id))
    if stored is None or not _is_short(stored.value):
        return Plan(Replan(site_id))
    site = stored.value
    first = _LONG_AGO if site.lost else office.today(now)
    made = {each.value.id: each for each in view.appointments(site_id, first, _FAR) if each.value.cancelled_at is None}
    held = [each.value for each in made.values()]
    found = replanning.decide(site, held, dict(view.accounts(site_id)), office.campaign, now)
    puts: list[Put[Any]] = []
    if found.site != site:
        puts.append(Put(Key(Site, site_id), found.site, stored.version))
    people: list[Replanned] = []
    journal: list[JournalEntry] = []
    messages: list[Message] = []
    for before, after in found.changed:
        puts.append(Put(Key(Reservation, after.id), after, made[after.id].version))
        if after.revision == before.revision:
            continue  # its vaccine comes from another delivery, which is nobody's business
        holder = _holder(view, after)
        one = _told(before, after)
        people.append(one)
        if one.became is Became.SEAT_LOST:
            puts.append(Put(Key(Registration, holder.value.id), gate.returned(holder.value), holder.version))
            journal.append(note(office, "cancelled", holder.value, after, now, reason="replan"))
        journal.append(_note(office, holder.value, after, one, now))
        messages += told(office, holder.value, after, Purpose(one.became.value), now)
    result = Replan(site_id, tuple(people), found.site.lost, _short(found), found.proven)
    if not puts:
        return Plan(result)
    return Plan(
        result,
        puts=tuple(puts),
        transfers=found.transfers,
        journal=(*journal, _summary(office, found, people, now)),
        messages=tuple(messages),
    )


def _is_short(site: Site) -> bool:
    return bool(site.lost or site.short_slots or any(each.short for each in site.deliveries))


def _short(found: Decision) -> int:
    return sum(each.seats for each in found.site.short_slots) + sum(each.short for each in found.site.deliveries)


def _holder(view: View, reservation: Reservation) -> Versioned[Registration]:
    stored = view.get(Key(Registration, reservation.registration_id))
    if stored is None:
        raise LookupError(f"registration={reservation.registration_id}: it holds a reservation, but is not there")
    return stored


def _told(before: Reservation, after: Reservation) -> Replanned:
    if after.cancelled_at is not None:
        gone = tuple(each for each in before.doses if each.held)
        return Replanned(after.registration_id, after.id, Became.SEAT_LOST, gone, ())
    pairs = [(old, new) for old, new in zip(before.doses, after.doses, strict=True) if _moved(old, new)]
    lost = any(new.attendance is Attendance.LOST for _, new in pairs)
    return Replanned(
        after.registration_id,
        after.id,
        Became.DOSE_LOST if lost else Became.MOVED,
        tuple(old for old, _ in pairs),
        () if lost else tuple(new for _, new in pairs),
    )


def _moved(old: Appointment, new: Appointment) -> bool:
    return (old.calendar, old.day, old.minute, old.attendance) != (new.calendar, new.day, new.minute, new.attendance)


def _note(office: Office, registration: Registration, after: Reservation, one: Replanned, now: Instant) -> JournalEntry:
    facts: dict[str, str | int] = {f"was{each.dose}": f"{each.day} {clock_time(each.minute)}" for each in one.was}
    facts |= {f"becomes{each.dose}": f"{each.day} {clock_time(each.minute)}" for each in one.becomes}
    return note(office, one.became.value, registration, after, now, **facts)


def _summary(office: Office, found: Decision, people: list[Replanned], now: Instant) -> JournalEntry:
    facts: dict[str, str | int] = {each.value: sum(one.became is each for one in people) for each in Became}
    facts |= {"waiting": found.site.lost, "short": _short(found), "proven": int(found.proven)}
    return office.note(now, "site_replanned", person="", site_id=found.site.id, **facts)
