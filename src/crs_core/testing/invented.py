"""Invented people with valid insured numbers; needs nothing but crs."""

from datetime import date
from typing import Any

from attrs import evolve, field, frozen

from crs_core.domain.people import Application
from crs_core.domain.registration import Registration
from crs_core.domain.time import Instant, from_micros

__all__ = ["FIRST_NAMES", "SURNAMES", "Invented", "insured_number", "registration"]

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


_ANYBODY = Registration(
    id="one",
    person="person-1",
    insured_number="401231001",
    first_name="Vzorka",
    last_name="Vzorová",
    birth_date=date(1940, 12, 31),
    phone="+420601000001",
    email=None,
    language="cs",
    site_id="north",
    claims="",
    doubt="",
    registered_at=from_micros(0),
    seniority=from_micros(0),
    pin_key_id="2021-01",
)


def registration(since: Instant, /, **differs: Any) -> Registration:
    """The registration of an invented person who waits at the site ``north`` since then.

    Args:
        differs: Fields that are other than this person's.
    """
    return evolve(_ANYBODY, **{"registered_at": since, "seniority": since, **differs})


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
