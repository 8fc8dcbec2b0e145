"""Time passes: reminders, ends of terms, duplicates, claims asked again, statistics."""

from collections.abc import Iterable, Iterator, Sequence

from attrs import astuple, evolve, frozen

from crs_core.domain import claims, duplicates, gate
from crs_core.domain.ledger import Transfer
from crs_core.domain.maintenance import under_way
from crs_core.domain.messages import Message, Purpose
from crs_core.domain.plans import JournalEntry, Key, Plan, Put, Versioned
from crs_core.domain.registration import Gate, Registration
from crs_core.domain.statistics import Tally, measures
from crs_core.domain.time import Day, Instant, day_of
from crs_core.errors import Stale
from crs_core.office.commands import Office
from crs_core.office.letters import about, sms
from crs_core.ports.storage import Numbered
from crs_core.rounds.asking import asked_again
from crs_core.rounds.contending import contended

__all__ = ["Tick", "roll_up", "tallies", "tick"]

_BATCH = 100
_ENTRIES = 1000


@frozen
class Tick:
    """What a round did: reminders owed, invitations ended, journal entries counted.

    Attributes:
        duplicates: Steps of duplicates: older phones told, places taken.
        asked: Registrations whose claims were answered, or put off once more.
    """

    reminded: int = 0
    ended: int = 0
    counted: int = 0
    duplicates: int = 0
    asked: int = 0


def tick(office: Office, *, actor: str) -> Tick:
    """See `OperationsDesk.tick`."""
    done = Tick()
    for due in _batches(office):
        step = _round(office, due, actor)
        done = Tick(*(first + second for first, second in zip(astuple(done), astuple(step), strict=True)))
    return evolve(done, counted=roll_up(office, actor=actor))


def _batches(office: Office) -> Iterator[list[Registration]]:
    """Whoever is due, a batch at a time, until nobody is; it stops where a round has changed nothing of it.

    During maintenance nobody is, as the lives of what could be due stand still.
    """
    before: list[tuple[str, int]] = []
    while under_way(office.pauses, office.now()) is None:
        with office.storage.read() as view:
            due = list(view.due(office.now(), _BATCH))
        names = [(each.value.id, each.version) for each in due]
        if names == before:
            return
        before = names
        yield [each.value for each in due]


def _round(office: Office, due: Sequence[Registration], actor: str) -> Tick:
    now = office.now()
    duplicate = sum(contended(office, each, actor) for each in due if duplicates.is_due(each, now))
    asked = asked_again(office, [each for each in due if claims.is_due(each, now)], actor)
    reminded, ended = _windows(office, actor)
    return Tick(reminded, ended, 0, duplicate, asked)


def _windows(office: Office, actor: str) -> tuple[int, int]:
    while True:
        try:
            return _batch(office, actor)
        except Stale:
            continue


def _batch(office: Office, actor: str) -> tuple[int, int]:
    with office.storage.write(timeout=office.write_timeout) as work:
        now = office.now()
        due = [each for each in work.due(now, _BATCH) if gate.is_due(each.value, now)]
        if not due:
            return 0, 0
        steps = [_step(office, each, now) for each in due]
        plan = Plan(
            None,
            puts=tuple(step.put for step in steps),
            transfers=tuple(transfer for step in steps for transfer in step.transfers),
            journal=tuple(entry for step in steps for entry in step.journal),
            messages=tuple(message for step in steps for message in step.messages),
        )
        work.apply(plan, actor=actor, now=now)
    reminders = sum(entry.kind == "reminded" for entry in plan.journal)
    return reminders, len(plan.journal) - reminders


@frozen
class _Step:
    put: Put[Registration]
    transfers: tuple[Transfer, ...] = ()
    journal: tuple[JournalEntry, ...] = ()
    messages: tuple[Message, ...] = ()


_ENDINGS = {
    Gate.INVITED: ("reminded", Purpose.PIN_REMINDER),
    Gate.QUEUED: ("returned", Purpose.INVITATION_ENDED),
    Gate.LAPSED: ("lapsed", Purpose.INVITATION_LAPSED),
}


def _step(office: Office, stored: Versioned[Registration], now: Instant) -> _Step:
    """What is due of one invitation; where maintenance has moved it, only when to look again."""
    before = stored.value
    after = gate.passed(before, now, office.pauses)
    put = Put(Key(Registration, before.id), after, stored.version)
    if gate.is_put_off(before, now, office.pauses):
        return _Step(put)
    kind, purpose = _ENDINGS[after.gate]
    back = () if after.gate is Gate.INVITED else gate.no_longer_invited(before)
    note = office.note(now, kind, person=before.person, site_id=before.site_id, **about(office, before, now))
    return _Step(put, back, (note,), (sms(office, before, purpose, now),))


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
            found = tallies(office, entries)
            counted = tuple(each.number for each in entries)
            work.apply(Plan(None, tallies=found, counted=counted), actor=actor, now=office.now())
        total += len(entries)


def tallies(office: Office, entries: Iterable[Numbered]) -> tuple[Tally, ...]:
    """What journal entries add to the statistics."""
    found: dict[tuple[Day, str, str, str], int] = {}
    for numbered in entries:
        entry = numbered.entry
        for measure, number in measures(entry.kind, entry.facts):
            day = day_of(entry.at, office.campaign.zone)
            names = (day, measure, entry.site_id, str(entry.facts.get("age", "")))
            found[names] = found.get(names, 0) + number
    return tuple(Tally(*names, number) for names, number in sorted(found.items()))
