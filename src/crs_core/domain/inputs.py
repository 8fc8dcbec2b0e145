"""What callers hand in: kinds, lengths and characters, checked at the door before anything is read or counted.

Each function returns the fault of one value, or None. Text with control characters is refused here because no storage,
message or log takes all of them; so is half a surrogate pair, which is no character at all.
"""

import unicodedata
from datetime import date, datetime

from crs_core.errors import InvalidInput, Problem

__all__ = ["has_controls", "of_day", "of_moment", "of_number", "of_text", "of_truth", "require", "shown"]

_LONGEST_SHOWN = 60
_LONGEST_TEXT = 200
_FIRST_YEAR, _LAST_YEAR = 2000, 2199
_CONTROLS = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


def shown(value: object) -> str:
    r"""A value as an error shows it: one line of printable characters, at most about sixty.

    >>> shown("Vzorov"), len(shown("x" * 1000)), shown(chr(0x202E))
    ("'Vzorov'", 61, "'\\u202e'")
    """
    try:
        text = repr(value[: _LONGEST_SHOWN + 1] if isinstance(value, str) else value)
    except Exception:  # noqa: BLE001 - such as a number of more digits than Python writes
        return type(value).__name__
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def has_controls(text: str) -> bool:
    r"""Whether a text holds control, format, private or surrogate characters, or separators of lines.

    >>> has_controls("Příkladný"), has_controls("two\nlines"), has_controls(chr(0xD800))
    (False, True, True)
    """
    return any(unicodedata.category(character) in _CONTROLS for character in text)


def of_text(place: str, value: object, *, least: int = 0, most: int = _LONGEST_TEXT) -> Problem | None:
    """The fault of a value that must be one line of text with so many characters; the value is not repeated."""
    remedy = f"give text of {least} to {most} characters"
    if not isinstance(value, str):
        return Problem(place, type(value).__name__, "must be text", remedy)
    if not least <= len(value) <= most:
        return Problem(place, f"{len(value)} characters", f"must have {least} to {most} characters", remedy)
    if has_controls(value):
        return Problem(place, "…", "must have no control characters", "leave them out")
    return None


def of_number(place: str, value: object, *, least: int, most: int) -> Problem | None:
    """The fault of a value that must be a whole number, bounds included; True and False are none.

    >>> of_number("limit", 3.0, least=1, most=5).rule
    'must be a whole number'
    """
    remedy = f"give a number from {least} to {most}"
    if isinstance(value, bool) or not isinstance(value, int):
        return Problem(place, type(value).__name__, "must be a whole number", remedy)
    if not least <= value <= most:
        return Problem(place, shown(value), f"must be {least} to {most}", remedy)
    return None


def of_truth(place: str, value: object) -> Problem | None:
    """The fault of a value that must be True or False."""
    if isinstance(value, bool):
        return None
    return Problem(place, type(value).__name__, "must be True or False", "say whether it is meant")


def of_day(place: str, value: object) -> Problem | None:
    """The fault of a value that must be a calendar day; a moment is none."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return None
    return Problem(place, type(value).__name__, "must be a day without a time", "give a datetime.date")


def of_moment(place: str, value: object) -> Problem | None:
    """The fault of a value that must be a moment of this age with its time zone."""
    if not isinstance(value, datetime):
        return Problem(place, type(value).__name__, "must be a moment", "give a datetime with a time zone")
    if value.utcoffset() is None:
        return Problem(place, value.isoformat(), "needs a time zone", "give one, such as UTC")
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        return Problem(place, str(value.year), f"must be of the years {_FIRST_YEAR} to {_LAST_YEAR}", "mend the year")
    return None


def require(*found: Problem | None) -> None:
    """Returns where there is no fault.

    Raises:
        InvalidInput: All of them.
    """
    problems = [problem for problem in found if problem is not None]
    if problems:
        raise InvalidInput(problems)
