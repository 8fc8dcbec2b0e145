"""The campaign amended, and maintenance announced: stored, so that every process goes by it from its next call on."""

from datetime import datetime

from attrs import evolve

from crs_core.domain import amendments, inputs
from crs_core.domain.amendments import IN_FORCE, Amendment, InForce
from crs_core.domain.campaign import Campaign
from crs_core.domain.maintenance import Maintenance
from crs_core.domain.plans import Plan, Put
from crs_core.domain.sites import Site
from crs_core.domain.time import Instant, later, utc
from crs_core.errors import CampaignInvalid, InvalidInput, Problem, Refused
from crs_core.office.commands import Command, Office
from crs_core.office.reception import as_in_force
from crs_core.ports.storage import View, Work

__all__ = ["amend", "announce_maintenance", "end_maintenance"]

_LONGEST_HOURS = 24


def amend(office: Office, campaign: Campaign, *, actor: str, idempotency_key: str | None) -> int:
    """See `OperationsDesk.amend`."""
    given: object = campaign
    if not isinstance(given, Campaign):
        remedy = "give what load_campaign returns"
        raise InvalidInput([Problem("campaign", type(given).__name__, "must be a campaign", remedy)])

    def decide(work: Work, now: Instant) -> Plan[int]:
        found, stored = _in_force(work)
        old = as_in_force(office, work, found).campaign
        problems = list(amendments.faults(old, campaign, work.scan(Site), now))
        if problems:
            raise CampaignInvalid(problems)
        tables = amendments.changed(old, campaign)
        if not tables:
            return Plan(found.version)
        version = found.version + 1
        made = Amendment(str(version), campaign, now)
        return Plan(
            version,
            puts=(
                Put(IN_FORCE, evolve(found, version=version), stored),
                Put(amendments.key_of(version), made, 0),
            ),
            journal=(office.note(now, "campaign_amended", version=version, tables=" ".join(tables)),),
        )

    arguments = {"campaign": office.answers.dumps(campaign)}
    return office.run(Command("amend", actor, arguments, int, decide, (IN_FORCE,), idempotency_key))


def announce_maintenance(
    office: Office, start: datetime, end: datetime, *, actor: str, idempotency_key: str | None
) -> Maintenance:
    """See `OperationsDesk.announce_maintenance`."""
    inputs.require(inputs.of_moment("start", start), inputs.of_moment("end", end))
    begin, stop = utc(start), utc(end)

    def decide(work: Work, now: Instant) -> Plan[Maintenance]:
        inputs.require(_not_past(begin, now), _not_long(begin, stop))
        window = Maintenance(begin, stop)
        found, stored = _in_force(work)
        if window in found.pauses:
            return Plan(window)
        return Plan(
            window,
            puts=(Put(IN_FORCE, evolve(found, pauses=tuple(sorted((*found.pauses, window)))), stored),),
            journal=(office.note(now, "maintenance_announced", start=begin.isoformat(), end=stop.isoformat()),),
        )

    arguments = {"start": begin.isoformat(), "end": stop.isoformat()}
    return office.run(
        Command("announce_maintenance", actor, arguments, Maintenance, decide, (IN_FORCE,), idempotency_key)
    )


def end_maintenance(office: Office, *, actor: str, idempotency_key: str | None) -> int:
    """See `OperationsDesk.end_maintenance`."""

    def decide(work: Work, now: Instant) -> Plan[int]:
        found, stored = _in_force(work)
        over = tuple(window for window in found.pauses if window.end <= now)
        cut = tuple(Maintenance(each.start, now) for each in found.pauses if each.start < now < each.end)
        number = len(found.pauses) - len(over)
        if not number:
            raise Refused(
                "no_maintenance", "no maintenance is under way or announced", remedy="there is nothing to end"
            )
        return Plan(
            number,
            puts=(Put(IN_FORCE, evolve(found, pauses=tuple(sorted((*over, *cut)))), stored),),
            journal=(office.note(now, "maintenance_ended", number=number),),
        )

    return office.run(Command("end_maintenance", actor, {}, int, decide, (IN_FORCE,), idempotency_key))


def _in_force(view: View) -> tuple[InForce, int]:
    """What is in force, and its version in the store."""
    stored = view.get(IN_FORCE)
    return (InForce(), 0) if stored is None else (stored.value, stored.version)


def _not_past(start: Instant, now: Instant) -> Problem | None:
    if start >= now:
        return None
    return Problem("start", start.isoformat(), "maintenance is announced before it begins", "give a moment from now on")


def _not_long(start: Instant, end: Instant) -> Problem | None:
    if start < end <= later(start, hours=_LONGEST_HOURS):
        return None
    rule = f"must be after start, by at most {_LONGEST_HOURS} hours"
    return Problem("end", end.isoformat(), rule, "mend one of the two, or announce several")
