"""Where everything is kept: decide on what was read, commit a plan.

The store checks versions and arithmetic, never rules. A *view* is one consistent picture. A unit of *work* is a view
that can lock, count and apply one plan; leaving it normally commits, leaving it by an exception changes nothing.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from attrs import frozen

from crs_core.domain.campaign import Budget
from crs_core.domain.ledger import Account, Balance, SiteDays
from crs_core.domain.messages import Channel, DeadLetter, Lane, Message
from crs_core.domain.order import Order
from crs_core.domain.plans import JournalEntry, Key, Plan, Versioned
from crs_core.domain.priority import Segment
from crs_core.domain.registration import Registration
from crs_core.domain.reservations import Reservation
from crs_core.domain.statistics import Tally
from crs_core.domain.time import Day, Instant

__all__ = ["BudgetUse", "Numbered", "Storage", "View", "Work"]

T = TypeVar("T")


@frozen
class BudgetUse:
    """One unit of a budget; `code` is the refusal's where nothing is left."""

    name: str
    budget: Budget
    code: str = "too_many_attempts"


@frozen
class Numbered:
    """A journal entry with its number; numbers rise within one storage but may have gaps."""

    number: int
    entry: JournalEntry


class View(Protocol):
    """One consistent picture; it takes no lock that a writer waits for while deciding."""

    def get(self, key: Key[T]) -> Versioned[T] | None:
        """The value of a key and its version, or None."""
        ...

    def days(self, site_id: str) -> SiteDays:
        """Free seats and doses and unanswered invitations of a site, by day."""
        ...

    def slots(self, site_id: str, calendar: str, day: Day) -> Sequence[tuple[int, int]]:
        """(minute, free seats) of the slots of a day that have a free seat, in order of time."""
        ...

    def appointments(self, site_id: str, first: Day, last: Day) -> Sequence[Versioned[Reservation]]:
        """Reservations that stand on a site's list on any day from first to last, both included; in order of id.

        Which days those are, `reservations.listed_days` says.
        """
        ...

    def head(
        self, site_id: str, segments: Sequence[Segment], limit: int, order: Order = Order.AGE
    ) -> Sequence[Versioned[Registration]]:
        """The next queued registrations of a site: by rank of their segment, then by the order, seniority and id.

        Args:
            segments: Disjoint, in order of rank.
            limit: At most so many.
            order: Who goes first within a rank: the older, the longer registered, or the lower ticket.
        """
        ...

    def claims(self, site_id: str) -> Sequence[str]:
        """The texts of claims of a site's queued registrations, each once, in order of code points."""
        ...

    def due(self, now: Instant, limit: int) -> Sequence[Versioned[Registration]]:
        """Registrations whose `wakes_at` is not after now, the earliest first."""
        ...

    def backlog(self, lane: Lane) -> int:
        """How many messages of a lane, and of those before it, are still owed."""
        ...

    def outbox(self) -> dict[tuple[str, str], int]:
        """How many messages by (lane name, state)."""
        ...

    def owed(self) -> Iterator[Message]:
        """Every message still owed."""
        ...

    def message(self, message_id: str) -> Message | None:
        """The message of an id, whatever became of it, or None."""
        ...

    def dead_letters(self, limit: int) -> Sequence[DeadLetter]:
        """Messages that will not be sent, the latest first."""
        ...

    def journal(self, person: str) -> Sequence[JournalEntry]:
        """What happened to a person, in order."""
        ...

    def entries(self) -> Iterator[Numbered]:
        """Every journal entry with its number, in order of numbers."""
        ...

    def scan(self, kind: type[T]) -> Iterator[T]:
        """Every value of a kind, in order of id."""
        ...

    def accounts(self, site_id: str) -> Sequence[tuple[Account, Balance]]:
        """Every account of a site, in their order."""
        ...

    def tallies(self) -> Sequence[Tally]:
        """The rolled-up statistics."""
        ...


class Work(View, Protocol):
    """A view that can lock, count and commit one plan."""

    def lock(self, keys: Iterable[Key[Any]], *, skip: bool = False) -> bool:
        """Locks keys until the end of this work: once, in one total order.

        Args:
            skip: Give up instead of waiting.

        Returns:
            Whether they are held; False only with `skip`.

        Raises:
            Busy: Somebody else held them for longer than this work's time-out.
        """
        ...

    def replay(self, idempotency_key: str, fingerprint: str) -> str | None:
        """The answer kept under a key, or None where it is new.

        Raises:
            Refused: ``idempotency_key_reused``: the key was used for another command or other arguments.
        """
        ...

    def remember(self, idempotency_key: str, fingerprint: str, answer: str, now: Instant) -> None:
        """Keeps an answer under a key, as part of this commit."""
        ...

    def take(self, uses: Sequence[BudgetUse], now: Instant) -> tuple[int, ...]:
        """Counts one unit of each budget, in this order, atomically and as part of this commit.

        Returns:
            What is left of each, in the same order; 0 or more.

        Raises:
            TooManyAttempts: One is used up; its code is the use's, `retry_at` the end of its window.
        """
        ...

    def uncounted(self, limit: int) -> Sequence[Numbered]:
        """Journal entries not yet in the statistics, in order."""
        ...

    def apply(self, plan: Plan[Any], *, actor: str, now: Instant) -> None:
        """Does all that the plan wants, whole or not at all: once, and last in a work.

        A message owed is left out where one of the same person and purpose is still unsent.

        Raises:
            Stale: A value has another version than the plan was made for.
            Short: An account would fall below nothing, and no value is stale.
        """
        ...


class Storage(Protocol):
    """Keeps a campaign's state."""

    def read(self) -> AbstractContextManager[View]:
        """One consistent picture."""
        ...

    def write(self, *, timeout: float = 10.0) -> AbstractContextManager[Work]:
        """A unit of work that waits at most so many seconds for others.

        Raises:
            Busy: Others held the store for longer.
        """
        ...

    def lease(
        self,
        lanes: Sequence[Lane],
        number: int,
        *,
        now: Instant,
        until: Instant,
        channels: Collection[Channel] = tuple(Channel),
    ) -> Sequence[Message]:
        """Takes messages owed and due for one dispatcher until a moment, by lane, then when due, then id.

        Its own short commit. A message taken counts one attempt more, and nobody else is given it before `until`.

        Args:
            channels: Only messages of these are taken.
        """
        ...

    def capabilities(self) -> frozenset[str]:
        """What it offers beyond the least: ``durable``, ``processes`` (many may share it)."""
        ...

    def close(self) -> None:
        """Gives back what it holds; a closed storage is not used again."""
        ...
