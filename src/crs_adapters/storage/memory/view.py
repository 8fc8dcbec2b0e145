"""One consistent picture of the memory storage."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge, nsmallest
from itertools import groupby, islice
from typing import Any, TypeVar, cast

from crs_adapters.storage.memory.state import MemoryState, Place
from crs_core.domain.ledger import Account, AccountKind, Balance, SiteDays
from crs_core.domain.messages import DeadLetter, Lane, Message, MessageState
from crs_core.domain.order import Order
from crs_core.domain.plans import JournalEntry, Key, Versioned
from crs_core.domain.priority import Segment
from crs_core.domain.registration import Registration
from crs_core.domain.reservations import Reservation
from crs_core.domain.statistics import Tally
from crs_core.domain.time import Day, Instant
from crs_core.ports.storage import Numbered

__all__ = ["MemoryView"]

T = TypeVar("T")


class MemoryView:
    """See `crs_core.ports.storage.View`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    def get(self, key: Key[T]) -> Versioned[T] | None:
        """See `View.get`."""
        return self._state.values.get(key.kind, {}).get(key.id)

    def days(self, site_id: str) -> SiteDays:
        """See `View.days`."""
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
        """See `View.slots`."""
        of_day = self._state.slots.get((site_id, calendar, day), {})
        return sorted((account.minute, balance.free) for account, balance in of_day.items() if balance.free)

    def appointments(self, site_id: str, first: Day, last: Day) -> Sequence[Versioned[Reservation]]:
        """See `View.appointments`."""
        listed = self._state.lists.get(site_id, [])
        start = bisect_left(listed, first, key=lambda place: place[0])
        end = bisect_right(listed, last, key=lambda place: place[0])
        return [self._state.values[Reservation][name] for name in sorted({name for _, name in listed[start:end]})]

    def head(
        self, site_id: str, segments: Sequence[Segment], limit: int, order: Order = Order.AGE
    ) -> Sequence[Versioned[Registration]]:
        """See `View.head`."""
        found: list[Versioned[Registration]] = []
        for _, of_rank in groupby(segments, key=lambda segment: segment.rank):
            ranges = [self._range(site_id, segment) for segment in of_rank]
            found += self._first(merge(*ranges), limit - len(found), order)
        return found

    def _first(self, oldest: Iterator[Place], number: int, order: Order) -> Iterable[Versioned[Registration]]:
        """The first of some by an order; only that of age has a list of its own, for the others all are looked at."""
        found = (self._state.values[Registration][name] for _, _, name in oldest)
        if order is Order.AGE:
            return islice(found, number)
        return nsmallest(number, found, key=_by_ticket if order is Order.LOTTERY else _by_seniority)

    def _range(self, site_id: str, segment: Segment) -> Iterator[Place]:
        queue = self._state.queues.get((site_id, segment.claims), [])
        start = bisect_left(queue, segment.born_from, key=lambda place: place[0])
        for place in islice(queue, start, None):
            if place[0] > segment.born_to:
                return
            yield place

    def claims(self, site_id: str) -> Sequence[str]:
        """See `View.claims`."""
        return sorted(claims for (site, claims), queue in self._state.queues.items() if queue and site == site_id)

    def due(self, now: Instant, limit: int) -> Sequence[Versioned[Registration]]:
        """See `View.due`."""
        late = (name for at, name in islice(self._state.wakes, limit) if at <= now)
        return [self._state.values[Registration][name] for name in late]

    def backlog(self, lane: Lane) -> int:
        """See `View.backlog`."""
        return sum(len(owed) for each, owed in self._state.owed.items() if each <= lane)

    def outbox(self) -> dict[tuple[str, str], int]:
        """See `View.outbox`."""
        found: dict[tuple[str, str], int] = {}
        for letter in self._state.letters.values():
            name = (letter.message.lane.name.lower(), letter.state.value)
            found[name] = found.get(name, 0) + 1
        return found

    def owed(self) -> Iterator[Message]:
        """See `View.owed`."""
        for lane in Lane:
            for _, name in self._state.owed[lane]:
                yield self._state.letters[name].message

    def message(self, message_id: str) -> Message | None:
        """See `View.message`."""
        letter = self._state.letters.get(message_id)
        return None if letter is None else letter.message

    def dead_letters(self, limit: int) -> Sequence[DeadLetter]:
        """See `View.dead_letters`."""
        dead = [
            DeadLetter(letter.message, letter.reason, letter.at)
            for letter in self._state.letters.values()
            if letter.state is MessageState.DEAD and letter.at is not None
        ]
        return sorted(dead, key=lambda letter: (letter.at, letter.message.id), reverse=True)[:limit]

    def journal(self, person: str) -> Sequence[JournalEntry]:
        """See `View.journal`."""
        return [self._state.journal[number] for number in self._state.by_person.get(person, [])]

    def entries(self) -> Iterator[Numbered]:
        """See `View.entries`."""
        return (Numbered(number, entry) for number, entry in enumerate(self._state.journal))

    def scan(self, kind: type[T]) -> Iterator[T]:
        """See `View.scan`."""
        for _, versioned in sorted(self._state.values.get(kind, {}).items()):
            yield cast("T", versioned.value)

    def accounts(self, site_id: str) -> Sequence[tuple[Account, Balance]]:
        """See `View.accounts`."""
        of_site = dict(self._state.accounts.get(site_id, {}))
        for (site, _, _), of_day in self._state.slots.items():
            if site == site_id:
                of_site.update(of_day)
        return sorted(of_site.items(), key=lambda item: _in_order(item[0]))

    def tallies(self) -> Sequence[Tally]:
        """See `View.tallies`."""
        return [Tally(*names, number) for names, number in sorted(self._state.tallies.items())]


def _by_seniority(found: Versioned[Registration]) -> tuple[Instant, str]:
    return found.value.seniority, found.value.id


def _by_ticket(found: Versioned[Registration]) -> tuple[int, Instant, str]:
    return found.value.ticket, *_by_seniority(found)


def _in_order(account: Account) -> tuple[Any, ...]:
    """Sorts as accounts do, in a fraction of the time."""
    return (account.site_id, account.kind, account.series, account.day, account.minute)
