"""The entry of a reservation in a citizen's calendar: one event a dose, that follows every change.

An event keeps its ``UID`` for ever; a later ``SEQUENCE`` takes the place of an earlier one, in whatever order they are
read. Times are wall-clock times in the campaign's zone, so that no change of a rule on summer time moves them.
Written by hand: the library icalendar takes longer for it than typst for the sheet, and dates summer time wrongly (see
`vtimezone`); in the tests it reads what is written here.

Sources: RFC 5545, sections 3.1 (folding), 3.3.11 (text), 3.8.7.4 (SEQUENCE); RFC 5546, sections 3.2.1 and 3.2.5.
"""

import re
from collections.abc import Iterator

from crs_adapters.confirmation.vtimezone import vtimezone
from crs_core.domain.confirmation import Confirmation, ConfirmedDose
from crs_core.domain.time import clock_time

__all__ = ["calendar_entry"]

_LONGEST_LINE = 75
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


def calendar_entry(confirmation: Confirmation, *, minutes: int, organizer: str = "") -> bytes | None:
    """The file of the doses that lie ahead or were taken away; None where there are none.

    Args:
        minutes: How long an appointment takes.
        organizer: E-mail address, or empty.
    """
    doses = [each for each in confirmation.doses if each.held or each.lost]
    if not doses:
        return None
    days = [each.day for each in doses]
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//crs//crs//{confirmation.language.upper()}",
        "CALSCALE:GREGORIAN",
        f"METHOD:{'CANCEL' if confirmation.cancelled else 'PUBLISH'}",
        *vtimezone(confirmation.zone, min(days), max(days)),
    ]
    for each in doses:
        lines += _event(confirmation, each, minutes, organizer)
    lines.append("END:VCALENDAR")
    return b"".join(_folded(line) for line in lines)


def _event(confirmation: Confirmation, dose: ConfirmedDose, minutes: int, organizer: str) -> Iterator[str]:
    gone = confirmation.cancelled or dose.lost
    words = confirmation.words
    told = (confirmation.name, words["confirmation_bring"], words["confirmation_change"])
    yield "BEGIN:VEVENT"
    yield f"UID:{confirmation.reservation_id}-{dose.number}@{_host(confirmation.campaign)}"
    yield f"SEQUENCE:{confirmation.revision}"
    yield f"DTSTAMP:{confirmation.issued_at:%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;TZID={confirmation.zone}:{dose.day:%Y%m%d}T{clock_time(dose.minute).replace(':', '')}00"
    yield f"DURATION:PT{minutes}M"  # elapsed time: an end on the clock is ambiguous in the repeated hour
    yield f"SUMMARY:{_text(dose.summary)}"
    yield f"LOCATION:{_text(', '.join(filter(None, (confirmation.site, confirmation.address))))}"
    yield f"DESCRIPTION:{_text(chr(10).join(told))}"
    yield f"STATUS:{'CANCELLED' if gone else 'CONFIRMED'}"
    yield "CLASS:PRIVATE"
    if organizer:
        yield f"ORGANIZER:mailto:{organizer}"
    if not gone:
        yield from _alarm(dose)
    yield "END:VEVENT"


def _alarm(dose: ConfirmedDose) -> Iterator[str]:
    """A reminder on the day before, at the same time on the clock."""
    yield "BEGIN:VALARM"
    yield "ACTION:DISPLAY"
    yield f"DESCRIPTION:{_text(dose.summary)}"
    yield "TRIGGER:-P1D"
    yield "END:VALARM"


def _host(campaign: str) -> str:
    return re.sub(r"[^\w.-]", "-", campaign, flags=re.ASCII)


def _text(value: str) -> str:
    """A value of the type TEXT."""
    escaped = re.sub(r"([\\;,])", r"\\\1", _CONTROLS.sub(" ", value.replace("\r\n", "\n")))
    return escaped.replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """A line of at most 75 bytes, folded between letters and never within one."""
    parts, part, room = [], b"", _LONGEST_LINE
    for letter in line:
        encoded = letter.encode()
        if len(part) + len(encoded) > room:
            parts.append(part)
            part, room = b"", _LONGEST_LINE - 1
        part += encoded
    return b"\r\n ".join([*parts, part]) + b"\r\n"
