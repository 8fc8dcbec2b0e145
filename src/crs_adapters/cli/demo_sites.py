"""What ``crs demo`` prints of sites: what the check says of real calendars, what each could book and what not."""

from collections.abc import Callable, Iterable, Sequence

from rich.console import Console
from rich.text import Text

from crs_adapters.cli.demo_layout import head, table_of
from crs_adapters.simulation.czechia_2021.calendar_review import Reviewed
from crs_adapters.simulation.czechia_2021.site_outcome import SiteOutcome
from crs_core.domain.calendar_check import Severity

__all__ = ["booked", "calendars"]

_WORST = 5
_WHY = {
    "outstanding_invitations": "free pairs are held by invitations",
    "no_free_pair": "no free pair of doses",
    "queue_empty": "everybody is invited",
    "groups_not_open": "those who wait are not yet of a group",
    "no_group": "those who wait are of no group",
    "": "the next release invites more",
    "calendars_not_ready": "closed: its calendars",
    "nothing_published": "closed: no seat at this scale",
}


def calendars(console: Console, reviewed: Iterable[Reviewed], limit: float) -> None:
    """The real calendars, whole, before the check."""
    sites = list(reviewed)
    closed = [site for site in sites if site.refusal]
    stranded = {site.site: sum(finding.stranded for finding in site.findings) for site in sites}
    short = [site for site in sites if any(finding.severity is Severity.WARNS for finding in site.findings)]
    head(console, "The real calendars before the check")
    console.print(
        f"{len(sites)} sites with {sum(site.seats for site in sites):,} first doses, whole. "
        f"{len(sites) - len(closed)} may open; {len(short)} of them are warned, as some first doses there find no "
        f"second one 21 to 28 days later: {sum(stranded[site.site] for site in short):,} seats, never offered. "
        f"{len(closed)} may not open, as more than {limit:.0%} of theirs find none:"
    )
    for title, chosen in (("kept closed", closed), ("warned", short)):
        table = table_of("Site", "first doses", "stranded")
        ordered = sorted(chosen, key=lambda site: -stranded[site.site])
        for site in ordered[:_WORST]:
            table.add_row(Text(site.site), f"{site.seats:,}", f"{stranded[site.site]:,}")
        if len(ordered) > _WORST:
            table.add_row(Text(f"and {len(ordered) - _WORST} more", style="dim"), "", "")
        if chosen:
            console.print(Text(f"\n{title.capitalize()}", style="italic"))
            console.print(table)


def booked(console: Console, sites: Sequence[SiteOutcome], scaled: Callable[[float], str], where: str) -> None:
    """What sites could book by the last evening, by the reason why they invite nobody else."""
    head(console, "What sites could book, and what not, by the evening of 12 February")
    table = table_of("Why they invite no more", "sites", "reserved", "still free", "stranded", "waiting")
    for why, said in _WHY.items():
        of = [each for each in sites if each.held_by == why]
        if of:
            free, lost = sum(each.bookable for each in of), sum(each.stranded for each in of)
            people = sum(each.reserved for each in of), free, lost, sum(each.waiting for each in of)
            table.add_row(said, str(len(of)), *map(scaled, people))
    console.print(table)
    console.print(
        "Still free: people who could yet be given both doses. Stranded: free first doses without a second one, which "
        "nobody is shown."
    )
    console.print(Text(f"Every site: {where}", style="dim"), soft_wrap=True)
