"""Places are handed out in the order of asking, and a session that failed is never left in a transaction."""

import threading
import time

import pytest

from crs_adapters.storage.sql.pool import Pool, Turns
from crs_core.composition.defaults import SystemClock
from crs_core.errors import Busy

LONG = 20.0


class Recorder:
    """A session that writes down what is asked of it."""

    def __init__(self, *, fails_at: str = "") -> None:
        self.heard: list[str] = []
        self._fails_at = fails_at

    def _hear(self, word: str) -> None:
        self.heard.append(word)
        if word == self._fails_at:
            raise ConnectionError(word)

    def begin(self) -> None:
        self._hear("begin")

    def commit(self) -> None:
        self._hear("commit")

    def rollback(self) -> None:
        self._hear("rollback")

    def close(self) -> None:
        self._hear("close")


def pool_of(*sessions: Recorder, size: int = 1) -> Pool[Recorder]:
    fresh = list(sessions)
    return Pool(lambda: fresh.pop(0), size, SystemClock().now)


def use(pool: Pool[Recorder], timeout: float = LONG) -> None:
    with pool.transaction(Recorder.begin, timeout):
        pass


def test_turns_go_to_whoever_waited_longest() -> None:
    turns = Turns(1)
    assert turns.take(LONG)
    order: list[int] = []

    def wait(number: int) -> None:
        assert turns.take(LONG)
        order.append(number)
        turns.give()

    threads = []
    for number in range(8):
        threads.append(threading.Thread(target=wait, args=(number,)))
        threads[-1].start()
        while len(turns._waiting) <= number:
            time.sleep(0.001)
    turns.give()
    for thread in threads:
        thread.join(LONG)

    assert order == list(range(8))


def test_whoever_gives_a_place_back_does_not_get_it_before_those_who_wait() -> None:
    turns = Turns(1)
    assert turns.take(LONG)
    waiting = threading.Thread(target=turns.take, args=(LONG,))
    waiting.start()
    while not turns._waiting:
        time.sleep(0.001)
    turns.give()

    assert not turns.take(0)
    waiting.join(LONG)


def test_whoever_waits_too_long_leaves_the_queue() -> None:
    turns = Turns(1)
    assert turns.take(0)

    assert not turns.take(0.01)
    assert not turns.take(-1)
    turns.give()
    assert turns.take(0)


def test_no_more_places_than_there_are() -> None:
    turns = Turns(2)

    assert [turns.take(0) for _ in range(3)] == [True, True, False]
    turns.give()
    assert [turns.take(0) for _ in range(2)] == [True, False]


def test_a_transaction_is_committed_and_its_session_used_again() -> None:
    session = Recorder()
    pool = pool_of(session)
    use(pool)
    use(pool)

    assert session.heard == ["begin", "commit"] * 2


@pytest.mark.parametrize(
    ("fails_at", "heard"), [("begin", ["begin", "rollback"]), ("commit", ["begin", "commit", "rollback"])]
)
def test_a_transaction_that_fails_is_rolled_back(fails_at: str, heard: list[str]) -> None:
    session = Recorder(fails_at=fails_at)
    pool = pool_of(session)
    with pytest.raises(ConnectionError, match=fails_at):
        use(pool)

    assert session.heard == heard
    with pytest.raises(ConnectionError, match=fails_at):  # the place is free again
        use(pool, timeout=0)


def test_an_exception_inside_rolls_back() -> None:
    session = Recorder()
    with pytest.raises(ZeroDivisionError), pool_of(session).transaction(Recorder.begin, LONG):
        raise ZeroDivisionError

    assert session.heard == ["begin", "rollback"]


def test_whoever_gets_no_place_is_busy() -> None:
    pool = pool_of(Recorder(), Recorder())
    with pool.transaction(Recorder.begin, LONG), pytest.raises(Busy) as caught:
        use(pool, timeout=0)

    assert caught.value.code == "busy"
    assert caught.value.retry_at is not None


def test_a_session_that_cannot_be_made_leaves_its_place() -> None:
    pool = pool_of()
    for _ in range(2):
        with pytest.raises(IndexError):
            use(pool, timeout=0)


def test_closing_closes_the_idle_now_and_the_others_when_they_come_back() -> None:
    idle, busy = Recorder(), Recorder()
    pool = pool_of(idle, busy, size=2)
    with pool.transaction(Recorder.begin, LONG):
        with pool.transaction(Recorder.begin, LONG):
            pass
        pool.close()
        assert (idle.heard[-1], busy.heard[-1]) == ("begin", "close")

    assert idle.heard[-1] == "close"
