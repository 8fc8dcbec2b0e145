"""What pairing is held against: answers that know nothing of sweeps, from SciPy and from trying everything.

`by_flow` is SciPy's maximum flow (no stock), `by_milp` the integer programme solved by HiGHS (stock too), `by_search`
tries every booking. Random supplies come crowded, so that seats and doses are scarce.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from random import Random

import numpy as np
from attrs import evolve
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from scipy.optimize import Bounds, LinearConstraint, milp  # type: ignore[import-untyped]
from scipy.sparse import csr_array  # type: ignore[import-untyped]
from scipy.sparse.csgraph import maximum_flow  # type: ignore[import-untyped]

from crs_core.domain.campaign import Interval
from crs_core.domain.pairing import Supply

__all__ = ["by_flow", "by_milp", "by_search", "chains_of", "crossing_supplies", "season", "supplies"]

Days = tuple[int, ...]

HOLIDAYS = {date(2021, 4, 2), date(2021, 4, 5), date(2021, 9, 28), date(2021, 10, 28), date(2021, 11, 17)}
_UNLIMITED = 10**6


def window(supply: Supply, day: int) -> Interval:
    """The interval after a dose on that day."""
    assert supply.interval is not None
    return supply.windows.get(day, supply.interval)


def chains_of(supply: Supply) -> list[Days]:
    """Every choice of days for all doses that has seats and keeps the intervals."""
    found: list[Days] = [(day,) for day, free in supply.seats[0].items() if free > 0]
    for seats in supply.seats[1:]:
        found = [
            (*chain, day)
            for chain in found
            for day, free in seats.items()
            if free > 0 and window(supply, chain[-1]).earliest <= day - chain[-1] <= window(supply, chain[-1]).latest
        ]
    return found


def by_flow(supply: Supply) -> int:
    """The most people, without stock: every seat of a day is an arc from the way in to the way out of that day."""
    names = [(dose, day) for dose, seats in enumerate(supply.seats) for day in seats]
    place = {name: 2 * number + 1 for number, name in enumerate(names)}
    sink = 2 * len(names) + 1
    arcs = {(place[name], place[name] + 1): max(0, supply.seats[name[0]][name[1]]) for name in names}
    arcs |= {(0, place[name]): _UNLIMITED for name in names if name[0] == 0}
    arcs |= {(place[name] + 1, sink): _UNLIMITED for name in names if name[0] == len(supply.seats) - 1}
    for dose, day in names:
        for after in supply.seats[dose + 1] if dose + 1 < len(supply.seats) else ():
            if window(supply, day).earliest <= after - day <= window(supply, day).latest:
                arcs[place[dose, day] + 1, place[dose + 1, after]] = _UNLIMITED
    tails, heads = zip(*arcs, strict=True) if arcs else ((), ())
    numbers = np.array(list(arcs.values()), dtype=np.int32)
    graph = csr_array((numbers, (tails, heads)), shape=(sink + 1, sink + 1))
    return int(maximum_flow(graph, 0, sink).flow_value)


def by_milp(supply: Supply, *, through: Days | None = None, expires: Mapping[int, int] | None = None) -> int:
    """The most people.

    Args:
        through: Of whom at least one takes these days; -1 where nobody can.
        expires: The last day on which the doses of a delivery can be given, by its day.
    """
    chains = chains_of(supply)
    if through is not None and through not in chains:
        return -1
    if not chains:
        return 0
    names = [(dose, day) for dose, seats in enumerate(supply.seats) for day in seats]
    takes = np.array([[chain[dose] == day for chain in chains] for dose, day in names], dtype=float)
    rules = [(takes, np.array([supply.seats[dose][day] for dose, day in names], dtype=float))]
    if supply.doses is not None:
        rules.append(_stock(chains, supply.doses, expires or {}))
    least = np.array([float(chain == through) for chain in chains])
    found = milp(
        -np.ones(len(chains)),
        constraints=[LinearConstraint(rows, -np.inf, most) for rows, most in rules],
        integrality=np.ones(len(chains)),
        bounds=Bounds(least, np.inf),
    )
    return round(-found.fun) if found.success else -1


def _stock(
    chains: Sequence[Days], doses: Mapping[int, int], expires: Mapping[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """For any span of days, what is given in it comes from deliveries that can be used in it (Hall's condition)."""
    first, last = min(min(chain) for chain in chains), max(max(chain) for chain in chains)
    days = sorted({day for chain in chains for day in chain})
    starts = [first, *(day for day in days if expires)]
    spans = [(start, end) for start in starts for end in days if start <= end]
    rows = [[sum(start <= day <= end for day in chain) for chain in chains] for start, end in spans]
    most = [
        sum(number for day, number in doses.items() if day <= end and expires.get(day, last) >= start)
        for start, end in spans
    ]
    return np.array(rows, dtype=float), np.array(most, dtype=float)


def by_search(supply: Supply) -> int:
    """The most people, by trying every chain of days for every person."""
    chains = chains_of(supply)
    names = [(dose, day) for dose, free in enumerate(supply.seats) for day in sorted(free)]
    place = {name: number for number, name in enumerate(names)}

    @cache
    def best(start: int, left: Days, used: Days) -> int:
        found = 0
        for number in range(start, len(chains)):
            chain = chains[number]
            rest = list(left)
            for dose, day in enumerate(chain):
                rest[place[dose, day]] -= 1
            taken = tuple(sorted((*used, *chain))) if supply.doses is not None else ()
            if min(rest) >= 0 and _delivered(supply, taken):
                found = max(found, 1 + best(number, tuple(rest), taken))
        return found

    return best(0, tuple(supply.seats[dose][day] for dose, day in names), ())


def _delivered(supply: Supply, used: Days) -> bool:
    if supply.doses is None:
        return True
    return all(
        number <= sum(doses for arrival, doses in supply.doses.items() if arrival <= day)
        for number, day in enumerate(used, start=1)
    )


_intervals = st.builds(lambda first, more: Interval(first, first + more), st.integers(1, 4), st.integers(0, 3))
_stocks = st.dictionaries(st.integers(0, 8), st.integers(0, 6), max_size=4) | st.builds(
    lambda few, day, many: {0: few, day: many}, st.integers(1, 4), st.integers(3, 9), st.integers(2, 9)
)
"""Deliveries as they fall; and few doses now, more when some of the second ones are due."""


def _pools(dose: int) -> SearchStrategy[dict[int, int]]:
    return st.dictionaries(st.integers(2 * dose, 2 * dose + 6), st.integers(0, 2), max_size=6)


@st.composite
def supplies(draw: st.DrawFn, doses: int | None = None, *, stock: bool | None = None) -> Supply:
    """Small crowded supplies of one to three doses, with stock or without; some windows differ but none cross."""
    number = doses or draw(st.integers(1, 3))
    seats = [draw(_pools(dose)) for dose in range(number)]
    counts = draw(st.booleans()) if stock is None else stock
    interval = draw(_intervals) if number > 1 else None
    supply = Supply(seats, interval, draw(_stocks) if counts else None)
    if interval is None or not draw(st.booleans()):
        return supply
    since, more = draw(st.integers(0, 8)), draw(st.integers(0, 3))
    longer = Interval(interval.earliest + draw(st.integers(0, more)), interval.latest + more)
    return evolve(supply, windows=dict.fromkeys(range(since, 20), longer))


@st.composite
def crossing_supplies(draw: st.DrawFn) -> Supply:
    """Two doses with windows as they fall, such as those of a campaign that shortens its interval."""
    windows = st.dictionaries(st.integers(0, 8), _intervals, max_size=6)
    return Supply([draw(_pools(0)), draw(_pools(1))], draw(_intervals), windows=draw(windows))


def season(chance: Random, doses: int, *, stock: bool) -> Supply:
    """Some weeks of a site around a change of the clocks: closed at weekends and on holidays, and on days of its own.

    Seats by the ten, intervals of Czech vaccines, deliveries on Mondays that mostly fall short.
    """
    start = chance.choice([date(2021, 3, 8), date(2021, 10, 11)]).toordinal()
    interval = chance.choice([Interval(21, 28), Interval(38, 42), Interval(25, 35), Interval(21, 21)])
    seats = []
    for dose in range(doses):
        begin = start + dose * interval.earliest + chance.randint(-2, 5)
        length = chance.randint(8, 16) + 4 * dose if doses < 3 else chance.randint(5, 9) + 2 * dose
        seats.append({day: chance.randint(0, 40) for day in range(begin, begin + length) if _works(day, chance)})
    weeks = range(start - 7, start + 80, 7)
    stocks = {day: chance.randint(0, 25 * doses) for day in weeks if chance.random() < 0.8} if stock else None
    return Supply(seats, interval if doses > 1 else None, stocks)


def _works(day: int, chance: Random) -> bool:
    return date.fromordinal(day).isoweekday() < 6 and date.fromordinal(day) not in HOLIDAYS and chance.random() < 0.9
