"""What the memory storage holds, with the indexes that the databases have too."""

from bisect import bisect_left
from typing import Any

from attrs import define, field

from crs_core.domain.ledger import Account, AccountKind, Balance
from crs_core.domain.messages import Lane, Message, MessageState
from crs_core.domain.plans import JournalEntry, Versioned
from crs_core.domain.time import Day, Instant

__all__ = ["Letter", "MemoryState", "Place", "remove", "shelf"]

Place = tuple[Day, Instant, str]
"""Where a registration stands in a queue: born, since when it waits, its id."""


@define
class Letter:
    """A message and what became of it."""

    message: Message
    state: MessageState = MessageState.OWED
    leased_until: Instant | None = None
    reason: str = ""
    at: Instant | None = None


@define
class MemoryState:
    """Everything: values by kind and id, and where each is looked for."""

    values: dict[type, dict[str, Versioned[Any]]] = field(factory=dict)
    queues: dict[tuple[str, str], list[Place]] = field(factory=dict)
    wakes: list[tuple[Instant, str]] = field(factory=list)
    lists: dict[str, list[tuple[Day, str]]] = field(factory=dict)
    accounts: dict[str, dict[Account, Balance]] = field(factory=dict)
    slots: dict[tuple[str, str, Day], dict[Account, Balance]] = field(factory=dict)
    letters: dict[str, Letter] = field(factory=dict)
    owed: dict[Lane, list[tuple[Instant, str]]] = field(factory=lambda: {lane: [] for lane in Lane})
    unsent: dict[tuple[str, str], str] = field(factory=dict)
    journal: list[JournalEntry] = field(factory=list)
    by_person: dict[str, list[int]] = field(factory=dict)
    uncounted: dict[int, None] = field(factory=dict)
    tallies: dict[tuple[Day, str, str, str], int] = field(factory=dict)
    budgets: dict[str, tuple[Instant, int]] = field(factory=dict)
    answers: dict[str, tuple[str, str]] = field(factory=dict)


def shelf(state: MemoryState, account: Account) -> dict[Account, Balance]:
    """Where an account lies: slots by calendar and day, so that reading days does not pass over them."""
    if account.kind == AccountKind.SLOT:
        return state.slots.setdefault((account.site_id, account.series, account.day), {})
    return state.accounts.setdefault(account.site_id, {})


def remove(places: list[Any], place: object) -> None:
    """Takes a place out of a sorted list that holds it."""
    del places[bisect_left(places, place)]
