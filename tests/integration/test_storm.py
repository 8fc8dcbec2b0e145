"""The storm of 15 January: at one twentieth through the real desk, dispatcher and SQLite; the old way beside it."""

import os
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from crs_core.domain import control_pin
from crs_core.domain.campaign import ControlPinRule
from crs_core.domain.control_pin import Challenge
from crs_core.domain.time import Instant
from examples.incidents.storm.__main__ import main, old, ours
from examples.incidents.storm.crowd import HOUR, Crowd
from examples.incidents.storm.crs_way import opened
from examples.incidents.storm.report import figures, missed

SCALE = 20
PEOPLE = 44_000 // SCALE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a commit costs little, as what is tried here is no disk."""
    memory = Path("/dev/shm")
    return memory if os.access(memory, os.W_OK) else tmp_path


@pytest.mark.parametrize(("patience", "seed"), [(180, 1), *((900, seed) for seed in range(1, 6))])
def test_the_old_way_fails(patience: float, seed: int) -> None:
    found = old(patience, seed, SCALE)

    assert found.through <= 0.30
    assert found.messages >= 3
    assert found.dead >= 2


def test_the_old_way_repeats_what_the_press_told() -> None:
    """More than 40,000 messages queued at 8:35 and 3.8 a person, at a tenth."""
    found = old(900, 1, 10)

    assert 4_000 <= found.queued <= 5_500
    assert 3.5 <= found.messages <= 3.9


@pytest.mark.slow
def test_ours_holds(folder: Path) -> None:
    """Also the messages of the second lane all leave, and the page's promise is kept to the second or two."""
    found, seen = ours(900, 1, SCALE, folder)

    assert list(missed(found)) == []
    assert f"{PEOPLE} registered, {PEOPLE} of them sent PIN2, 0 violations" in seen


@pytest.mark.slow
def test_a_new_pin_for_every_request_is_caught(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """The guard taken out: asking again ends the PIN before, whose message still waits."""
    real = control_pin.asked

    def anew(challenge: Challenge | None, *, rule: ControlPinRule, now: Instant, **more: Any) -> Challenge:
        used = None if challenge is None else evolve(challenge, used_at=now)
        return real(used, rule=rule, now=now, **more)

    monkeypatch.setattr(control_pin, "asked", anew)
    crowd = Crowd.of(PEOPLE, 900, 1)
    with opened(1, SCALE, folder) as way:
        crowd.storms(way, until=HOUR)

    assert any(each.startswith("through=") for each in missed(figures(crowd.people, 0)))


def test_the_script_says_what_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--scale", "3"])

    assert "--scale" in capsys.readouterr().err
