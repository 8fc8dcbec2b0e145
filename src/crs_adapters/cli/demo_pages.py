"""What ``crs demo`` prints: figures scaled back to the whole country, tables that fit into 80 columns."""

from collections.abc import Callable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from crs_adapters.cli.demo_layout import head, table_of
from crs_adapters.cli.demo_sites import booked, calendars
from crs_adapters.cli.demo_story import explained, masked, story
from crs_adapters.simulation.czechia_2021.dates import HEALTH_WORKERS_DAY, OPERATOR, OPERATORS_DAY, SWITCH_DAY
from crs_adapters.simulation.czechia_2021.outcome import Outcome, Sample
from crs_adapters.simulation.czechia_2021.recorder import Recorder
from crs_adapters.simulation.czechia_2021.site_outcome import SITES
from crs_adapters.simulation.czechia_2021.staging import Stage

__all__ = ["closing", "opening"]

_ZONE = "Europe/Prague"
_OLD = 80
_PRICE = 0.6  # Kč a segment
_WAYS = {"sms": "SMS", "mail": "mail"}
_DOCUMENTS = {"pdf": "Their sheet to print and bring", "ics": "Their entry for a calendar"}
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
        calendars(console, stage.reviewed, stage.campaign.calendar_check.steps[0][1].stranded_share)


def closing(console: Console, stage: Stage, outcome: Outcome, *, seconds: float) -> None:
    """What came of the play."""

    def scaled(number: float) -> str:
        return f"{round(number * stage.scale):,}"

    _headline(console, outcome, stage.scale, scaled)
    _waiting(console, outcome, scaled)
    _messages(console, outcome, scaled)
    if outcome.sample is not None:
        _journey(console, outcome.sample, stage)
    booked(console, outcome.sites, scaled, f"{stage.folder}/{SITES}")
    if outcome.site is not None:
        head(console, "Why a site invites no more")
        console.print(explained(outcome.site))
    _commands(console, outcome.recorder, seconds)
    head(console, "Audit")
    for violation in outcome.violations:
        console.print(Text(f"{violation}", style="red"))
    console.print(
        Text(f"{len(outcome.violations)} violations", style="bold red" if outcome.violations else "bold green")
    )
    head(console, "What happened")
    console.print(story(outcome, stage))


def _headline(console: Console, outcome: Outcome, scale: int, scaled: Callable[[float], str]) -> None:
    head(console, f"Day by day, scaled back to the whole country (× {scale:,})")
    table = table_of("Day", "registered", "invited", "reserved", "registrations", "reservations", "waiting")
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
        "The first three columns are of the day, the last three in all. The gap is the night of the switch, with "
        f"an hour of maintenance; the operator's figures are those of its report of {OPERATORS_DAY.day} January."
    )


def _waiting(console: Console, outcome: Outcome, scaled: Callable[[float], str]) -> None:
    head(console, "Waiting on the evening of 12 February, by age")
    table = table_of("Age", "waiting")
    younger = 0
    for group, number in outcome.waiting_by_age.items():
        if int(group.rstrip("+").partition("-")[0]) >= _OLD:
            table.add_row(group, scaled(number))
        else:
            younger += number
    table.add_row("18-65, health workers", scaled(younger))
    console.print(table)
    came, registered = outcome.health_workers
    console.print(
        f"Health workers may register since {HEALTH_WORKERS_DAY.day} January: {scaled(came)} came, the registry "
        f"confirmed {scaled(registered)} of them, the others were refused."
    )


def _messages(console: Console, outcome: Outcome, scaled: Callable[[float], str]) -> None:
    head(console, "Messages by lane")
    states = ("sent", "owed", "dead")
    table = table_of("Lane", "what", *states, left=2)
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
    _segments(console, outcome, scaled)
    for reason, number in sorted(outcome.dead.items()):
        console.print(f"Not sent, {reason}: {scaled(number)}.")


def _segments(console: Console, outcome: Outcome, scaled: Callable[[float], str]) -> None:
    """What operators charge for: a longer text goes in several segments."""
    taken = sum(number * messages for number, messages in outcome.segments.items())
    sorts = ", ".join(f"{scaled(messages)} in {number}" for number, messages in outcome.segments.items())
    cost = taken * _PRICE
    console.print(
        f"The SMS took {scaled(taken)} segments ({sorts}): no diacritics, so 160 letters fit into one and not 70. "
        f"At a price of {_PRICE:.2f} Kč each, which is invented, {scaled(cost)} Kč."
    )


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 2:  # noqa: PLR2004 - seconds say more
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"  # noqa: PLR2004


def _journey(console: Console, sample: Sample, stage: Stage) -> None:
    head(console, f"One citizen: {sample.age} years, region {sample.region}, phone {sample.phone}")
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for event in sample.events:
        way = _WAYS.get(event.kind, "")
        style = "cyan" if way else ""
        moment = event.at.in_timezone(_ZONE).format("D MMM HH:mm")
        table.add_row(moment, Text(way, style), Text(masked(event.text), style))
    console.print(table)
    if sample.journey is not None:
        console.print(f"The signpost now: step {sample.journey.step} of 8, {sample.journey.standing.value}.")
    if not sample.documents:
        console.print("They gave no address for e-mail: the SMS has all of it, and the page offers the sheet to print.")
    for name in sample.documents:
        console.print(Text(f"{_DOCUMENTS[name.rpartition('.')[2]]}: {stage.folder}/mail/{name}"), soft_wrap=True)
    console.print(
        Text(f"PINs are masked here; messages as they left: {stage.folder}/sms/", style="dim"), soft_wrap=True
    )


def _commands(console: Console, recorder: Recorder, seconds: float) -> None:
    head(console, "Commands of the desks")
    refused: dict[str, int] = {}
    for (name, _), number in recorder.refusals.items():
        refused[name] = refused.get(name, 0) + number
    table = table_of("Command", "calls", "refused", "ms each", "a second")
    for name, calls in sorted(recorder.calls.items(), key=lambda item: (-item[1], item[0])):
        spent = recorder.seconds[name]
        table.add_row(
            name, f"{calls:,}", f"{refused.get(name, 0):,}", f"{spent / calls * 1e3:.2f}", f"{calls / spent:,.0f}"
        )
    console.print(table)
    calls, spent = sum(recorder.calls.values()), sum(recorder.seconds.values())
    console.print(f"{calls:,} commands in {spent:.1f} s: {calls / spent:,.0f} operations a second, one at a time.")
    console.print(f"The whole play took {seconds:.1f} s.")
