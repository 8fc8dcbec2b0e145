"""``crs demo``: January 2021 played at a scale, and what came of it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from crs_adapters.cli import demo_pages
from crs_adapters.simulation.czechia_2021.dates import FIRST_DAY, LAST_DAY
from crs_adapters.simulation.czechia_2021.outcome import outcome_of
from crs_adapters.simulation.czechia_2021.play import open_play
from crs_adapters.simulation.czechia_2021.site_outcome import SITES, write
from crs_adapters.simulation.czechia_2021.staging import set_stage
from crs_core.domain.time import Instant, slot_instant
from crs_core.testing.clock import SeededChance, VirtualClock

__all__ = ["demo"]

_ZONE = "Europe/Prague"
_MORNING = 6 * 60


def demo(
    folder: Path = Path("demo-output"),
    *,
    scale: Annotated[int, Parameter(env_var="SCALE", validator=Number(gte=1, lte=10_000))] = 100,
    seed: int = 2021,
    storage: str | None = None,
    data: Annotated[str, Parameter(env_var="CRS_DATA")] = "",
) -> int:
    """Play the Czech campaign from 15 January to 12 February 2021 and say what happened.

    Invented citizens do what people did: they register, hunt for seats, wait, are invited and reserve, all of it
    through the library's own desks, with a database, messages and virtual time. Exit 1 where the audit at the end
    finds a violation.

    Parameters
    ----------
    folder
        Where the database, the messages and the campaign file go; made anew every time.
    scale
        One person and one seat are played for so many; 1 plays everybody and takes an hour.
    seed
        The same seed gives the same play.
    storage
        URL of an empty storage instead of a SQLite file in the folder: memory: or postgresql://…
    data
        Folder with the Ministry's open data: real sites and their calendars instead of invented ones.
    """
    console = Console(highlight=False)
    begin = time.perf_counter()
    clock = VirtualClock(slot_instant(FIRST_DAY, _MORNING, _ZONE))
    stage = set_stage(folder, scale=scale, seed=seed, data=Path(data) if data else None, clock=clock)
    demo_pages.opening(console, stage)
    url = storage or f"sqlite:///{folder / 'crs.db'}"
    play = open_play(stage, storage=url, clock=clock, chance=SeededChance(seed), seed=seed)
    with play.system:
        with _progress(console) as told:
            play.run(told)
        outcome = outcome_of(play)
    write(folder / SITES, outcome.sites)
    demo_pages.closing(console, stage, outcome, seconds=time.perf_counter() - begin)
    return 1 if outcome.violations else 0


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[Instant], None]]:
    """A bar with the virtual day; nothing where nobody watches."""
    hours = (LAST_DAY.toordinal() - FIRST_DAY.toordinal() + 1) * 24 - _MORNING // 60
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("15 January 2021", total=hours)

        def told(moment: Instant) -> None:
            local = moment.in_timezone(_ZONE)
            progress.update(task, advance=1, description=f"{local.day:2} {local.format('MMMM YYYY, HH')}:00")

        yield told
