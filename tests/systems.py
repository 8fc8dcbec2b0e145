"""A small town at work: two sites that are open, a clock that stands still, chance from a seed, messages in a folder.

    town = open_town(storage_url)
    [citizen] = town.invited(1)
    entry = town.entered(citizen)

Every test gets the storages of `STORAGES` in turn by asking for `storage_url`; this is the one place that lists them.
A test for those that outlive a system: ``@pytest.mark.parametrize("storage_url", DURABLE, indirect=True)``.
"""

import re
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import pendulum
import pytest
from attrs import evolve, field, frozen
from sqlalchemy import NullPool, create_engine, inspect, text

import crs_core as crs
from crs_core.domain.amendments import Amendment, InForce
from crs_core.domain.circuit import Circuit
from crs_core.domain.control_pin import Challenge
from crs_core.domain.messages import Lane
from crs_core.domain.people import Person
from crs_core.domain.registration import Registration
from crs_core.domain.releases import ReleaseRecord
from crs_core.domain.reservations import Reservation
from crs_core.domain.sites import Site
from crs_core.domain.time import Day, Instant, add_days
from crs_core.testing.clock import SeededChance, VirtualClock

__all__ = [
    "DURABLE",
    "FIRST_DAY",
    "KEYS",
    "START",
    "STORAGES",
    "Citizen",
    "OpenTown",
    "Town",
    "dump",
    "invented",
    "open_town",
    "open_towns",
    "storage_url",
    "tables",
]

DURABLE = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql))
STORAGES = ("memory", *DURABLE)
KEYS: Mapping[str, bytes] = {"2021-01": b"an invented key, 32 bytes long .."}
START = pendulum.datetime(2021, 1, 23, 8)  # a day after the switch to invitations
FIRST_DAY = Day(2021, 1, 25)
PIN = re.compile(r"\b\d{6,9}\b", re.ASCII)


@frozen
class Citizen:
    """An invented person of 80 to 90 years, and what the system has told them so far."""

    number: int
    phone: str = field(repr=False)
    application: crs.Application
    registration_id: str = ""

    @property
    def insured_number(self) -> str:
        return self.application.insured_number

    @property
    def source(self) -> str:
        """An address of their own, of a range set aside for documents."""
        return f"2001:db8::{self.number:x}"


def invented(number: int, site: str = "north") -> Citizen:
    """The citizen of a number from 1: their phone ends with it, everything else follows from it."""
    born = Day(1931 + number % 10, 1 + number % 12, 1 + number % 28)
    insured = f"{born.year % 100:02d}{born.month + 50:02d}{born.day:02d}{number % 1000:03d}"
    application = crs.Application(insured, f"Vzorka{_letters(number)}", f"Vzorová{_letters(number)}", born, site)
    return Citizen(number, f"+420601{number:06d}", application)


def _letters(number: int) -> str:
    return "".join("abcdefghij"[int(digit)] for digit in str(number))


@frozen
class Town:
    """A system with the sites ``north`` and ``south``, both open, and what its citizens do every day."""

    system: crs.System
    clock: VirtualClock
    spool: Path
    _read: dict[tuple[str, int], tuple[str, str, str]] = field(factory=dict, repr=False)

    @property
    def desk(self) -> crs.CitizenDesk:
        return self.system.citizen

    def texts(self, phone: str) -> list[str]:
        """The short messages to a phone, the oldest first."""
        found = []
        for file in (self.spool / "sms").glob("*.txt"):
            name = (file.name, file.stat().st_mtime_ns)
            if name not in self._read:
                head, _, text = file.read_text(encoding="utf-8").partition("\n\n")
                facts = dict(line.split(": ", 1) for line in head.splitlines())
                self._read[name] = (facts["To"], facts["At"], text.strip())
            to, at, text = self._read[name]
            if to == phone:
                found.append((at, name[1], text))
        return [text for _, _, text in sorted(found)]

    def pin_of(self, phone: str, digits: int | None = None) -> str:
        """The PIN in the newest short message to a phone that holds one (of so many digits, where they are given)."""
        texts = self.texts(phone)
        pins = [pin for text in texts for pin in PIN.findall(text) if digits in (None, len(pin))]
        assert pins, f"{len(texts)} messages to this phone, none with a PIN"
        return str(pins[-1])

    def proof_of(self, citizen: Citizen) -> str:
        """Steps 1 and 2."""
        sent = self.desk.request_control_pin(citizen.phone, source=citizen.source)
        self.system.operations.dispatch()
        return self.desk.verify_phone(sent.handle, self.pin_of(citizen.phone, 6), source=citizen.source)

    def register(self, citizen: Citizen) -> Citizen:
        """Steps 1 to 4."""
        registered = self.desk.register(self.proof_of(citizen), citizen.application)
        return evolve(citizen, registration_id=registered.registration_id)

    def registered(self, number: int, *, first: int = 1, site: str = "north") -> list[Citizen]:
        """So many citizens, registered one after the other, numbered from `first`."""
        return [self.register(invented(each, site)) for each in range(first, first + number)]

    def invited(self, number: int, *, first: int = 1, site: str = "north") -> list[Citizen]:
        """So many citizens, registered, invited, and in possession of the message with PIN2."""
        citizens = self.registered(number, first=first, site=site)
        self.system.site(site).release()
        self.system.operations.dispatch()
        return citizens

    def enter(self, citizen: Citizen) -> str:
        """Step 5, with the PIN2 of the newest message."""
        return self.desk.enter(citizen.insured_number, self.pin_of(citizen.phone, 8), source=citizen.source)

    def entered(self, number: int = 1, *, first: int = 1, site: str = "north") -> list[tuple[Citizen, str]]:
        """So many citizens, invited and entered, each with their entry."""
        return [(citizen, self.enter(citizen)) for citizen in self.invited(number, first=first, site=site)]

    def reserve(self, entry: str) -> crs.Reservation:
        """Steps 6 to 8: the first offer."""
        return self.desk.reserve(entry, self.desk.offers(entry).offers[0])


class OpenTown(Protocol):
    """Opens towns that are closed when the test ends."""

    def __call__(  # noqa: PLR0913 - one keyword a port
        self,
        storage_url: str,
        *,
        keys: crs.Keyring | Mapping[str, bytes] = KEYS,
        start: Instant = START,
        seed: int = 1,
        seats: int = 40,
        registry: str | None = None,
        confirmation: str | None = None,
        mail: str | None = None,
        furnished: bool = True,
        **changes: Any,
    ) -> Town:
        """A town.

        Args:
            seats: Seats of a day, for each dose, at each site.
            mail: Where e-mail goes; into the spool where None.
            furnished: Whether calendars are published and the sites opened; not for a second town on one storage.
            changes: Fields of the campaign that differ from `crs_core.example_campaign`.
        """
        ...


@pytest.fixture
def open_town(tmp_path: Path) -> Iterator[OpenTown]:
    """See `OpenTown`."""
    yield from open_towns(tmp_path)


def open_towns(folder: Path) -> Generator[OpenTown]:
    """See `OpenTown`; messages go to a folder in this one."""
    systems: list[crs.System] = []

    def open_(  # noqa: PLR0913
        storage_url: str,
        *,
        keys: crs.Keyring | Mapping[str, bytes] = KEYS,
        start: Instant = START,
        seed: int = 1,
        seats: int = 40,
        registry: str | None = None,
        confirmation: str | None = None,
        mail: str | None = None,
        furnished: bool = True,
        **changes: Any,
    ) -> Town:
        clock = VirtualClock(start)
        spool = folder / "spool"
        town = Town(
            crs.open_system(
                evolve(crs.example_campaign(), **changes),
                keys=keys,
                storage=storage_url,
                sms=f"spool:{spool}",
                mail=mail or f"spool:{spool}",
                registry=registry,
                confirmation=confirmation,
                clock=clock,
                chance=SeededChance(seed),
            ),
            clock,
            spool,
        )
        systems.append(town.system)
        if furnished:
            for site_id in ("north", "south"):
                furnish(town.system.site(site_id), seats)
        return town

    yield open_
    for system in systems:
        system.close()


def furnish(site: crs.SiteDesk, seats: int) -> None:
    """Publishes a week of first doses and the second doses four weeks later, and opens the site."""
    for name, dose, after in (("V1", 1, 0), ("V2", 2, 28)):
        days = [add_days(FIRST_DAY, after + day) for day in range(5)]
        slots = [slot for day in days for slot in crs.even_slots(day, seats)]
        site.publish([crs.Calendar(name, "comirnaty", dose, slots)])
    site.open()


@pytest.fixture(params=STORAGES)
def storage_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty storage: of each kind in turn."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgresql_url"))
    return {"memory": "memory:", "sqlite": f"sqlite:///{tmp_path / 'crs.db'}"}[request.param]


KINDS: tuple[type[Any], ...] = (
    *(Amendment, Challenge, Circuit, InForce, Person, Registration, ReleaseRecord, Reservation, Site),
)


def dump(system: crs.System, storage_url: str = "memory:") -> dict[str, object]:
    """All that a storage holds: whatever can be read through its port, and every row of every table of a database."""
    found: dict[str, object] = dict(tables(storage_url))
    with system._office.storage.read() as view:
        values = {kind: list(view.scan(kind)) for kind in KINDS}
        people = {each.person for each in values[Registration]} | {each.id for each in values[Challenge]} | {""}
        found |= {kind.__name__: each for kind, each in values.items()}
        found |= {f"journal of {person}": list(view.journal(person)) for person in sorted(people)}
        found |= {f"accounts of {place.id}": list(view.accounts(place.id)) for place in system.campaign.places}
        found |= {f"backlog of {lane}": view.backlog(lane) for lane in Lane}
        found |= {"owed": list(view.owed()), "dead": list(view.dead_letters(10_000)), "outbox": view.outbox()}
        found["tallies"] = list(view.tallies())
    return found


def tables(storage_url: str) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of a database, as another program reads it."""
    if storage_url == "memory:":
        return {}
    engine = create_engine(storage_url, poolclass=NullPool)
    names = inspect(engine).get_table_names()
    with engine.connect() as connection:
        rows = {name: connection.execute(text(f'SELECT * FROM "{name}"')) for name in names}
        return {f"table {name}": sorted(map(tuple, found), key=repr) for name, found in rows.items()}
