"""Every day of 1900 to 2030, judged as of 2031: no number of any kind that was given out is impossible.

Each kind has its source, and says where python-stdnum's ``cz.rc``, the oracle, is right about it and where it is not.
The numbers are built here, forwards from a day, and share no code with what reads them.
"""

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from attrs import frozen
from stdnum.cz import rc

from crs_core.domain.insured_number import Kind, Verdict, verdict

AS_OF = date(2031, 1, 1)
FIRST, LAST = date(1900, 1, 1), date(2030, 12, 31)
LAW = "Act No. 133/2000 Coll., section 13"
SPARE = "Act No. 133/2000 Coll., section 13, as amended by Act No. 53/2004 Coll."
NZIS = "data standard DASTA of the Ministry of Health, Struktura rodneho cisla (DSBET)"
INSURERS = "data standard of the health insurers, number of the insured: assigned by an insurer, day + 50"
FOREIGNERS = "data standard of the health insurers, number of the insured: EČP, day + 40"
WOMEN = (0, 50)


@frozen
class Given:
    """A kind of number.

    Attributes:
        verdict: What it must get; None where two days share it and the other one may be meant.
        oracle: Whether the oracle takes it; what it says instead is a known deviation, by `source`.
    """

    name: str
    source: str
    given_to: Callable[[date], bool]
    numbers: Callable[[date], Iterator[str]]
    verdict: Kind | None
    oracle: bool


def head(born: date, month: int = 0, day: int = 0) -> str:
    return f"{born.year % 100:02d}{born.month + month:02d}{born.day + day:02d}"


def whole(first: str, serial: int) -> str:
    """Ten digits that divide by eleven; a serial with which none does gives way to the next."""
    number = int(first) * 1000 + serial
    number += number % 11 == 10
    return f"{number:09d}{number % 11}"


def with_nought(first: str, serial: int) -> str:
    """Ten digits whose first nine leave ten: the last is nought."""
    number = int(first) * 1000 + serial
    number += (10 - number) % 11
    return f"{number:09d}0"


def nine(born: date) -> bool:
    return born.year < 1954


def ten(born: date) -> bool:
    return born.year >= 1954


def of(months: tuple[int, ...], day: int, build: Callable[[str], str]) -> Callable[[date], Iterator[str]]:
    return lambda born: (build(head(born, month, day)) for month in months)


GIVEN = [
    Given("nine digits", LAW, nine, of(WOMEN, 0, lambda first: f"{first}123"), Kind.VALID, oracle=True),
    Given("serial 000, nine digits", NZIS, nine, of(WOMEN, 0, lambda first: f"{first}000"), Kind.DOUBTFUL, oracle=True),
    Given("ten digits", LAW, ten, of(WOMEN, 0, lambda first: whole(first, 123)), Kind.VALID, oracle=True),
    Given("serial 000, ten digits", NZIS, ten, of(WOMEN, 0, lambda first: whole(first, 0)), Kind.VALID, oracle=True),
    Given(
        "remainder ten until 1985",
        f"{NZIS}: about a thousand, FSÚ ČVK 2898/1985",
        lambda born: 1954 <= born.year <= 1985,
        of(WOMEN, 0, lambda first: with_nought(first, 100)),
        Kind.VALID,
        oracle=True,
    ),
    Given(
        "remainder ten later",
        f"{NZIS}: not excluded",
        lambda born: born.year > 1985,
        of(WOMEN, 0, lambda first: with_nought(first, 100)),
        Kind.DOUBTFUL,
        oracle=True,
    ),
    Given(
        "spare months",
        SPARE,
        lambda born: born.year >= 2004,
        of((20, 70), 0, lambda first: whole(first, 1)),
        Kind.VALID,
        oracle=True,
    ),
    Given("numbered late", LAW, nine, of(WOMEN, 0, lambda first: whole(first, 900)), None, oracle=False),
    Given(
        "of an insurer, nine digits",
        INSURERS,
        nine,
        of(WOMEN, 50, lambda first: f"{first}001"),
        Kind.DOUBTFUL,
        oracle=False,
    ),
    Given("of an insurer", INSURERS, ten, of(WOMEN, 50, lambda first: whole(first, 1)), Kind.DOUBTFUL, oracle=False),
    Given(
        "of an insurer, no check digit",
        INSURERS,
        ten,
        of(WOMEN, 50, lambda first: f"{first}0019"),
        Kind.DOUBTFUL,
        oracle=False,
    ),
    Given(
        "of an insurer, for the EU",
        INSURERS,
        ten,
        of((20, 70), 50, lambda first: whole(first, 400)),
        Kind.DOUBTFUL,
        oracle=False,
    ),
    Given("of a foreigner", FOREIGNERS, ten, of(WOMEN, 40, lambda first: whole(first, 1)), Kind.DOUBTFUL, oracle=False),
]


def days() -> Iterator[date]:
    return map(date.fromordinal, range(FIRST.toordinal(), LAST.toordinal() + 1))


@pytest.mark.slow
@pytest.mark.parametrize("kind", GIVEN, ids=lambda kind: kind.name)
def test_a_number_that_was_given_is_possible(kind: Given) -> None:
    """Of every day it was given on; the reading is that day, but where two days share the digits."""
    wrong = [
        (born, number)
        for born in filter(kind.given_to, days())
        for number in kind.numbers(born)
        if not reads(kind, born, verdict(number, AS_OF))
    ]

    assert sum(map(kind.given_to, days())) >= 9_000
    assert wrong == []


def reads(kind: Given, born: date, found: Verdict) -> bool:
    shared = kind.verdict is None or (kind.source == FOREIGNERS and born.day > 10)
    if shared:
        return found.kind is not Kind.IMPOSSIBLE
    return (found.kind, found.birth_date) == (kind.verdict, born)


@pytest.mark.slow
@pytest.mark.parametrize("kind", GIVEN, ids=lambda kind: kind.name)
def test_the_oracle_is_right_or_its_deviation_is_named(kind: Given) -> None:
    """On the first and the last day of every month, the 29th of February among them."""
    taken = set()
    for born in filter(kind.given_to, days()):
        if born.day == 1 or date.fromordinal(born.toordinal() + 1).day == 1:
            for number in kind.numbers(born):
                taken.add(rc.is_valid(number) and rc.get_birth_date(number) == born)

    assert kind.source
    assert taken == {kind.oracle}


@pytest.mark.slow
def test_six_digits_that_are_no_date_are_impossible() -> None:
    """All ten thousand pairs of a month and a day: possible are those that some day has, by whatever rule."""
    for year in (0, 4, 31, 53, 85):
        for length in (9, 10):
            centuries = [1900] if length == 9 or year >= 54 else [1900, 2000]
            if length == 9 and year >= 54:
                centuries = []
            born = {first for century in centuries for day in of_year(century + year) for first in heads(day)}
            for first in (f"{year:02d}{pair:04d}" for pair in range(10_000)):
                number = f"{first}123" if length == 9 else whole(first, 123)
                found = verdict(number, AS_OF)
                assert (found.kind is not Kind.IMPOSSIBLE) == (first in born), number
                assert found.kind is not Kind.IMPOSSIBLE or found.reason in {"date", "future"}


def of_year(year: int) -> Iterator[date]:
    first = date(year, 1, 1).toordinal()
    return (date.fromordinal(first + each) for each in range(365 + (year % 4 == 0 and year != 1900)))


def heads(born: date) -> Iterator[str]:
    if born >= AS_OF:
        return
    for month in (0, 20, 50, 70):
        for day in (0, 40, 50):
            yield head(born, month, day)


@pytest.mark.slow
def test_a_wrong_check_digit_is_impossible() -> None:
    """Whatever the last digit should be, the nine others do not go with it; insurers' numbers have none."""
    for born in filter(ten, days()):
        number = whole(head(born), born.toordinal() % 900)
        change = 1 + born.toordinal() % 9
        assert verdict(f"{number[:9]}{(int(number[9]) + change) % 10}", AS_OF).reason == "check_digit"
