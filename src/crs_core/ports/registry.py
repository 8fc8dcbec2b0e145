"""Asking a health registry whether a claim is true."""

import enum
from typing import Protocol

__all__ = ["Answer", "Registry"]


class Answer(enum.Enum):
    """What a registry says of a claim."""

    CONFIRMED = "confirmed"
    DENIED = "denied"
    UNKNOWN = "unknown"


class Registry(Protocol):
    """A source that confirms claims, such as the national registry of health professionals."""

    def verify(self, claim: str, insured_number: str) -> Answer:
        """Whether the holder of an insured number, digits only, is what they claim; ``UNKNOWN`` where it cannot tell.

        Raises:
            AdapterFault: It cannot be asked now.
        """
        ...
