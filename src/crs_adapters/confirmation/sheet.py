"""The sheet of a reservation: one page to print, for people of eighty; PDF/A-2a and PDF/UA-1 by typst, QR by segno.

Facts go into the template as JSON and are never read as markup. Both libraries are paid for on first use.
"""

import io
import json
import re
import unicodedata
from collections import deque
from importlib.resources import files
from pathlib import Path
from typing import Any

import pendulum
from attrs import asdict, evolve

from crs_core.domain.confirmation import Confirmation, ConfirmedDose
from crs_core.domain.confirmation_texts import TEXTS
from crs_core.domain.messages import Channel
from crs_core.domain.time import Day, to_micros
from crs_core.errors import AdapterFault

__all__ = ["Sheet"]

_TEMPLATE = "sheet.typ"
_STANDARDS = ["a-2a", "ua-1"]
_MASK = 3  # which mask is best is four fifths of the cost of a code, and every reader reads every mask
_PLACE = re.compile(r"\S+\.typ:\d+:\d+")
_MISSING = "?"


class Sheet:
    """Makes sheets of one template; may be called by several threads at once.

    Args:
        folder: With a `sheet.typ` instead of the built-in one, with what that reads, and with `fonts/` to look for
            letters in; every part may be missing. None for none.

    Raises:
        AdapterFault: The folder is none.
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None and not folder.is_dir():
            raise AdapterFault(
                "confirmation_folder", f"folder={folder}: there is none", remedy="make it, or mend the path"
            )
        own = None if folder is None else folder / _TEMPLATE
        self._own = own if own is not None and own.is_file() else None
        fonts = None if folder is None else folder / "fonts"
        self._fonts = [fonts] if fonts is not None and fonts.is_dir() else []
        self._source: Path | bytes = self._own or files(__package__).joinpath(_TEMPLATE).read_bytes()
        self._idle: deque[Any] = deque()

    def prove(self, zone: str) -> None:
        """Returns where a template of a portal's own can be filled in; tried with invented facts.

        Raises:
            AdapterFault: It cannot; with what typst says of it.
        """
        if self._own is None:
            return
        from typst import TypstError  # noqa: PLC0415 - paid for on first use

        for language in TEXTS:
            try:
                self._compiled(_invented(zone, language))
            except TypstError as error:
                message = f"template={self._own}: {error.diagnostic or error.message}"
                raise AdapterFault("confirmation_template", message, remedy="mend the template") from error

    def pdf(self, confirmation: Confirmation) -> bytes:
        """The sheet; letters of the name that no font has are shown as a question mark.

        Raises:
            AdapterFault: typst cannot make it; where in the template, and nothing of the person.
        """
        from typst import TypstError  # noqa: PLC0415 - paid for on first use

        plain = evolve(confirmation, name=unicodedata.normalize("NFC", confirmation.name))
        try:
            return self._compiled(plain)
        except TypstError as error:
            place = _PLACE.search(error.diagnostic or "")
        try:
            return self._compiled(evolve(plain, name="".join(map(self._letter, plain.name))))
        except TypstError:  # what it says may quote the name
            where = "" if place is None else f", at {place[0]}"
            message = f"template={self._own or _TEMPLATE}: typst cannot fill it in{where}"
            raise AdapterFault("confirmation_template", message, remedy="mend the template or the texts") from None

    def _letter(self, letter: str) -> str:
        """The letter itself, without its accents, or a question mark: the first that can be printed."""
        base = unicodedata.normalize("NFD", letter)[0]
        return next((each for each in (letter, base) if each.isascii() or self._prints(each)), _MISSING)

    def _prints(self, letter: str) -> bool:
        from typst import TypstError  # noqa: PLC0415

        try:
            self._compiled(evolve(_invented("UTC", "en"), name=f"a{letter}"))
        except TypstError:
            return False
        return True

    def _compiled(self, confirmation: Confirmation) -> bytes:
        """The PDF of a template. A compiler serves one thread at a time, so each goes back when it is done."""
        try:
            compiler = self._idle.pop()
        except IndexError:
            compiler = self._compiler()
        made = compiler.compile(
            self._source,
            format="pdf",
            sys_inputs={"data": _data(confirmation)},
            pdf_standards=_STANDARDS,
            timestamp=to_micros(confirmation.issued_at) // 1_000_000,
        )
        self._idle.append(compiler)
        return bytes(made)

    def _compiler(self) -> Any:
        from typst import Compiler  # noqa: PLC0415 - paid for on first use

        root = None if self._own is None else self._own.parent
        return Compiler(root=root, font_paths=self._fonts, ignore_system_fonts=True)


def _data(confirmation: Confirmation) -> str:
    """What a template is given."""
    return json.dumps(
        {
            "campaign": confirmation.campaign,
            "language": confirmation.language,
            "reservation": confirmation.reservation_id,
            "name": confirmation.name,
            "site": confirmation.site,
            "address": confirmation.address,
            "product": confirmation.product,
            "doses": [asdict(each) | {"day": each.day.isoformat()} for each in confirmation.doses],
            "words": dict(confirmation.words),
            "qr": _qr(confirmation.reservation_id),
        },
        ensure_ascii=False,
    )


def _qr(text: str) -> str:
    """An SVG of the code that a site's reader hands to `SiteDesk.check_in`."""
    import segno  # noqa: PLC0415 - paid for on first use

    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False, mask=_MASK).save(drawn, kind="svg", border=4, xmldecl=False, nl=False)
    return drawn.getvalue().decode()


def _invented(zone: str, language: str) -> Confirmation:
    """Of nobody, with all that a template may show."""
    words = TEXTS[language]
    dose = ConfirmedDose(1, Day(2021, 1, 25), 510, True, False, "1.", "25. 1. 2021", "8:30", "1.")
    return Confirmation(
        campaign="invented",
        reservation_id="invented",
        language=language,
        name="Vzorka Vzorová",
        site="Vzorov",
        address="Smyšlená 1",
        product="invented",
        zone=zone,
        doses=(dose, evolve(dose, number=2)),
        revision=0,
        cancelled=False,
        issued_at=pendulum.datetime(2021, 1, 20),
        channels=(Channel.SMS,),
        email=None,
        makes=True,
        comes="",
        words=words,
    )
