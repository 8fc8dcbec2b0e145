"""Handing short messages to a gateway."""

from typing import Protocol

from attrs import field, frozen

__all__ = ["Sms", "SmsGateway"]


@frozen
class Sms:
    """One short message.

    Attributes:
        reference: Names the message; a second hand-off with the same reference is the same message.
        to: E.164.
        text: Any Unicode text; how many segments that takes is the gateway's affair.
    """

    reference: str
    to: str = field(repr=False)
    text: str = field(repr=False)


class SmsGateway(Protocol):
    """A way to send short messages, at least once each."""

    def send(self, sms: Sms) -> str:
        """Hands a message over; returns what the gateway calls it, or ``""``.

        Returning means that the gateway has taken responsibility for it. A second call with the same reference is
        allowed and should not send twice.

        Raises:
            AdapterFault: It did not; with ``retry_at`` or without, it will be tried again.
            Refused: It never will, such as a number that does not exist; the code says why.
        """
        ...
