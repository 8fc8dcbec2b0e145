"""How many people can be fully booked, found by trying; it knows nothing of sweeps."""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from itertools import pairwise, product

from crs_core.domain.time import Day

__all__ = ["most_people"]

Free = Mapping[Day, int]
Window = tuple[int, int] | None


def most_people(seats: Sequence[Free], window: Window, stock: Free | None) -> int:
    """The most people who can be given all doses.

    Args:
        seats: Free seats of each dose by day; small numbers, as everything is tried.
        window: Least and most days from one dose to the next, both included.
        stock: Doses by the day from which they can be given; None where they do not count.

    >>> most_people([{Day(2021, 1, 1): 2}, {Day(2021, 1, 22): 1}], (21, 28), None)
    1
    """
    return _most(
        tuple(tuple(sorted((day, number) for day, number in free.items() if number > 0)) for free in seats),
        window,
        None if stock is None else tuple(sorted(stock.items())),
    )


@lru_cache(10_000)
def _most(
    seats: tuple[tuple[tuple[Day, int], ...], ...], window: Window, stock: tuple[tuple[Day, int], ...] | None
) -> int:
    chains = [chain for chain in product(*(range(len(free)) for free in seats)) if _fits(seats, chain, window)]

    def served(used: tuple[Day, ...]) -> bool:
        if stock is None:
            return True
        ordered = sorted(used)
        return all(
            number <= sum(doses for arrival, doses in stock if arrival <= day)
            for number, day in enumerate(ordered, start=1)
        )

    @cache
    def best(place: int, left: tuple[tuple[int, ...], ...], used: tuple[Day, ...]) -> int:
        if place == len(chains):
            return 0
        chain = chains[place]
        found = best(place + 1, left, used)
        number = 0
        while all(free[at] for free, at in zip(left, chain, strict=True)):
            left = tuple(_less(free, at) for free, at in zip(left, chain, strict=True))
            number += 1
            if stock is not None:
                used = tuple(sorted((*used, *(free[at][0] for free, at in zip(seats, chain, strict=True)))))
                if not served(used):
                    break
            found = max(found, number + best(place + 1, left, used))
        return found

    return best(0, tuple(tuple(number for _, number in free) for free in seats), ())


def _fits(seats: Sequence[Sequence[tuple[Day, int]]], chain: Sequence[int], window: Window) -> bool:
    days = [free[at][0].toordinal() for free, at in zip(seats, chain, strict=True)]
    return window is None or all(window[0] <= after - before <= window[1] for before, after in pairwise(days))


def _less(free: tuple[int, ...], at: int) -> tuple[int, ...]:
    return (*free[:at], free[at] - 1, *free[at + 1 :])
