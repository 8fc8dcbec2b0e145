"""What must hold after every crash, found out from the database and from what outlived the worker."""

from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import crs_core as crs
from crs_core.domain.control_pin import Challenge
from crs_core.domain.plans import Key
from crs_core.domain.registration import Registration
from crs_core.domain.reservations import Reservation
from crs_core.domain.time import Instant, later
from crs_core.ports.storage import View
from tests.crashes.record import read
from tests.crashes.town import application, insured_number, moment_of

__all__ = ["duplicates", "faults", "moment_after", "sent_again"]

_ALL = 1_000_000
BULK = 50


def moment_after(run: int) -> Instant:
    """A moment after a run has died, at which what it gave out has not expired."""
    return later(moment_of(max(0, run)), minutes=2)


def faults(system: crs.System, record: Path) -> list[str]:
    """What does not hold; empty is good."""
    with system._office.storage.read() as view:
        found = [*_acknowledged(system, view, record), *_messages(view, record)]
    return [*map(str, system.operations.audit()), *found, *duplicates(record)]


def _acknowledged(system: crs.System, view: View, record: Path) -> list[str]:
    """Every answer that a citizen has seen is found."""
    gone = {line["number"] for line in read(record, "begun") if line["command"] == "cancel"}
    checks: dict[str, Callable[[dict[str, Any]], object]] = {
        "ask": lambda line: view.get(Key(Challenge, system._office.keyring.pseudonym("phone", line["phone"]))),
        "prove": lambda line: _proved(system, view, line["phone"]),
        "register": lambda line: view.get(Key(Registration, line["made"])),
        "reserve": lambda line: _stands(view, line["made"], cancelled=line["number"] in gone),
        "cancel": lambda line: not _stands(view, line["made"]),
    }
    return [
        f"run {line['run']}: the answer to {line['command']} ({line['key']}) is lost"
        for line in read(record, "answered")
        if not checks[line["command"]](line)
    ]


def _proved(system: crs.System, view: View, phone: str) -> bool:
    found = view.get(Key(Challenge, system._office.keyring.pseudonym("phone", phone)))
    return found is not None and found.value.used_at is not None


def _stands(view: View, reservation: str, *, cancelled: bool = False) -> bool:
    found = view.get(Key(Reservation, reservation))
    return found is not None and (cancelled or found.value.cancelled_at is None)


def _messages(view: View, record: Path) -> list[str]:
    """What counts as sent the gateway has, under the reference of that message; nothing else was ever handed to it."""
    handed = {line["reference"] for line in read(record, "handed")}
    open_ = {message.id for message in view.owed()} | {letter.message.id for letter in view.dead_letters(_ALL)}
    sent = sum(number for (_, state), number in view.outbox().items() if state == "sent")
    silent = [letter.message.id for letter in view.dead_letters(_ALL) if not letter.reason]
    found = [] if len(handed - open_) == sent else [f"{sent} count as sent, the gateway has {len(handed - open_)}"]
    return found + [f"{name} is dead without a reason" for name in silent]


def duplicates(record: Path) -> list[str]:
    """A message comes twice only where its lease was not settled: its worker was killed, or the database broke off.

    So within one run never, and of one lease no more than it holds: one interactive message, or a batch. A kill leaves
    the last lease of its run so, and no other.
    """
    handed: dict[int, list[str]] = defaultdict(list)
    bodies: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for line in read(record, "handed"):
        handed[line["run"]].append(line["reference"])
        bodies[line["reference"]].add((line["to"], line["text"]))
    found = [f"{name}: one reference, {len(each)} messages" for name, each in bodies.items() if len(each) > 1]
    leases, breaks = _unsettled(record), Counter(line["run"] for line in read(record, "away"))
    for run, names in handed.items():
        if len(names) != len(set(names)):
            found.append(f"run {run}: a message was handed over twice without a crash")
        again = set(names) & {name for other, each in handed.items() if other > run for name in each}
        found += [
            f"run {run}: {len(again & set(lease['ids']))} messages of lane {lease['lane']} came twice"
            for lease in leases[run]
            if len(again & set(lease["ids"])) > (1 if lease["lane"] == "INTERACTIVE" else BULK)
        ]
        if len(leases[run]) > 1 + breaks[run]:
            found.append(f"run {run}: {len(leases[run])} leases were never settled")
        if stray := again - {name for lease in leases[run] for name in lease["ids"]}:
            found.append(f"run {run}: {len(stray)} messages came twice that it had settled")
    return found


def _unsettled(record: Path) -> dict[int, list[dict[str, Any]]]:
    """The leases of each run whose outcome it never wrote down, in their order."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for line in read(record, "leased", "settled"):
        if line["event"] == "leased":
            found[line["run"]].append(line)
        else:
            found[line["run"]].pop()
    return found


def twice(record: Path) -> dict[int, int]:
    """How many messages of each run came once more later."""
    runs: dict[int, set[str]] = defaultdict(set)
    for line in read(record, "handed"):
        runs[line["run"]].add(line["reference"])
    return {
        run: len(names & {name for other, later_ in runs.items() if other > run for name in later_})
        for run, names in runs.items()
    }


def sent_again(system: crs.System, record: Path, run: int) -> list[str]:
    """Sends the commands that a run left without an answer once more, with their keys; what that does wrong."""
    answered = {line["key"] for line in read(record, "answered", "refused") if line["run"] == run}
    found = []
    for line in read(record, "begun"):
        if line["run"] == run and line["key"] not in answered:
            found += _once_more(system, line)
    return found


def _once_more(system: crs.System, line: dict[str, Any]) -> list[str]:
    """What was committed is answered, and what was not is done now, once."""
    desk, key = system.citizen, line["key"]
    person = system._office.person(insured_number(line["number"])) if "number" in line else ""
    with system._office.storage.read() as view:
        done = {"register": "registered", "reserve": "reserved", "cancel": "cancelled"}.get(line["command"], "")
        before = sum(entry.kind == done for entry in view.journal(person)) if done else 0
    try:
        if line["command"] == "register":
            desk.register(line["proof"], application(line["number"]), idempotency_key=key)
        elif line["command"] == "reserve":
            desk.reserve(line["entry"], line["offer"], idempotency_key=key)
        elif line["command"] == "cancel":
            desk.cancel(line["entry"], idempotency_key=key)
    except crs.Refused as refusal:
        if refusal.code not in _MAY_BE_REFUSED:
            return [f"{line['command']} ({key}) sent again: {refusal.code}"]
        return []
    with system._office.storage.read() as view:
        after = sum(entry.kind == done for entry in view.journal(person)) if done else 0
    return [] if after - before <= 1 else [f"{line['command']} ({key}) was done twice"]


_MAY_BE_REFUSED = {"offer_taken", "offer_strands", "invitation_expired", "not_invited"}
"""Others may have taken the seat, or the invitation have ended; nothing is refused for having been done already."""
