"""The calendar check on the real calendars of January and February 2021: what it says of every vaccination site.

    CRS_DATA=~/data python examples/czechia-2021/check_calendars.py

Reads the open data on reservations (see `crs_adapters.simulation.open_data`, which says what counts as a seat),
publishes each site's first and second doses at the site's desk under the rules of `campaign.toml`, and prints what
`check_calendars` finds: stranded seats, their share, the cause, and whether the site may open.
"""

import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pendulum
from attrs import evolve, frozen

import crs_core as crs
from crs_adapters.simulation.open_data import SiteCalendars, site_calendars
from crs_core.domain.calendar_check import Finding, Severity
from crs_core.domain.campaign import Place
from crs_core.domain.time import Day

FIRST_DAY, LAST_DAY = Day(2021, 1, 15), Day(2021, 2, 12)
RULES = Path(__file__).with_name("campaign.toml")
KEYS = {"check": b"an invented key: nobody comes .."}
EIGHT = 8 * 60


class FirstMorning:
    """The clock of the morning on which the first sites opened."""

    def now(self) -> pendulum.DateTime:
        """See `Clock.now`."""
        return pendulum.datetime(2021, 1, 15, 5)


@frozen
class Checked:
    """A site, its first doses, and what the check found, the worst first."""

    site: SiteCalendars
    seats: int
    findings: tuple[Finding, ...]

    @property
    def stranded(self) -> int:
        """First doses that cannot be completed."""
        return sum(finding.stranded for finding in self.findings)

    @property
    def verdict(self) -> str:
        """Whether the site may open."""
        if any(finding.severity is Severity.BLOCKS for finding in self.findings):
            return "closed"
        return "warned" if self.findings else "fine"

    @property
    def cause(self) -> str:
        """The finding that strands most, with its days."""
        if not self.findings:
            return ""
        worst = max(self.findings, key=lambda finding: finding.stranded)
        more = f" and {len(self.findings) - 1} more" if len(self.findings) > 1 else ""
        return f"{worst.code} {worst.first_day} to {worst.last_day}{more}"


def check(sites: Sequence[SiteCalendars]) -> Iterator[Checked]:
    """What the desk of each site finds."""
    places = tuple(Place(site.site, site.name, site.region) for site in sites)
    campaign = evolve(crs.load_campaign(RULES), places=places)
    with crs.open_system(campaign, keys=KEYS, clock=FirstMorning()) as system:
        for site in sites:
            desk = system.site(site.site)
            desk.publish(
                crs.Calendar(name, "comirnaty", dose, [crs.Slot(day, EIGHT, seats) for day, seats in days.items()])
                for name, dose, days in (("V1", 1, site.first_dose), ("V2", 2, site.second_dose))
            )
            yield Checked(site, sum(site.first_dose.values()), desk.check_calendars())


def summary(found: Sequence[Checked]) -> Iterator[str]:
    """The country in a few lines."""
    seats, stranded = sum(each.seats for each in found), sum(each.stranded for each in found)
    verdicts = Counter(each.verdict for each in found)
    yield f"{len(found)} sites, {seats:,} first doses, {stranded:,} stranded ({stranded / max(1, seats):.1%})"
    yield ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in ("fine", "warned", "closed"))
    causes = Counter[str]()
    for each in found:
        for finding in each.findings:
            causes[finding.code] += finding.stranded
    yield "by cause: " + (", ".join(f"{code} {number:,}" for code, number in causes.most_common()) or "none")


def main() -> int:
    """Prints a line a site, the worst share first, and a summary."""
    folder = os.environ.get("CRS_DATA")
    if not folder:
        print("CRS_DATA is not set: name the folder with the open data, such as CRS_DATA=~/data", file=sys.stderr)
        return 2
    found = list(check(site_calendars(Path(folder).expanduser(), FIRST_DAY, LAST_DAY)))
    print(f"{'first':>6} {'stranded':>8} {'share':>6}  {'':6} site, cause")
    for each in sorted(found, key=lambda each: (-each.stranded / each.seats, each.site.name)):
        name = f"{each.site.name} ({each.site.region})"
        print(
            f"{each.seats:6} {each.stranded:8} {each.stranded / each.seats:6.1%}  {each.verdict:6} {name}: {each.cause}"
        )
    print("\n" + "\n".join(summary(found)))
    worst = max(found, key=lambda each: each.stranded, default=None)
    if worst is not None and worst.findings:
        print(f"\nMost stranded: {worst.site.name}")
        for finding in worst.findings[:3]:
            print(f"  {finding.text('cs')} {finding.advice('cs')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
