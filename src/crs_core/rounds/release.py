"""Invitations: as many as the site can still fully book, in the declared order; in batches, each its own commit."""

from attrs import evolve, field, frozen

from crs_core.domain import gate
from crs_core.domain.messages import Purpose
from crs_core.domain.plans import JournalEntry, Key, Plan, Put, Versioned
from crs_core.domain.registration import Registration
from crs_core.domain.regulator import Room
from crs_core.domain.sites import Site
from crs_core.domain.time import Instant
from crs_core.errors import Stale
from crs_core.office.commands import Office
from crs_core.office.letters import about, sms
from crs_core.ports.storage import View
from crs_core.rounds import calling

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
            ``no_free_pair``, ``immediate_access``, ``site_closed``; or ``busy`` where another release of the site is
            under way. Empty where nothing does: a dry run ends with a full batch.
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
                    work.apply(_plan(office, site_id, chosen, now), actor=actor, now=now)
        except Stale:
            continue
        return found, chosen


def _choose(office: Office, view: View, site_id: str, now: Instant) -> tuple[Room, list[Versioned[Registration]]]:
    """Whom to call, and the room of the site with what holds back the next one: nothing where a batch follows."""
    found = calling.room(office, view, site_id, now)
    number = min(found.free, _BATCH)
    chosen = calling.called(office, view, site_id, number, now)
    if len(chosen) < number:
        return evolve(found, held_by=calling.uncalled(office, view, site_id, len(chosen), now)), chosen
    return (evolve(found, held_by="") if number < found.free else found), chosen


def _plan(office: Office, site_id: str, chosen: list[Versioned[Registration]], now: Instant) -> Plan[None]:
    today = office.today(now)
    name = office.chance.name()
    rule = office.campaign.invitation.at(now)
    invited = [gate.invited(each.value, rule, release_id=name, now=now, today=today) for each in chosen]
    return Plan(
        None,
        puts=tuple(
            Put(Key(Registration, each.id), each, old.version) for each, old in zip(invited, chosen, strict=True)
        ),
        transfers=(gate.now_invited(site_id, today, len(invited)),),
        journal=(_record(office, site_id, name, invited, now), *(_note(office, each, now) for each in invited)),
        messages=tuple(sms(office, each, Purpose.INVITATION, now) for each in invited),
    )


def _record(office: Office, site_id: str, name: str, invited: list[Registration], now: Instant) -> JournalEntry:
    """The release record: the policy version and the cut-off, the last one called."""
    last = invited[-1]
    return office.note(
        now,
        "released",
        site_id=site_id,
        release=name,
        policy=office.campaign.priority.version(now),
        number=len(invited),
        cut_off=last.id,
    )


def _note(office: Office, invited: Registration, now: Instant) -> JournalEntry:
    return office.note(now, "invited", person=invited.person, site_id=invited.site_id, **about(office, invited, now))
