"""I1: slow answers, as thousands search for free slots at once.

People opened the page again and again to see whether anything was free. In the old way a search adds up every slot of
every site, and does so under the writer's lock, so that what it shows is true: every booking waits behind the searches.

Source: the operator's report of 20 January 2021 (slow answers while thousands searched for free slots). How the
searches were made has not been published; the old way here is a small model of it.

    python -m examples.incidents.slow_search
"""

import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Barrier, Event, Lock, Thread

from attrs import Factory, define, frozen

import crs_core as crs

from .screen import Incident, Rule, play
from .town import BEFORE_THE_SWITCH, Town, citizen, open_town

SEARCHERS = 8
BOOKINGS = 7
PROBES = 60
DAYS, SEATS = 20, 160  # of the site that is played; in the old way all are read
SITES = 60
PATIENCE = 0.5  # seconds until a booking gives up
PAUSE = 0.05  # seconds in which a person reads the page before the next search

_FIRST_DAY = date(2021, 1, 25)
_SPACING = 21


@frozen
class End:
    """How it ended.

    Attributes:
        held: Of `PROBES` looks at the writer's place while people only searched, it was taken so often.
        slower: Time of a booking while people search, by that without; median.
        work: Work of one search while others search, by that of one alone; median of its thread's processor time.
        undated: Answers that do not say as of when they are true.
    """

    held: int
    slower: float
    work: float
    undated: int


@define
class Crowd:
    """People who search again and again, each in a thread of their own."""

    search: Callable[[int], bool]
    undated: int = 0
    work: list[float] = Factory(list)
    _lock: Lock = Factory(Lock)

    @contextmanager
    def searching(self, people: int) -> Iterator[None]:
        """While inside, so many search; all of them have begun."""
        stop, begun = Event(), Barrier(people + 1)
        threads = [Thread(target=self._one, args=(number, begun, stop)) for number in range(people)]
        for thread in threads:
            thread.start()
        try:
            begun.wait()
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def _one(self, number: int, begun: Barrier, stop: Event) -> None:
        begun.wait()
        while True:
            start = time.thread_time()
            dated = self.search(number)
            with self._lock:
                self.work.append(time.thread_time() - start)
                self.undated += not dated
            if stop.wait(PAUSE):
                return


def _played(search: Callable[[int], bool], book: Callable[[int], float], file: Path) -> End:
    """Bookings without and with searchers, then looks at the writer's place."""
    single, crowd = Crowd(search), Crowd(search)
    without = list(_booked(book, range(BOOKINGS)))
    with single.searching(1):
        time.sleep(10 * PAUSE)
    with crowd.searching(SEARCHERS):
        among = list(_booked(book, range(BOOKINGS, 2 * BOOKINGS)))
        held = _held(file)
    work = median(crowd.work) / median(single.work)
    return End(held, median(among) / median(without), work, single.undated + crowd.undated)


def _booked(book: Callable[[int], float], people: range) -> Iterator[float]:
    """How long each booking takes; people come one after the other, at odd moments."""
    for number in people:
        time.sleep(PAUSE * (1 + number % 3) / 3)
        yield book(number)


def _held(file: Path) -> int:
    """How often somebody who wants to write, and waits for nobody, finds another in the writer's place."""
    found = 0
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as connection:
        for _ in range(PROBES):
            try:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
            except sqlite3.OperationalError:
                found += 1
            time.sleep(PAUSE / 10)
    return found


def old() -> End:
    """Every search adds up all slots under the writer's lock."""
    with TemporaryDirectory(prefix="crs-incident-") as folder:
        file = Path(folder) / "old.db"
        with closing(_connected(file)) as connection:
            _fill(connection)
        return _played(lambda _number: _search_all(file), lambda number: _book(file, number), file)


def _connected(file: Path, timeout: float = 60) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=timeout, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    return connection


def _fill(connection: sqlite3.Connection) -> None:
    connection.execute(
        "CREATE TABLE slot (site INT, dose INT, day INT, minute INT, free INT, "
        "PRIMARY KEY (site, dose, day, minute)) WITHOUT ROWID"
    )
    rows = (
        (site, dose, day + _SPACING * (dose == 2), minute, SEATS // 16)  # noqa: PLR2004 - the second dose
        for site in range(SITES)
        for dose in (1, 2)
        for day in range(DAYS)
        for minute in range(480, 960, 30)
    )
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO slot VALUES (?, ?, ?, ?, ?)", rows)
    connection.execute("COMMIT")


def _search_all(file: Path) -> bool:
    """Free seats by site and day; it does not say as of when."""
    with closing(_connected(file)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "SELECT site, one.day, sum(one.free) FROM slot AS one JOIN (SELECT site, day, sum(free) AS free FROM slot "
            "WHERE dose = 2 GROUP BY site, day) AS two USING (site) WHERE one.dose = 1 AND one.free > 0 "
            "AND two.day = one.day + ? AND two.free > 0 GROUP BY site, one.day",
            (_SPACING,),
        ).fetchall()
        connection.execute("COMMIT")
    return False


def _book(file: Path, number: int) -> float:
    """How long a booking takes, or until it gives up."""
    with closing(_connected(file, PATIENCE)) as connection:
        start = time.perf_counter()
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return time.perf_counter() - start
        for dose, day in ((1, 0), (2, _SPACING)):
            connection.execute(
                "UPDATE slot SET free = free - 1 WHERE (site, dose, day, minute) = (?, ?, ?, 480)",
                (number % SITES, dose, day),
            )
        connection.execute("COMMIT")
        return time.perf_counter() - start


def ours() -> End:
    """A search reads one picture of one site, takes no lock and waits for none."""
    with TemporaryDirectory(prefix="crs-incident-") as folder:
        file = Path(folder) / "crs.db"
        with open_town(storage=f"sqlite:///{file}", start=BEFORE_THE_SWITCH) as town:
            _furnish(town)
            entries = [_entry(town, number) for number in range(1, SEARCHERS + 2 * BOOKINGS + 1)]

            def search(number: int) -> bool:
                return town.desk.offers(entries[number]).as_of == town.clock.now()

            def book(number: int) -> float:
                entry = entries[SEARCHERS + number]
                offer = town.desk.offers(entry).offers[0]
                start = time.perf_counter()
                town.desk.reserve(entry, offer)
                return time.perf_counter() - start

            return _played(search, book, file)


def _furnish(town: Town) -> None:
    site = town.system.site("north")
    for dose in (1, 2):
        days = [_FIRST_DAY + timedelta(days=day + _SPACING * (dose - 1)) for day in range(DAYS)]
        slots = [slot for day in days for slot in crs.even_slots(day, SEATS)]
        site.publish([crs.Calendar(f"V{dose}", "comirnaty", dose, slots)])
    site.open()


def _entry(town: Town, number: int) -> crs.Entry:
    each = citizen(number)
    town.register(each)
    return town.enter(each)


INCIDENT = Incident(
    number="I1",
    title="Slow answers, as everybody searched at once",
    history=(
        f"{SEARCHERS} people search again and again for a free time, each in a thread of their own, while {BOOKINGS} "
        f"others book one after the other; both on SQLite, with {DAYS} days of {SEATS} seats."
    ),
    old_way="a search adds up the slots of all sites under the writer's lock, so that it is true.",
    our_way="a search reads one picture of one site and says as of when; a conflict shows when booking.",
    old=old,
    ours=ours,
    rules=(
        Rule(text=f"writer's place taken by a search, of {PROBES} looks", figure=lambda end: end.held, most=0),
        Rule(
            text="time of a booking among searchers, by that without",
            figure=lambda end: end.slower,
            most=10,
            places=1,
            unit=" ×",
        ),
        Rule(
            text="work of a search among others, by that of one alone",
            figure=lambda end: end.work,
            most=3,
            places=1,
            unit=" ×",
        ),
        Rule(text="answers that do not say as of when they are true", figure=lambda end: end.undated, most=0),
    ),
)

if __name__ == "__main__":
    sys.exit(play(INCIDENT))
