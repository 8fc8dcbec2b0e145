"""Insured numbers: every number that was given by the rules is valid, any text has a verdict, an oracle agrees.

The oracle is python-stdnum's ``cz.rc``. It is right about dates, months and the check digit; where it is known to be
wrong, in either direction, the deviation is named below.
"""

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from stdnum.cz import rc

from crs_core.domain import insured_number
from crs_core.domain.insured_number import Kind, verdict
from crs_core.domain.time import age_on
from crs_core.testing import invented

AS_OF = date(2021, 12, 31)
SPARE_SINCE = date(2004, 1, 1)

born_with_check_digit = st.dates(date(1954, 1, 1), AS_OF)
born_before = st.dates(date(1900, 1, 1), date(1953, 12, 31))
serials = st.integers(1, 980)
digits = st.text("0123456789", min_size=9, max_size=10)


def number_of(born: date, serial: int, *, month: int = 0, day: int = 0) -> str:
    """Ten digits that divide by eleven; month and day raised as the rules have it."""
    head = f"{born.year % 100:02d}{born.month + month:02d}{born.day + day:02d}"
    while int(f"{head}{serial:03d}") % 11 == 10:
        serial = (serial + 1) % 1000
    return f"{head}{serial:03d}{int(f'{head}{serial:03d}') % 11}"


@given(st.text(st.characters(exclude_categories=())), st.dates())
@example("\ud800" * 9, AS_OF)
@example("\uff14\uff10\uff11\uff12\uff13\uff11\uff10\uff10\uff11", AS_OF)
@example("²²²²²²²²²", AS_OF)
@example("", AS_OF)
def test_any_text_has_a_verdict(text: str, as_of: date) -> None:
    found = verdict(text, as_of)

    assert (found.kind is Kind.VALID) == (found.reason == "")
    assert (found.birth_date is None) == (found.kind is Kind.IMPOSSIBLE)
    assert found.birth_date is None or found.birth_date <= as_of


@given(born_with_check_digit, serials, st.booleans())
@example(date(1956, 1, 31), 1, True)
@example(date(1956, 2, 29), 1, True)
@example(date(2021, 12, 31), 980, False)
def test_every_number_since_1954_is_valid(born: date, serial: int, woman: object) -> None:
    """Those born on the 31st could not register in January 2021."""
    number = invented.insured_number(born, serial, woman=woman is True)

    assert verdict(number, AS_OF) == insured_number.Verdict(Kind.VALID, "", born)
    assert rc.is_valid(number)
    assert rc.get_birth_date(number) == born


@given(st.dates(SPARE_SINCE, AS_OF), serials, st.sampled_from([20, 70]))
def test_spare_months_are_valid_since_2004(born: date, serial: int, month: int) -> None:
    number = number_of(born, serial, month=month)

    assert verdict(number, AS_OF) == insured_number.Verdict(Kind.VALID, "", born)
    assert rc.is_valid(number)


@given(st.dates(date(1954, 1, 1), date(2003, 12, 31)), serials, st.sampled_from([20, 70]))
def test_spare_months_before_2004_are_doubtful(born: date, serial: int, month: int) -> None:
    """The oracle takes them in any year."""
    number = number_of(born, serial, month=month)

    assert verdict(number, AS_OF) == insured_number.Verdict(Kind.DOUBTFUL, "spare_month_before_2004", born)
    assert rc.is_valid(number)


@given(born_with_check_digit, st.integers(0, 999), st.sampled_from([0, 20, 50, 70]), st.integers(0, 9))
def test_insurers_numbers_are_doubtful_whatever_their_last_digit(
    born: date, serial: int, month: int, last: int
) -> None:
    """Day + 50, with a check digit or without: the oracle refuses every one of them."""
    number = number_of(born, serial, month=month, day=50)[:9] + str(last)
    found = verdict(number, AS_OF)

    assert (found.kind, found.reason) == (Kind.DOUBTFUL, "insurer_number")
    assert found.birth_date == born
    assert not rc.is_valid(number)


@given(born_with_check_digit, st.integers(0, 999), st.integers(0, 9))
@example(date(1990, 1, 10), 1, 1)
@example(date(1990, 1, 11), 1, 1)
@example(date(1990, 1, 31), 1, 1)
def test_foreigners_numbers_are_doubtful(born: date, serial: int, last: int) -> None:
    """Day + 40 (EČP): from the 11th to the 31st such a day is that of an insurer's number too, ten days earlier."""
    number = number_of(born, serial, day=40)[:9] + str(last)
    found = verdict(number, AS_OF)

    assert (found.kind, found.reason) == (Kind.DOUBTFUL, "insurer_number")
    assert found.birth_date == (born if born.day <= 10 else born.replace(day=born.day - 10))
    assert not rc.is_valid(number)


@given(born_before, serials, st.booleans())
def test_numbers_before_1954_have_nine_digits_and_no_check(born: date, serial: int, woman: object) -> None:
    number = invented.insured_number(born, serial, woman=woman is True)

    assert len(number) == 9
    assert verdict(number, AS_OF) == insured_number.Verdict(Kind.VALID, "", born)
    assert rc.is_valid(number)


@given(st.dates(date(1922, 1, 1), date(1953, 12, 31)), serials)
def test_whoever_was_numbered_late_has_ten_digits(born: date, serial: int) -> None:
    """Born before 1954 and numbered afterwards: doubtful, as the oracle takes the birth date for one to come."""
    found = verdict(number_of(born, serial), AS_OF)

    assert found == insured_number.Verdict(Kind.DOUBTFUL, "numbered_late", born)


@given(st.dates(date(1954, 1, 1), AS_OF), serials)
def test_a_remainder_of_ten_is_written_as_nought(born: date, serial: int) -> None:
    """About a thousand were given until 1985; later ones are not excluded."""
    head = f"{born.year % 100:02d}{born.month:02d}{born.day:02d}"
    serial = next(each for each in range(serial, serial + 12) if int(f"{head}{each:03d}") % 11 == 10)
    found = verdict(f"{head}{serial:03d}0", AS_OF)

    assert found.birth_date == born
    assert (found.kind, found.reason) == ((Kind.VALID, "") if born.year <= 1985 else (Kind.DOUBTFUL, "remainder_ten"))
    assert rc.is_valid(f"{head}{serial:03d}0")


@given(born_with_check_digit, serials, st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_is_found(born: date, serial: int, place: int, change: int) -> None:
    """It makes the number impossible, or, at the worst, one that is marked; eleven divides no single change."""
    right = number_of(born, serial)
    wrong = right[:place] + str((int(right[place]) + change) % 10) + right[place + 1 :]
    if int(right[:9]) % 11 != 10 and int(wrong[:9]) % 11 != 10:
        assert verdict(wrong, AS_OF).kind is not Kind.VALID


def deviation(number: str) -> str:
    """Why the oracle may differ, or nothing."""
    year, month, day, ten = int(number[:2]), int(number[2:4]), int(number[4:6]), len(number) == 10
    reasons = {
        "it refuses insurers' numbers": day > 40,
        "it takes months 41 to 49 and 91 to 99": 40 <= month <= 50 or month >= 90 or month in {20, 70},
        "it takes spare months in any year": month % 50 > 20 and not (ten and 4 <= year < 54),
        "it takes those not yet born, and knows nobody who was numbered late": ten and AS_OF.year < 2000 + year < 2054,
        "it takes births before 1900, and the serial 000 for usual": not ten and (year >= 80 or number[6:] == "000"),
        "it takes a remainder of ten in any year": ten and int(number[:9]) % 11 == 10,
    }
    return next((reason for reason, differs in reasons.items() if differs), "")


@given(digits | st.builds(number_of, born_with_check_digit, serials, month=st.sampled_from([0, 20, 40, 50, 70, 80])))
def test_the_oracle_agrees_but_for_its_known_deviations(number: str) -> None:
    found = verdict(number, AS_OF)
    if not deviation(number):
        assert (found.kind is Kind.VALID) == rc.is_valid(number), found
        assert found.birth_date is None or found.birth_date == rc.get_birth_date(number)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("12345678", "form"),
        ("12345678901", "form"),
        ("abcdefghij", "form"),
        ("4012310a1", "form"),
        ("401331001", "date"),
        ("400230001", "date"),
        ("540101001", "date"),
        ("563201001x", "form"),
        ("5633010010", "date"),
        ("8551310021", "check_digit"),
    ],
)
def test_what_nobody_can_have_is_impossible(number: str, reason: str) -> None:
    assert verdict(number, AS_OF) == insured_number.Verdict(Kind.IMPOSSIBLE, reason)
    with pytest.raises(ValueError, match=r"insured number|digits|number must") as caught:
        insured_number.checked(number, AS_OF)
    assert number not in str(caught.value)


def test_who_is_not_yet_born_has_no_number() -> None:
    number = number_of(date(2021, 6, 1), 1)

    assert verdict(number, date(2021, 6, 1)).kind is Kind.VALID
    before = verdict(number, date(2021, 5, 31))
    assert (before.kind, before.birth_date) == (Kind.DOUBTFUL, date(1921, 6, 1))
    assert age_on(date(1921, 6, 1), AS_OF) == 100


@given(st.sampled_from(["401231/001", " 401231 / 001 ", "401231001", "40 12 31 001", "401231\u00a0001"]))
def test_spaces_and_the_slash_do_not_count(text: str) -> None:
    assert insured_number.compact(text) == "401231001"
    assert insured_number.checked(text, AS_OF) == "401231001"
    assert insured_number.format(text) == "401231/001"


@given(digits)
def test_what_is_formatted_compacts_to_the_same(number: str) -> None:
    assert insured_number.compact(insured_number.format(number)) == number
    assert insured_number.format(insured_number.format(number)) == insured_number.format(number)


def test_a_verdict_shows_no_birth_date() -> None:
    assert "1940" not in repr(verdict("401231001", AS_OF))
