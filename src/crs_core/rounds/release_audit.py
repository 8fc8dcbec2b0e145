"""Releases judged after the fact: none invited more than its rule allows, and none passed anybody over.

Each record is held against itself (who could be booked with what was free, how many answers its rule expected) and
against the journal: when each registration was in the queue, and where its place was by the declaration itself.

The journal's numbers say what came first, whatever the clock did. But a command is dated when it begins, and others
see it once it is committed; so a citizen's command that close to a release proves nothing, either way.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from crs_core.domain.erasure import is_erased
from crs_core.domain.pairing import bookable
from crs_core.domain.registration import Registration
from crs_core.domain.releases import EVERYBODY, ReleaseRecord, place_of
from crs_core.domain.time import Instant, days_between, later
from crs_core.ports.storage import Numbered, View
from crs_core.rounds.violations import Violation

__all__ = ["violations"]

_CLOSE_SECONDS = 60
_QUEUES = frozenset({"registered", "returned", "cancelled"})
_LEAVES = frozenset({"invited", "lapsed", "reserved", "undone", "withdrawn"})
_CHANGES_NOTHING = frozenset(
    {"checked_in", "disputed", "duplicate_told", "given", "moved", "no_show", "reminded", "replanned"}
)
"""Of those in the queue, and of those who are not."""


@frozen
class _Wait:
    """A stretch of a registration in the queue; `until` is None while it lasts."""

    since: Numbered
    until: Numbered | None


@frozen
class _Release:
    """A release in the order of the journal.

    Attributes:
        came_by, left_from: Who came, or left, between the two may or may not have been seen by it.
    """

    record: ReleaseRecord
    number: int
    came_by: Instant
    left_from: Instant

    @classmethod
    def of(cls, record: ReleaseRecord, noted: Numbered) -> "_Release":
        """A record and its entry in the journal."""
        at = noted.entry.at
        return cls(record, noted.number, later(at, seconds=-_CLOSE_SECONDS), later(at, seconds=_CLOSE_SECONDS))

    def saw(self, wait: _Wait) -> bool:
        """Whether a registration was in the queue for it to see, beyond doubt."""
        began, ended = wait.since, wait.until
        if began.number > self.number or began.entry.at > self.came_by:
            return False
        if ended is None or ended.number < self.number:
            return ended is None
        return ended.entry.kind == "invited" or ended.entry.at >= self.left_from


def violations(view: View, registrations: Mapping[str, Registration]) -> Iterator[Violation]:
    """Broken invariants 4 and 5 of every release that is kept."""
    records = {each.id: each for each in view.scan(ReleaseRecord)}
    releases: dict[str, Numbered] = {}
    histories: dict[str, list[Numbered]] = defaultdict(list)
    for numbered in view.entries():
        facts = numbered.entry.facts
        if numbered.entry.kind == "released":
            releases[str(facts.get("release"))] = numbered
        elif "registration" in facts:
            histories[str(facts["registration"])].append(numbered)
    for record in records.values():
        yield from _counted(record)
    yield from _kept(records, releases, registrations)
    of_site: dict[str, list[_Release]] = defaultdict(list)
    for name in records.keys() & releases.keys():
        of_site[records[name].site_id].append(_Release.of(records[name], releases[name]))
    for one in registrations.values():
        waits = _waits(one, histories.get(one.id, ()))
        yield from _passed_over(one, waits, of_site.get(one.site_id, ()))


def _counted(record: ReleaseRecord) -> Iterator[Violation]:
    """The arithmetic of a record, from what was free and what was unanswered."""
    people = sum(bookable(free.supply()) for free in record.free)
    if people != record.people:
        yield Violation(4, record.id, f"{people} people could be fully booked, the release counted {record.people}")
    rule = record.response
    counted = (*record.unanswered, *record.calls)
    outstanding = sum(number * rule.at(days_between(day, record.day)) for day, number in counted)
    if outstanding != record.outstanding:
        yield Violation(4, record.id, f"{outstanding} hundredths outstanding, the release counted {record.outstanding}")
    if outstanding > people * rule.over_invitation:
        most = people * rule.over_invitation
        yield Violation(4, record.id, f"{outstanding} hundredths outstanding, its rule allows {most} for {people}")
    called = sum(number for _, number in record.calls)
    if called != len(record.invited):
        yield Violation(4, record.id, f"{len(record.invited)} people invited, {called} counted")
    if record.cut_off is None:
        yield Violation(5, record.id, "the last one that it called is taken by no open group")


def _kept(
    records: Mapping[str, ReleaseRecord], releases: Mapping[str, Numbered], registrations: Mapping[str, Registration]
) -> Iterator[Violation]:
    """Every release has its record, and every invitation its release."""
    for name in sorted(records.keys() ^ releases.keys()):
        yield Violation(5, name, "a release is not kept" if name in releases else "the journal knows no such release")
    for one in registrations.values():
        name = "" if one.invitation is None else one.invitation.release_id
        if name and (name not in records or one.id not in records[name].invited):
            yield Violation(5, one.id, "it was invited by no release that is kept")


def _waits(one: Registration, history: Sequence[Numbered]) -> list[_Wait]:
    """When it was in the queue at the place it has now; a correction, or what is not known here, ends all before.

    Of one that is blocked nothing is said, for it may have been so from the beginning; nor of one that was erased, for
    its place is unknown.
    """
    found: list[_Wait] = []
    since: Numbered | None = None
    for numbered in () if one.blocks or is_erased(one) else history:
        kind = numbered.entry.kind
        if kind in _QUEUES:
            since = since or numbered
        elif kind == "corrected":
            found.clear()
            since = since and numbered
        elif kind not in _CHANGES_NOTHING:
            found = [*found, _Wait(since, numbered)] if since is not None else found
            since = None
            if kind not in _LEAVES:
                found.clear()
    return [*found, _Wait(since, None)] if since is not None and one.queued else found


def _passed_over(one: Registration, waits: Sequence[_Wait], releases: Sequence[_Release]) -> Iterator[Violation]:
    for each in releases:
        if any(map(each.saw, waits)) and _was_due(one, each.record) and one.id not in each.record.invited:
            yield Violation(5, one.id, f"release {each.record.id} passed it over: it stood before the cut-off")


def _was_due(one: Registration, record: ReleaseRecord) -> bool:
    place = place_of(record.policy, one, record.day)
    if place is None:
        return False
    return record.held_by in EVERYBODY or (record.cut_off is not None and place <= record.cut_off)
