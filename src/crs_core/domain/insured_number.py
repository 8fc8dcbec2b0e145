"""The insured number: the Czech birth number (rodné číslo) and the numbers that insurers assign.

Three verdicts: *valid*; *doubtful*, accepted and marked with the reason; *impossible*. No check is complete: numbers
were assigned against the rules and are in use. Refusing a real person is worse than accepting a wrong number, so
a number is impossible only when nobody can have it.

Sources: Act No. 133/2000 Coll., sections 13 and 13a (form, month + 50 for women, + 20 since 2004, division by eleven
since 1954); the data standard of the health insurers for insurer-assigned numbers (day + 50) and EČP (day + 40).
"""

import enum
from datetime import date

from attrs import field, frozen

from crs_core.domain.time import Day

__all__ = ["Kind", "Verdict", "checked", "compact", "format", "formed", "verdict"]

_WITH_CHECK_DIGIT = 10
_WITHOUT_CHECK_DIGIT = 9
_FIRST_YEAR_WITH_CHECK_DIGIT = 54
_FIRST_YEAR_OF_SPARE_MONTHS = 2004


class Kind(enum.Enum):
    """What can be said of a number."""

    VALID = "valid"
    DOUBTFUL = "doubtful"
    IMPOSSIBLE = "impossible"


@frozen
class Verdict:
    """What can be said of a number, why, and the birth date it names.

    Attributes:
        reason: Short name of the reason; empty where the number is valid.
        birth_date: The day of birth that it says, or None where it says none for certain.
    """

    kind: Kind
    reason: str = ""
    birth_date: Day | None = field(default=None, repr=False)


def compact(text: str) -> str:
    """The number without spaces and without the slash.

    >>> compact(" 516231/0016 ")
    '5162310016'
    """
    return "".join(text.split()).replace("/", "", 1)


def format(text: str) -> str:  # noqa: A001 - the family's four names are compact, verdict, checked, format
    """The number as people write it, with a slash after the sixth digit.

    >>> format("5162310016")
    '516231/0016'
    """
    number = compact(text)
    return f"{number[:6]}/{number[6:]}"


def formed(text: str) -> str:
    """The compact number of a text that has the form of one, whether anybody can have it or not.

    Raises:
        ValueError: It has not; the message gives the rule, never the text.

    >>> formed("401231/001")
    '401231001'
    """
    number = compact(text)
    if not _has_form(number):
        raise ValueError(_RULES["form"])
    return number


def _has_form(number: str) -> bool:
    return number.isascii() and number.isdigit() and len(number) in {_WITHOUT_CHECK_DIGIT, _WITH_CHECK_DIGIT}


def checked(text: str, as_of: Day) -> str:
    """The compact number.

    Raises:
        ValueError: Nobody can have it; the message gives the rule, never the number.
    """
    found = verdict(text, as_of)
    if found.kind is Kind.IMPOSSIBLE:
        raise ValueError(_RULES[found.reason])
    return compact(text)


_RULES = {
    "form": "an insured number has nine or ten digits, with or without a slash after the sixth",
    "date": "the first six digits are a date of birth (year, month, day) that no calendar has",
    "future": "the first six digits are a date of birth that is still to come",
    "check_digit": "the whole number must divide by eleven; a digit is wrong or two have changed places",
}


def verdict(text: str, as_of: Day) -> Verdict:
    """What can be said of a number on a day; any text at all gets a verdict.

    >>> verdict("401231/001", date(2021, 1, 15))
    Verdict(kind=<Kind.VALID: 'valid'>, reason='')
    >>> verdict("401281/001", date(2021, 1, 15)).reason
    'insurer_number'
    >>> verdict("hello", date(2021, 1, 15))
    Verdict(kind=<Kind.IMPOSSIBLE: 'impossible'>, reason='form')
    """
    number = compact(text)
    if not _has_form(number):
        return Verdict(Kind.IMPOSSIBLE, "form")
    readings = [reading for reading in _readings(number) if reading is not None]
    if not readings:
        return Verdict(Kind.IMPOSSIBLE, "date")
    born = [reading for reading in readings if reading[0] <= as_of]
    if not born:
        return Verdict(Kind.IMPOSSIBLE, "future")
    return _judge(number, *born[0])


def _readings(number: str) -> list[tuple[Day, str] | None]:
    """The dates that six digits can mean, likeliest first, each with the reason for doubt it brings."""
    year, month, day = int(number[:2]), int(number[2:4]), int(number[4:6])
    if len(number) == _WITHOUT_CHECK_DIGIT:
        return [_reading(1900 + year, month, day)] if year < _FIRST_YEAR_WITH_CHECK_DIGIT else []
    if year >= _FIRST_YEAR_WITH_CHECK_DIGIT:
        return [_reading(1900 + year, month, day)]
    return [_reading(2000 + year, month, day), _late(_reading(1900 + year, month, day))]


def _late(reading: tuple[Day, str] | None) -> tuple[Day, str] | None:
    return None if reading is None else (reading[0], reading[1] or "numbered_late")


def _reading(year: int, month: int, day: int) -> tuple[Day, str] | None:
    spare = 0
    month -= 50 if month > 50 else 0  # noqa: PLR2004 - women
    if month > 20:  # noqa: PLR2004 - spare months, when the serials of a day run out
        month, spare = month - 20, 1
    reason = ""
    if day > 50:  # noqa: PLR2004 - assigned by an insurer
        day, reason = day - 50, "insurer_number"
    elif day > 40:  # noqa: PLR2004 - EČP
        day, reason = day - 40, "insurer_number"
    if spare and year < _FIRST_YEAR_OF_SPARE_MONTHS and not reason:
        reason = "spare_month_before_2004"
    try:
        return date(year, month, day), reason
    except ValueError:
        return None


def _judge(number: str, born: Day, reason: str) -> Verdict:
    if len(number) == _WITHOUT_CHECK_DIGIT:
        unusual = reason or ("serial_000" if number.endswith("000") else "")
        return Verdict(Kind.DOUBTFUL if unusual else Kind.VALID, unusual, born)
    remainder = int(number[:9]) % 11
    if remainder % 10 == int(number[9]):
        last_year_of_ten = 1985
        if remainder == 10 and born.year > last_year_of_ten:  # noqa: PLR2004
            reason = reason or "remainder_ten"
        return Verdict(Kind.DOUBTFUL if reason else Kind.VALID, reason, born)
    if reason == "insurer_number":
        return Verdict(Kind.DOUBTFUL, "insurer_number", born)
    return Verdict(Kind.IMPOSSIBLE, "check_digit")
