"""Storage in memory: the reference that the others are held against, for tests, tutorials and simulations.

One writer at a time; what a work does is staged and becomes visible in one short step, so that readers never see half
of it and wait for no decision.
"""

import threading
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from heapq import merge, nsmallest
from itertools import groupby, islice
from typing import Any, TypeVar, cast

from attrs import asdict, define, evolve, field

from crs_core.composition.hookspecs import Adapter, Surroundings, hookimpl
from crs_core.domain.ledger import Account, AccountKind, Balance, SiteDays, State, Transfer
from crs_core.domain.messages import Channel, DeadLetter, Lane, Message, MessageState, Outcome
from crs_core.domain.order import Order
from crs_core.domain.plans import JournalEntry, Key, Plan, Put, Versioned
from crs_core.domain.priority import Segment
from crs_core.domain.registration import Registration
from crs_core.domain.reservations import Reservation, listed_days
from crs_core.domain.statistics import Tally
from crs_core.domain.time import Day, Instant, later
from crs_core.errors import Busy, Refused, Short, Stale, TooManyAttempts
from crs_core.ports.clock import Clock
from crs_core.ports.storage import BudgetUse, Numbered, View, Work

__all__ = ["MemoryStorage", "crs_register_adapters"]

T = TypeVar("T")
_Place = tuple[Day, Instant, str]


@define
class _Letter:
    message: Message
    state: MessageState = MessageState.OWED
    leased_until: Instant | None = None
    reason: str = ""
    at: Instant | None = None


@define
class _State:
    values: dict[type, dict[str, Versioned[Any]]] = field(factory=dict)
    queues: dict[tuple[str, str], list[_Place]] = field(factory=dict)
    wakes: list[tuple[Instant, str]] = field(factory=list)
    lists: dict[str, list[tuple[Day, str]]] = field(factory=dict)
    accounts: dict[str, dict[Account, Balance]] = field(factory=dict)
    slots: dict[tuple[str, str, Day], dict[Account, Balance]] = field(factory=dict)
    letters: dict[str, _Letter] = field(factory=dict)
    owed: dict[Lane, list[tuple[Instant, str]]] = field(factory=lambda: {lane: [] for lane in Lane})
    unsent: dict[tuple[str, str], str] = field(factory=dict)
    journal: list[JournalEntry] = field(factory=list)
    by_person: dict[str, list[int]] = field(factory=dict)
    uncounted: dict[int, None] = field(factory=dict)
    tallies: dict[tuple[Day, str, str, str], int] = field(factory=dict)
    budgets: dict[str, tuple[Instant, int]] = field(factory=dict)
    answers: dict[str, tuple[str, str]] = field(factory=dict)


class MemoryStorage:
    """See `crs_core.ports.storage.Storage`. Lost with the process.

    >>> from crs_core.domain.plans import Key
    >>> from crs_core.domain.sites import Site
    >>> with MemoryStorage().read() as view:
    ...     view.get(Key(Site, "prague-1")) is None
    True
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._state = _State()
        self._clock = clock
        self._writer = threading.Lock()
        self._shown = threading.RLock()

    @contextmanager
    def read(self) -> Iterator[View]:
        """See `Storage.read`."""
        with self._shown:
            yield _View(self._state)

    @contextmanager
    def write(self, *, timeout: float = 10.0) -> Iterator[Work]:
        """See `Storage.write`."""
        if not self._writer.acquire(timeout=timeout):
            again = None if self._clock is None else later(self._clock.now(), seconds=1)
            raise Busy("busy", "another command holds the store", retry_at=again, remedy="try again in a moment")
        try:
            work = _Work(self._state)
            yield work
            with self._shown:
                work.commit()
        finally:
            self._writer.release()

    def lease(
        self,
        lanes: Sequence[Lane],
        number: int,
        *,
        now: Instant,
        until: Instant,
        channels: Collection[Channel] = tuple(Channel),
    ) -> Sequence[Message]:
        """See `Storage.lease`."""
        with self._writer, self._shown:
            taken: list[Message] = []
            for lane in sorted(lanes):
                for due, name in self._state.owed[lane]:
                    if due > now or len(taken) == number:
                        break
                    letter = self._state.letters[name]
                    free = letter.leased_until is None or letter.leased_until <= now
                    if free and letter.message.channel in channels:
                        letter.leased_until = until
                        letter.message = evolve(letter.message, attempts=letter.message.attempts + 1)
                        taken.append(letter.message)
            return taken

    def capabilities(self) -> frozenset[str]:
        """See `Storage.capabilities`."""
        return frozenset()

    def close(self) -> None:
        """See `Storage.close`."""

    def wipe(self) -> None:
        """Forgets everything; for test kits."""
        with self._writer, self._shown:
            self._state = _State()


class _View:
    def __init__(self, state: _State) -> None:
        self._state = state

    def get(self, key: Key[T]) -> Versioned[T] | None:
        return self._state.values.get(key.kind, {}).get(key.id)

    def days(self, site_id: str) -> SiteDays:
        seats: dict[str, dict[Day, int]] = {}
        doses: dict[str, dict[Day, int]] = {}
        invited: dict[Day, int] = {}
        for account, balance in self._state.accounts.get(site_id, {}).items():
            if account.kind == AccountKind.DAY and balance.free:
                seats.setdefault(account.series, {})[account.day] = balance.free
            elif account.kind == AccountKind.DELIVERY and balance.free:
                doses.setdefault(account.series, {})[account.day] = balance.free
            elif account.kind == AccountKind.INVITED and balance.held:
                invited[account.day] = balance.held
        return SiteDays(site_id, seats, doses, invited)

    def slots(self, site_id: str, calendar: str, day: Day) -> Sequence[tuple[int, int]]:
        of_day = self._state.slots.get((site_id, calendar, day), {})
        return sorted((account.minute, balance.free) for account, balance in of_day.items() if balance.free)

    def appointments(self, site_id: str, first: Day, last: Day) -> Sequence[Versioned[Reservation]]:
        listed = self._state.lists.get(site_id, [])
        start = bisect_left(listed, first, key=lambda place: place[0])
        end = bisect_right(listed, last, key=lambda place: place[0])
        return [self._state.values[Reservation][name] for name in sorted({name for _, name in listed[start:end]})]

    def head(
        self, site_id: str, segments: Sequence[Segment], limit: int, order: Order = Order.AGE
    ) -> Sequence[Versioned[Registration]]:
        found: list[Versioned[Registration]] = []
        for _, of_rank in groupby(segments, key=lambda segment: segment.rank):
            ranges = [self._range(site_id, segment) for segment in of_rank]
            found += self._first(merge(*ranges), limit - len(found), order)
        return found

    def _first(self, oldest: Iterator[_Place], number: int, order: Order) -> Iterable[Versioned[Registration]]:
        """The first of some by an order; only that of age has a list of its own, for the others all are looked at."""
        found = (self._state.values[Registration][name] for _, _, name in oldest)
        if order is Order.AGE:
            return islice(found, number)
        return nsmallest(number, found, key=_by_ticket if order is Order.LOTTERY else _by_seniority)

    def _range(self, site_id: str, segment: Segment) -> Iterator[_Place]:
        queue = self._state.queues.get((site_id, segment.claims), [])
        start = bisect_left(queue, segment.born_from, key=lambda place: place[0])
        for place in islice(queue, start, None):
            if place[0] > segment.born_to:
                return
            yield place

    def claims(self, site_id: str) -> Sequence[str]:
        return sorted(claims for (site, claims), queue in self._state.queues.items() if queue and site == site_id)

    def due(self, now: Instant, limit: int) -> Sequence[Versioned[Registration]]:
        late = (name for at, name in islice(self._state.wakes, limit) if at <= now)
        return [self._state.values[Registration][name] for name in late]

    def backlog(self, lane: Lane) -> int:
        return sum(len(owed) for each, owed in self._state.owed.items() if each <= lane)

    def outbox(self) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for letter in self._state.letters.values():
            name = (letter.message.lane.name.lower(), letter.state.value)
            found[name] = found.get(name, 0) + 1
        return found

    def owed(self) -> Iterator[Message]:
        for lane in Lane:
            for _, name in self._state.owed[lane]:
                yield self._state.letters[name].message

    def dead_letters(self, limit: int) -> Sequence[DeadLetter]:
        dead = [
            DeadLetter(letter.message, letter.reason, letter.at)
            for letter in self._state.letters.values()
            if letter.state is MessageState.DEAD and letter.at is not None
        ]
        return sorted(dead, key=lambda letter: (letter.at, letter.message.id), reverse=True)[:limit]

    def journal(self, person: str) -> Sequence[JournalEntry]:
        return [self._state.journal[number] for number in self._state.by_person.get(person, [])]

    def entries(self) -> Iterator[Numbered]:
        return (Numbered(number, entry) for number, entry in enumerate(self._state.journal))

    def scan(self, kind: type[T]) -> Iterator[T]:
        for _, versioned in sorted(self._state.values.get(kind, {}).items()):
            yield cast("T", versioned.value)

    def accounts(self, site_id: str) -> Sequence[tuple[Account, Balance]]:
        of_site = dict(self._state.accounts.get(site_id, {}))
        for (site, _, _), of_day in self._state.slots.items():
            if site == site_id:
                of_site.update(of_day)
        return sorted(of_site.items(), key=lambda item: item[0])

    def tallies(self) -> Sequence[Tally]:
        return [Tally(*names, number) for names, number in sorted(self._state.tallies.items())]


class _Work(_View):
    """Stages changes; `commit` makes them, and cannot fail."""

    def __init__(self, state: _State) -> None:
        super().__init__(state)
        self._staged: list[Callable[[], None]] = []
        self._budgets: dict[str, tuple[Instant, int]] = {}

    def lock(self, keys: Iterable[Key[Any]], *, skip: bool = False) -> bool:  # noqa: ARG002 - the writer is alone
        return True

    def replay(self, idempotency_key: str, fingerprint: str) -> str | None:
        kept = self._state.answers.get(idempotency_key)
        if kept is None:
            return None
        if kept[0] != fingerprint:
            raise Refused(
                "idempotency_key_reused",
                "this idempotency key was used for another command or other arguments",
                remedy="make a new key for every command; repeat one only with equal arguments",
            )
        return kept[1]

    def remember(self, idempotency_key: str, fingerprint: str, answer: str, now: Instant) -> None:  # noqa: ARG002
        if idempotency_key in self._state.answers:
            raise Stale("stale", "an answer was kept under this key meanwhile", remedy="ask for it")
        self._staged.append(lambda: self._state.answers.update({idempotency_key: (fingerprint, answer)}))

    def take(self, uses: Sequence[BudgetUse], now: Instant) -> tuple[int, ...]:
        left = []
        for use in uses:
            started, used = self._budgets.get(use.name) or self._state.budgets.get(use.name) or (now, 0)
            ends = later(started, minutes=use.budget.minutes)
            if ends <= now:
                started, used, ends = now, 0, later(now, minutes=use.budget.minutes)
            if used >= use.budget.most:
                raise TooManyAttempts(
                    use.code, "too many attempts", retry_at=ends, remedy="wait until then", most=use.budget.most
                )
            self._budgets[use.name] = (started, used + 1)
            left.append(use.budget.most - used - 1)
        return tuple(left)

    def uncounted(self, limit: int) -> Sequence[Numbered]:
        return [Numbered(number, self._state.journal[number]) for number in islice(self._state.uncounted, limit)]

    def apply(self, plan: Plan[Any], *, actor: str, now: Instant) -> None:  # noqa: ARG002
        for put in plan.puts:
            stored = self.get(put.key)
            if (0 if stored is None else stored.version) != put.version:
                raise Stale("stale", f"a {put.key.kind.__name__.lower()} was changed meanwhile", remedy="read again")
        if not self._state.uncounted.keys() >= set(plan.counted):
            raise Stale("stale", "a journal entry was counted meanwhile", remedy="read again")
        balances = self._balances(plan.transfers)
        self._staged.append(lambda: self._commit_plan(plan, balances, actor))

    def _balances(self, transfers: Iterable[Transfer]) -> dict[Account, Balance]:
        found: dict[Account, dict[str, int]] = {}
        for transfer in transfers:
            account = transfer.account
            if account not in found:
                found[account] = asdict(_shelf(self._state, account).get(account, Balance()))
            for state, change in ((transfer.source, -transfer.number), (transfer.target, transfer.number)):
                if state is not State.OUTSIDE:
                    found[account][state.value] += change
        for account, balance in found.items():
            if min(balance.values()) < 0:
                raise Short(str(account))
        return {account: Balance(**balance) for account, balance in found.items()}

    def commit(self) -> None:
        self._state.budgets.update(self._budgets)
        for step in self._staged:
            step()

    def _commit_plan(self, plan: Plan[Any], balances: dict[Account, Balance], actor: str) -> None:
        for put in plan.puts:
            self._put(put)
        for account, balance in balances.items():
            _shelf(self._state, account)[account] = balance
        for entry in plan.journal:
            self._write_down(evolve(entry, actor=actor))
        for outcome in plan.outcomes:
            self._settle(outcome)
        for message in plan.messages:
            self._owe(message)
        for tally in plan.tallies:
            names = (tally.day, tally.measure, tally.site_id, tally.age_group)
            self._state.tallies[names] = self._state.tallies.get(names, 0) + tally.number
        for number in plan.counted:
            self._state.uncounted.pop(number, None)

    def _put(self, put: Put[Any]) -> None:
        values = self._state.values.setdefault(put.key.kind, {})
        if put.key.kind is Registration:
            old = values.get(put.key.id)
            self._index(None if old is None else old.value, put.value)
        elif put.key.kind is Reservation:
            old = values.get(put.key.id)
            self._list(None if old is None else old.value, put.value)
        values[put.key.id] = Versioned(put.value, put.version + 1)

    def _index(self, old: Registration | None, new: Registration) -> None:
        for registration, change in ((old, _remove), (new, insort)):
            if registration is None:
                continue
            if registration.queued:
                queue = self._state.queues.setdefault((registration.site_id, registration.claims), [])
                change(queue, (registration.birth_date, registration.seniority, registration.id))
            if registration.wakes_at is not None:
                change(self._state.wakes, (registration.wakes_at, registration.id))

    def _list(self, old: Reservation | None, new: Reservation) -> None:
        for reservation, change in ((old, _remove), (new, insort)):
            if reservation is not None:
                listed = self._state.lists.setdefault(reservation.site_id, [])
                for day in listed_days(reservation):
                    change(listed, (day, reservation.id))

    def _write_down(self, entry: JournalEntry) -> None:
        number = len(self._state.journal)
        self._state.journal.append(entry)
        self._state.uncounted[number] = None
        self._state.by_person.setdefault(entry.person, []).append(number)

    def _owe(self, message: Message) -> None:
        name = (message.person, message.purpose.value)
        if name not in self._state.unsent:
            self._state.unsent[name] = message.id
            self._state.letters[message.id] = _Letter(message)
            insort(self._state.owed[message.lane], (message.due_at, message.id))

    def _settle(self, outcome: Outcome) -> None:
        letter = self._state.letters.get(outcome.message_id)
        if letter is None or letter.state is not MessageState.OWED:
            return
        owed = self._state.owed[letter.message.lane]
        _remove(owed, (letter.message.due_at, letter.message.id))
        letter.leased_until, letter.reason, letter.at = None, outcome.reason, outcome.at
        if not outcome.counts:
            letter.message = evolve(letter.message, attempts=letter.message.attempts - 1)
        if outcome.state is MessageState.OWED:
            letter.message = evolve(letter.message, due_at=outcome.due_at or letter.message.due_at)
            insort(owed, (letter.message.due_at, letter.message.id))
            return
        letter.state = outcome.state
        self._state.unsent.pop((letter.message.person, letter.message.purpose.value), None)


def _shelf(state: _State, account: Account) -> dict[Account, Balance]:
    """Where an account lies: slots by calendar and day, so that reading days does not pass over them."""
    if account.kind == AccountKind.SLOT:
        return state.slots.setdefault((account.site_id, account.series, account.day), {})
    return state.accounts.setdefault(account.site_id, {})


def _by_seniority(found: Versioned[Registration]) -> tuple[Instant, str]:
    return found.value.seniority, found.value.id


def _by_ticket(found: Versioned[Registration]) -> tuple[int, Instant, str]:
    return found.value.ticket, *_by_seniority(found)


def _remove(places: list[Any], place: object) -> None:
    del places[bisect_left(places, place)]


def _open(_url: str, around: Surroundings) -> MemoryStorage:
    return MemoryStorage(around.clock)


@hookimpl
def crs_register_adapters() -> Iterable[Adapter]:
    """Storage in memory."""
    return [Adapter("storage", "memory", _open, "in memory, lost with the process")]
