"""What each site could book by the end, what it could not, and why."""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from attrs import asdict, fields, frozen

from crs_adapters.simulation.czechia_2021.play import Play

__all__ = ["SITES", "SiteOutcome", "site_outcomes", "write"]

SITES = "sites.csv"
_NEVER_READY, _NEVER_PUBLISHED = "calendars_not_ready", "nothing_published"


@frozen
class SiteOutcome:
    """One site on the evening of the last day; people played, not scaled back.

    Attributes:
        reserved: Reservations held there.
        bookable: How many more could be given all their doses.
        stranded: Free first doses that find no second one; shown to nobody.
        unanswered: Invitations out.
        waiting: Registrations without a reservation.
        held_by: What holds back the next invitation, as a release says it; of a site that never opened
            ``calendars_not_ready`` or ``nothing_published``.
    """

    site: str
    name: str
    region: str
    reserved: int
    bookable: int
    stranded: int
    unanswered: int
    waiting: int
    held_by: str


def site_outcomes(play: Play, waiting: Mapping[str, int]) -> tuple[SiteOutcome, ...]:
    """Every site of the campaign, in its order."""
    held = Counter(each.reservation.site_id for each in play.citizens if each.reservation is not None)
    return tuple(_outcome(play, planned.id, held, waiting) for planned in play.sites)


def _outcome(play: Play, site: str, held: Mapping[str, int], waiting: Mapping[str, int]) -> SiteOutcome:
    place = play.system.campaign.place(site)
    desk = play.system.site(site)
    stranded = sum(finding.stranded for finding in desk.check_calendars())
    if site not in play.opened:
        why = _NEVER_READY if play.blocked[site] else _NEVER_PUBLISHED
        return SiteOutcome(site, place.name, place.region, held.get(site, 0), 0, stranded, 0, waiting.get(site, 0), why)
    next_one = desk.release(dry_run=True)
    return SiteOutcome(
        site,
        place.name,
        place.region,
        held.get(site, 0),
        next_one.people,
        stranded,
        next_one.outstanding,
        waiting.get(site, 0),
        next_one.held_by,
    )


def write(path: Path, outcomes: Iterable[SiteOutcome]) -> None:
    """The same as a CSV file, a line a site."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, [each.name for each in fields(SiteOutcome)], lineterminator="\n")
        rows.writeheader()
        rows.writerows(asdict(each) for each in outcomes)
