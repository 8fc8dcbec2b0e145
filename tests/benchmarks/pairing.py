"""What pairing costs at a site with 20,000 seats, and a page of offers at one with 20,000 slots; medians of many.

Run by `make bench` after the ratios, or alone: PYTHONPATH=. python tests/benchmarks/pairing.py
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import pendulum
from attrs import evolve, frozen
from rich.console import Console
from rich.table import Table

import crs_core as crs
from crs_core.domain import pairing, tokens
from crs_core.domain.campaign import Interval, StockRule
from crs_core.domain.pairing import Supply
from crs_core.domain.people import Person
from crs_core.domain.plans import Key, Plan, Put
from crs_core.domain.registration import Registration
from crs_core.domain.rules import always
from crs_core.domain.time import later
from crs_core.testing.clock import VirtualClock
from crs_core.testing.invented import registration

NOW = pendulum.datetime(2021, 1, 18, 8)
KEYS = {"bench": b"an invented key for benchmarks .."}
SWEEP_LIMIT = 1.0
DAY_LIMIT = 5.0


@frozen
class Cost:
    """What was measured, in milliseconds; `limit` is None where none was set."""

    name: str
    step: str
    milliseconds: float
    limit: float | None

    @property
    def holds(self) -> bool:
        """Whether the limit holds."""
        return self.limit is None or self.milliseconds <= self.limit


def supplies() -> dict[str, Supply]:
    """Weeks of a large site, closed at weekends: 20,000 seats for two doses, more for three."""
    chance = Random(1)
    first = {day: chance.randint(200, 270) for day in range(60) if day % 7 < 5}
    second = {day: chance.randint(150, 200) for day in range(20, 100) if day % 7 < 5}
    third = {day: chance.randint(150, 200) for day in range(40, 140) if day % 7 < 5}
    weekly = dict.fromkeys(range(0, 80, 7), 1_400)
    two = Supply([first, second], Interval(21, 28))
    three = evolve(two, seats=[first, second, third])
    return {
        "two doses": two,
        "two doses, deliveries": evolve(two, doses=weekly),
        "two doses, windows that cross": evolve(two, windows={day: Interval(38, 42) for day in range(20)}),
        "three doses": three,
        "three doses, deliveries": evolve(three, doses=weekly),
    }


def median(action: Callable[[], Any], times: int) -> float:
    """Milliseconds of the middle one."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        found.append(time.perf_counter() - start)
    return 1000 * statistics.median(found)


def sweeps() -> Iterator[Cost]:
    """Counting people, all partners of a day, one safe offer of it, and all days of the calendar."""
    day = 31
    for name, supply in supplies().items():
        two = len(supply.seats) == 2
        yield Cost(name, "sweep", median(lambda: pairing.bookable(supply), 200), SWEEP_LIMIT)  # noqa: B023
        partners = median(lambda: pairing.partners(supply, day), 20)  # noqa: B023
        yield Cost(name, "all partners of a day", partners, DAY_LIMIT if two else None)
        yield Cost(name, "an offer of a day", median(lambda: pairing.safe_chain(supply, day), 50), DAY_LIMIT)  # noqa: B023
        yield Cost(name, "every day with an offer", median(lambda: pairing.offered_days(supply), 10), None)  # noqa: B023


def pages(people: int = 2_000) -> Iterator[Cost]:
    """A citizen's page on SQLite, at a site with 20,000 slots, without other registrations and with some.

    Each page shows the days of the whole calendar too; where stock counts, they are kept while nothing changes.
    """
    for stock in (StockRule.IGNORED, StockRule.EXPECTED):
        with tempfile.TemporaryDirectory() as folder, opened(folder, stock) as system:
            slots = furnish(system, stock)
            name = f"page of a day, {slots:,} slots" + (", deliveries" if stock is StockRule.EXPECTED else "")
            entry = register(system, 0, 1)
            yield Cost(name, "1 registration", page(system, entry), DAY_LIMIT)
            register(system, 1, people)
            yield Cost(name, f"{people:,} registrations", page(system, entry), DAY_LIMIT)


def opened(folder: str, stock: StockRule) -> crs.System:
    """A system on a file in a folder."""
    spool = f"spool:{folder}/outbox"
    campaign = evolve(crs.example_campaign(), stock=always(stock))
    url = f"sqlite:///{folder}/crs.db"
    return crs.open_system(campaign, keys=KEYS, storage=url, sms=spool, mail=spool, clock=VirtualClock(NOW))


def page(system: crs.System, entry: str) -> float:
    """Milliseconds of a page with offers; the first, which finds the days, is not among them."""
    day = date(2021, 2, 1)
    if not system.citizen.offers(entry, day=day).offers:
        raise AssertionError(f"day={day}: the page has no offers")
    return median(lambda: system.citizen.offers(entry, day=day), 50)


def furnish(system: crs.System, stock: StockRule) -> int:
    """92 days of each dose with 109 slots a day, with doses a week where they count; how many slots that makes."""
    days = [date(2021, 1, 25) + timedelta(number) for number in range(92)]
    calendars = []
    for dose in (1, 2):
        dates = [day + timedelta(21 * (dose - 1)) for day in days]
        slots = [slot for day in dates for slot in crs.even_slots(day, 109, first=420, last=1074, every=6)]
        calendars.append(crs.Calendar(f"V{dose}", "comirnaty", dose, slots))
    site = system.site("north")
    site.publish(calendars)
    for week in range(17) if stock is StockRule.EXPECTED else ():
        day = date(2021, 1, 25) + timedelta(7 * week)
        site.expect(crs.Delivery(f"week {week}", "comirnaty", day, 7 * 2 * 109))
    site.open()
    return sum(len(calendar.slots) for calendar in calendars)


def register(system: crs.System, first: int, number: int) -> str:
    """So many registrations at the site, and the entry of the first of them."""
    office = system._office
    puts: list[Put[Any]] = []
    for each in range(first, first + number):
        insured = f"4001{1 + each // 10_000:02d}{each % 10_000:04d}"
        one = registration(
            NOW,
            id=f"citizen-{each}",
            person=office.person(insured),
            insured_number=insured,
            birth_date=date(1940, 1, 1),
            phone=f"+420601{each:06d}",
            pin_key_id="bench",
        )
        puts.append(Put(Key(Registration, one.id), one, 0))
        puts.append(Put(Key(Person, one.person), Person(insured, one.id), 0))
    with office.storage.write() as work:
        work.apply(Plan(None, tuple(puts)), actor="bench", now=NOW)
    facts = {"r": f"citizen-{first}", "g": 1}
    return tokens.sign(office.keyring, "entry", facts, until=later(NOW, minutes=30))


def report(console: Console) -> bool:
    """Measures and prints a table; whether all limits hold."""
    costs = [*sweeps(), *pages()]
    found = Table("what", "step", title="Pairing at a site with 20,000 seats", title_justify="left")
    for head in ("ms, median", "limit", "holds"):
        found.add_column(head, justify="right")
    for cost in costs:
        limit = "" if cost.limit is None else f"{cost.limit:.0f}"
        holds = "" if cost.limit is None else "yes" if cost.holds else "NO"
        found.add_row(cost.name, cost.step, f"{cost.milliseconds:.3f}", limit, holds)
    console.print(found)
    return all(cost.holds for cost in costs)


if __name__ == "__main__":
    sys.exit(not report(Console(width=100 if not sys.stdout.isatty() else None)))
