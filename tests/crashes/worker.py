"""A worker under load that dies at a boundary: citizens, rounds and a dispatcher, each in threads of its own.

It writes down every answer once it has it, as a portal shows it to a citizen; every command before it is sent; and
every batch once it is leased. Which boundaries there are is `BOUNDARIES`.
"""

import itertools
import os
import queue
import re
import signal
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

import crs_core as crs
from crs_adapters.storage.sql.postgresql import PostgresqlSession
from crs_adapters.storage.sql.sqlite import SqliteSession
from crs_core.domain.messages import Lane, Message
from crs_core.ports.storage import Storage, Work
from tests.crashes import judgement, sabotage
from tests.crashes.record import Record
from tests.crashes.town import Gateway, RunningClock, application, insured_number, moment_of, open_town, phone_of

__all__ = ["BOUNDARIES", "Job", "Knife", "work"]

BOUNDARIES = (
    "citizen: begun",
    "citizen: decided",
    "citizen: committed",
    "citizen: answered",
    "half a plan",
    "rounds: decided",
    "rounds: committed",
    "leased",
    "handing over",
    "handed over",
    "dispatcher: begun",
    "dispatcher: decided",
    "dispatcher: committed",
)
"""In each of these moments a worker can die: *begun* holds its locks, *decided* has written all and not committed.

A guard taken out is told from one in place by where in a batch it happens: *of a batch: 60* is the sixtieth message.
"""

FIRST_NEW = 1000
LONGEST_SECONDS = 120
CITIZENS = 2
_PIN = re.compile(r"\b\d{6}\b|\b\d{8}\b")
_PATIENCE_SECONDS = 5.0
_AWAY = {"storage_away", "outcome_unknown"}


@frozen
class Job:
    """One run.

    Attributes:
        boundary: Where it kills itself; empty: it goes on until it is killed.
        nth: At which passing of the boundary, from 1.
        sabotage: Which guard is taken out.
    """

    url: str
    folder: Path
    run: int
    boundary: str = ""
    nth: int = 1
    sabotage: str = ""


class Knife:
    """Kills this process, as nothing in it can prevent, at the n-th passing of a boundary."""

    def __init__(self, boundary: str, nth: int) -> None:
        self._boundary = boundary
        self._left = nth
        self._lock = threading.Lock()
        self._place: Iterator[int] = itertools.count(1)

    def leased(self, lane: Lane) -> None:
        """Says what the dispatcher, of which there is one, hands over from here on."""
        self._place = itertools.count(1) if lane is Lane.BULK else itertools.repeat(0)
        self.at("leased")

    def handed_over(self) -> None:
        """Says that one more of what was leased is with the gateway."""
        self.at("handed over")
        self.at(f"of a batch: {next(self._place)}")

    def at(self, boundary: str) -> None:
        """Says where this thread stands."""
        if boundary != self._boundary:
            return
        with self._lock:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


@define
class WatchedStorage:
    """A storage whose comings and goings the knife hears of; what each is called tells the thread's name."""

    inner: Storage
    knife: Knife
    record: Record

    def read(self) -> Any:
        """See `Storage.read`."""
        return self.inner.read()

    @contextmanager
    def write(self, *, timeout: float = 10.0) -> Iterator[Work]:
        """See `Storage.write`."""
        role = threading.current_thread().name
        with self.inner.write(timeout=timeout) as work_:
            self.knife.at(f"{role}: begun")
            yield work_
            self.knife.at(f"{role}: decided")
        self.knife.at(f"{role}: committed")
        if role == "dispatcher":
            self.record.write("settled")

    def lease(self, lanes: Any, number: int, **more: Any) -> Sequence[Message]:
        """See `Storage.lease`."""
        leased = self.inner.lease(lanes, number, **more)
        if leased:
            lane = max(message.lane for message in leased)
            self.record.write("leased", lane=lane.name, ids=[message.id for message in leased])
            self.knife.leased(lane)
        return leased

    def capabilities(self) -> frozenset[str]:
        """See `Storage.capabilities`."""
        return self.inner.capabilities()

    def close(self) -> None:
        """See `Storage.close`."""
        self.inner.close()


@define
class WatchedGateway:
    """The gateway, and the phones of those who wait for their messages."""

    inner: Gateway
    knife: Knife
    _texts: dict[str, str] = field(factory=dict)
    _came: threading.Condition = field(factory=threading.Condition)
    invited: "queue.Queue[tuple[str, str]]" = field(factory=queue.Queue)

    def send(self, sms: Any) -> str:
        """See `SmsGateway.send`."""
        self.knife.at("handing over")
        name = self.inner.send(sms)
        self.knife.handed_over()
        with self._came:
            self._texts[sms.to] = sms.text
            self._came.notify_all()
        if "pozvan" not in sms.text and re.search(r"\b\d{8}\b", sms.text):
            self.invited.put((sms.to, _PIN.findall(sms.text)[-1]))
        return name

    def pin_to(self, phone: str) -> str:
        """The PIN in the message to a phone, once it comes; empty where the citizen has lost patience."""
        with self._came:
            came = self._came.wait_for(lambda: phone in self._texts, _PATIENCE_SECONDS)
            return str(_PIN.findall(self._texts.pop(phone))[-1]) if came else ""


def _half(inner: Callable[..., None], knife: Knife) -> Callable[..., None]:
    def run(self: Any, changes: Sequence[Any]) -> None:
        middle = len(changes) // 2
        inner(self, changes[:middle])
        if threading.current_thread().name == "citizen":
            knife.at("half a plan")
        inner(self, changes[middle:])

    return run


def work(job: Job, loaded: Callable[[], None]) -> None:
    """Opens what was left behind, judges it, sends what was in flight once more, and works until it dies."""
    signal.alarm(LONGEST_SECONDS)  # whoever hangs is found
    threading.excepthook = _give_up
    record = Record(job.folder / "record", job.run)
    clock = RunningClock(judgement.moment_after(job.run - 1))
    knife = Knife(job.boundary, job.nth)
    gateway = WatchedGateway(Gateway(record), knife)
    with sabotage.done(job.sabotage):
        system = open_town(job.url, job.folder, clock, gateway, job.run)
        found = judgement.faults(system, job.folder / "record")
        found += judgement.sent_again(system, job.folder / "record", job.run - 1)
        record.write("judged", faults=found)
        for session in (SqliteSession, PostgresqlSession):
            session.run = _half(session.run, knife)  # type: ignore[method-assign]
        office = system._office
        office.storage = WatchedStorage(office.storage, knife, record)
        clock.set(moment_of(job.run))
        _load(Shift(system, gateway, record, knife, job), loaded)


def _give_up(failed: threading.ExceptHookArgs) -> None:
    traceback.print_exception(failed.exc_value)
    sys.stderr.flush()
    os._exit(1)


@define
class Shift:
    """What the threads of a run share."""

    system: crs.System
    gateway: WatchedGateway
    record: Record
    knife: Knife
    job: Job
    done: Counter[str] = field(factory=Counter)
    _lock: threading.Lock = field(factory=threading.Lock)

    def number(self) -> int:
        """The number of a citizen who has not come before."""
        with self._lock:
            self.done["came"] += 1
            return FIRST_NEW + 5_000 * self.job.run + self.done["came"]

    def command(self, name: str, call: Callable[[str], Any], **facts: Any) -> Any:
        """The answer to a command, written down before the citizen sees it; None where it is refused."""
        with self._lock:
            self.done["sent"] += 1
            key = f"{self.job.run}/{self.done['sent']}"
        self.record.write("begun", command=name, key=key, **facts)
        if self.job.sabotage == "answers first":
            self.record.write("answered", command=name, key=key, made="", **facts)
        try:
            answer = self._answer(call, key)
        except crs.CrsError as refusal:
            self.record.write("refused", command=name, key=key, code=refusal.code)
            return None
        made = getattr(answer, "id", None) or getattr(answer, "registration_id", "")
        self.record.write("answered", command=name, key=key, made=made, **facts)
        self.knife.at("citizen: answered")
        return answer

    def _answer(self, call: Callable[[str], Any], key: str) -> Any:
        """What a portal does while the database is away: the same command again, with the same key."""
        while True:
            try:
                return call(key)
            except crs.CrsError as error:
                if error.code not in _AWAY:
                    raise
                self.record.write("away", code=error.code, told=error.retry_at is not None)

    def patiently(self, call: Callable[[], Any]) -> Any:
        """The same for rounds, which are simply begun anew."""
        try:
            return call()
        except crs.CrsError as error:
            if error.code not in _AWAY:
                raise
            self.record.write("away", code=error.code, told=error.retry_at is not None)
            return None


def _load(shift: Shift, loaded: Callable[[], None]) -> None:
    jobs = [("rounds", _rounds), ("dispatcher", _dispatch), ("citizen", _book)]
    jobs += [("citizen", _register)] * CITIZENS
    threads = [threading.Thread(target=job, args=(shift,), name=name, daemon=True) for name, job in jobs]
    for thread in threads:
        thread.start()
    loaded()
    for thread in threads:
        thread.join()


def _rounds(shift: Shift) -> None:
    pause = threading.Event()
    while True:
        shift.patiently(shift.system.operations.tick)
        shift.patiently(shift.system.operations.release_all)
        pause.wait(0.02)


def _dispatch(shift: Shift) -> None:
    pause = threading.Event()
    while True:
        done = shift.patiently(lambda: shift.system.operations.dispatch(200))
        if done is None or not done.sent:
            pause.wait(0.002)


def _register(shift: Shift) -> None:
    """Steps 1 to 4, one citizen after another."""
    while True:
        _register_one(shift, shift.number())


def _register_one(shift: Shift, number: int) -> None:
    desk, phone = shift.system.citizen, phone_of(number)
    sent = shift.command("ask", lambda key: _ask(desk, number, key), phone=phone)
    if sent is None:
        return
    pin = shift.gateway.pin_to(phone)
    if not pin:
        return
    proof = shift.command("prove", lambda key: desk.verify_phone(sent.handle, pin, idempotency_key=key), phone=phone)
    if proof is not None:
        given = application(number)
        register = lambda key: desk.register(proof, given, idempotency_key=key)  # noqa: E731
        shift.command("register", register, phone=phone, proof=proof, number=number)


def _ask(desk: crs.CitizenDesk, number: int, key: str) -> Any:
    return desk.request_control_pin(phone_of(number), source=f"2001:db8::{number:x}", idempotency_key=key)


def _book(shift: Shift) -> None:
    """Steps 5 to 8, for whoever is invited; every third gives the seats back."""
    while True:
        phone, pin2 = shift.gateway.invited.get()
        with suppress(crs.Refused, crs.Busy, crs.AdapterFault):
            _book_one(shift, int(phone[-6:]), pin2)


def _book_one(shift: Shift, number: int, pin2: str) -> None:
    desk = shift.system.citizen
    entry = desk.enter(insured_number(number), pin2, source=f"2001:db8::{number:x}")
    offers = desk.offers(entry).offers
    if not offers:
        return
    offer = offers[0].token
    made = shift.command(
        "reserve",
        lambda key: desk.reserve(entry, offer, idempotency_key=key),
        entry=entry,
        offer=offer,
        number=number,
    )
    if made is not None and number % 3 == 0:
        shift.command("cancel", lambda key: desk.cancel(entry, idempotency_key=key), entry=entry, number=number)
