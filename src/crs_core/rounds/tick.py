"""Time passes: reminders, ends of terms, statistics."""

from collections.abc import Sequence

from attrs import frozen

from crs_core.domain import gate
from crs_core.domain.ledger import Transfer
from crs_core.domain.messages import Message, Purpose
from crs_core.domain.plans import JournalEntry, Key, Plan, Put, Versioned
from crs_core.domain.registration import Registration
from crs_core.domain.statistics import Tally, measures
from crs_core.domain.time import Day, Instant, day_of
from crs_core.errors import Stale
from crs_core.office.commands import Office
from crs_core.office.letters import about, sms
from crs_core.ports.storage import Numbered

__all__ = ["Tick", "roll_up", "tick"]

_BATCH = 100
_ENTRIES = 1000


@frozen
class Tick:
    """What a round did: reminders owed, invitations ended, journal entries counted."""

    reminded: int = 0
    ended: int = 0
    counted: int = 0


def tick(office: Office, *, actor: str) -> Tick:
    """See `OperationsDesk.tick`."""
    reminded = ended = 0
    while True:
        try:
            batch = _windows(office, actor)
        except Stale:
            continue
        if batch is None:
            break
        reminded, ended = reminded + batch[0], ended + batch[1]
    return Tick(reminded, ended, roll_up(office, actor=actor))


def _windows(office: Office, actor: str) -> tuple[int, int] | None:
    with office.storage.write(timeout=office.write_timeout) as work:
        now = office.now()
        due = work.due(now, _BATCH)
        if not due:
            return None
        steps = [_step(office, each, now) for each in due]
        plan = Plan(
            None,
            puts=tuple(put for put, _, _, _ in steps),
            transfers=tuple(transfer for _, transfers, _, _ in steps for transfer in transfers),
            journal=tuple(entry for _, _, entry, _ in steps),
            messages=tuple(message for _, _, _, message in steps),
        )
        work.apply(plan, actor=actor, now=now)
    ends = sum(entry.kind in {"returned", "lapsed"} for entry in plan.journal)
    return len(steps) - ends, ends


_Step = tuple[Put[Registration], tuple[Transfer, ...], JournalEntry, Message]


def _step(office: Office, stored: Versioned[Registration], now: Instant) -> _Step:
    registration = stored.value
    facts = about(office, registration, now)
    key = Key(Registration, registration.id)
    ends = None if registration.invitation is None else registration.invitation.expires_at
    if ends is None or now < ends:
        after, kind, purpose = gate.reminded(registration), "reminded", Purpose.PIN_REMINDER
    else:
        lapses = registration.invitation is not None and registration.invitation.rule.on_expiry == "lapse"
        after = gate.lapsed(registration) if lapses else gate.returned(registration)
        kind, purpose = ("lapsed" if lapses else "returned"), Purpose.INVITATION_ENDED
    back = () if kind == "reminded" else gate.no_longer_invited(registration)
    note = office.note(now, kind, person=registration.person, site_id=registration.site_id, **facts)
    return Put(key, after, stored.version), back, note, sms(office, registration, purpose, now)


def roll_up(office: Office, *, actor: str) -> int:
    """Adds journal entries not yet counted to the statistics; how many there were."""
    total = 0
    while True:
        with office.storage.write(timeout=office.write_timeout) as work:
            if not work.lock([Key(Tally, "statistics")], skip=True):
                return total
            entries = work.uncounted(_ENTRIES)
            if not entries:
                return total
            tallies = _tallies(office, entries)
            counted = tuple(each.number for each in entries)
            work.apply(Plan(None, tallies=tallies, counted=counted), actor=actor, now=office.now())
        total += len(entries)


def _tallies(office: Office, entries: Sequence[Numbered]) -> tuple[Tally, ...]:
    found: dict[tuple[Day, str, str, str], int] = {}
    for numbered in entries:
        entry = numbered.entry
        for measure, number in measures(entry.kind, entry.facts):
            day = day_of(entry.at, office.campaign.zone)
            names = (day, measure, entry.site_id, str(entry.facts.get("age", "")))
            found[names] = found.get(names, 0) + number
    return tuple(Tally(*names, number) for names, number in sorted(found.items()))
