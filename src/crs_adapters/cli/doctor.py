"""``crs doctor``: what is installed here, what it can do, and whether a campaign file is sound."""

from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crs_adapters.cli.examination import Finding, State, examine
from crs_core.composition.campaign_file import load_campaign
from crs_core.domain.campaign import Campaign
from crs_core.errors import CampaignInvalid

__all__ = ["doctor"]

_MARKS = {State.GOOD: ("ok", "green"), State.ABSENT: ("-", "yellow"), State.FAULT: ("FAULT", "bold red")}


def doctor(campaign: Path | None = None, *, folder: Path = Path()) -> int:
    """Say what is installed here and whether it works; exit 1 where something is wrong.

    What is merely not there (an optional library, a PostgreSQL server) is told and is no fault.

    Parameters
    ----------
    campaign
        A campaign file: every fault of it is listed, with its place, the rule and what to do.
    folder
        Where to try to write a file.
    """
    console = Console(highlight=False)
    findings = list(examine(folder))
    for part in dict.fromkeys(finding.part for finding in findings):
        _show(console, part, [finding for finding in findings if finding.part == part])
    faults = sum(finding.state is State.FAULT for finding in findings)
    if campaign is not None:
        faults += _campaign(console, campaign)
    console.print("\nEverything that has to be there is there." if not faults else f"\n{faults} fault(s).")
    return 1 if faults else 0


def _show(console: Console, part: str, findings: list[Finding]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, title=None)
    table.add_column(min_width=5)
    table.add_column(min_width=18, no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        mark, style = _MARKS[finding.state]
        found = Text(finding.found)
        if finding.remedy:
            found.append(f" ({finding.remedy})", style="dim")
        table.add_row(Text(mark, style=style), finding.name, found)
    console.print(Text(f"\n{part}", style="bold"))
    console.print(table)


def _campaign(console: Console, path: Path) -> int:
    part = f"Campaign {path}"
    try:
        campaign = load_campaign(path)
    except CampaignInvalid as error:
        console.print(Text(f"\n{part}", style="bold"))
        _faults(console, error)
        return len(error.problems)
    _show(console, part, [Finding(part, campaign.name, _summary(campaign))])
    return 0


def _summary(campaign: Campaign) -> str:
    access = ", then ".join(step.value for step in campaign.access)
    products = ", ".join(product.name for product in campaign.products)
    return f"{access} access; {products}; {len(campaign.places):,} sites; {campaign.zone}"


def _faults(console: Console, error: CampaignInvalid) -> None:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False)
    for name, ratio in (("Where", 4), ("Stands there", 3), ("Rule", 4), ("What to do", 4)):
        table.add_column(name, overflow="fold", ratio=ratio)
    for problem in error.problems:
        table.add_row(*(Text(text) for text in (problem.place, problem.value, problem.rule, problem.remedy)))
    console.print(table)
