"""Many citizens at once on the last places: what the processes of the race do."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from multiprocessing.synchronize import Barrier
from typing import Any

import pendulum

import crs_core as crs
from crs_adapters.storage.sql.sqlite import SqliteSession
from crs_core.domain import tokens
from crs_core.domain.people import Person
from crs_core.domain.plans import JournalEntry, Key, Plan, Put
from crs_core.domain.registration import Registration
from crs_core.domain.reservations import Reservation
from crs_core.domain.time import later
from crs_core.office.commands import Command, Office
from crs_core.office.persons import named
from crs_core.testing.clock import VirtualClock
from crs_core.testing.invented import registration

PLACES = 13
PEOPLE = 1000
THREADS = 8
NOW = pendulum.datetime(2021, 1, 18, 8)
KEYS = {"race": b"an invented key for the races .."}
FIRST = [date(2021, 1, 25), date(2021, 1, 26), date(2021, 1, 27)]
SECOND = [date(2021, 2, 16), date(2021, 2, 18)]


def open_race(url: str, folder: str) -> crs.System:
    """The system that every process of a race opens; immediate access, so that the fastest win."""
    spool = f"spool:{folder}/outbox"
    campaign = crs.example_campaign()
    return crs.open_system(campaign, keys=KEYS, storage=url, sms=spool, mail=spool, clock=VirtualClock(NOW))


def prepare(url: str, folder: str) -> None:
    """A site with so many places for both doses, and everybody registered."""
    with open_race(url, folder) as system:
        site = system.site("north")
        first = [slot for day, seats in zip(FIRST, (5, 5, 3), strict=True) for slot in crs.even_slots(day, seats)]
        second = [slot for day, seats in zip(SECOND, (6, 7), strict=True) for slot in crs.even_slots(day, seats)]
        site.publish([crs.Calendar("V1", "comirnaty", 1, first), crs.Calendar("V2", "comirnaty", 2, second)])
        site.open()
        office = system._office
        puts: list[Put[Any]] = []
        noted: list[JournalEntry] = []
        for number in range(PEOPLE):
            registration = one_of_many(office, number)
            holder = Person(registration.insured_number, registration.id)
            puts += [
                Put(Key(Registration, registration.id), registration, 0),
                Put(Key(Person, registration.person), holder, 0),
            ]
            noted.append(named(office, "registered", registration, NOW))
        with office.storage.write() as work:
            work.apply(Plan(None, tuple(puts), journal=tuple(noted)), actor="test", now=NOW)


def one_of_many(office: Office, number: int, **changes: Any) -> Registration:
    """A citizen of 81, invited by nobody yet; 0 to 999."""
    insured = f"400101{number:03d}"
    return registration(
        NOW,
        id=f"citizen-{number}",
        person=office.person(insured),
        insured_number=insured,
        birth_date=date(1940, 1, 1),
        phone=f"+420601{number:06d}",
        **{"pin_key_id": "race", **changes},
    )


def run(url: str, folder: str, first: int, barrier: Barrier, sabotage: str) -> Counter[str]:
    """One process: its half of the people in so many threads; how many ended in which way."""
    with _broken(sabotage), open_race(url, folder) as system:
        ends: Counter[str] = Counter()
        threads = [
            threading.Thread(
                target=_try_all, args=(system, range(first + place, first + PEOPLE // 2, THREADS), barrier, ends)
            )
            for place in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return ends


def _try_all(system: crs.System, people: range, barrier: Barrier, ends: Counter[str]) -> None:
    """Everybody in turn goes for an offer of the page that was read when all was free."""
    chance = random.Random(people.start)
    page = system.citizen.offers(_entry(system, people.start))
    barrier.wait(timeout=60)
    for number in people:
        try:
            system.citizen.reserve(_entry(system, number), chance.choice(page.offers))
            end = "reserved"
        except crs.CrsError as refusal:
            end = refusal.code
        if end != "reserved":
            end = _once_more(system, number, chance)
        ends[end] += 1


def _once_more(system: crs.System, number: int, chance: random.Random) -> str:
    """Whoever came too late takes what a fresh page offers."""
    try:
        page = system.citizen.offers(_entry(system, number))
        if not page.offers:
            return page.reason
        system.citizen.reserve(_entry(system, number), chance.choice(page.offers))
    except crs.CrsError as refusal:
        return refusal.code
    return "reserved"


def _entry(system: crs.System, number: int) -> str:
    facts = {"r": f"citizen-{number}", "g": 1}
    return tokens.sign(system._office.keyring, "entry", facts, until=later(NOW, minutes=30))


@contextmanager
def _broken(sabotage: str) -> Iterator[None]:
    """One or both of the guards taken out: decide only under the lock, and the check of the accounts."""
    attempt, set_up = Office._attempt, SqliteSession.begin
    if "lock" in sabotage:
        Office._attempt = _decide_first  # type: ignore[method-assign]
    if "check" in sabotage:
        SqliteSession.begin = _begin_unchecked  # type: ignore[method-assign]
    try:
        yield
    finally:
        Office._attempt, SqliteSession.begin = attempt, set_up  # type: ignore[method-assign]


def _decide_first(self: Office, command: Command[Any]) -> Plan[Any]:
    """What the desks must not do: read, decide, and only then lock and write."""
    now = self.now()
    with self.storage.read() as view:
        plan = command.decide(view, now)  # type: ignore[arg-type]
    with self.storage.write() as work:
        work.lock(command.keys)
        work.apply(plan, actor=command.actor, now=now)
    return plan


_begin = SqliteSession.begin


def _begin_unchecked(self: SqliteSession, command: str) -> None:
    self._connection.execute("PRAGMA ignore_check_constraints=ON")
    _begin(self, command)


def active(system: crs.System) -> list[Reservation]:
    """Reservations that hold seats."""
    with system._office.storage.read() as view:
        return [each for each in view.scan(Reservation) if each.cancelled_at is None]
