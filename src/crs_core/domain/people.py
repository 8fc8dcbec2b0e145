"""What a person gives of themselves: names, birth date, phone, e-mail address; checked at the door.

Refusing a real person is worse than accepting a wrong detail: only what cannot be right is refused.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, cast

from attrs import evolve, field, frozen

from crs_core.domain import insured_number as numbers
from crs_core.domain.inputs import has_controls, of_day, shown
from crs_core.domain.time import Day
from crs_core.errors import InvalidInput, Problem

__all__ = ["Application", "Person", "check", "email_address", "mask", "personal_name", "phone_number"]

_LONGEST_NAME = 100
_LONGEST_EMAIL = 254
_EMAIL = re.compile(r"[^\s@,;<>()\"\\]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,63}")
_E164 = re.compile(r"\+[1-9]\d{7,14}", re.ASCII)
_NATIONAL_DIGITS = 9
_CZECH = re.compile(r"\+420(?![018]|90[05689]|976)\d{9}", re.ASCII)
"""Neither emergency, toll-free, shared-cost nor premium numbers; whether a phone is a mobile one no plan says for sure.

Source: the Czech numbering plan, Decree No. 117/2007 Coll., as libphonenumber has it.
"""
_OLDEST = date(1895, 1, 1)


def _as_set(claims: Iterable[str]) -> frozenset[str]:
    """A set; what is none is left as it is, for `check` to name."""
    left: Any = claims
    try:
        return cast("frozenset[str]", left) if isinstance(left, str) else frozenset(claims)
    except TypeError:
        return cast("frozenset[str]", left)


@frozen
class Application:
    """What the form of step 3 says; its `repr` shows nobody.

    Attributes:
        insured_number: As written on the insurance card; spaces and a slash do not count.
        first_name, last_name: 1 to 100 characters, at least one of them a letter.
        birth_date: A day, not after the registration.
        site_id: The vaccination site asked for.
        language: One of the campaign's languages.
        email: Where the confirmation may go too; None if there is none.
        claims: What the person says they are, such as ``health-worker``; each is verified by a registry.

    >>> Application("401231/001", "Vzorka", "Vzorová", Day(1940, 12, 31), "north")
    Application(site_id='north', language='cs', claims=frozenset())
    """

    insured_number: str = field(repr=False)
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    birth_date: Day = field(repr=False)
    site_id: str
    language: str = "cs"
    email: str | None = field(default=None, repr=False)
    claims: frozenset[str] = field(default=frozenset(), converter=_as_set)


@frozen
class Person:
    """Who holds an insured number in this campaign: at most one live registration.

    Attributes:
        registration_id: The live registration, or None.
        others: Registrations blocked as duplicates, in the order in which they were saved.
    """

    insured_number: str = field(repr=False)
    registration_id: str | None = None
    others: tuple[str, ...] = ()


def mask(text: str) -> str:
    """The tail of a text that tells of a person: two characters of it, for errors and logs.

    >>> mask("+420601000123"), mask("x"), mask("")
    ('…23', '…', '')
    """
    if not text:
        return ""
    return f"…{text[-2:]}" if len(text) > 4 and text[-2:].isprintable() else "…"  # noqa: PLR2004


def phone_number(text: str, countries: Iterable[str]) -> str:
    """The number in E.164, as in ``+420601000123``; nine digits alone get the first country's prefix.

    Args:
        text: As a person types it; spaces, hyphens, dots, slashes and brackets do not count.
        countries: Prefixes that the campaign sends to, such as ``+420``; the first is its own.

    Raises:
        ValueError: No such number, or one of another country.

    >>> phone_number("601 000 123", ["+420"]), phone_number("00420601000123", ["+420"])
    ('+420601000123', '+420601000123')
    """
    allowed = tuple(countries)
    compact = re.sub(r"[\s()./-]", "", unicodedata.normalize("NFKC", text))
    if compact.startswith("00"):
        compact = f"+{compact[2:]}"
    if compact.isascii() and compact.isdigit() and len(compact) == _NATIONAL_DIGITS:
        compact = allowed[0] + compact
    if not _E164.fullmatch(compact):
        raise ValueError("a phone number has nine digits, or + and the country's prefix before 8 to 15 digits")
    if not compact.startswith(allowed):
        raise ValueError(f"messages go only to numbers that begin with {', '.join(allowed)}")
    if compact.startswith("+420") and not _CZECH.fullmatch(compact):
        raise ValueError(
            "a Czech phone number has nine digits; none that takes messages begins with 0, 1 or 8 or costs extra"
        )
    return compact


def email_address(text: str) -> str:
    """The address without the spaces around it, its domain in lower case.

    Raises:
        ValueError: Nothing that mail could be sent to.
    """
    address = text.strip()
    if len(address) > _LONGEST_EMAIL or not _EMAIL.fullmatch(address) or has_controls(address):
        raise ValueError(
            "an e-mail address is name@domain.top, without spaces and control characters, at most 254 characters"
        )
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"


def personal_name(text: str) -> str:
    """The name in NFC with single spaces.

    Raises:
        ValueError: Empty, too long, without a letter, or with control characters.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split(" ")).strip()
    name = re.sub(r" {2,}", " ", name)
    if not 0 < len(name) <= _LONGEST_NAME:
        raise ValueError("a name has 1 to 100 characters")
    if not any(character.isalpha() for character in name):
        raise ValueError("a name has at least one letter")
    if has_controls(name):
        raise ValueError("a name has no control characters")
    return name


def check(application: Application, *, today: Day, languages: Iterable[str], claims: Iterable[str]) -> Application:
    """The application in its canonical form.

    Raises:
        InvalidInput: Every fault of every field, values masked.
    """
    found: object = application
    if not isinstance(found, Application):
        raise InvalidInput([Problem("application", type(found).__name__, "must be an Application", "make one")])
    problems: list[Problem] = []

    def mend(place: str, value: object, rule: Callable[[str], str], remedy: str) -> str:
        if not isinstance(value, str):
            problems.append(Problem(place, type(value).__name__, "must be text", remedy))
            return ""
        try:
            return rule(value)
        except ValueError as error:
            problems.append(Problem(place, mask(value), str(error), remedy))
            return value

    given = application
    mended = evolve(
        given,
        first_name=mend("first_name", given.first_name, personal_name, "give the name as on the identity card"),
        last_name=mend("last_name", given.last_name, personal_name, "give the name as on the identity card"),
        insured_number=mend(
            "insured_number",
            given.insured_number,
            lambda text: numbers.checked(text, today),
            "copy the number from the insurance card",
        ),
        email=None
        if given.email in (None, "")
        else mend("email", given.email, email_address, "mend it or leave it out"),
    )
    problems += _of_choices(given, today, frozenset(languages), frozenset(claims))
    if problems:
        raise InvalidInput(problems)
    born = given.birth_date
    return evolve(mended, birth_date=date(born.year, born.month, born.day))


def _of_choices(given: Application, today: Day, languages: frozenset[str], claims: frozenset[str]) -> Iterable[Problem]:
    wrong_kind = of_day("birth_date", given.birth_date)
    if wrong_kind is not None:
        yield wrong_kind
    elif not _OLDEST <= given.birth_date <= today:
        yield Problem("birth_date", "…", f"must be a day from {_OLDEST} to {today}", "give the day of birth")
    if given.language not in sorted(languages):
        yield Problem("language", shown(given.language), f"must be one of {sorted(languages)}", "choose one of them")
    said: object = given.claims
    if not isinstance(said, frozenset):
        yield Problem("claims", type(said).__name__, "must be a set of texts", "give a set, or leave it out")
    elif unknown := sorted(map(shown, said - claims)):
        yield Problem("claims", ", ".join(unknown)[:200], f"must be among {sorted(claims)}", "leave the others out")
