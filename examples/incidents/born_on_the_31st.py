"""I5: people born on the 31st could not register.

The form refused their insured numbers: its validation had a bug. What the bug was has not been published; the old way
here is the simplest that does it, a pattern whose days end with the 30th.

Source: the operator's report of 20 January 2021 (a bug in the validation of insured numbers; no complete validation
exists).

    python -m examples.incidents.born_on_the_31st
"""

import re
import sys
from collections.abc import Iterator
from datetime import date, timedelta

from attrs import frozen

import crs_core as crs
from crs_core.domain.insured_number import Kind, verdict
from crs_core.testing.invented import insured_number

from .screen import Incident, Rule, play
from .town import calendars, citizen, open_town

FIRST, LAST = date(1900, 1, 1), date(2030, 12, 31)
AS_OF = date(2031, 1, 1)
ON_THE_31ST = [date(year, month, 31) for year in (1930, 1935, 1940) for month in (1, 3, 5, 7, 8, 10, 12)]
NUMBERS = 2 * ((LAST - FIRST).days + 1)
MONTHS, YEAR = 12, 1995
INSURERS = [f"{YEAR % 100}{month:02d}{day + 50:02d}0010" for month in range(1, MONTHS + 1) for day in range(1, 29)]
"""Assigned by an insurer to people without a birth number: day + 50, and no check digit that could be relied on."""
NOBODY = ["400230/001", "401332/001", "400100/001", "991301/0011", "40123/001", "abcdef/ghi", "401231/00"]

_PATTERN = re.compile(r"\d\d(0[1-9]|1[0-2]|5[1-9]|6[0-2])(0[1-9]|[12]\d|30)/?\d{3,4}", re.ASCII)


@frozen
class End:
    """How it ended.

    Attributes:
        refused: Numbers of men and women born on every day of 131 years that were refused.
        saved: Registrations of people born on the 31st.
        insurers: Numbers assigned by an insurer that were accepted.
        nobody: Texts that are nobody's number and were accepted.
    """

    refused: int
    saved: int
    insurers: int
    nobody: int


def old() -> End:
    """One pattern says yes or no."""
    refused = sum(not _PATTERN.fullmatch(number) for number in _every_day())
    saved = sum(bool(_PATTERN.fullmatch(insured_number(born, 1, woman=False))) for born in ON_THE_31ST)
    accepted = [sum(bool(_PATTERN.fullmatch(number)) for number in given) for given in (INSURERS, NOBODY)]
    return End(refused, saved, *accepted)


def ours() -> End:
    """Three verdicts: valid, doubtful (accepted and marked), impossible."""
    refused = sum(not _accepted(number) for number in _every_day())
    accepted = [sum(_accepted(number) for number in given) for given in (INSURERS, NOBODY)]
    return End(refused, _saved(), *accepted)


def _every_day() -> Iterator[str]:
    for number in range(NUMBERS // 2):
        born = FIRST + timedelta(days=number)
        yield insured_number(born, 1, woman=False)
        yield insured_number(born, 2, woman=True)


def _accepted(number: str) -> bool:
    return verdict(number, AS_OF).kind is not Kind.IMPOSSIBLE


def _saved() -> int:
    """Everybody born on the 31st goes through the form."""
    saved = 0
    with open_town() as town:
        site = town.system.site("north")
        site.publish(calendars(len(ON_THE_31ST)))
        site.open()
        for number, born in enumerate(ON_THE_31ST, start=1):
            try:
                town.register(citizen(number, born))
            except crs.CrsError:
                continue
            saved += 1
    return saved


def story(_end: End) -> Iterator[str]:
    """What the verdicts are for."""
    yield "Refusing a real person is worse than accepting a wrong number, so three verdicts:"
    for text in ("401231/001", INSURERS[0], "401332/001"):
        found = verdict(text, AS_OF)
        yield f"  {text:12} {found.kind.value:12} {found.reason}"


INCIDENT = Incident(
    number="I5",
    title="People born on the 31st could not register",
    history=(
        "The form refused the insured numbers of everybody born on the 31st of a month, by a bug in their validation. "
        "No validation can be complete: numbers were assigned against the rules, and are in use."
    ),
    old_way="one pattern that says yes or no, and whose days end with the 30th.",
    our_way="valid, doubtful (accepted and marked with the reason), or impossible: nobody can have it.",
    old=old,
    ours=ours,
    rules=(
        Rule(text=f"refused, of {NUMBERS:,} numbers, 1900 to 2030", figure=lambda end: end.refused, most=0),
        Rule(
            text=f"registered, of {len(ON_THE_31ST)} people born on the 31st",
            figure=lambda end: end.saved,
            least=len(ON_THE_31ST),
        ),
        Rule(
            text=f"accepted, of {len(INSURERS)} numbers assigned by an insurer",
            figure=lambda end: end.insurers,
            least=len(INSURERS),
        ),
        Rule(text=f"accepted, of {len(NOBODY)} texts that are nobody's number", figure=lambda end: end.nobody, most=0),
    ),
    story=story,
)

if __name__ == "__main__":
    sys.exit(play(INCIDENT))
