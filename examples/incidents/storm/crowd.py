"""The crowd: when people ask, how they lose patience, and what the network does to their messages.

The same seed gives the same people to every system that they are let loose on.
"""

import heapq
import math
import random
from collections.abc import Callable, Iterable
from typing import Protocol

from attrs import define, field

__all__ = ["EARLY", "HOUR", "Crowd", "Person", "System"]

HOUR = 3600.0
EARLY = 55 * 60.0
"""Who asks by then is expected to be through at nine."""

_MEAN_ARRIVAL, _GIVES_UP, _LEAST_PAUSE = 15 * 60.0, 90 * 60.0, 20.0
_ENDS = HOUR + _GIVES_UP + 10 * 60
_LOST, _TRANSIT, _SPREAD, _LONGEST = 0.01, math.log(4.0), 1.0, 240.0


class System(Protocol):
    """What the crowd meets. Times are seconds since eight o'clock."""

    def press(self, person: int, now: float) -> None:
        """A person asks for a control PIN, once more or for the first time."""
        ...

    def types(self, person: int, pin: str, now: float) -> bool:
        """A person types the PIN of a message; whether it is accepted."""
        ...

    def second(self, now: float) -> Iterable[tuple[int, str]]:
        """One second of sending: whose phones get which control PINs."""
        ...


@define
class Person:
    """Somebody with a phone.

    Attributes:
        asks: When for the first time.
        verified: When the phone was proved; None so far.
        messages: Messages with a control PIN that were sent to the phone.
        dead: PINs that came, were typed and were refused.
    """

    number: int
    chance: random.Random
    asks: float
    verified: float | None = None
    messages: int = 0
    dead: int = 0

    def pause(self, patience: float) -> float:
        """How long until they press again, whatever the page says."""
        return _LEAST_PAUSE + self.chance.expovariate(1 / patience)

    def typed_after(self) -> float | None:
        """How long after hand-off they have typed the PIN; None where the message is lost."""
        if self.chance.random() < _LOST:
            return None
        transit = 3.0 + min(_LONGEST, self.chance.lognormvariate(_TRANSIT, _SPREAD))
        return transit + self.chance.uniform(5, 35)


@define
class Crowd:
    """So many people, let loose on a system.

    Attributes:
        patience: Mean of what they wait between two presses beyond the least, in seconds.
        at: Called as each second ends.
    """

    patience: float
    people: list[Person]
    _agenda: list[tuple[float, int, Callable[[float], None]]] = field(factory=list)

    @classmethod
    def of(cls, number: int, patience: float, seed: int) -> "Crowd":
        """The crowd of a seed."""
        return cls(patience, [_person(each, seed) for each in range(number)])

    def storms(
        self, system: System, each_second: Callable[[float], None] = lambda _now: None, *, until: float = _ENDS
    ) -> None:
        """Plays the morning, until the last has given up and their messages have come, or until a moment."""
        for person in self.people:
            self._at(person.asks, self._press(system, person))
        now = 0.0
        while now < until:
            now += 1.0
            self._run(now)
            for number, pin in system.second(now):
                self._handed(system, self.people[number], pin, now)
            each_second(now)

    def _at(self, moment: float, action: Callable[[float], None]) -> None:
        heapq.heappush(self._agenda, (moment, len(self._agenda), action))

    def _run(self, until: float) -> None:
        while self._agenda and self._agenda[0][0] <= until:
            moment, _, action = heapq.heappop(self._agenda)
            action(moment)

    def _press(self, system: System, person: Person) -> Callable[[float], None]:
        def press(now: float) -> None:
            if person.verified is None and now <= person.asks + _GIVES_UP:
                system.press(person.number, now)
                self._at(now + person.pause(self.patience), press)

        return press

    def _handed(self, system: System, person: Person, pin: str, now: float) -> None:
        def types(moment: float) -> None:
            if person.verified is None and moment <= person.asks + _GIVES_UP:
                if system.types(person.number, pin, moment):
                    person.verified = moment
                else:
                    person.dead += 1

        person.messages += 1
        after = person.typed_after()
        if after is not None:
            self._at(now + after, types)


def _person(number: int, seed: int) -> Person:
    chance = random.Random(f"{seed} {number}")  # noqa: S311 - replayed on purpose
    asks = HOUR
    while asks >= HOUR:
        asks = chance.expovariate(1 / _MEAN_ARRIVAL)
    return Person(number, chance, asks)
