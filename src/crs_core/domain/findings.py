"""What a check of calendars finds: code, days, numbers and figures of what to do, for people and for programs."""

import enum
from typing import Any

from attrs import fields, frozen

from crs_core.domain import finding_texts
from crs_core.domain.finding_texts import Span
from crs_core.domain.time import Day

__all__ = ["Finding", "Severity", "Span"]


class Severity(enum.Enum):
    """Whether a finding keeps the site from opening."""

    BLOCKS = "blocks"
    WARNS = "warns"


@frozen
class Finding:
    """One fault of a site's calendars; `text` and `advice` say it to people.

    Attributes:
        code: Short name, the key of its texts; docs/reference/calendar-findings.md lists them.
        product: Its product; ``""`` where the fault is of the whole site.
        calendars: The calendars at fault or to be mended, in order of name.
        dose: The dose at fault or missing; 0 where none is.
        first_day: First of the days that it is about, those of the first doses concerned where there are any.
        last_day: Last of those days, included.
        seats: Free first doses on those days.
        stranded: How many of them cannot be completed because of it. Over all findings of a product they add up to
            the free first doses that cannot be completed, or have no vaccine.
        reach: The free seats of later doses within reach of those first doses.
        remedies: What to add: enough, and for two doses as few as possible.
        share: Where seats are stranded, their part of all the product's first doses from today on, 0 to 1, and the
            most that the campaign allows.
        other: Another product that is part of the fault, or ``""``.
        interval: Calendar days from dose to dose in force, both included; None for a single dose.
    """

    code: str
    severity: Severity
    product: str = ""
    calendars: tuple[str, ...] = ()
    dose: int = 0
    first_day: Day | None = None
    last_day: Day | None = None
    seats: int = 0
    stranded: int = 0
    reach: tuple[Span, ...] = ()
    remedies: tuple[Span, ...] = ()
    share: tuple[float, float] | None = None
    other: str = ""
    interval: tuple[int, int] | None = None

    def text(self, language: str = "en") -> str:
        """What is wrong, with days and numbers, in Czech (``cs``) or English.

        >>> Finding("no_calendar", Severity.BLOCKS).text()
        'The site has no calendar.'
        """
        return finding_texts.text(language, self.code, self._facts())

    def advice(self, language: str = "en") -> str:
        """What to do, with days and numbers, in Czech (``cs``) or English.

        >>> Finding("no_calendar", Severity.BLOCKS).advice("cs")
        'Zveřejněte kalendář pro každou dávku.'
        """
        return finding_texts.advice(language, self.code, self._facts())

    def _facts(self) -> dict[str, Any]:
        return {attribute.name: getattr(self, attribute.name) for attribute in fields(Finding)}
