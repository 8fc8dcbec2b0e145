"""Invented confirmations, and readers of what is made of them that know nothing of how it was made."""

from typing import Any

import pendulum
import pypdfium2  # type: ignore[import-untyped]
import zxingcpp
from attrs import evolve, field, frozen

import crs_core as crs
from crs_core.domain.confirmation import Confirmation, confirmation
from crs_core.domain.reservations import Appointment, Reservation
from crs_core.domain.time import Day
from crs_core.testing.invented import registration

__all__ = ["DOSES", "NOW", "REGISTRATION", "RESERVATION", "SheetRead", "confirmed", "read_sheet"]

_HYPHEN = "\ufffe"  # what PDFium writes for one at the end of a line
NOW = pendulum.datetime(2021, 1, 20, 23, 30)
DOSES = (Appointment(1, "V1", Day(2021, 1, 25), 510), Appointment(2, "V2", Day(2021, 2, 15), 0))
RESERVATION = Reservation("res-1", "reg-1", "north", "comirnaty", DOSES, NOW, (21, 28), "invitation", 1)
REGISTRATION = registration(
    NOW, id="reg-1", person="pseudonym", insured_number="4006150001", birth_date=Day(1940, 6, 15)
)


def confirmed(reservation: Reservation = RESERVATION, *, makes: bool = True, **changes: Any) -> Confirmation:
    """The confirmation of an invented person, who differs in some fields of the registration."""
    registration = evolve(REGISTRATION, **changes)
    return confirmation(crs.example_campaign(), registration, reservation, NOW, makes=makes)


@frozen
class SheetRead:
    """A PDF as a reader shows it.

    Attributes:
        lines: The text of the first page, in the order of its tags.
        codes: What its QR codes say.
    """

    pages: int
    lines: list[str]
    codes: list[str]
    title: str
    tagged: bool
    raw: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The text without line ends, as lines end where the page does; all its spaces are plain."""
        return " ".join(" ".join(self.lines).split())


def read_sheet(content: bytes) -> SheetRead:
    """What PDFium and ZXing find in a PDF."""
    with pypdfium2.PdfDocument(content) as document:
        page = document[0]
        words = page.get_textpage()
        text = words.get_text_range()
        image = page.render(scale=2)
        codes = [code.text for code in zxingcpp.read_barcodes(image.to_numpy())]
        title = document.get_metadata_value("Title")
        tagged = bool(document.is_tagged())
        pages = len(document)
        for each in (words, image, page):
            each.close()
    lines = [line.strip() for line in text.replace(_HYPHEN, "-\n").splitlines()]
    return SheetRead(pages, lines, codes, title, tagged, content)
