"""Any storage, watched: every message ever owed is written down beside it, and the power may fail around a commit."""

import enum
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, cast

from attrs import define, field

from crs_core.domain.messages import Channel, Lane, Message, MessageState
from crs_core.domain.plans import Plan
from crs_core.domain.time import Instant
from crs_core.ports.storage import Storage, View, Work
from crs_core.testing.vendors import PowerCut

__all__ = ["Cut", "Letters", "WatchedStorage"]


class Cut(enum.Enum):
    """When the power fails."""

    BEFORE = "before the commit"
    AFTER = "after the commit"
    """It is done, and nobody was told."""


@define
class Letters:
    """Every message that was ever owed, told from the plans that were committed.

    Attributes:
        owed: Those not settled yet, by id.
        sent: Ids of those that were settled as sent.
        dead: The reasons of those that were given up, by id.
    """

    owed: dict[str, Message] = field(factory=dict)
    sent: set[str] = field(factory=set)
    dead: dict[str, str] = field(factory=dict)
    _unsent: set[tuple[str, str]] = field(factory=set)

    def committed(self, plan: Plan[Any]) -> None:
        """Writes down what a plan settled and owes; at most one unsent message of a person and purpose is owed."""
        for outcome in plan.outcomes:
            message = self.owed.get(outcome.message_id)
            if message is None or outcome.state is MessageState.OWED:
                continue
            del self.owed[message.id]
            self._unsent.discard((message.person, message.purpose.value))
            if outcome.state is MessageState.SENT:
                self.sent.add(message.id)
            else:
                self.dead[message.id] = outcome.reason
        for message in plan.messages:
            matter = (message.person, message.purpose.value)
            if matter not in self._unsent:
                self._unsent.add(matter)
                self.owed[message.id] = message


class WatchedStorage:
    """A storage whose commits are watched, and may be cut.

    Attributes:
        letters: What was owed and settled.
    """

    def __init__(self, storage: Storage) -> None:
        self.letters = Letters()
        self._storage = storage
        self._cuts: deque[Cut] = deque()

    def cut(self, when: Cut) -> None:
        """The power fails at the next commit."""
        self._cuts.append(when)

    def calm(self) -> None:
        """The power stays on."""
        self._cuts.clear()

    def read(self) -> AbstractContextManager[View]:
        """See `Storage.read`."""
        return self._storage.read()

    @contextmanager
    def write(self, *, timeout: float = 10.0) -> Iterator[Work]:
        """See `Storage.write`."""
        with self._storage.write(timeout=timeout) as work:
            watched = _Watched(work)
            yield cast("Work", watched)
            cut = self._cuts.popleft() if self._cuts and watched.plans else None
            if cut is Cut.BEFORE:
                raise PowerCut
        for plan in watched.plans:
            self.letters.committed(plan)
        if cut is Cut.AFTER:
            raise PowerCut

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
        return self._storage.lease(lanes, number, now=now, until=until, channels=channels)

    def capabilities(self) -> frozenset[str]:
        """See `Storage.capabilities`."""
        return self._storage.capabilities()

    def close(self) -> None:
        """See `Storage.close`."""
        self._storage.close()


class _Watched:
    """A unit of work that remembers its plans."""

    def __init__(self, work: Work) -> None:
        self.plans: list[Plan[Any]] = []
        self._work = work

    def apply(self, plan: Plan[Any], *, actor: str, now: Instant) -> None:
        self._work.apply(plan, actor=actor, now=now)
        self.plans.append(plan)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)
