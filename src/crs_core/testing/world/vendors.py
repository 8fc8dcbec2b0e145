"""Vendors that misbehave in time: slow, late, lost, duplicated, reordered, lying about what they did."""

import random
from collections import deque
from collections.abc import Callable, Sequence

from attrs import field, frozen

from crs_core.domain.time import Instant, later
from crs_core.errors import AdapterFault
from crs_core.ports.mail import Mail
from crs_core.ports.registry import Answer, Registry
from crs_core.ports.sms import Sms
from crs_core.testing.clock import VirtualClock
from crs_core.testing.vendors import Conduct, Handed, HostileGateway

__all__ = ["Arrival", "Manner", "Network", "Report", "SlowRegistry"]

Meanwhile = Callable[[Instant], None]
"""Plays what happens in the world until a moment."""

_SOON = 4.0
_ARRIVALS = ((), (_SOON, 90.0), (3600.0,), (300.0,), (2 * 24 * 3600.0,), (1.0, 1.0, 7000.0))
_REPORTS = ((), ((_SOON, 0.0),), ((1.0, 9e4), (1.0, 9e4), (50.0, -9e4)), ((2e5, 0.0),), ((2e5, -2e5), (3e5, 0.0)))
"""None, true, early and thrice, late, late and dated back."""
_SPANS = (0, 0, 3, 50, 150)
"""Seconds that an answer takes; the last is longer than a dispatcher's lease."""


@frozen
class Manner:
    """What a gateway does with one message.

    Attributes:
        conduct: What it does and says.
        seconds: How long its answer takes.
        arrives: After how many seconds the phone has the message, once for each; never where empty, whatever was said.
        reports: Delivery reports that it will send, true or not: after how many seconds, and by how many its clock is
            wrong.
    """

    conduct: Conduct = Conduct.TAKES
    seconds: int = 0
    arrives: tuple[float, ...] = (_SOON,)
    reports: tuple[tuple[float, float], ...] = ((_SOON, 0.0),)

    @classmethod
    def bad(cls, chance: random.Random) -> "Manner":
        """A manner that is wrong in one way or several."""
        conduct = chance.choice((Conduct.TAKES, Conduct.TAKES, *Conduct))
        return cls(conduct, chance.choice(_SPANS), chance.choice(_ARRIVALS), chance.choice(_REPORTS))


@frozen
class Arrival:
    """A message on a phone.

    Attributes:
        handed_at: When the gateway was given it.
        taken: Whether the sender was told that it was taken.
    """

    at: Instant
    handed_at: Instant
    reference: str
    text: str = field(repr=False)
    taken: bool


@frozen
class Report:
    """A delivery report on its way: what it is about, and when it says that the phone had it."""

    at: Instant
    reference: str
    says: Instant


class Network:
    """A gateway for short messages and e-mail, and the phones behind it.

    Attributes:
        phones: What is on its way to a number or an address, or there.
        texts: What each reference said, and to whom; a second hand-off says the same.
        taken: References that the sender was told to be taken.
        last: When the hand-off of anything for a number ended, the last time, and its reference.
    """

    def __init__(self, clock: VirtualClock, meanwhile: Meanwhile) -> None:
        self.phones: dict[str, list[Arrival]] = {}
        self.texts: dict[str, set[tuple[str, str]]] = {}
        self.taken: set[str] = set()
        self.last: dict[str, tuple[Instant, str]] = {}
        self._clock = clock
        self._meanwhile = meanwhile
        self._gateway = HostileGateway()
        self._reports: list[Report] = []
        self._manners: deque[Manner] = deque()

    @property
    def handed(self) -> Sequence[Handed]:
        """Every hand-off so far, in order, and what the gateway did."""
        return self._gateway.handed

    def behave(self, manner: Manner) -> None:
        """Does so with the next message that no other manner waits for."""
        self._manners.append(manner)

    def calm(self) -> None:
        """Behaves from now on."""
        self._manners.clear()

    def send(self, message: Sms | Mail) -> str:
        """See `SmsGateway.send`."""
        manner = self._manners.popleft() if self._manners else Manner()
        now = self._clock.now()
        self.texts.setdefault(message.reference, set()).add((message.to, message.text))
        self._gateway.follow([manner.conduct])
        try:
            name = self._gateway.send(message)
        finally:
            arrives = manner.arrives if self._gateway.handed[-1].arrives else ()
            for after, wrong in manner.reports:
                at = later(now, seconds=after)
                self._reports.append(Report(at, message.reference, later(at, seconds=wrong)))
            self._deliver(message, now, arrives, taken=manner.conduct is Conduct.TAKES)
            if manner.seconds:
                self._meanwhile(later(now, seconds=manner.seconds))
            self.last[message.to] = (self._clock.now(), message.reference)
        self.taken.add(message.reference)
        return name

    def _deliver(self, message: Sms | Mail, now: Instant, arrives: tuple[float, ...], *, taken: bool) -> None:
        inbox = self.phones.setdefault(message.to, [])
        for seconds in arrives:
            inbox.append(Arrival(later(now, seconds=seconds), now, message.reference, message.text, taken))

    def reports(self) -> list[Report]:
        """The delivery reports that have come since the last time, in no order that means anything."""
        now = self._clock.now()
        come = [each for each in self._reports if each.at <= now]
        self._reports = [each for each in self._reports if each.at > now]
        return come

    def inbox(self, number: str) -> list[Arrival]:
        """What has arrived at a number by now, in the order of arrival."""
        now = self._clock.now()
        return sorted((each for each in self.phones.get(number, ()) if each.at <= now), key=lambda each: each.at)


class SlowRegistry:
    """A registry that may take its time, or not answer, before it tells what another one knows."""

    def __init__(self, registry: Registry, clock: VirtualClock, meanwhile: Meanwhile) -> None:
        self._registry = registry
        self._clock = clock
        self._meanwhile = meanwhile
        self._moods: deque[tuple[int, bool]] = deque()

    def behave(self, seconds: int, *, silent: bool) -> None:
        """Takes so long for the next question, and perhaps gives no answer."""
        self._moods.append((seconds, silent))

    def calm(self) -> None:
        """Behaves from now on."""
        self._moods.clear()

    def verify(self, claim: str, insured_number: str) -> Answer:
        """See `Registry.verify`."""
        seconds, silent = self._moods.popleft() if self._moods else (0, False)
        if seconds:
            self._meanwhile(later(self._clock.now(), seconds=seconds))
        if silent:
            raise AdapterFault("registry_silent", "no answer within the time", remedy="ask again")
        return self._registry.verify(claim, insured_number)
