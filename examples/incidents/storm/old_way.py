"""The old way, as small as it can be told: a new PIN for every request, alive from the request, one queue for all.

A model of what the press described, not of anybody's code. It refuses presses as ours does: within a minute of the last
message, and beyond five in ten minutes.
"""

from collections import deque
from collections.abc import Iterable, Iterator

from attrs import define, field

from examples.incidents.storm.crowd import HOUR

__all__ = ["OldWay"]

_LIFE, _WAIT, _WINDOW, _MOST = 600.0, 60.0, 600.0, 5
_SECOND_LANE = ""


@define
class _Account:
    pin: int = 0
    born: float = 0.0
    handed: deque[float] = field(factory=lambda: deque(maxlen=_MOST))


@define
class OldWay:
    """See the module.

    Attributes:
        before, after: Messages a second until nine o'clock and from then on.
    """

    before: float
    after: float
    _accounts: dict[int, _Account] = field(factory=dict)
    _queue: deque[tuple[int, str]] = field(factory=deque)
    _credit: float = 0.0

    @property
    def queued(self) -> int:
        """Messages with a control PIN that wait."""
        return sum(1 for _, pin in self._queue if pin != _SECOND_LANE)

    def press(self, person: int, now: float) -> None:
        """See `System.press`: the PIN before dies, and its message still waits in the queue."""
        account = self._accounts.setdefault(person, _Account())
        handed = account.handed
        if handed and (now - handed[-1] < _WAIT or (len(handed) == _MOST and now - handed[0] < _WINDOW)):
            return
        account.pin, account.born = account.pin + 1, now
        self._queue.append((person, str(account.pin)))

    def types(self, person: int, pin: str, now: float) -> bool:
        """See `System.types`."""
        account = self._accounts[person]
        right = pin == str(account.pin) and now < account.born + _LIFE
        if right:
            self._queue.append((person, _SECOND_LANE))
        return right

    def second(self, now: float) -> Iterable[tuple[int, str]]:
        """See `System.second`: first come, first served."""
        self._credit += self.before if now <= HOUR else self.after
        sent = [self._queue.popleft() for _ in range(min(int(self._credit), len(self._queue)))]
        self._credit -= int(self._credit)
        return list(self._with_pin(sent, now))

    def _with_pin(self, sent: Iterable[tuple[int, str]], now: float) -> Iterator[tuple[int, str]]:
        for person, pin in sent:
            if pin != _SECOND_LANE:
                self._accounts[person].handed.append(now)
                yield person, pin
