"""Everything that a play needs before it begins: rules, sites, people, and a folder of its own."""

import random
import shutil
from collections.abc import Sequence
from pathlib import Path

from attrs import field, frozen

import crs_core as crs
from crs_adapters.simulation.czechia_2021 import calendar_review, campaign, figures, people, sites
from crs_adapters.simulation.czechia_2021.calendar_review import Reviewed
from crs_adapters.simulation.czechia_2021.dates import FIRST_DAY, HORIZON_DAYS, LAST_DAY
from crs_adapters.simulation.czechia_2021.people import Person
from crs_adapters.simulation.czechia_2021.sites import PlannedSite
from crs_core.domain.time import add_days
from crs_core.ports.clock import Clock

__all__ = ["Stage", "set_stage"]

_MARK = ".crs-demo"


@frozen
class Stage:
    """What a play begins with.

    Attributes:
        folder: Its own; the composed campaign file stands there.
        scale: One person and one seat are played for so many.
        reviewed: What the check says of the real calendars, whole; empty where sites are invented.
    """

    folder: Path
    scale: int
    campaign: crs.Campaign
    sites: Sequence[PlannedSite] = field(repr=False)
    people: Sequence[Person] = field(repr=False)
    reviewed: Sequence[Reviewed] = field(default=(), repr=False)


def set_stage(folder: Path, *, scale: int, seed: int, data: Path | None, clock: Clock) -> Stage:
    """Makes the folder anew and everything that stands at the beginning.

    Args:
        data: The folder with the open data, or None for invented sites.

    Raises:
        InvalidInput: The folder holds something else.
        AdapterFault: It cannot be written, or the example cannot be read.
        CrsError: As `sites.real_sites`.
    """
    _make_anew(folder)
    example = figures.example_folder()
    known = figures.read_figures(example / "figures")
    last = add_days(LAST_DAY, HORIZON_DAYS)
    planned = sites.invented_sites(known, scale) if data is None else sites.real_sites(data, scale, FIRST_DAY, last)
    text = campaign.compose(example / "campaign.toml", planned, scale)
    (folder / "campaign.toml").write_text(text, encoding="utf-8")
    rules = crs.read_campaign(text)
    chance = random.Random(seed)  # noqa: S311 - replayed on purpose
    reviewed = (
        () if data is None else calendar_review.review(rules, sites.real_sites(data, 1, FIRST_DAY, last), clock, folder)
    )
    return Stage(folder, scale, rules, planned, people.invent(known, scale, chance), reviewed)


def _make_anew(folder: Path) -> None:
    """Only what an earlier play has left is removed."""
    mark = folder / _MARK
    try:
        if mark.is_file():
            shutil.rmtree(folder)
        elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            rule = "must be new, empty, or left by an earlier play"
            raise crs.InvalidInput([crs.Problem("folder", str(folder), rule, "give another folder")])
        folder.mkdir(parents=True, exist_ok=True)
        mark.write_text("This folder was made by `crs demo`, which will remove it when it makes it anew.\n")
    except OSError as error:
        message = f"folder={folder}: {error.strerror or type(error).__name__}"
        raise crs.AdapterFault("folder_unwritable", message, remedy="give a folder of yours") from error
