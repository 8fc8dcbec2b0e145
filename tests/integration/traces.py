"""What a system leaves behind: everything that it keeps, shows, signs and logs, written down to be searched."""

import importlib
import logging
import pkgutil
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
from attrs import define, field

from crs_core.composition.codec import codec
from tests.systems import Citizen, Town, dump, tables


@define
class Traces:
    """What a town leaves behind, by where it was found; `pins` are those that its messages showed."""

    found: dict[str, list[str]] = field(factory=dict)
    pins: list[str] = field(factory=list)
    codes: set[str] = field(factory=set)

    def add(self, place: str, *texts: object) -> None:
        self.found.setdefault(place, []).extend(map(str, texts))

    def leaks(self, needles: Iterable[str], *, but: Iterable[str] = ()) -> list[str]:
        """Where needles were found, with what stands around them; not looked for in the places `but`."""
        wanted = re.compile("|".join(map(re.escape, needles)))
        places = {place: texts for place, texts in self.found.items() if place not in set(but)}
        return [
            f"{place}: {text[max(0, hit.start() - 30) : hit.end() + 30]!r}"
            for place, texts in places.items()
            for text in texts
            for hit in wanted.finditer(text)
        ]


def personal(citizens: Iterable[Citizen]) -> set[str]:
    """What tells of people: each in the forms in which a program may write it."""
    found = {"Vzorka", "Vzorová", r"Vzorov\u00e1", "Vzorov%C3%A1", "vzor9@example.org"}
    for citizen in citizens:
        number = citizen.insured_number
        found |= {citizen.phone[4:], number, f"{number[:6]}/{number[6:]}", repr(citizen.application.birth_date)}
    return found


def modules(*packages: str) -> Iterator[Any]:
    for package in packages:
        for each in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
            yield importlib.import_module(each.name)


def values() -> list[type]:
    """Every class of values of the core below its composition."""
    floors = ("domain", "ports", "office", "rounds", "desks")
    classes = {
        each
        for module in modules(*(f"crs_core.{floor}" for floor in floors))
        for each in vars(module).values()
        if isinstance(each, type) and attrs.has(each) and each.__module__ == module.__name__
    }
    return sorted(classes, key=lambda each: each.__qualname__)


@contextmanager
def recorded(traces: Traces) -> Iterator[set[type]]:
    """Writes down the `repr` of every value of the core that is made meanwhile; the classes of those that were."""
    seen: set[type] = set()
    shown: set[str] = set()

    def recording(kind: type, init: Callable[..., None]) -> Callable[..., None]:
        def make(self: object, *args: Any, **kwargs: Any) -> None:
            init(self, *args, **kwargs)
            seen.add(kind)
            shown.add(repr(self))

        return make

    with pytest.MonkeyPatch.context() as patch:
        for kind in values():
            patch.setattr(kind, "__init__", recording(kind, kind.__init__))  # type: ignore[misc]
        yield seen
    traces.add("reprs", *shown)


@contextmanager
def logged(traces: Traces) -> Iterator[None]:
    """Writes down all that is logged meanwhile, by whomever, at any level."""

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            traces.add("logs", record.getMessage(), repr(record.args), self.format(record))

    keeper = Keeper(logging.DEBUG)
    loggers = [
        logging.getLogger(name) for name in ("", "sqlalchemy", "sqlalchemy.engine", "sqlalchemy.pool", "alembic")
    ]
    loggers.append(logging.getLogger("psycopg"))
    levels = [logger.level for logger in loggers]
    loggers[0].addHandler(keeper)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    logging.getLogger("crs").debug("listening")
    try:
        yield
    finally:
        loggers[0].removeHandler(keeper)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def kept_in(town: Town, url: str, traces: Traces) -> None:
    """What the storage holds, read as another program reads it."""
    contents = dump(town.system)
    write = codec().dumps
    for name, found in contents.items():
        place = "journal" if name.startswith("journal") else "stored values"
        for each in found if isinstance(found, list) else []:
            traces.add(place, write(each))
            traces.add("reprs", repr(each))
    for table, rows in tables(url).items():
        traces.add(table, *rows)
    if url == "memory:":
        traces.add("table idempotency", town.system._office.storage._state.answers)  # type: ignore[attr-defined]
        traces.add("table budget", town.system._office.storage._state.budgets)  # type: ignore[attr-defined]
    if url.startswith("sqlite"):
        file = Path(url.removeprefix("sqlite:///"))
        write_down_files(file.parent.glob(f"{file.name}*"), traces)
        with sqlite3.connect(file) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        write_down_files([file], traces)


def write_down_files(paths: Iterable[Path], traces: Traces) -> None:
    for path in paths:
        traces.add(f"file {path.suffix or path.name}", path.read_bytes().decode("latin-1"))
