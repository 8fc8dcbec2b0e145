"""Making the document that confirms a reservation."""

from typing import Protocol

from attrs import field, frozen

__all__ = ["Confirmation", "ConfirmationFacts"]


@frozen
class ConfirmationFacts:
    """What a confirmation says.

    Attributes:
        times: Local day and time of each dose, in order, as text.
    """

    reservation_id: str
    name: str = field(repr=False)
    site: str
    address: str
    product: str
    times: tuple[str, ...]
    language: str


class Confirmation(Protocol):
    """Makes a document for people to keep."""

    def render(self, facts: ConfirmationFacts) -> tuple[bytes, str]:
        """The document and its media type."""
        ...
