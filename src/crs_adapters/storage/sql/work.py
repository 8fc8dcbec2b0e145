"""Views and units of work over one transaction."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from attrs import frozen
from sqlalchemy.engine import Dialect

from crs_adapters.storage.sql.counters import Answers, Budgets
from crs_adapters.storage.sql.journal import Journal
from crs_adapters.storage.sql.ledger import Ledger
from crs_adapters.storage.sql.outbox import Outbox
from crs_adapters.storage.sql.queue import Queue
from crs_adapters.storage.sql.session import Change, Session
from crs_adapters.storage.sql.values import Values
from crs_core.composition.codec import codec
from crs_core.domain.ledger import Account, Balance, SiteDays
from crs_core.domain.messages import DeadLetter, Lane, Message
from crs_core.domain.order import Order
from crs_core.domain.plans import JournalEntry, Key, Plan, Versioned
from crs_core.domain.priority import Segment
from crs_core.domain.registration import Registration
from crs_core.domain.reservations import Reservation
from crs_core.domain.statistics import Tally
from crs_core.domain.time import Day, Instant
from crs_core.ports.storage import BudgetUse, Numbered

__all__ = ["SqlView", "SqlWork", "Tables"]

T = TypeVar("T")


@frozen
class Tables:
    """The tables, with their statements compiled for one database."""

    values: Values
    queue: Queue
    ledger: Ledger
    outbox: Outbox
    journal: Journal
    budgets: Budgets
    answers: Answers

    @classmethod
    def of(cls, dialect: Dialect) -> "Tables":
        """The tables in a dialect."""
        json = codec()
        return cls(
            Values(dialect, json),
            Queue(dialect, json),
            Ledger(dialect),
            Outbox(dialect, json),
            Journal(dialect),
            Budgets(dialect),
            Answers(dialect),
        )


class SqlView:
    """See `crs_core.ports.storage.View`."""

    def __init__(self, tables: Tables, session: Session) -> None:
        self._tables = tables
        self._session = session

    def get(self, key: Key[T]) -> Versioned[T] | None:
        """See `View.get`."""
        return self._tables.values.get(self._session, key)

    def days(self, site_id: str) -> SiteDays:
        """See `View.days`."""
        return self._tables.ledger.days(self._session, site_id)

    def slots(self, site_id: str, calendar: str, day: Day) -> Sequence[tuple[int, int]]:
        """See `View.slots`."""
        return self._tables.ledger.slots(self._session, site_id, calendar, day)

    def appointments(self, site_id: str, first: Day, last: Day) -> Sequence[Versioned[Reservation]]:
        """See `View.appointments`."""
        return self._tables.values.appointments(self._session, site_id, first, last)

    def head(
        self, site_id: str, segments: Sequence[Segment], limit: int, order: Order = Order.AGE
    ) -> Sequence[Versioned[Registration]]:
        """See `View.head`."""
        return self._tables.queue.head(self._session, site_id, segments, limit, order)

    def claims(self, site_id: str) -> Sequence[str]:
        """See `View.claims`."""
        return self._tables.queue.claims(self._session, site_id)

    def due(self, now: Instant, limit: int) -> Sequence[Versioned[Registration]]:
        """See `View.due`."""
        return self._tables.queue.due(self._session, now, limit)

    def backlog(self, lane: Lane) -> int:
        """See `View.backlog`."""
        return self._tables.outbox.backlog(self._session, lane)

    def outbox(self) -> dict[tuple[str, str], int]:
        """See `View.outbox`."""
        return self._tables.outbox.counts(self._session)

    def owed(self) -> Iterator[Message]:
        """See `View.owed`."""
        return self._tables.outbox.owed(self._session)

    def message(self, message_id: str) -> Message | None:
        """See `View.message`."""
        return self._tables.outbox.message(self._session, message_id)

    def dead_letters(self, limit: int) -> Sequence[DeadLetter]:
        """See `View.dead_letters`."""
        return self._tables.outbox.dead_letters(self._session, limit)

    def journal(self, person: str) -> Sequence[JournalEntry]:
        """See `View.journal`."""
        return self._tables.journal.of_person(self._session, person)

    def entries(self) -> Iterator[Numbered]:
        """See `View.entries`."""
        return self._tables.journal.entries(self._session)

    def scan(self, kind: type[T]) -> Iterator[T]:
        """See `View.scan`."""
        return self._tables.values.scan(self._session, kind)

    def accounts(self, site_id: str) -> Sequence[tuple[Account, Balance]]:
        """See `View.accounts`."""
        return self._tables.ledger.accounts(self._session, site_id)

    def tallies(self) -> Sequence[Tally]:
        """See `View.tallies`."""
        return self._tables.journal.tallies(self._session)


class SqlWork(SqlView):
    """See `crs_core.ports.storage.Work`."""

    def __init__(self, tables: Tables, session: Session) -> None:
        super().__init__(tables, session)
        self._kept: list[Change] = []

    def lock(self, keys: Iterable[Key[Any]], *, skip: bool = False) -> bool:
        """See `Work.lock`."""
        return self._session.lock(self._tables.values.placed(keys), skip=skip)

    def replay(self, idempotency_key: str, fingerprint: str) -> str | None:
        """See `Work.replay`."""
        return self._tables.answers.replay(self._session, idempotency_key, fingerprint)

    def remember(self, idempotency_key: str, fingerprint: str, answer: str, now: Instant) -> None:
        """See `Work.remember`."""
        self._kept.append(self._tables.answers.change(idempotency_key, fingerprint, answer, now))

    def take(self, uses: Sequence[BudgetUse], now: Instant) -> tuple[int, ...]:
        """See `Work.take`."""
        return self._tables.budgets.take(self._session, uses, now)

    def uncounted(self, limit: int) -> Sequence[Numbered]:
        """See `Work.uncounted`."""
        return self._tables.journal.uncounted(self._session, limit)

    def apply(self, plan: Plan[Any], *, actor: str, now: Instant) -> None:
        """See `Work.apply`."""
        tables = self._tables
        changes = [
            *self._kept,
            *tables.values.changes(plan.puts),
            *tables.ledger.changes(plan.transfers),
            *tables.journal.changes(plan.journal, actor),
            *tables.outbox.settled_changes(plan.outcomes),
            *tables.outbox.forgotten_changes(self._session, plan.forgotten, now),
            *tables.outbox.owed_changes(plan.messages),
            *tables.journal.counted_changes(plan.tallies, plan.counted),
        ]
        self._kept = []
        self._session.run(changes)

    def finish(self) -> None:
        """Writes down what no plan took along; called before the commit."""
        if self._kept:
            self._session.run(self._kept)
