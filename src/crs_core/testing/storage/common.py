"""What the rules of a storage share: short ways to write and read, threads that start together, values to keep."""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from typing import Any, TypeVar

import pendulum
import pytest
from attrs import evolve
from hypothesis import HealthCheck, settings

from crs_core.domain.amendments import Amendment, InForce
from crs_core.domain.campaign import Budget
from crs_core.domain.circuit import Circuit
from crs_core.domain.control_pin import Challenge
from crs_core.domain.ledger import Account, AccountKind, State, Transfer
from crs_core.domain.messages import Channel, Lane, Message, Outcome, Purpose
from crs_core.domain.people import Person
from crs_core.domain.plans import JournalEntry, Key, Plan, Put, Versioned
from crs_core.domain.registration import Registration
from crs_core.domain.releases import ReleaseRecord
from crs_core.domain.reservations import Reservation
from crs_core.domain.sites import Site
from crs_core.domain.time import Instant, later
from crs_core.ports.storage import BudgetUse, Storage

__all__ = [
    "DAY",
    "KINDS",
    "NOW",
    "PROBE",
    "Contract",
    "apply",
    "at_once",
    "everything",
    "examples",
    "found",
    "key_of",
    "message",
    "mint",
    "note",
    "person",
    "puts",
    "seat",
    "settle",
]

T = TypeVar("T")

NOW = pendulum.datetime(2021, 1, 15, 8, 0, 0, 123456)
DAY = date(2021, 1, 25)
KINDS: tuple[type[Any], ...] = (
    *(Person, Registration, Reservation, Challenge, Site, Circuit, ReleaseRecord, InForce, Amendment),
)

PROBE = BudgetUse("probe", Budget(100, 60))

examples = settings(
    deadline=None,
    # One storage serves all examples of a test, each in places of its own; and every adapter inherits the test.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors, HealthCheck.too_slow],
)
"""How the properties of a contract run; how many examples is left to the profile."""


class Contract:
    """Gives each group of rules its storage."""

    @pytest.fixture
    def storage(self) -> Storage:
        """A fresh, empty storage; the one fixture that an integrator gives."""
        raise NotImplementedError("give the contract a fixture `storage` that returns a fresh, empty storage")


def key_of(value: Any) -> Key[Any]:
    """The key of a value; that of a person is its insured number."""
    return Key(type(value), value.insured_number if isinstance(value, Person) else value.id)


def puts(values: Iterable[Any], version: int = 0) -> tuple[Put[Any], ...]:
    """Puts of values, all at one version."""
    return tuple(Put(key_of(value), value, version) for value in values)


def apply(storage: Storage, plan: Plan[Any], *, actor: str = "tester", now: Instant = NOW) -> None:
    """Commits a plan in a work of its own."""
    with storage.write() as work:
        work.apply(plan, actor=actor, now=now)


def found(storage: Storage, key: Key[T]) -> Versioned[T] | None:
    """What a fresh view finds under a key."""
    with storage.read() as view:
        return view.get(key)


def person(number: str = "401231001", registration_id: str | None = None) -> Person:
    """Somebody to keep."""
    return Person(number, registration_id)


def seat(minute: int = 480, site_id: str = "north", day: date = DAY, calendar: str = "V1") -> Account:
    """The account of the seats of one time."""
    return Account(site_id, AccountKind.SLOT, calendar, day, minute)


def mint(account: Account, number: int = 1) -> Transfer:
    """Units that come from outside and are free."""
    return Transfer(account, State.OUTSIDE, State.FREE, number)


def note(who: str = "person-1", kind: str = "registered", **facts: str | int) -> JournalEntry:
    """A journal entry."""
    return JournalEntry(NOW, kind, who, "north", facts)


def message(name: str, who: str = "", lane: Lane = Lane.BULK, due: Instant = NOW, **more: Any) -> Message:
    """A message owed, by default to somebody of its own."""
    owed = Message(
        id=name,
        lane=lane,
        channel=Channel.SMS,
        purpose=Purpose.INVITATION,
        recipient="+420601000001",
        language="cs",
        subject=f"registration of {name}",
        person=who or f"person of {name}",
        created_at=NOW,
        due_at=due,
        good_until=later(due, days=7),
        facts={"site": "Nemocnice Vzorov-Žabí"},
    )
    return evolve(owed, **more)


def settle(storage: Storage, *outcomes: Outcome) -> None:
    """Commits what became of messages."""
    apply(storage, Plan(None, outcomes=outcomes))


class _RolledBack(Exception):
    pass


def everything(storage: Storage, sites: Sequence[str] = ("north", "south")) -> dict[str, Any]:
    """All that a storage shows, to be compared before and after; what is left of a budget is asked and given back."""
    with storage.read() as view:
        shown: dict[str, Any] = {kind.__name__: list(view.scan(kind)) for kind in KINDS}
        shown["accounts"] = [view.accounts(site) for site in sites]
        shown["owed"] = sorted(view.owed(), key=lambda owed: owed.id)
        shown["outbox"], shown["dead"] = view.outbox(), list(view.dead_letters(100))
        shown["journal"], shown["tallies"] = list(view.journal("person-1")), list(view.tallies())
    with suppress(_RolledBack), storage.write() as work:
        shown["uncounted"] = [numbered.entry for numbered in work.uncounted(1000)]
        shown["answer"] = work.replay("probe", "fingerprint")
        shown["left"] = work.take([PROBE], NOW)
        raise _RolledBack
    return shown


def at_once(*calls: Callable[[], T]) -> list[T | Exception]:
    """What calls return or raise, each in a thread of its own and all let go together; in their order."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T | Exception:
        start.wait()
        try:
            return call()
        except Exception as error:  # noqa: BLE001 - the caller judges it
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
