"""Handing e-mail to a server."""

from typing import Protocol

from attrs import field, frozen

from crs_core.domain.confirmation import Document

__all__ = ["Mail", "MailServer"]


@frozen
class Mail:
    """One e-mail message; `reference` as with an SMS.

    Attributes:
        documents: What it encloses.
    """

    reference: str
    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    documents: tuple[Document, ...] = ()


class MailServer(Protocol):
    """A way to send e-mail, at least once each."""

    def send(self, mail: Mail) -> str:
        """Hands a message over; see `SmsGateway.send`."""
        ...
