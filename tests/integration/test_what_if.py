"""The demonstration's people under other rules: what the page on invitations says of them holds at a small scale."""

import csv
import os
from functools import cache
from pathlib import Path

import pytest

from examples.policies import what_if
from examples.policies.what_if import GROUPS, RULES, Found, main, play, table

SCALE = 2000

pytestmark = pytest.mark.slow


@cache
def found(rule: str) -> Found:
    return play(RULES[rule], scale=SCALE)


def test_invited_people_look_once_and_hunters_many_times() -> None:
    assert found("the fastest win").searches > 4
    assert found("invited by age").searches < 1.5


def test_called_by_age_the_older_have_the_larger_share() -> None:
    """Of a town large enough that one person more or less changes nothing."""
    share = play(RULES["invited by age"], scale=SCALE // 2).share

    assert list(share) == list(GROUPS)
    assert min(share["85-89"], share["90+"]) > 1.2 * share["80-84"]


def test_one_seed_plays_the_same_and_a_line_says_it() -> None:
    one, again = (play(RULES["invited by age"], scale=2 * SCALE, seed=7) for _ in range(2))
    line = list(table([("invited by age", [again])], 2 * SCALE))[-1]

    assert one == again
    assert line.split()[3] == f"{again.reserved * 2 * SCALE:,}"


def test_several_seeds_give_a_mean_a_spread_and_a_line_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CRS_DATA", raising=False)
    monkeypatch.setattr(what_if, "RULES", {"invited by age": RULES["invited by age"]})
    assert main([str(2 * SCALE), "--seeds", "2", "--csv", str(tmp_path / "plays.csv")]) == 0
    with (tmp_path / "plays.csv").open(encoding="utf-8", newline="") as file:
        plays = list(csv.DictReader(file))
    last = capsys.readouterr().out.splitlines()[-1].replace(",", "").split()
    reserved = sorted(int(each["reserved"]) for each in plays)

    assert [each["seed"] for each in plays] == ["2021", "2022"]
    assert last[-3:] == [str(reserved[0]), "to", str(reserved[1])]
    assert float(last[3]) == sum(reserved) / 2


@pytest.mark.parametrize("arguments", [["many"], ["0"], ["--seeds", "0"]], ids=" ".join)
def test_arguments_that_are_no_numbers_are_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_a_folder_without_the_open_data_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["4000", "--data", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("no_open_data: ")


@pytest.mark.skipif(not os.environ.get("CRS_DATA"), reason="needs the open data: CRS_DATA=FOLDER")
def test_real_sites_give_another_play() -> None:
    changes = RULES["invited by age"]

    assert play(changes, scale=SCALE, data=Path(os.environ["CRS_DATA"])) != play(changes, scale=SCALE)
