"""Whole people and seats out of parts of them, so that sums hold: what one rounding leaves, the next takes on."""

import math
from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

__all__ = ["Fair", "thinned"]

T = TypeVar("T")

_HAIR = 1e-9  # a sum of parts that should be whole, and misses it by the last bits


def thinned(numbers: Iterable[tuple[T, float]], scale: float, phase: float = 0.5) -> tuple[dict[T, int], float]:
    """One in `scale` of each number, in order; no running sum is off by one or more.

    Args:
        phase: What earlier rounding left over, 0 (included) to 1 (excluded).

    Returns:
        The numbers that are not 0, and what is left over for the next.

    >>> thinned([("Monday", 7), ("Tuesday", 7), ("Wednesday", 6)], 10)
    ({'Monday': 1, 'Wednesday': 1}, 0.5)
    """
    found: dict[T, int] = {}
    for key, number in numbers:
        phase += number / scale
        whole = math.floor(phase + _HAIR)
        phase = max(0.0, phase - whole)
        if whole:
            found[key] = whole
    return found, phase


class Fair(Generic[T]):
    """Deals choices out by weight: after any number of draws each choice has had its share, give or take one.

    >>> regions = Fair({"north": 2, "south": 1})
    >>> [regions.draw() for _ in range(6)]
    ['north', 'south', 'north', 'north', 'south', 'north']
    """

    def __init__(self, weights: Mapping[T, float]) -> None:
        total = sum(weights.values())
        self._shares = {choice: weight / total for choice, weight in weights.items() if weight > 0}
        self._owed = dict.fromkeys(self._shares, 0.0)

    def draw(self) -> T:
        """The choice that is owed most."""
        for choice, share in self._shares.items():
            self._owed[choice] += share
        chosen = max(self._owed, key=lambda choice: self._owed[choice])
        self._owed[chosen] -= 1
        return chosen
