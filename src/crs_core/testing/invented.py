"""Invented people with valid insured numbers; needs nothing but crs."""

from datetime import date
from typing import Any

from attrs import field, frozen

from crs_core.domain.people import Application

__all__ = ["FIRST_NAMES", "SURNAMES", "Invented", "insured_number"]

FIRST_NAMES = ("Božena", "Žofie", "Řehoř", "Václav", "Anna-Marie", "Ng", "Đuro", "Ľubica")
SURNAMES = ("Vzorová", "Příkladný", "Smyšlená", "Vymyšlený", "Zkušební-Vzorová", "d'Exempel")

_TEN_DIGITS_SINCE = 1954


@frozen
class Invented:
    """An invented person, as they would fill in the form; the insured number is valid and of the same birth date."""

    insured_number: str = field(repr=False)
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    birth_date: date

    def applies(self, site_id: str, **more: Any) -> Application:
        """The application of this person for a site."""
        return Application(self.insured_number, self.first_name, self.last_name, self.birth_date, site_id, **more)


def insured_number(born: date, serial: int, *, woman: bool) -> str:
    """A valid insured number: nine digits for those born until 1953, ten with a check digit since.

    Args:
        serial: 1 to 989; one that no check digit goes with gives way to the next.

    >>> insured_number(date(1940, 12, 31), 1, woman=False), insured_number(date(1985, 1, 31), 1, woman=True)
    ('401231001', '8551310020')
    """
    head = f"{born.year % 100:02d}{born.month + 50 * woman:02d}{born.day:02d}"
    if born.year < _TEN_DIGITS_SINCE:
        return f"{head}{serial:03d}"
    while int(f"{head}{serial:03d}") % 11 == 10:  # noqa: PLR2004 - the remainder that is no digit
        serial += 1
    number = f"{head}{serial:03d}"
    return f"{number}{int(number) % 11}"
