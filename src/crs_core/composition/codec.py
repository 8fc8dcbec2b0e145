"""Values to JSON text and back, for storages; instants as microseconds of UTC, days as YYYY-MM-DD.

``codec()`` builds a converter of its own; nothing is global, nothing is registered elsewhere.
"""

import json
from datetime import date
from typing import TypeVar

import cattrs
from pendulum import DateTime

from crs_core.domain.time import from_micros, to_micros

__all__ = ["Codec", "codec"]

T = TypeVar("T")


class Codec:
    """Writes frozen values as JSON text and reads them back equal."""

    def __init__(self, converter: cattrs.Converter) -> None:
        self._converter = converter
        self._encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
        self._decode = json.JSONDecoder().decode

    def dumps(self, value: object) -> str:
        """The value as JSON text."""
        return self._encode(self._converter.unstructure(value))

    def loads(self, kind: type[T], text: str) -> T:
        """The value of that kind which a text was written from."""
        return self._converter.structure(self._decode(text), kind)


def codec() -> Codec:
    """A codec for every value of the domain.

    >>> from crs_core.domain.registration import Gate
    >>> codec().dumps(Gate.QUEUED), codec().loads(date, '"2021-01-15"')
    ('"queued"', datetime.date(2021, 1, 15))
    """
    converter = cattrs.Converter(detailed_validation=False)
    converter.register_unstructure_hook(DateTime, to_micros)
    converter.register_structure_hook(DateTime, lambda micros, _: from_micros(micros))
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_structure_hook(date, lambda text, _: date.fromisoformat(text))
    converter.register_unstructure_hook_func(lambda kind: getattr(kind, "__origin__", kind) is frozenset, sorted)
    return Codec(converter)
