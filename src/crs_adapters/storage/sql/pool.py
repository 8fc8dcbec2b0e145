"""Whose turn it is: threads wait in the order in which they came, and sessions are handed round."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from crs_adapters.storage.sql.errors import busy, closed
from crs_core.domain.time import Instant

__all__ = ["Pool", "Poolable", "Turns"]


class Turns:
    """So many places at most, each handed to whoever has waited longest.

    `threading.Lock` goes to whoever asks first once it is free: a thread that does command after command keeps it, and
    the others starve.
    """

    def __init__(self, places: int) -> None:
        self._mutex = threading.Lock()
        self._free = places
        self._waiting: deque[threading.Lock] = deque()

    def take(self, timeout: float) -> bool:
        """Whether this thread got a place within so many seconds."""
        with self._mutex:
            if self._free:
                self._free -= 1
                return True
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=max(0.0, timeout)):
            return True
        with self._mutex:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return False
        return True  # handed over in the very moment of giving up

    def give(self) -> None:
        """Hands a place to the next."""
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


class Poolable(Protocol):
    """A session that can be used for one transaction after another."""

    def commit(self) -> None:
        """Ends the transaction and keeps what was done."""
        ...

    def rollback(self) -> None:
        """Ends the transaction and forgets what was done; raises nothing."""
        ...

    def close(self) -> None:
        """Gives back what it holds."""
        ...


S = TypeVar("S", bound=Poolable)


class Pool(Generic[S]):
    """Sessions, made when needed, the last used first; so many at work at once at most.

    The engine's own pool costs 9 µs a time, as much as a small transaction on SQLite.
    """

    def __init__(self, make: Callable[[], S], size: int, now: Callable[[], Instant]) -> None:
        self._make = make
        self._turns = Turns(size)
        self._now = now
        self._idle: deque[S] = deque()
        self._closed = False

    @contextmanager
    def transaction(self, begin: Callable[[S], None], timeout: float) -> Iterator[S]:
        """A session in a transaction, committed at the end, rolled back where an exception leaves it.

        Raises:
            Busy: None was free within so many seconds.
            AdapterFault: The pool is closed.
        """
        if self._closed:
            raise closed()
        if not self._turns.take(timeout):
            raise busy(self._now())
        try:
            session = self._take()
            try:
                begin(session)
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise
            finally:
                self._give(session)
        finally:
            self._turns.give()

    def _take(self) -> S:
        try:
            return self._idle.pop()
        except IndexError:
            return self._make()

    def _give(self, session: S) -> None:
        if self._closed:
            session.close()
        else:
            self._idle.append(session)

    def close(self) -> None:
        """Closes the idle ones now, and the others when they come back."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()
