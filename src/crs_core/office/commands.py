"""What every desk works with, and the one way a command goes: lock, read, decide, commit, answer."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from attrs import define, field, frozen

from crs_core.domain import inputs
from crs_core.domain.campaign import Campaign
from crs_core.domain.keys import Keyring
from crs_core.domain.maintenance import Pauses
from crs_core.domain.messages import Lane
from crs_core.domain.pacing import Departure
from crs_core.domain.plans import JournalEntry, Key, Plan
from crs_core.domain.time import Day, Instant, day_of, later
from crs_core.errors import Busy, Stale
from crs_core.ports.chance import Chance
from crs_core.ports.clock import Clock
from crs_core.ports.confirmation import ConfirmationDocuments
from crs_core.ports.mail import MailServer
from crs_core.ports.registry import Registry
from crs_core.ports.sms import SmsGateway
from crs_core.ports.storage import Storage, Work

__all__ = ["Answers", "Command", "Office"]

R = TypeVar("R")
T = TypeVar("T")

_LONGEST_KEY = 255
_TRIES = 5
_PAUSE_SECONDS = 1


class Answers(Protocol):
    """Writes the answer of a command as text, to be kept under its idempotency key, and reads it back."""

    def dumps(self, value: object) -> str:
        """The answer as text."""
        ...

    def loads(self, kind: type[T], text: str) -> T:
        """The answer of that kind which a text was written from."""
        ...


@define
class Office:
    """The campaign, the ports and the keys that the desks share.

    Attributes:
        pauses: Every maintenance announced, over, under way or to come; the lives of PINs stand still in them.
        departures: What `crs_core.office.queues` has counted of late.
        version: Of the campaign: 0 is the one that the system was opened with, each amendment is one more.
    """

    campaign: Campaign
    storage: Storage
    clock: Clock
    chance: Chance
    keyring: Keyring
    registry: Registry
    sms: SmsGateway
    mail: MailServer
    answers: Answers
    write_timeout: float = 10.0
    pauses: Pauses = ()
    documents: ConfirmationDocuments | None = None
    version: int = 0
    departures: dict[Lane, Departure] = field(factory=dict, init=False, repr=False)

    def now(self) -> Instant:
        """The present instant."""
        return self.clock.now()

    def today(self, now: Instant) -> Day:
        """The day in the campaign's zone."""
        return day_of(now, self.campaign.zone)

    def person(self, insured_number: str) -> str:
        """The pseudonym of the holder of an insured number."""
        return self.keyring.pseudonym("person", insured_number)

    def note(self, now: Instant, kind: str, *, person: str = "", site_id: str = "", **facts: str | int) -> JournalEntry:
        """A journal entry; who did it is added when the plan is applied."""
        return JournalEntry(now, kind, person, site_id, facts)

    def run(self, command: "Command[R]") -> R:
        """Carries a command out: the answer of its committed plan, or the refusal that its plan carries.

        Raises:
            Busy: Others held the store, or changed what was read again and again.
        """
        _check_caller(command.actor, command.idempotency_key)
        for _ in range(_TRIES):
            try:
                plan = self._attempt(command)
            except Stale:
                continue
            if plan.refusal is not None:
                raise plan.refusal
            return plan.result
        again = later(self.now(), seconds=_PAUSE_SECONDS)
        raise Busy("busy", "what this command needs is being changed", retry_at=again, remedy="try again in a moment")

    def _attempt(self, command: "Command[R]") -> Plan[R]:
        now = self.now()
        with self.storage.write(timeout=self.write_timeout) as work:
            fingerprint = ""
            if command.idempotency_key is None:
                work.lock(command.keys)
            else:  # locked too, so that the same command sent twice at once waits for the answer of the first
                work.lock((*command.keys, Key(Command, command.idempotency_key)))
                fingerprint = self._fingerprint(command)
                kept = work.replay(command.idempotency_key, fingerprint)
                if kept is not None:
                    return Plan(self.answers.loads(command.answer, kept))
            plan = command.decide(work, now)
            if command.idempotency_key is not None and plan.refusal is None:
                work.remember(command.idempotency_key, fingerprint, self.answers.dumps(plan.result), now)
            work.apply(plan, actor=command.actor, now=now)
        return plan

    def _fingerprint(self, command: "Command[Any]") -> str:
        """Keyed, so that it tells nothing of a PIN or a person among the arguments."""
        given = "\x00".join(f"{name}={command.arguments[name]}" for name in sorted(command.arguments))
        return self.keyring.pseudonym(f"command:{command.name}", f"{command.actor}\x00{given}")


@frozen
class Command(Generic[R]):
    """One command on its way through the office.

    Attributes:
        arguments: What it was called with, for its fingerprint.
        answer: The type of its answer, to read a kept one back.
        decide: From what is read under the locks, the plan.
        keys: What it locks.
        idempotency_key: 1 to 255 characters; the same key with the same arguments gives the same answer once more.
    """

    name: str
    actor: str
    arguments: Mapping[str, str] = field(repr=False)
    answer: type[R]
    decide: Callable[[Work, Instant], Plan[R]]
    keys: Iterable[Key[Any]] = ()
    idempotency_key: str | None = None


def _check_caller(actor: str, key: str | None) -> None:
    of_key = None if key is None else inputs.of_text("idempotency_key", key, least=1, most=_LONGEST_KEY)
    inputs.require(inputs.of_text("actor", actor), of_key)
