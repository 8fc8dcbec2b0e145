"""What a sheet and a calendar entry cost beside typst alone, which is handed the same facts in its own form.

Ours and bare typst take turns in small batches, so that a machine that slows down slows both. Run by `make bench` after
the others, or alone: PYTHONPATH=. python tests/benchmarks/confirmations.py
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterable
from importlib.resources import files
from typing import Any

from attrs import evolve, frozen
from rich.console import Console
from rich.table import Table
from typst import Compiler

from crs_adapters import confirmation as adapter
from crs_adapters.confirmation import sheet
from crs_adapters.confirmation.documents import SheetAndEntry
from crs_core.domain.confirmation import Confirmation
from tests.confirmations import confirmed

BATCH = 20
BATCHES = 20
LEAST = 0.5


@frozen
class Rate:
    """Documents a second, a sheet with its entry counting as one; `share` is the median of ours in bare typst's."""

    ours: float
    bare: float
    share: float

    @property
    def holds(self) -> bool:
        """Whether ours is fast enough."""
        return self.share >= LEAST


def people(first: int, number: int) -> list[Confirmation]:
    """Confirmations that differ in name and code, so that nothing is taken from a cache."""
    of_nobody = confirmed()
    return [
        evolve(of_nobody, name=f"Vzorka{each} Vzorová", reservation_id=f"res-{each:012d}")
        for each in range(first, first + number)
    ]


def bare() -> Callable[[str], Any]:
    """The template, the standards and typst, and nothing else."""
    template, compiler = files(adapter).joinpath("sheet.typ").read_bytes(), Compiler(ignore_system_fonts=True)

    def compiled(data: str) -> Any:
        return compiler.compile(
            template, format="pdf", sys_inputs={"data": data}, pdf_standards=["a-2a", "ua-1"], timestamp=1611185400
        )

    return compiled


def measure(batches: int) -> Rate:
    """Both, in turns; the first batch warms up."""
    documents, compiled = SheetAndEntry(sheet.Sheet()), bare()
    times = []
    for batch in range(batches + 1):
        ours = people(2 * batch * BATCH, BATCH)
        theirs = [sheet._data(each) for each in people((2 * batch + 1) * BATCH, BATCH)]
        times += [(seconds(documents.render, ours), seconds(compiled, theirs))]
    mine, other = (statistics.median(column) for column in zip(*times[1:], strict=True))
    return Rate(BATCH / mine, BATCH / other, statistics.median(other / mine for mine, other in times[1:]))


def seconds(make: Callable[[Any], object], given: Iterable[object]) -> float:
    """How long it takes to make them all."""
    start = time.perf_counter()
    for each in given:
        make(each)
    return time.perf_counter() - start


def report(console: Console, batches: int = BATCHES) -> bool:
    """Measures, prints a table, and says whether the limit holds."""
    rate = measure(batches)
    found = Table(title="A sheet and its calendar entry beside bare typst", title_justify="left")
    for head in ("crs, documents /s", "bare typst /s", "crs, × typst", "at least", "holds"):
        found.add_column(head, justify="right")
    holds = "yes" if rate.holds else "NO"
    found.add_row(f"{rate.ours:,.0f}", f"{rate.bare:,.0f}", f"{rate.share:.2f}", f"{LEAST:.1f}", holds)
    console.print(found)
    return rate.holds


if __name__ == "__main__":
    sys.exit(not report(Console(width=100 if not sys.stdout.isatty() else None)))
