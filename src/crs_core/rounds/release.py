"""Invitations: as many as the site can still fully book, in the declared order; in batches, each its own commit."""

from collections import Counter

from attrs import evolve, field, frozen

from crs_core.domain import gate
from crs_core.domain.messages import Purpose
from crs_core.domain.plans import JournalEntry, Key, Plan, Put, Versioned
from crs_core.domain.registration import Registration
from crs_core.domain.regulator import Room, expected, silent_since
from crs_core.domain.releases import ReleaseRecord, free_seats, place_of
from crs_core.domain.sites import Site
from crs_core.domain.time import Instant
from crs_core.errors import Stale
from crs_core.office.commands import Office
from crs_core.office.letters import about, sms
from crs_core.ports.storage import View
from crs_core.rounds import calling, replanning

__all__ = ["Release", "release"]

_BATCH = 100


@frozen
class Release:
    """What a release did, or in a dry run would do.

    Attributes:
        invited: Registrations in the order they were called.
        people: How many the site could fully book when it began.
        outstanding: Invitations unanswered when it began.
        held_by: What holds back the next invitation: ``queue_empty``; ``groups_not_open`` or ``no_group`` where others
            wait, but only such as may not be invited yet, or whom no group takes; ``outstanding_invitations``,
            ``no_free_pair``, ``immediate_access``, ``site_closed``, ``maintenance``; or ``busy`` where another release
            of the site is under way. Empty where nothing does: a dry run ends with a full batch.
    """

    site_id: str
    invited: tuple[str, ...] = field(repr=lambda ids: f"<{len(ids)}>")
    people: int = 0
    outstanding: int = 0
    held_by: str = ""


def release(office: Office, site_id: str, *, dry_run: bool, actor: str) -> Release:
    """See `SiteDesk.release`."""
    office.campaign.place(site_id)
    if dry_run:
        with office.storage.read() as view:
            found, chosen = _choose(office, view, site_id, office.now())
        return _report(site_id, found, chosen)
    replanning.seat_lost(office, site_id, actor=actor)
    invited: list[str] = []
    first: Room | None = None
    while True:
        batch = _batch(office, site_id, actor)
        if batch is None:
            return Release(site_id, tuple(invited), held_by="busy")
        found, chosen = batch
        first = first or found
        invited += [each.value.id for each in chosen]
        if len(chosen) < _BATCH:
            return Release(site_id, tuple(invited), first.people, first.outstanding, found.held_by)


def _report(site_id: str, found: Room, chosen: list[Versioned[Registration]]) -> Release:
    return Release(site_id, tuple(each.value.id for each in chosen), found.people, found.outstanding, found.held_by)


def _batch(office: Office, site_id: str, actor: str) -> tuple[Room, list[Versioned[Registration]]] | None:
    """One batch, committed; None where another round holds the site. A citizen's change meanwhile starts it over."""
    while True:
        try:
            with office.storage.write(timeout=office.write_timeout) as work:
                if not work.lock([Key(Site, site_id)], skip=True):
                    return None
                now = office.now()
                found, chosen = _choose(office, work, site_id, now)
                if chosen:
                    work.apply(_plan(office, site_id, found, chosen, now), actor=actor, now=now)
        except Stale:
            continue
        return found, chosen


def _choose(office: Office, view: View, site_id: str, now: Instant) -> tuple[Room, list[Versioned[Registration]]]:
    """Whom to call, and the room of the site with what holds back the next one: nothing where a batch follows."""
    found = calling.room(office, view, site_id, now)
    chosen, exhausted = calling.called(office, view, site_id, found, _BATCH, now)
    if exhausted:
        return evolve(found, held_by=calling.uncalled(office, view, site_id, len(chosen), now)), chosen
    return (evolve(found, held_by="") if len(chosen) == _BATCH else found), chosen


def _plan(office: Office, site_id: str, found: Room, chosen: list[Versioned[Registration]], now: Instant) -> Plan[None]:
    today = office.today(now)
    rule = office.campaign.invitation.at(now)
    record = _record(office, site_id, found, chosen, now)
    invited = [gate.invited(each.value, rule, release_id=record.id, now=now, today=today) for each in chosen]
    changed = (Put(Key(Registration, each.id), each, old.version) for each, old in zip(invited, chosen, strict=True))
    return Plan(
        None,
        puts=(*changed, Put(Key(ReleaseRecord, record.id), record, 0)),
        transfers=gate.now_invited(site_id, invited),
        journal=(_entry(office, record), *(_note(office, each, record, now) for each in invited)),
        messages=tuple(sms(office, each, Purpose.INVITATION, now) for each in invited),
    )


def _record(
    office: Office, site_id: str, found: Room, chosen: list[Versioned[Registration]], now: Instant
) -> ReleaseRecord:
    campaign, today = office.campaign, office.today(now)
    policy, response = campaign.priority.at(now), campaign.response.at(now)
    calls = Counter(silent_since(each.value, today) for each in chosen)
    return ReleaseRecord(
        id=office.chance.name(),
        site_id=site_id,
        at=now,
        day=today,
        policy=policy,
        policy_version=campaign.priority.version(now),
        response=response,
        response_version=campaign.response.version(now),
        free=free_seats(found.supplies),
        people=found.people,
        unanswered=tuple(sorted(found.invited.items())),
        calls=tuple(sorted(calls.items())),
        outstanding=expected(found.invited, response, today) + expected(calls, response, today),
        invited=tuple(each.value.id for each in chosen),
        cut_off=place_of(policy, chosen[-1].value, today),
        held_by=found.held_by,
    )


def _entry(office: Office, record: ReleaseRecord) -> JournalEntry:
    """What the journal says of it; the rest is in the record."""
    return office.note(
        record.at,
        "released",
        site_id=record.site_id,
        release=record.id,
        policy=record.policy_version,
        number=len(record.invited),
        cut_off=record.invited[-1],
    )


def _note(office: Office, invited: Registration, record: ReleaseRecord, now: Instant) -> JournalEntry:
    facts = {**about(office, invited, now), "release": record.id}
    return office.note(now, "invited", person=invited.person, site_id=invited.site_id, **facts)
