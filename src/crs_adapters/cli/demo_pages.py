"""What ``crs demo`` prints: figures scaled back to the whole country, tables that fit into 80 columns."""

from collections.abc import Callable, Iterable

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crs_adapters.cli.demo_story import explained, masked, story
from crs_adapters.simulation.czechia_2021.calendar_review import Reviewed
from crs_adapters.simulation.czechia_2021.dates import OPERATOR, OPERATORS_DAY, SWITCH_DAY
from crs_adapters.simulation.czechia_2021.outcome import Outcome, Sample
from crs_adapters.simulation.czechia_2021.recorder import Recorder
from crs_adapters.simulation.czechia_2021.staging import Stage
from crs_core.domain.calendar_check import Severity

__all__ = ["closing", "opening"]

_ZONE = "Europe/Prague"
_OLD = 80
_WORST = 5
_LANES = {"interactive": "control PINs", "transactional": "PIN2, confirmations", "bulk": "invitations"}


def opening(console: Console, stage: Stage) -> None:
    """What is about to be played, and what the check says of real calendars."""
    kind = "real sites with their calendars" if stage.reviewed else "invented sites"
    console.print(
        f"15 January to 12 February 2021, one person for {stage.scale:,}: "
        f"{len(stage.people):,} invented citizens, {len(stage.sites)} {kind}."
    )
    console.print(Text(f"Database, messages and rules: {stage.folder}/", style="dim"), soft_wrap=True)
    if stage.reviewed:
        _calendars(console, stage.reviewed, stage.campaign.calendar_check.steps[0][1].stranded_share)


def closing(console: Console, stage: Stage, outcome: Outcome, *, seconds: float) -> None:
    """What came of the play."""

    def scaled(number: float) -> str:
        return f"{round(number * stage.scale):,}"

    _headline(console, outcome, stage.scale, scaled)
    _waiting(console, outcome, scaled)
    _messages(console, outcome, scaled)
    if outcome.sample is not None:
        _journey(console, outcome.sample, stage)
    if outcome.site is not None:
        _head(console, "Why a site invites no more")
        console.print(explained(outcome.site))
    _commands(console, outcome.recorder, seconds)
    _head(console, "Audit")
    for violation in outcome.violations:
        console.print(Text(f"{violation}", style="red"))
    console.print(
        Text(f"{len(outcome.violations)} violations", style="bold red" if outcome.violations else "bold green")
    )
    _head(console, "What happened")
    console.print(story(outcome, stage))


def _head(console: Console, text: str) -> None:
    console.print(Text(f"\n{text}", style="bold"))


def _table(*columns: str, left: int = 1) -> Table:
    """A table whose first columns are text and whose others are numbers."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for number, name in enumerate(columns):
        table.add_column(name, justify="left" if number < left else "right", overflow="fold")
    return table


def _calendars(console: Console, reviewed: Iterable[Reviewed], limit: float) -> None:
    sites = list(reviewed)
    closed = [site for site in sites if site.refusal]
    stranded = {site.site: sum(finding.stranded for finding in site.findings) for site in sites}
    short = [site for site in sites if any(finding.severity is Severity.WARNS for finding in site.findings)]
    _head(console, "The real calendars before the check")
    console.print(
        f"{len(sites)} sites with {sum(site.seats for site in sites):,} first doses, whole. "
        f"{len(sites) - len(closed)} may open; {len(short)} of them are warned, as some first doses there find no "
        f"second one 21 to 28 days later: {sum(stranded[site.site] for site in short):,} seats, never offered. "
        f"{len(closed)} may not open, as more than {limit:.0%} of theirs find none:"
    )
    for title, chosen in (("kept closed", closed), ("warned", short)):
        table = _table("Site", "first doses", "stranded")
        ordered = sorted(chosen, key=lambda site: -stranded[site.site])
        for site in ordered[:_WORST]:
            table.add_row(Text(site.site), f"{site.seats:,}", f"{stranded[site.site]:,}")
        if len(ordered) > _WORST:
            table.add_row(Text(f"and {len(ordered) - _WORST} more", style="dim"), "", "")
        if chosen:
            console.print(Text(f"\n{title.capitalize()}", style="italic"))
            console.print(table)


def _headline(console: Console, outcome: Outcome, scale: int, scaled: Callable[[float], str]) -> None:
    _head(console, f"Day by day, scaled back to the whole country (× {scale:,})")
    table = _table("Day", "registered", "invited", "reserved", "registrations", "reservations", "waiting")
    for row in outcome.days:
        if row.day == SWITCH_DAY:
            table.add_section()
        events = (row.registered, row.invited, row.reserved)
        totals = (row.registrations, row.reservations, row.waiting)
        table.add_row(f"{row.day.day} {row.day:%b}", *map(scaled, (*events, *totals)))
        if row.day == OPERATORS_DAY:
            table.add_row("operator", "", "", "", *(f"{figure:,}" for figure in OPERATOR), style="bold")
    console.print(table)
    console.print(
        "The first three columns are of the day, the last three in all. The gap is the night of the switch; "
        f"the operator's figures are those of its report of {OPERATORS_DAY.day} January."
    )
    planned, opened, closed = outcome.sites
    console.print(
        f"Of {planned} sites {opened} opened; {closed} were kept closed by the check of their calendars, "
        f"{planned - opened - closed} have so few seats that none is played."
    )


def _waiting(console: Console, outcome: Outcome, scaled: Callable[[float], str]) -> None:
    _head(console, "Waiting on the evening of 12 February, by age")
    table = _table("Age", "waiting")
    younger = 0
    for group, number in outcome.waiting_by_age.items():
        if int(group.rstrip("+").partition("-")[0]) >= _OLD:
            table.add_row(group, scaled(number))
        else:
            younger += number
    table.add_row("18-65, health workers", scaled(younger))
    console.print(table)


def _messages(console: Console, outcome: Outcome, scaled: Callable[[float], str]) -> None:
    _head(console, "Messages by lane")
    states = ("sent", "owed", "dead")
    table = _table("Lane", "what", *states, left=2)
    for lane, what in _LANES.items():
        table.add_row(lane, what, *(scaled(outcome.messages.get((lane, state), 0)) for state in states))
    console.print(table)
    sent = sum(number for (_, state), number in outcome.messages.items() if state == "sent")
    registrations = max(1, outcome.days[-1].registrations)
    console.print(f"{sent / registrations:.1f} a registration, at 20 a second for the whole country.")
    if outcome.pin_waits:
        usual, slow = (outcome.pin_waits[int(len(outcome.pin_waits) * part)] for part in (0.5, 0.99))
        console.print(
            f"Half of the control PINs left within {_span(usual)}, 99 of 100 within {_span(slow)}, "
            f"while there was something to send without a break for up to {_span(outcome.longest_queue)}."
        )
    for reason, number in sorted(outcome.dead.items()):
        console.print(f"Not sent, {reason}: {scaled(number)}.")


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 2:  # noqa: PLR2004 - seconds say more
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"  # noqa: PLR2004


def _journey(console: Console, sample: Sample, stage: Stage) -> None:
    _head(console, f"One citizen: {sample.age} years, region {sample.region}, phone {sample.phone}")
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for event in sample.events:
        style = "cyan" if event.kind == "sms" else ""
        moment = event.at.in_timezone(_ZONE).format("D MMM HH:mm")
        table.add_row(moment, Text("SMS" if event.kind == "sms" else "", style=style), Text(masked(event.text), style))
    console.print(table)
    if sample.journey is not None:
        console.print(f"The signpost now: step {sample.journey.step} of 8, {sample.journey.standing.value}.")
    console.print(
        Text(f"PINs are masked here; messages as they left: {stage.folder}/sms/", style="dim"), soft_wrap=True
    )


def _commands(console: Console, recorder: Recorder, seconds: float) -> None:
    _head(console, "Commands of the desks")
    refused: dict[str, int] = {}
    for (name, _), number in recorder.refusals.items():
        refused[name] = refused.get(name, 0) + number
    table = _table("Command", "calls", "refused", "ms each", "a second")
    for name, calls in sorted(recorder.calls.items(), key=lambda item: (-item[1], item[0])):
        spent = recorder.seconds[name]
        table.add_row(
            name, f"{calls:,}", f"{refused.get(name, 0):,}", f"{spent / calls * 1e3:.2f}", f"{calls / spent:,.0f}"
        )
    console.print(table)
    calls, spent = sum(recorder.calls.values()), sum(recorder.seconds.values())
    console.print(f"{calls:,} commands in {spent:.1f} s: {calls / spent:,.0f} operations a second, one at a time.")
    console.print(f"The whole play took {seconds:.1f} s.")
