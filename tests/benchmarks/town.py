"""A town for the benchmarks: everybody has proved a phone, one site with two months of slots."""

from datetime import date, timedelta
from typing import Any

import pendulum

import crs_core as crs
from crs_core.domain import tokens
from crs_core.domain.control_pin import Challenge
from crs_core.domain.plans import Key, Plan, Put
from crs_core.domain.time import later
from crs_core.office.commands import Office
from crs_core.testing.clock import SeededChance, VirtualClock

NOW = pendulum.datetime(2021, 1, 18, 8)
KEYS = {"bench": b"an invented key for benchmarks .."}
BORN = date(1940, 1, 1)
FIRST_DAYS = [date(2021, 1, 25) + timedelta(day) for day in range(35)]
SECOND_DAYS = [day + timedelta(21) for day in FIRST_DAYS]
SEATS = 3_200


class Town:
    """A system with people ready for the step that is measured; immediate access."""

    def __init__(self, url: str, folder: str, people: int) -> None:
        spool = f"spool:{folder}/outbox"
        self.system = crs.open_system(
            crs.example_campaign(),
            keys=KEYS,
            storage=url,
            sms=spool,
            mail=spool,
            clock=VirtualClock(NOW),
            chance=SeededChance(1),
        )
        self.office: Office = self.system._office
        self._publish()
        self._prove(people)
        self.people = people
        self.registered: dict[int, str] = {}
        self._offers: tuple[crs.Offer, ...] = ()

    def _publish(self) -> None:
        site = self.system.site("north")
        first = [slot for day in FIRST_DAYS for slot in crs.even_slots(day, SEATS)]
        second = [slot for day in SECOND_DAYS for slot in crs.even_slots(day, SEATS)]
        site.publish([crs.Calendar("V1", "comirnaty", 1, first), crs.Calendar("V2", "comirnaty", 2, second)])
        site.open()

    def _prove(self, people: int) -> None:
        puts: list[Put[Any]] = []
        for number in range(people):
            found = challenge(self.office, number)
            puts.append(Put(Key(Challenge, found.id), found, 0))
        with self.office.storage.write() as work:
            work.apply(Plan(None, tuple(puts)), actor="bench", now=NOW)

    def register(self, number: int) -> None:
        """Steps 3 and 4, as a portal calls them."""
        facts = {"c": self.office.keyring.pseudonym("phone", phone(number)), "g": 1}
        proof = tokens.sign(self.office.keyring, "proof", facts, until=later(NOW, minutes=60))
        application = crs.Application(insured_number(number), "Vzor", "Smyšlený", BORN, "north")
        self.registered[number] = self.system.citizen.register(proof, application).registration_id

    def reserve(self, number: int) -> None:
        """Step 8, on an offer of a page that was read before."""
        entry = self._entry(number)
        self.look(number)
        self.system.citizen.reserve(entry, self._offers[number % len(self._offers)])

    def look(self, number: int) -> None:
        """Steps 6 and 7, once for all: the page that everybody chooses from."""
        if not self._offers:
            self._offers = self.system.citizen.offers(self._entry(number)).offers

    def _entry(self, number: int) -> str:
        facts = {"r": self.registered[number], "g": 1}
        return tokens.sign(self.office.keyring, "entry", facts, until=later(NOW, minutes=30))


def phone(number: int) -> str:
    """An invented phone."""
    return f"+4206{number:08d}"


def insured_number(number: int) -> str:
    """An invented insured number of somebody born in 1940."""
    return f"40{1 + number // 28_000:02d}{1 + number // 1000 % 28:02d}{number % 1000:03d}"


def challenge(office: Office, number: int) -> Challenge:
    """A challenge that has proved its phone."""
    name = office.keyring.pseudonym("phone", phone(number))
    return Challenge(name, phone(number), "bench", 1, "cs", NOW, 1, None, NOW, NOW)
