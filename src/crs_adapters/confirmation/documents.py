"""The sheet and the calendar entry of a reservation, for e-mails and pages."""

import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from attrs import frozen

from crs_adapters.confirmation.calendar_entry import calendar_entry
from crs_adapters.confirmation.sheet import Sheet
from crs_core.composition.hookspecs import Adapter, Surroundings, hookimpl
from crs_core.domain.confirmation import Confirmation, Document
from crs_core.domain.inputs import shown
from crs_core.domain.people import email_address, mask
from crs_core.errors import AdapterFault, InvalidInput, Problem

__all__ = ["SheetAndEntry", "crs_register_adapters"]

_SHEET_NAMES = {"cs": "potvrzeni.pdf"}
_ENTRY_NAMES = {"cs": "ockovani.ics"}
_NEEDS = ("typst", "segno")
_LONGEST_MINUTES = 24 * 60


@frozen
class SheetAndEntry:
    """Makes both; of a cancelled reservation the entry alone.

    Attributes:
        minutes: How long an appointment takes in a calendar.
        organizer: The e-mail address that a calendar names as the sender of its entries; empty for none.
    """

    sheet: Sheet
    minutes: int = 30
    organizer: str = ""

    def render(self, confirmation: Confirmation) -> tuple[Document, ...]:
        """See `ConfirmationDocuments.render`."""
        found = []
        if not confirmation.cancelled:
            name = _SHEET_NAMES.get(confirmation.language, "confirmation.pdf")
            found.append(Document(name, "application/pdf", self.sheet.pdf(confirmation)))
        entry = calendar_entry(confirmation, minutes=self.minutes, organizer=self.organizer)
        if entry is not None:
            name = _ENTRY_NAMES.get(confirmation.language, "vaccination.ics")
            method = "CANCEL" if confirmation.cancelled else "PUBLISH"
            found.append(Document(name, f"text/calendar; method={method}; charset=utf-8", entry))
        return tuple(found)


def _open(url: str, around: Surroundings) -> SheetAndEntry:
    missing = [name for name in _NEEDS if importlib.util.find_spec(name) is None]
    if missing:
        raise AdapterFault(
            "confirmation_unavailable",
            f"not installed: {', '.join(missing)}",
            remedy="pip install 'crs[confirmation]', or open the system without confirmation=",
        )
    path, _, query = url.partition(":")[2].partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    problems = list(_problems(options))
    if problems:
        raise InvalidInput(problems)
    sheet = Sheet(Path(unquote(path)) if path else None)
    sheet.prove(around.zone)
    return SheetAndEntry(sheet, int(options.get("minutes", "30")), options.get("organizer", ""))


def _problems(options: Mapping[str, str]) -> Iterator[Problem]:
    for name in options.keys() - {"minutes", "organizer"}:
        yield Problem("confirmation", shown(name), "must be minutes or organizer", "mend the name or leave it out")
    minutes = options.get("minutes", "30")
    if not (minutes.isascii() and minutes.isdigit() and 0 < int(minutes) <= _LONGEST_MINUTES):
        rule = f"must be a whole number from 1 to {_LONGEST_MINUTES}"
        yield Problem("confirmation.minutes", shown(minutes), rule, "mend it or leave it out")
    try:
        email_address(options.get("organizer", "nobody@example.org"))
    except ValueError as error:
        yield Problem("confirmation.organizer", mask(options["organizer"]), str(error), "mend it or leave it out")


@hookimpl
def crs_register_adapters() -> Iterable[Adapter]:
    """The sheet and the calendar entry."""
    return [Adapter("confirmation", "typst", _open, "a PDF (PDF/A-2a, PDF/UA-1) by typst, and a calendar entry")]
