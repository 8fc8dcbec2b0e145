"""How many commands of the desks were given, how they ended and how long they took."""

import time
from collections import Counter
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from crs_core.errors import CrsError

__all__ = ["Recorder"]

P = ParamSpec("P")
R = TypeVar("R")

_URGENT = "request_control_pin"
_OWING = {_URGENT, "register", "reserve", "cancel", "remind_pin", "release_all", "tick"}


class Recorder:
    """Calls commands and counts them.

    Attributes:
        calls: By name of the command.
        seconds: Spent in it, by name.
        refusals: By (name, code of the refusal).
        owed: What to do after a command that may owe somebody a message; whether it is urgent.
    """

    def __init__(self) -> None:
        self.owed: Callable[[bool], None] = _nothing
        self.calls: Counter[str] = Counter()
        self.seconds: dict[str, float] = {}
        self.refusals: Counter[tuple[str, str]] = Counter()

    def call(self, command: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What the command answers, or its refusal."""
        name = command.__name__
        self.calls[name] += 1
        begin = time.perf_counter()
        try:
            return command(*args, **kwargs)
        except CrsError as refusal:
            self.refusals[name, refusal.code] += 1
            raise
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin
            if name in _OWING:
                self.owed(name == _URGENT)


def _nothing(urgent: bool) -> None:  # noqa: ARG001, FBT001 - nobody sends yet
    return
