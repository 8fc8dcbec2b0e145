"""The incidents of January 2021: each rule holds here, and the old way breaks those that it is said to break."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

import crs_core as crs
from crs_core.desks import offering
from crs_core.desks.site import SiteDesk
from crs_core.domain import confirmation, insured_number
from crs_core.domain.campaign import Budget, Limits
from crs_core.domain.messages import Channel
from examples.incidents.__main__ import NAMES
from examples.incidents.screen import Incident, broken, screen

FOLDER = Path(__file__).parents[2] / "examples" / "incidents"
BREAKS = {
    "slow_search": [
        "writer's place taken by a search, of 60 looks",
        "answers that do not say as of when they are true",
    ],
    "broken_calendars": [
        "stranded first doses that the site was told of",
        "sites opened with 36 of 60 stranded",
        "once mended: shown as free, but cannot be had",
        "citizens refused at the last step",
        "citizens with both doses, of 48 possible",
    ],
    "unopened_site": [
        "sites offered that do not vaccinate",
        "people who wait at one of those",
        "sites opened without calendars that fit together",
    ],
    "born_on_the_31st": [
        "refused, of 95,694 numbers, 1900 to 2030",
        "registered, of 21 people born on the 31st",
        "accepted, of 336 numbers assigned by an insurer",
        "accepted, of 7 texts that are nobody's number",
    ],
    "no_email": [
        "people with nothing that says when and where",
        "people whose page promised what did not come",
        "e-mails to 5 who gave an address at the last step",
        "of 10 e-mails, with a sheet and a calendar entry",
        "of 20 people, can download both",
    ],
    "lost_pin": ["of 15 who lost PIN2, entered in the end"],
}
"""What the old way breaks, by incident; a rule of time is not among them, as a loaded machine has its own."""

ALONE = {"slow_search"}
"""Those that take more than two seconds."""

EACH = [pytest.param(name, marks=pytest.mark.slow if name in ALONE else ()) for name in NAMES]


def incident_of(name: str) -> Incident[Any]:
    found: Incident[Any] = import_module(f"examples.incidents.{name}").INCIDENT
    return found


@pytest.mark.parametrize("name", EACH)
def test_here_every_rule_holds(name: str) -> None:
    incident = incident_of(name)
    end = incident.ours()

    assert broken(incident, end) == []
    lines = list(screen(incident, end, end))
    assert len(lines) <= 40
    assert max(len(line) for line in lines) <= 80


@pytest.mark.parametrize("name", EACH)
def test_the_old_way_fails(name: str) -> None:
    """The same rules, held against the old way."""
    incident = incident_of(name)

    assert set(BREAKS[name]) <= set(broken(incident, incident.old()))


def _no_findings(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SiteDesk, "_findings", lambda *_: ())


def _first_dose_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(offering, "offered_days", lambda supply: tuple(sorted(supply.seats[0].items())))


def _no_31st(patch: pytest.MonkeyPatch) -> None:
    reading = insured_number._reading
    patch.setattr(insured_number, "_reading", lambda *date: None if date[2] % 50 == 31 else reading(*date))


def _always_by_email(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(confirmation, "channels", lambda _registration: (Channel.SMS, Channel.EMAIL))


def _no_budget(patch: pytest.MonkeyPatch) -> None:
    generous = Limits(reminders_registration=Budget(1000, 60), reminders_source=Budget(1000, 60))
    campaign = evolve(crs.example_campaign(), limits=generous)
    patch.setattr(crs, "example_campaign", lambda: campaign)


@pytest.mark.parametrize(
    ("name", "sabotage", "broke"),
    [
        ("broken_calendars", _no_findings, "sites opened with 36 of 60 stranded"),
        ("broken_calendars", _first_dose_alone, "once mended: shown as free, but cannot be had"),
        ("unopened_site", _no_findings, "sites offered that do not vaccinate"),
        ("born_on_the_31st", _no_31st, "refused, of 95,694 numbers, 1900 to 2030"),
        ("no_email", _always_by_email, "people whose page promised what did not come"),
        ("lost_pin", _no_budget, "messages to somebody who asks 50 times"),
    ],
)
def test_a_guard_taken_out_is_found(
    name: str, sabotage: Callable[[pytest.MonkeyPatch], None], broke: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rules are those of the library, not of the example."""
    sabotage(monkeypatch)
    incident = incident_of(name)

    assert broke in broken(incident, incident.ours())


def test_every_incident_is_listed() -> None:
    """In the README, in order, and among those that are played; the storm has a test of its own."""
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (I\d) \|.*`python -m examples\.incidents\.(\w+)` \|$", page, re.MULTILINE)
    modules = {file.stem for file in FOLDER.glob("*.py") if "\nINCIDENT = " in file.read_text(encoding="utf-8")}

    assert [number for number, _ in rows] == [f"I{number}" for number in range(1, 8)]
    assert [name for _, name in rows if name != "storm"] == list(NAMES)
    assert {incident_of(name).number for name in NAMES} | {"I2"} == {number for number, _ in rows}
    assert modules == set(NAMES) == set(BREAKS)


def test_a_script_ends_with_both_ways_on_its_screen() -> None:
    command = [sys.executable, "-m", "examples.incidents.lost_pin"]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        command, cwd=FOLDER.parents[1], env=environment, capture_output=True, encoding="utf-8", check=False
    )

    assert done.returncode == 0, done.stderr
    assert re.search(r"of 15 who lost PIN2, entered in the end +0 ✗ +15 ✓", done.stdout)
