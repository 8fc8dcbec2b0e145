"""Storage in memory: one writer at a time, readers that never see half of a work."""

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from attrs import evolve

from crs_adapters.storage.memory.state import MemoryState
from crs_adapters.storage.memory.view import MemoryView
from crs_adapters.storage.memory.work import MemoryWork
from crs_core.domain.messages import Channel, Lane, Message
from crs_core.domain.time import Instant, later
from crs_core.errors import Busy
from crs_core.ports.clock import Clock
from crs_core.ports.storage import View, Work

__all__ = ["MemoryStorage"]


class MemoryStorage:
    """See `crs_core.ports.storage.Storage`. Lost with the process.

    >>> from crs_core.domain.plans import Key
    >>> from crs_core.domain.sites import Site
    >>> with MemoryStorage().read() as view:
    ...     view.get(Key(Site, "prague-1")) is None
    True
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._state = MemoryState()
        self._clock = clock
        self._writer = threading.Lock()
        self._shown = threading.RLock()

    @contextmanager
    def read(self) -> Iterator[View]:
        """See `Storage.read`."""
        with self._shown:
            yield MemoryView(self._state)

    @contextmanager
    def write(self, *, timeout: float = 10.0) -> Iterator[Work]:
        """See `Storage.write`."""
        if not self._writer.acquire(timeout=timeout):
            again = None if self._clock is None else later(self._clock.now(), seconds=1)
            raise Busy("busy", "another command holds the store", retry_at=again, remedy="try again in a moment")
        try:
            work = MemoryWork(self._state)
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
            self._state = MemoryState()
