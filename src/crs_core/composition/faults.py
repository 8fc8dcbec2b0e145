"""Faults of nested input as problems, each with its path."""

from collections.abc import Iterator

from cattrs.errors import (
    AttributeValidationNote,
    ClassValidationError,
    ForbiddenExtraKeysError,
    IterableValidationError,
    IterableValidationNote,
)

from crs_core.domain.inputs import shown
from crs_core.errors import Problem

__all__ = ["Fault", "problems_of"]


class Fault(ValueError):
    """One value breaks a rule."""

    def __init__(self, rule: str, remedy: str, value: object) -> None:
        super().__init__(rule)
        self.rule = rule
        self.remedy = remedy
        self.value = value


def problems_of(error: Exception) -> list[Problem]:
    """Every fault within what cattrs raised, in the order of the input."""
    return list(_walk(error, ""))


def _walk(error: BaseException, path: str) -> Iterator[Problem]:
    if isinstance(error, ClassValidationError | IterableValidationError):
        for inner in error.exceptions:
            yield from _walk(inner, path + _step(inner))
    elif isinstance(error, ForbiddenExtraKeysError):
        for name in sorted(error.extra_fields):
            yield Problem(f"{path}.{name}".lstrip("."), "", "is not a name known here", "mend the name or take it out")
    else:
        yield _problem(error, path.lstrip("."))


def _step(error: BaseException) -> str:
    for note in getattr(error, "__notes__", []):
        if isinstance(note, AttributeValidationNote):
            return f".{'from' if note.name == 'since' else note.name}"
        if isinstance(note, IterableValidationNote):
            return f"[{note.index}]" if isinstance(note.index, int) else f".{note.index}"
    return ""


def _problem(error: BaseException, path: str) -> Problem:
    if isinstance(error, Fault):
        return Problem(path, shown(error.value), error.rule, error.remedy)
    if isinstance(error, KeyError):
        return Problem(path, "", "is missing", "add it")
    return Problem(path, "", str(error), "mend it")
