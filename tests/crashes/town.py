"""The town that crashes: a site with many seats, a queue, and invitations that end within the hour and come again.

So every run, an hour after the one before, has hundreds of messages to send.
"""

from datetime import date
from pathlib import Path
from time import monotonic
from typing import Any

import pendulum
from attrs import evolve

import crs_core as crs
from crs_adapters.mail import spool as mail_spool
from crs_adapters.storage import sql
from crs_core.composition.hookspecs import Adapter
from crs_core.domain.campaign import Budget, Limits
from crs_core.domain.people import Person
from crs_core.domain.plans import JournalEntry, Key, Plan, Put
from crs_core.domain.registration import Registration
from crs_core.domain.rules import always
from crs_core.domain.terms import InvitationRule, Window
from crs_core.domain.time import Day, Instant, add_days, later
from crs_core.office.persons import named
from crs_core.testing.clock import SeededChance
from crs_core.testing.invented import registration
from tests.crashes.record import Record

__all__ = ["Gateway", "RunningClock", "insured_number", "moment_of", "open_town", "phone_of", "prepare"]

START = pendulum.datetime(2021, 1, 23, 8)
QUEUED = 240
SEATS = 60
KEYS = {"crash": b"an invented key for the crashes ."}
_AMPLE = Budget(1_000_000, 60)
_SITE = "north"


class RunningClock:
    """Goes on from a moment as this machine's clock does."""

    def __init__(self, start: Instant) -> None:
        self.set(start)

    def set(self, start: Instant) -> None:
        """Goes on from here."""
        self._start, self._since = start, monotonic()

    def now(self) -> Instant:
        """See `Clock.now`."""
        return later(self._start, seconds=monotonic() - self._since)


class Gateway:
    """Takes every message and writes it down; what it has taken it never forgets."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def send(self, sms: Any) -> str:
        """See `SmsGateway.send`."""
        self._record.write("handed", reference=sms.reference, to=sms.to, text=sms.text)
        return str(sms.reference)


def moment_of(run: int) -> Instant:
    """When a run begins: more than an hour after the one before, so that terms and leases have ended."""
    return later(START, minutes=61 * run)


def open_town(url: str, folder: Path, clock: RunningClock, gateway: Any, seed: int) -> crs.System:
    """The system, over whatever was left behind."""

    class Plugin:
        @staticmethod
        @crs.hookimpl
        def crs_register_adapters() -> list[Adapter]:
            return [Adapter("sms", "record", lambda _url, _around: gateway)]

    limits = Limits(**dict.fromkeys(("pin_sends_source", "pin_tries_source", "entries_source"), _AMPLE))
    campaign = evolve(crs.example_campaign(), invitation=always(InvitationRule(windows=(Window(1),))), limits=limits)
    return crs.open_system(
        campaign,
        keys=KEYS,
        storage=url,
        sms="record:",
        mail=f"spool:{folder}",
        clock=clock,
        chance=SeededChance(seed),
        plugins=[("storage-sql", sql), ("mail-spool", mail_spool), ("record", Plugin)],
        write_timeout=60,
    )


def phone_of(number: int) -> str:
    """The phone of the citizen of a number."""
    return f"+420601{number:06d}"


def insured_number(number: int) -> str:
    """The insured number of the citizen of a number up to 120,000."""
    return f"{born(number):%y%m%d}{number % 1000:03d}"


def born(number: int) -> Day:
    """The birth date of the citizen of a number: the first of a month of the years 1930 to 1939."""
    return date(1930 + number // 1000 % 10, 1 + number // 10_000, 1)


def prepare(system: crs.System) -> None:
    """Opens the site and registers whoever waits from the beginning: citizens 0 to `QUEUED` - 1."""
    site = system.site(_SITE)
    for name, dose, after in (("V1", 1, 3), ("V2", 2, 31)):
        slots = [slot for day in range(5) for slot in crs.even_slots(add_days(START.date(), after + day), SEATS)]
        site.publish([crs.Calendar(name, "comirnaty", dose, slots)])
    site.open()
    office = system._office
    puts: list[Put[Any]] = []
    noted: list[JournalEntry] = []
    for number in range(QUEUED):
        one = _registration(office.person(insured_number(number)), number)
        puts += [
            Put(Key(Registration, one.id), one, 0),
            Put(Key(Person, one.person), Person(one.insured_number, one.id), 0),
        ]
        noted.append(named(office, "registered", one, START))
    with office.storage.write() as work:
        work.apply(Plan(None, tuple(puts), journal=tuple(noted)), actor="test", now=START)


def _registration(person: str, number: int) -> Registration:
    return registration(
        START,
        id=f"citizen-{number}",
        person=person,
        insured_number=insured_number(number),
        birth_date=born(number),
        phone=phone_of(number),
        site_id=_SITE,
        pin_key_id="crash",
    )


def application(number: int) -> crs.Application:
    """What the citizen of a number fills in."""
    return crs.Application(insured_number(number), "Vzorka", "Smyšlená", born(number), _SITE)
