"""A unit of work on the memory storage: what it does is staged, and becomes visible in one short step."""

from bisect import insort
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from attrs import asdict, evolve

from crs_adapters.storage.memory.state import Letter, MemoryState, remove, shelf
from crs_adapters.storage.memory.view import MemoryView
from crs_core.domain.ledger import Account, Balance, State, Transfer
from crs_core.domain.messages import ERASED, Message, MessageState, Outcome, belongs_to, forgotten
from crs_core.domain.plans import JournalEntry, Key, Plan, Put, Versioned
from crs_core.domain.registration import Registration
from crs_core.domain.reservations import Reservation, listed_days
from crs_core.domain.time import Instant, later
from crs_core.errors import Refused, Short, Stale, TooManyAttempts
from crs_core.ports.storage import BudgetUse, Numbered

__all__ = ["MemoryWork"]


class MemoryWork(MemoryView):
    """Stages changes; `commit` makes them, and cannot fail."""

    def __init__(self, state: MemoryState) -> None:
        super().__init__(state)
        self._staged: list[Callable[[], None]] = []
        self._budgets: dict[str, tuple[Instant, int]] = {}

    def lock(self, keys: Iterable[Key[Any]], *, skip: bool = False) -> bool:  # noqa: ARG002 - the writer is alone
        """See `Work.lock`."""
        return True

    def replay(self, idempotency_key: str, fingerprint: str) -> str | None:
        """See `Work.replay`."""
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
        """See `Work.remember`."""
        if idempotency_key in self._state.answers:
            raise Stale("stale", "an answer was kept under this key meanwhile", remedy="ask for it")
        self._staged.append(lambda: self._state.answers.update({idempotency_key: (fingerprint, answer)}))

    def take(self, uses: Sequence[BudgetUse], now: Instant) -> tuple[int, ...]:
        """See `Work.take`."""
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
        """See `Work.uncounted`."""
        return [Numbered(number, self._state.journal[number]) for number in islice(self._state.uncounted, limit)]

    def apply(self, plan: Plan[Any], *, actor: str, now: Instant) -> None:
        """See `Work.apply`."""
        for put in plan.puts:
            stored = self.get(put.key)
            if (0 if stored is None else stored.version) != put.version:
                raise Stale("stale", f"a {put.key.kind.__name__.lower()} was changed meanwhile", remedy="read again")
        if not self._state.uncounted.keys() >= set(plan.counted):
            raise Stale("stale", "a journal entry was counted meanwhile", remedy="read again")
        balances = self._balances(plan.transfers)
        self._staged.append(lambda: self._commit_plan(plan, balances, actor, now))

    def _balances(self, transfers: Iterable[Transfer]) -> dict[Account, Balance]:
        found: dict[Account, dict[str, int]] = {}
        for transfer in transfers:
            account = transfer.account
            if account not in found:
                found[account] = asdict(shelf(self._state, account).get(account, Balance()))
            for state, change in ((transfer.source, -transfer.number), (transfer.target, transfer.number)):
                if state is not State.OUTSIDE:
                    found[account][state.value] += change
        for account, balance in found.items():
            if min(balance.values()) < 0:
                raise Short(str(account))
        return {account: Balance(**balance) for account, balance in found.items()}

    def commit(self) -> None:
        """Makes what was staged; cannot fail."""
        self._state.budgets.update(self._budgets)
        for step in self._staged:
            step()

    def _commit_plan(self, plan: Plan[Any], balances: dict[Account, Balance], actor: str, now: Instant) -> None:
        for put in plan.puts:
            self._put(put)
        for account, balance in balances.items():
            shelf(self._state, account)[account] = balance
        for entry in plan.journal:
            self._write_down(evolve(entry, actor=actor))
        for outcome in plan.outcomes:
            self._settle(outcome)
        for pseudonym in plan.forgotten:
            self._forget(pseudonym, now)
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
        for registration, change in ((old, remove), (new, insort)):
            if registration is None:
                continue
            if registration.queued:
                queue = self._state.queues.setdefault((registration.site_id, registration.claims), [])
                change(queue, (registration.birth_date, registration.seniority, registration.id))
            if registration.wakes_at is not None:
                change(self._state.wakes, (registration.wakes_at, registration.id))

    def _list(self, old: Reservation | None, new: Reservation) -> None:
        for reservation, change in ((old, remove), (new, insort)):
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
            self._state.letters[message.id] = Letter(message)
            insort(self._state.owed[message.lane], (message.due_at, message.id))

    def _forget(self, pseudonym: str, now: Instant) -> None:
        for letter in self._state.letters.values():
            if belongs_to(letter.message, pseudonym):
                self._settle(Outcome(letter.message.id, MessageState.DEAD, now, reason=ERASED))
                letter.message = forgotten(letter.message)

    def _settle(self, outcome: Outcome) -> None:
        letter = self._state.letters.get(outcome.message_id)
        if letter is None or letter.state is not MessageState.OWED:
            return
        owed = self._state.owed[letter.message.lane]
        remove(owed, (letter.message.due_at, letter.message.id))
        letter.leased_until, letter.reason, letter.at = None, outcome.reason, outcome.at
        if not outcome.counts:
            letter.message = evolve(letter.message, attempts=letter.message.attempts - 1)
        if outcome.state is MessageState.OWED:
            letter.message = evolve(letter.message, due_at=outcome.due_at or letter.message.due_at)
            insort(owed, (letter.message.due_at, letter.message.id))
            return
        letter.state = outcome.state
        self._state.unsent.pop((letter.message.person, letter.message.purpose.value), None)
