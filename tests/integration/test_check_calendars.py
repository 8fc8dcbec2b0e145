"""The calendar check on real calendars: the example's script on a made-up file, and on the open data where it is."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from crs_adapters.simulation.open_data import site_calendars
from crs_core.domain.campaign import Interval
from crs_core.domain.pairing import Supply
from crs_core.domain.time import Day
from tests.pairing_oracles import by_flow

SCRIPT = Path(__file__).parents[2] / "examples" / "czechia-2021" / "check_calendars.py"
MADE_UP = """\
datum,ockovaci_misto_id,ockovaci_misto_nazev,kraj_nuts_kod,kraj_nazev,volna_kapacita,maximalni_kapacita,kalendar_ockovani
2021-01-18,aa,Nemocnice Vzorov,CZ010,Vzorovský kraj,0,10,V1
2021-02-08,aa,Nemocnice Vzorov,CZ010,Vzorovský kraj,0,10,V2
2021-01-18,bb,Nemocnice Příkladov,CZ020,Příkladný kraj,0,10,V1
2021-02-08,bb,Nemocnice Příkladov,CZ020,Příkladný kraj,1,10,V2
2021-01-18,cc,Poliklinika Smyšlenice,CZ020,Příkladný kraj,0,10,V1
2021-03-08,cc,Poliklinika Smyšlenice,CZ020,Příkladný kraj,0,10,V2
"""


def run(data: Path | str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"CRS_DATA": str(data), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, str(SCRIPT)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)


def test_the_script_says_what_it_needs() -> None:
    done = run("")

    assert (done.returncode, done.stdout) == (2, "")
    assert "CRS_DATA" in done.stderr


def test_every_site_has_its_stranded_seats_share_and_cause(tmp_path: Path) -> None:
    """One site is well, one lacks a second dose, of one no second dose is within reach."""
    (tmp_path / "ockovani-rezervace.csv").write_text(MADE_UP, encoding="utf-8")
    done = run(tmp_path)

    assert done.returncode == 0, done.stderr
    lines = [line.split(maxsplit=4) for line in done.stdout.splitlines()[1:4]]
    assert [line[:4] for line in lines] == [
        ["10", "10", "100.0%", "closed"],
        ["10", "1", "10.0%", "warned"],
        ["10", "0", "0.0%", "fine"],
    ]
    assert "Smyšlenice (CZ020): out_of_reach 2021-01-18 to 2021-01-18" in lines[0][4]
    assert "Příkladov (CZ020): stranded_seats 2021-01-18 to 2021-01-18" in lines[1][4]
    assert "3 sites, 30 first doses, 11 stranded (36.7%)\n1 fine, 1 warned, 1 closed\n" in done.stdout
    assert "Přidejte" in done.stdout or "Zveřejněte" in done.stdout


@pytest.mark.skipif(not os.environ.get("CRS_DATA"), reason="CRS_DATA names no folder with the open data")
def test_the_real_calendars_are_checked_as_the_oracle_counts() -> None:
    """76,285 first doses at 119 sites; how many of them the maximum flow cannot complete."""
    folder = os.environ["CRS_DATA"]
    done = run(folder)
    stranded = 0
    for site in site_calendars(Path(folder), Day(2021, 1, 15), Day(2021, 2, 12)):
        seats = [{day.toordinal(): free for day, free in of.items()} for of in (site.first_dose, site.second_dose)]
        stranded += sum(seats[0].values()) - by_flow(Supply(seats, Interval(21, 28)))

    match = re.search(r"([\d,]+) stranded", done.stdout)
    assert done.returncode == 0, done.stderr
    assert match is not None
    assert int(match[1].replace(",", "")) == stranded
