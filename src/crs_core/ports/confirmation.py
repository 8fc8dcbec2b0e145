"""Making documents that confirm a reservation."""

from typing import Protocol

from crs_core.domain.confirmation import Confirmation, Document

__all__ = ["ConfirmationDocuments"]


class ConfirmationDocuments(Protocol):
    """Makes documents for people to keep."""

    def render(self, confirmation: Confirmation) -> tuple[Document, ...]:
        """A sheet to print and an entry for a calendar; of a cancelled reservation the entry alone, which takes it out.

        Equal confirmations give equal bytes, so that an e-mail handed over twice is the same. May be called by several
        threads at once.

        Raises:
            AdapterFault: They cannot be made.
        """
        ...
