"""The incidents of January 2021: each rule holds here, and the old way breaks those that it is said to break."""

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from examples.incidents.__main__ import NAMES
from examples.incidents.screen import Incident, broken, screen

FOLDER = Path(__file__).parents[2] / "examples" / "incidents"
BREAKS = {
    "lost_pin": ["of 15 who lost PIN2, entered in the end"],
}
"""What the old way breaks, by incident; a rule that it keeps is not seen failing here."""


def incident_of(name: str) -> Incident[Any]:
    found: Incident[Any] = import_module(f"examples.incidents.{name}").INCIDENT
    return found


@pytest.mark.parametrize("name", NAMES)
def test_here_every_rule_holds(name: str) -> None:
    incident = incident_of(name)
    end = incident.ours()

    assert broken(incident, end) == []
    lines = list(screen(incident, end, end))
    assert len(lines) <= 40
    assert max(len(line) for line in lines) <= 80


@pytest.mark.parametrize("name", NAMES)
def test_the_old_way_fails(name: str) -> None:
    """The same rules, held against the old way."""
    incident = incident_of(name)

    assert broken(incident, incident.old()) == BREAKS[name]


def test_every_incident_is_listed() -> None:
    """In the README, in order, and among those that are played."""
    rows = re.findall(r"^\| (I\d) \| `(\w+)` \|", (FOLDER / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    modules = {file.stem for file in FOLDER.glob("*.py") if "\nINCIDENT = " in file.read_text(encoding="utf-8")}

    assert [number for number, _ in rows] == [f"I{number}" for number in range(1, 8)]
    assert modules == set(NAMES)
    assert [name for _, name in rows if name in modules] == list(NAMES)
    assert set(BREAKS) == modules


def test_a_script_ends_with_both_ways_on_its_screen() -> None:
    command = [sys.executable, "-m", "examples.incidents.lost_pin"]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        command, cwd=FOLDER.parents[1], env=environment, capture_output=True, encoding="utf-8", check=False
    )

    assert done.returncode == 0, done.stderr
    assert re.search(r"of 15 who lost PIN2, entered in the end +0 ✗ +15 ✓", done.stdout)
