"""`crs demo` as people run it, in a process of its own, at a scale of seconds."""

import csv
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import icalendar
import pytest
from attrs import frozen

from crs_core import load_campaign

SCALE = "2000"
DAYS = [date(2021, 1, 15).toordinal() + number for number in range(29)]
MONTHS = {"Jan": 1, "Feb": 2}
ROW = re.compile(r"^(\d{1,2}) (Jan|Feb) +" + r" +".join([r"([\d,]+)"] * 6) + "$", re.MULTILINE)
PIN = re.compile(r"\b\d{6,9}\b", re.ASCII)


@frozen
class Played:
    """What one run printed and left."""

    code: int
    out: str
    err: str
    folder: Path

    def rows(self) -> list[tuple[int, ...]]:
        """Day, registered, invited, reserved, registrations, reservations, waiting."""
        found = []
        for day, month, *figures in ROW.findall(self.out):
            ordinal = date(2021, MONTHS[month], int(day)).toordinal()
            found.append((ordinal, *(int(figure.replace(",", "")) for figure in figures)))
        return found


def play(folder: Path, *options: str, hash_seed: str = "0", data: str = "") -> Played:
    arguments = ("demo", folder.name, "--scale", SCALE, *options)
    run = crs(*arguments, at=folder.parent, PYTHONHASHSEED=hash_seed, CRS_DATA=data)
    return Played(run.returncode, run.stdout, run.stderr, folder)


def crs(*arguments: str, at: Path | None = None, **environment: str) -> "subprocess.CompletedProcess[str]":
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "crs_adapters.cli", *arguments],
        env={**keep, "PYTHONUTF8": "1", "COLUMNS": "80", **environment},
        cwd=at,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def without_timings(text: str) -> str:
    """What was printed, but for the times that the machine took."""
    text = re.sub(r"(?m)^([a-z_]+ +[\d,]+ +[\d,]+) +[\d.]+ +[\d,]+$", r"\1", text)
    return re.sub(r"(?m)^(.* commands) in .*$|^The whole play took .*$", r"\1", text)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return play(tmp_path_factory.mktemp("demo") / "output")


def test_the_demo_ends_well(played: Played) -> None:
    assert (played.code, played.err) == (0, "")
    assert re.search(r"(?m)^0 violations$", played.out)


def test_the_table_has_every_day_from_15_january_to_12_february(played: Played) -> None:
    assert [row[0] for row in played.rows()] == DAYS


def test_the_tables_figures_add_up(played: Played) -> None:
    registrations = 0
    for _, registered, _, _, in_all, reservations, waiting in played.rows():
        registrations += registered

        assert in_all == registrations
        assert waiting == in_all - reservations


def test_sums_of_people_hold_at_any_scale(played: Played) -> None:
    """Within one person played, less those whom the registry does not confirm."""
    known = next(row for row in played.rows() if row[0] == date(2021, 1, 20).toordinal())

    assert abs(known[4] - 173_019) <= int(SCALE)


def test_the_operators_figures_stand_under_their_day(played: Played) -> None:
    lines = played.out.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("20 Jan "))

    assert lines[place + 1].split() == ["operator", "173,019", "72,180", "100,839"]


def test_nobody_is_invited_before_the_switch_and_everybody_who_reserves_after_it_was(played: Played) -> None:
    switch = date(2021, 1, 22).toordinal()
    before = [row for row in played.rows() if row[0] < switch]
    after = [row for row in played.rows() if row[0] >= switch]

    assert sum(row[2] for row in before) == 0
    assert sum(row[3] for row in before) > 0
    assert 0 < sum(row[3] for row in after) <= sum(row[2] for row in after)


def test_a_citizen_waits_is_invited_and_reserves(played: Played) -> None:
    story = played.out[played.out.index("One citizen") : played.out.index("Why a site")]
    steps = ["asks for a control PIN", "registers for", "nothing is free", "the release invites", "it is your turn"]
    words = " ".join(story.split())

    assert [words.index(step) for step in (*steps, "reserves both doses")] == sorted(
        words.index(step) for step in (*steps, "reserves both doses")
    )
    assert re.search(r"phone …\d\d$", story.splitlines()[0])


def test_the_citizens_sheet_and_calendar_entry_are_there(played: Played) -> None:
    """What the page names is what came by e-mail, and the entry has the days that were reserved."""
    found = re.findall(r"(?m)^Their (sheet|entry) [a-z ]+: (.+)$", played.out)
    files = {kind: played.folder.parent / path for kind, path in found}
    events = icalendar.Calendar.from_ical(files["entry"].read_bytes()).events
    days = [f"{event.start.day}. {event.start.month}." for event in events]

    assert files["sheet"].read_bytes().startswith(b"%PDF-")
    assert len(days) == 2
    assert f"reserves both doses: {days[0]} and {days[1]}" in " ".join(played.out.split())


def test_every_site_says_what_it_could_book_and_why_not_more(played: Played) -> None:
    with (played.folder / "sites.csv").open(encoding="utf-8", newline="") as file:
        sites = list(csv.DictReader(file))
    campaign = load_campaign(played.folder / "campaign.toml")
    last = played.rows()[-1]

    assert [site["site"] for site in sites] == [place.id for place in campaign.places]
    assert sum(int(site["reserved"]) for site in sites) * int(SCALE) == last[5]
    assert sum(int(site["waiting"]) for site in sites) * int(SCALE) == last[6]
    assert all(site["held_by"] for site in sites)


def test_what_the_messages_cost_is_counted_in_segments(played: Played) -> None:
    [words] = re.findall(r"The SMS took ([\d,]+) segments \((.*?)\)", " ".join(played.out.split()))
    parts = [
        (int(messages.replace(",", "")), int(each)) for messages, each in re.findall(r"([\d,]+) in (\d)", words[1])
    ]

    assert int(words[0].replace(",", "")) == sum(messages * each for messages, each in parts)
    assert parts[0][1] == 1


def test_health_workers_are_registered_where_the_registry_knows_them(played: Played) -> None:
    found = re.search(r"([\d,]+) came, the registry confirmed ([\d,]+) of them", " ".join(played.out.split()))
    assert found is not None
    came, confirmed = (int(each.replace(",", "")) for each in found.groups())

    assert 0 < confirmed <= came


def test_pins_stand_in_the_spool_and_are_printed_nowhere(played: Played) -> None:
    texts = [path.read_text(encoding="utf-8") for path in (played.folder / "sms").iterdir()]
    pins = {pin for text in texts for pin in PIN.findall(text.split("\n\n", 1)[1])}

    assert len(pins) > len(texts) / 4
    assert not {pin for pin in pins if pin in played.out}
    assert "******" in played.out


def test_no_phone_is_printed(played: Played) -> None:
    assert "+420" not in played.out


def test_plain_and_narrow_where_nobody_watches(played: Played) -> None:
    assert "\x1b" not in played.out
    assert max(map(len, played.out.splitlines())) <= 80


@pytest.mark.slow
def test_one_seed_one_play(played: Played, tmp_path: Path) -> None:
    """Another order of hashes, another folder, the same tables."""
    again = play(tmp_path / played.folder.name, hash_seed="1")

    assert without_timings(again.out) == without_timings(played.out)


@pytest.mark.slow
def test_memory_plays_the_same(played: Played, tmp_path: Path) -> None:
    again = play(tmp_path / played.folder.name, "--storage", "memory:")

    assert without_timings(again.out) == without_timings(played.out)


@pytest.mark.slow
def test_postgresql_plays_the_same_and_holds_one_play(played: Played, tmp_path: Path, postgresql_url: str) -> None:
    again = play(tmp_path / played.folder.name, "--storage", postgresql_url)
    refused = play(tmp_path / "second", "--storage", postgresql_url)

    assert without_timings(again.out) == without_timings(played.out)
    assert (refused.code, refused.err.splitlines()[0]) == (1, "storage_in_use")


@pytest.mark.slow
def test_another_seed_another_play(played: Played, tmp_path: Path) -> None:
    other = play(tmp_path / "other", "--seed", "7", "--storage", "memory:")

    assert other.code == 0
    assert without_timings(other.out) != without_timings(played.out)


@pytest.mark.slow
def test_the_folder_is_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "output"
    first = play(folder, "--storage", "memory:")
    (folder / "sms" / "left.txt").write_text("from before")
    second = play(folder, "--storage", "memory:")

    assert (first.code, second.code) == (0, 0)
    assert not (folder / "sms" / "left.txt").exists()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    refused = play(tmp_path)

    assert refused.code == 1
    assert refused.err.splitlines()[0] == "invalid_input"
    assert "Traceback" not in refused.err
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_the_played_campaign_stands_in_the_folder(played: Played) -> None:
    run = crs("doctor", str(played.folder / "campaign.toml"))

    assert run.returncode == 0
    assert "immediate, then invitation access; comirnaty" in run.stdout


def test_open_data_that_is_not_there_is_a_fault_that_is_told(tmp_path: Path) -> None:
    refused = play(tmp_path / "output", data=str(tmp_path))

    assert (refused.code, refused.err.splitlines()[0]) == (1, "no_open_data")


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("CRS_DATA"), reason="needs the open data: CRS_DATA=FOLDER")
def test_real_sites_and_their_real_calendars(tmp_path: Path) -> None:
    real = play(tmp_path / "output", data=os.environ["CRS_DATA"])

    assert (real.code, real.err) == (0, "")
    assert [row[0] for row in real.rows()] == DAYS
    assert re.search(r"(?m)^0 violations$", real.out)
    assert lines_after(real.out, "Kept closed")[1].split()[0] == "Site"


def lines_after(text: str, heading: str) -> Sequence[str]:
    lines = text.splitlines()
    return lines[lines.index(heading) :]
