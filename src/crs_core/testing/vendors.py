"""Vendors that do as they are told: slow, lost, refusing, dying; and a registry that knows what it is told."""

import enum
from collections import deque
from collections.abc import Iterable, Mapping

from attrs import field, frozen

from crs_core.errors import AdapterFault, Refused
from crs_core.ports.mail import Mail
from crs_core.ports.registry import Answer
from crs_core.ports.sms import Sms

__all__ = ["Conduct", "Handed", "HostileGateway", "PowerCut", "RegistryBook"]


class Conduct(enum.Enum):
    """What a gateway does with a message."""

    TAKES = "takes"
    FAILS = "fails"
    """It takes nothing and says so."""
    LOSES_ANSWER = "loses answer"
    """It takes the message, and its answer is lost: a time-out after sending."""
    REFUSES = "refuses"
    """It will never take it."""
    DIES = "dies"
    """It takes the message, and whoever sent it dies."""


class PowerCut(BaseException):
    """The process died; nothing after that moment was done, and no handler of errors was asked."""


@frozen
class Handed:
    """A message that was handed to a gateway, and what the gateway did."""

    reference: str
    to: str = field(repr=False)
    text: str = field(repr=False)
    conduct: Conduct

    @property
    def arrives(self) -> bool:
        """Whether the citizen gets it, whatever the sender was told."""
        return self.conduct in {Conduct.TAKES, Conduct.LOSES_ANSWER, Conduct.DIES}


class HostileGateway:
    """A gateway for short messages and for e-mail that follows a script, and takes everything after its end.

    >>> gateway = HostileGateway()
    >>> gateway.follow([Conduct.LOSES_ANSWER])
    >>> gateway.send(Sms("one", "+420601000001", "an invented text"))
    Traceback (most recent call last):
    crs_core.errors.AdapterFault: gateway_timeout: no answer within the time; try again
    >>> gateway.send(Sms("one", "+420601000001", "an invented text")), len(gateway.handed)
    ('gw-2', 2)
    """

    def __init__(self) -> None:
        self.handed: list[Handed] = []
        self._script: deque[Conduct] = deque()

    def follow(self, script: Iterable[Conduct]) -> None:
        """Does so with the next messages; what was left of the script before is forgotten."""
        self._script = deque(script)

    def send(self, message: Sms | Mail) -> str:
        """See `SmsGateway.send`."""
        conduct = self._script.popleft() if self._script else Conduct.TAKES
        self.handed.append(Handed(message.reference, message.to, message.text, conduct))
        if conduct is Conduct.FAILS:
            raise AdapterFault("gateway_down", "the gateway takes nothing now", remedy="try again")
        if conduct is Conduct.LOSES_ANSWER:
            raise AdapterFault("gateway_timeout", "no answer within the time", remedy="try again")
        if conduct is Conduct.REFUSES:
            raise Refused("no_such_number", "the gateway knows no such number")
        if conduct is Conduct.DIES:
            raise PowerCut
        return f"gw-{len(self.handed)}"


class RegistryBook:
    """A registry that confirms the claims written down for an insured number, and denies all others."""

    def __init__(self, claims: Mapping[str, Iterable[str]]) -> None:
        self._claims = {number: frozenset(of) for number, of in claims.items()}

    def verify(self, claim: str, insured_number: str) -> Answer:
        """See `Registry.verify`."""
        return Answer.CONFIRMED if claim in self._claims.get(insured_number, ()) else Answer.DENIED
