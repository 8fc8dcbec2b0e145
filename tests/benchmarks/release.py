"""What a release of a hundred costs in a queue of ten thousand and in one of a million, and what an opening writes.

Each queue is at one site of its own database; their releases take turns, so that a machine that slows down slows both.

Run by `make bench` after the ratios, or alone: PYTHONPATH=. python tests/benchmarks/release.py --many 100000
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta

from attrs import define, evolve, field, frozen
from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine, text

import crs_core as crs
from crs_core.domain.campaign import Access, Campaign
from crs_core.domain.order import Order, Priority, PriorityGroup
from crs_core.domain.rules import Dated, always
from crs_core.domain.time import Day, Instant, add_days, later, midnight
from crs_core.testing.clock import SeededChance, VirtualClock
from tests.benchmarks import crowd
from tests.postgresql import MISSING, find_binaries, running_server

FEW, MANY = 10_000, 1_000_000
RELEASES = 20
HUNDRED = 100
LIMITS = {Order.AGE: 1.5, Order.SENIORITY: 2.0, Order.LOTTERY: 2.0}
"""How many times as much the long queue may cost. By age those called are neighbours in the indexes; in another order
each is somewhere else, so that their changes touch the more pages, the more there are."""

START = date(2021, 3, 1)
DAYS = {order: add_days(START, place) for place, order in enumerate(Order)}
OPENING = add_days(START, len(DAYS))
GROUPS = (
    PriorityGroup(80, score=13),
    PriorityGroup(claims=frozenset({"health-worker"}), score=11),
    PriorityGroup(70, score=7),
    PriorityGroup(claims=frozenset({"teacher"}), score=99, opens=OPENING),
    PriorityGroup(score=1),
)


def campaign() -> Campaign:
    """Every day another order; on the last one a group opens that goes before all others."""
    steps = [(at(day), Priority(GROUPS, then=order)) for order, day in DAYS.items()]
    steps.append((at(OPENING), Priority(GROUPS)))
    return evolve(
        crs.example_campaign(),
        access=always(Access.INVITATION),
        priority=Dated(tuple(steps)),
        claims=frozenset({"health-worker", "teacher"}),
    )


def at(day: Day) -> Instant:
    """When a day of the campaign begins."""
    return midnight(day, "Europe/Prague")


@define
class Queue:
    """One site with a queue, and a hundred new places a release."""

    people: int
    url: str
    folder: str
    clock: VirtualClock = field(factory=lambda: VirtualClock(at(START)))
    system: crs.System = field(init=False)
    _releases: int = 0

    def __attrs_post_init__(self) -> None:
        self.system = crs.open_system(
            campaign(),
            keys={"bench": b"an invented key for benchmarks .."},
            storage=self.url,
            sms=f"spool:{self.folder}/outbox",
            mail=f"spool:{self.folder}/outbox",
            clock=self.clock,
            chance=SeededChance(1),
        )

    def release(self) -> float:
        """Seconds that a release of a hundred takes; the places are made before, untimed."""
        self._make_places()
        site = self.system.site("north")
        start = time.perf_counter()
        done = site.release()
        took = time.perf_counter() - start
        if len(done.invited) != HUNDRED:
            raise AssertionError(f"invited={len(done.invited)}, held by {done.held_by}: {HUNDRED} were to be invited")
        return took

    def _make_places(self) -> None:
        site = self.system.site("north")
        self._releases += 1
        for name, dose, after in (("V1", 1, 30), ("V2", 2, 51)):
            days = [START + timedelta(after + number) for number in range(self._releases)]
            slots = [slot for day in days for slot in crs.even_slots(day, HUNDRED)]
            site.publish([crs.Calendar(name, "comirnaty", dose, slots)])
        if self._releases == 1:
            site.open()

    def written(self) -> int:
        """How many of those queued have been written since they registered, as the database says."""
        engine = create_engine(self.url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.connect() as connection:
            found = connection.execute(text("SELECT count(*) FROM registration WHERE version > 1")).scalar_one()
        engine.dispose()
        return int(found)


@frozen
class Cost:
    """Medians of the releases in either queue, in milliseconds, and of how many times as much the long one cost."""

    database: str
    order: Order
    few: float
    many: float
    ratio: float

    @property
    def holds(self) -> bool:
        """Whether the limit holds."""
        return self.ratio <= LIMITS[self.order]


@frozen
class Opening:
    """What the opening of a group wrote to the long queue, and what the release after it."""

    database: str
    by_opening: int
    by_release: int
    milliseconds: float


def costs(name: str, few: Queue, many: Queue, releases: int) -> Iterator[Cost]:
    """A release in each queue in turn, order by order."""
    for order, day in DAYS.items():
        for queue in (few, many):
            queue.clock.set(later(at(day), hours=8))
            queue.release()  # warms up
        pairs = [(few.release(), many.release()) for _ in range(releases)]
        short, long = (1000 * statistics.median(column) for column in zip(*pairs, strict=True))
        yield Cost(name, order, short, long, statistics.median(after / before for before, after in pairs))


def opening(name: str, queue: Queue) -> Opening:
    """A group opens at midnight, and its members are called first."""
    queue.clock.set(later(at(OPENING), seconds=-1))
    before = queue.written()
    queue.clock.set(at(OPENING))
    opened = queue.written()
    took = queue.release()
    return Opening(name, opened - before, queue.written() - opened, 1000 * took)


@contextmanager
def on_sqlite(sizes: tuple[int, ...], folder: str) -> Iterator[list[Queue]]:
    """A file a queue."""
    with ExitStack() as stack:
        here = stack.enter_context(tempfile.TemporaryDirectory(dir=folder))
        queues = []
        for people in sizes:
            url = f"sqlite:///{here}/{people}.db"
            Queue(0, url, here).system.close()
            crowd.fill_sqlite(f"{here}/{people}.db", people)
            queues.append(Queue(people, url, here))
            stack.enter_context(queues[-1].system)
        yield queues


@contextmanager
def on_postgresql(sizes: tuple[int, ...]) -> Iterator[list[Queue]]:
    """A database a queue, on one server that waits for its disk."""
    binaries = find_binaries()
    if binaries is None:
        raise SystemExit(MISSING)
    with ExitStack() as stack:
        server = stack.enter_context(running_server(binaries, durable=True))
        here = stack.enter_context(tempfile.TemporaryDirectory())
        queues = []
        for people in sizes:
            url = server.create_database(f"queue_{people}")
            Queue(0, url, here).system.close()
            crowd.fill_postgresql(url, people)
            queues.append(Queue(people, url, here))
            stack.enter_context(queues[-1].system)
        yield queues


def report(console: Console, folder: str = ".", many: int = MANY, releases: int = RELEASES) -> bool:
    """Measures and prints a table; whether the limit holds."""
    found: list[Cost] = []
    openings: list[Opening] = []
    sizes = (FEW, many)
    for name, queues in (("SQLite", on_sqlite(sizes, folder)), ("PostgreSQL", on_postgresql(sizes))):
        with queues as (short, long):
            found += costs(name, short, long, releases)
            openings.append(opening(name, long))
    console.print(table(found, many))
    for each in openings:
        console.print(
            f"{each.database}: a group opened; rows written by that: {each.by_opening}, by the release that followed: "
            f"{each.by_release}, in {each.milliseconds:.0f} ms"
        )
    wrote = all((each.by_opening, each.by_release) == (0, HUNDRED) for each in openings)
    return wrote and all(cost.holds for cost in found)


def table(found: list[Cost], many: int) -> Table:
    """The figures for people."""
    result = Table("database", "then", title=f"A release of {HUNDRED} at one site, median", title_justify="left")
    for head in (f"ms, {FEW:,} queued", f"ms, {many:,} queued", "ratio", "limit", "holds"):
        result.add_column(head, justify="right")
    for cost in found:
        figures = (f"{cost.few:.1f}", f"{cost.many:.1f}", f"{cost.ratio:.2f}", f"{LIMITS[cost.order]}")
        result.add_row(cost.database, cost.order.value, *figures, "yes" if cost.holds else "NO")
    return result


def main() -> int:
    """Measures, prints, and says with its status whether the limits hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--many", type=int, default=MANY, help="people in the long queue (default: %(default)s)")
    parser.add_argument("--releases", type=int, default=RELEASES, help="of each order (default: %(default)s)")
    parser.add_argument("--folder", default=".", help="a folder on the disk to measure (default: the present one)")
    given = parser.parse_args()
    return int(not report(Console(width=100), given.folder, given.many, given.releases))


if __name__ == "__main__":
    sys.exit(main())
