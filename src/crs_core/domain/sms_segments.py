"""How many segments a short message takes, which is what operators charge and gateways count.

A text whose letters are all in the GSM alphabet has 160 of them in one segment; any other has 70. A longer one is
joined of segments of 153 or 67. A letter of the extension table takes two places, and so does a character outside the
basic plane; neither is cut in two by the end of a segment.

Sources: 3GPP TS 23.038, sections 6.2.1 and 6.2.1.1 (alphabet, extension); 3GPP TS 23.040, section 9.2.3.24.1 (joining).
"""

from collections.abc import Iterable

from attrs import frozen

__all__ = ["Segments", "segments"]

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
_GSM = (160, 153)
_UCS2 = (70, 67)
_BASIC_PLANE = 0xFFFF


@frozen
class Segments:
    """What a text takes.

    Attributes:
        gsm: Whether every letter is in the GSM alphabet; a Czech text without diacritics is.
        places: Septets of the GSM alphabet, or units of UTF-16.
        number: Segments, 0 for an empty text.
        left: Places that a text with more letters of the same kind could still use in its last segment.
    """

    gsm: bool
    places: int
    number: int
    left: int


def segments(text: str) -> Segments:
    """How many segments a text takes.

    >>> segments("Ockovani rezervovano."), segments("Očkování rezervováno.").gsm
    (Segments(gsm=True, places=21, number=1, left=139), False)
    >>> [segments("€" * number).number for number in (80, 81, 153)]
    [1, 2, 3]
    """
    gsm = _BASIC.union(_EXTENSION).issuperset(text)
    widths = [_width(letter, gsm=gsm) for letter in text]
    single, joined = _GSM if gsm else _UCS2
    places = sum(widths)
    if places <= single:
        return Segments(gsm, places, min(places, 1), single - places)
    number, used = _filled(widths, joined)
    return Segments(gsm, places, number, joined - used)


def _width(letter: str, *, gsm: bool) -> int:
    return 2 if (letter in _EXTENSION if gsm else ord(letter) > _BASIC_PLANE) else 1


def _filled(widths: Iterable[int], room: int) -> tuple[int, int]:
    """How many segments are begun, and the places used in the last."""
    number, used = 1, 0
    for width in widths:
        if used + width > room:
            number, used = number + 1, 0
        used += width
    return number, used
