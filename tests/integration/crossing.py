"""Two citizens at once at many small sites, each with an offer that is safe alone: what their processes do."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from multiprocessing.synchronize import Barrier
from random import Random
from typing import Any

import pendulum
from attrs import evolve

import crs_core as crs
from crs_core.desks import offering
from crs_core.domain import pairing, tokens
from crs_core.domain.campaign import CalendarCheckRule, Interval, Place, Product
from crs_core.domain.pairing import Supply
from crs_core.domain.people import Person
from crs_core.domain.plans import JournalEntry, Key, Plan, Put
from crs_core.domain.registration import Registration
from crs_core.domain.reservations import Offer, OfferedDose
from crs_core.domain.rules import always
from crs_core.domain.sites import Site, supplies
from crs_core.domain.time import add_days, later
from crs_core.office.commands import Command, Office
from crs_core.office.persons import named
from crs_core.testing.clock import VirtualClock
from tests.integration.race import one_of_many

NOW = pendulum.datetime(2021, 3, 8, 8)
FIRST = date(2021, 3, 10)  # so that the clocks change between the doses
KEYS = {"crossing": b"an invented key for crossings .."}
SITES = [f"site-{number:02d}" for number in range(36)]
CROSSING = ((0, 1, 2), (22, 23, 24)), ((0, 23), (1, 24))
"""First and second doses, one seat a day; two offers, each safe alone, that leave day 2 with 22 together."""


def calendars(number: int) -> tuple[list[dict[int, int]], tuple[tuple[int, int], tuple[int, int]]]:
    """Seats of a site by days after `FIRST`, and an offer for each of two citizens, both safe; every third crosses."""
    if number % 3 == 0:
        days, wanted = CROSSING
        return [dict.fromkeys(each, 1) for each in days], wanted
    chance = Random(number)
    while True:
        first = {day: chance.randint(1, 2) for day in range(5) if chance.random() < 0.7}
        second = {day: chance.randint(1, 2) for day in range(20, 29) if chance.random() < 0.5}
        supply = Supply([first, second], Interval(21, 23))
        safe = [(day, after) for day in first for (after,) in pairing.partners(supply, day)]
        pairs = [(one, two) for one in safe for two in safe if one != two]
        if pairs:
            return [first, second], chance.choice(pairs)


def open_crossing(url: str, folder: str) -> crs.System:
    """The system that both processes open; immediate access, so that nobody waits for an invitation."""
    campaign = evolve(
        crs.example_campaign(),
        places=tuple(Place(name, name, "north") for name in SITES),
        products=(Product("comirnaty", 2, always(Interval(21, 23))),),
        calendar_check=always(CalendarCheckRule(1.0)),
        access=always(crs.example_campaign().access.steps[0][1]),
    )
    spool = f"spool:{folder}/outbox"
    return crs.open_system(campaign, keys=KEYS, storage=url, sms=spool, mail=spool, clock=VirtualClock(NOW))


def prepare(url: str, folder: str) -> None:
    """All sites open, two citizens registered at each."""
    with open_crossing(url, folder) as system:
        puts: list[Put[Any]] = []
        noted: list[JournalEntry] = []
        for number, name in enumerate(SITES):
            seats, _ = calendars(number)
            system.site(name).publish(
                crs.Calendar(
                    f"V{dose}",
                    "comirnaty",
                    dose,
                    [crs.Slot(add_days(FIRST, day), 540, free) for day, free in of.items()],
                )
                for dose, of in enumerate(seats, start=1)
            )
            system.site(name).open()
            for place in range(2):
                registration = one_of_many(system._office, 2 * number + place, site_id=name, pin_key_id="crossing")
                holder = Person(registration.insured_number, registration.id)
                puts.append(Put(Key(Registration, registration.id), registration, 0))
                puts.append(Put(Key(Person, registration.person), holder, 0))
                noted.append(named(system._office, "registered", registration, NOW))
        with system._office.storage.write() as work:
            work.apply(Plan(None, tuple(puts), journal=tuple(noted)), actor="test", now=NOW)


def run(url: str, folder: str, place: int, barrier: Barrier, sabotage: str) -> list[bool]:
    """One citizen of every site reserves, site by site, at the same moment as the other; who succeeded."""
    with _broken(sabotage, barrier), open_crossing(url, folder) as system:
        ends = []
        for number, name in enumerate(SITES):
            office = system._office
            entry = tokens.sign(
                office.keyring, "entry", {"r": f"citizen-{2 * number + place}", "g": 1}, until=later(NOW, minutes=30)
            )
            offer = _offer(office, name, calendars(number)[1][place])
            barrier.wait(timeout=60)
            try:
                system.citizen.reserve(entry, offer)
                ends.append(True)
            except crs.Refused as refusal:
                if refusal.code not in {"offer_strands", "offer_taken"}:
                    raise
                ends.append(False)
        return ends


def _offer(office: Office, site: str, days: tuple[int, int]) -> Offer:
    doses = tuple(OfferedDose(dose, f"V{dose}", add_days(FIRST, day), 540) for dose, day in enumerate(days, start=1))
    return offering._offer(office, site, "comirnaty", doses, NOW)


@contextmanager
def _broken(sabotage: str, barrier: Barrier) -> Iterator[None]:
    """The guard taken out: what was safe is not asked again, or it is asked before the lock and not under it."""
    attempt, safe = Office._attempt, pairing.strands_nobody

    def decide_first(self: Office, command: Command[Any]) -> Plan[Any]:
        with self.storage.read() as view:
            plan = command.decide(view, NOW)  # type: ignore[arg-type]
        barrier.wait(timeout=60)
        with self.storage.write() as work:
            work.lock(command.keys)
            work.apply(plan, actor=command.actor, now=NOW)
        return plan

    if sabotage == "asked before the lock":
        Office._attempt = decide_first  # type: ignore[method-assign]
    if sabotage == "never asked":
        pairing.strands_nobody = lambda supply, days: True
    try:
        yield
    finally:
        Office._attempt, pairing.strands_nobody = attempt, safe  # type: ignore[method-assign]


def left(system: crs.System) -> list[Supply]:
    """What is free at every site."""
    office = system._office
    with office.storage.read() as view:
        found = []
        for name in SITES:
            site = view.get(Key(Site, name))
            assert site is not None
            found.append(supplies(site.value, view.days(name), office.campaign, NOW)["comirnaty"])
        return found
