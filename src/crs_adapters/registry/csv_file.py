"""A health registry in a CSV file: who is what, one line a claim."""

import csv
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

from crs_core.composition.hookspecs import Adapter, Surroundings, hookimpl
from crs_core.domain.insured_number import compact
from crs_core.errors import AdapterFault, InvalidInput, Problem
from crs_core.ports.registry import Answer

__all__ = ["CsvRegistry", "crs_register_adapters"]

_COLUMNS = ("insured_number", "claim")


class CsvRegistry:
    """Confirms claims that its file lists, and denies the others.

    The file is UTF-8 with the columns ``insured_number`` and ``claim``; it is read once, at opening.

    Raises:
        InvalidInput: Every faulty line; numbers are masked.
    """

    def __init__(self, path: Path) -> None:
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                self._claims = _read(csv.DictReader(file))
        except InvalidInput:
            raise
        except (OSError, ValueError, csv.Error) as error:
            message = f"file={path}: {type(error).__name__}"
            raise AdapterFault("registry_unreadable", message, remedy="give a readable UTF-8 file") from error

    def verify(self, claim: str, insured_number: str) -> Answer:
        """See `Registry.verify`."""
        return Answer.CONFIRMED if (insured_number, claim) in self._claims else Answer.DENIED


def _read(rows: "csv.DictReader[str]") -> frozenset[tuple[str, str]]:
    missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise InvalidInput([Problem("line 1", str(missing), f"must name the columns {_COLUMNS}", "add a first line")])
    found: set[tuple[str, str]] = set()
    problems = []
    for row in rows:
        number, claim = compact(row["insured_number"] or ""), (row["claim"] or "").strip()
        if not (number.isascii() and number.isdigit()):
            rule = "an insured number has digits only"
            problems.append(Problem(f"line {rows.line_num}: insured_number", "…", rule, "mend the line"))
        if not claim:
            problems.append(Problem(f"line {rows.line_num}: claim", "", "must not be empty", "name the claim"))
        found.add((number, claim))
    if problems:
        raise InvalidInput(problems)
    return frozenset(found)


def _open(url: str, _around: Surroundings) -> CsvRegistry:
    return CsvRegistry(Path(unquote(url.partition(":")[2])))


@hookimpl
def crs_register_adapters() -> Iterable[Adapter]:
    """The registry in a CSV file."""
    return [Adapter("registry", "csv", _open, "a CSV file with the columns insured_number, claim")]
