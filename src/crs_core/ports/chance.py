"""Names that nobody can guess."""

from typing import Protocol

__all__ = ["Chance"]


class Chance(Protocol):
    """Draws ids and jitter; the only source of randomness."""

    def name(self) -> str:
        """A fresh name of at least 96 random bits, letters, digits, ``-`` and ``_`` only."""
        ...

    def fraction(self) -> float:
        """A number from 0 (included) to 1 (excluded)."""
        ...
