"""What happened, and the statistics rolled up from it."""

import json
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Dialect

from crs_adapters.storage.sql.compiling import ONE, ZERO, Statement, compiled, given, limited, upsert
from crs_adapters.storage.sql.schema import journal, tally
from crs_adapters.storage.sql.session import Change, Row, Session
from crs_adapters.storage.sql.values import PAGE
from crs_core.domain.plans import JournalEntry
from crs_core.domain.statistics import Tally
from crs_core.domain.time import Day, from_micros, to_micros
from crs_core.ports.storage import Numbered

__all__ = ["Journal"]

_BEFORE_ALL = -1

_ENTRY = (journal.c.at, journal.c.kind, journal.c.person, journal.c.site_id, journal.c.facts, journal.c.actor)
_TALLY = tuple(column.name for column in tally.primary_key)


class Journal:
    """The tables of journal entries and of tallies."""

    def __init__(self, dialect: Dialect) -> None:
        self._facts = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
        self._write = _write(dialect)
        self._count = _count(dialect)
        self._add = _add(dialect)
        self._person = _person(dialect)
        self._page = _page(dialect)
        self._uncounted = _uncounted(dialect)
        self._tallies = compiled(dialect, select(tally).order_by(*tally.primary_key))

    def changes(self, entries: Iterable[JournalEntry], actor: str) -> Iterator[Change]:
        """The changes that write entries down."""
        for entry in entries:
            facts = self._facts(dict(entry.facts))
            values = (to_micros(entry.at), entry.kind, entry.person, entry.site_id, actor, facts)
            yield self._write, values, False, "journal entry"

    def counted_changes(self, tallies: Iterable[Tally], counted: Iterable[int]) -> Iterator[Change]:
        """The changes that add up tallies and mark the entries they come from, each of which counts once."""
        for number in sorted(counted):
            yield self._count, (number,), True, "journal entry"
        for name, number in sorted((_named(each), each.number) for each in tallies):
            yield self._add, (*name, number), False, "tally"

    def of_person(self, session: Session, person: str) -> Sequence[JournalEntry]:
        """See `View.journal`."""
        return [_entry(*row) for row in session.rows(self._person, (person,))]

    def entries(self, session: Session) -> Iterator[Numbered]:
        """See `View.entries`."""
        last = _BEFORE_ALL
        while rows := session.rows(self._page, (last, PAGE)):
            for number, *row in rows:
                yield Numbered(number, _entry(*row))
            last = rows[-1][0]

    def uncounted(self, session: Session, limit: int) -> Sequence[Numbered]:
        """See `Work.uncounted`."""
        return [Numbered(number, _entry(*row)) for number, *row in session.rows(self._uncounted, (limit,))]

    def tallies(self, session: Session) -> Sequence[Tally]:
        """See `View.tallies`."""
        return [Tally(Day.fromisoformat(day), *rest) for day, *rest in session.rows(self._tallies)]


def _named(each: Tally) -> Row:
    return (each.day.isoformat(), each.measure, each.site_id, each.age_group)


def _entry(at: int, kind: str, person: str, site_id: str, facts: str, actor: str) -> JournalEntry:
    return JournalEntry(from_micros(at), kind, person, site_id, json.loads(facts), actor)


def _write(dialect: Dialect) -> Statement:
    names = ("at", "kind", "person", "site_id", "actor", "facts")
    new = insert(journal).inline().values({name: given(journal.c[name]) for name in names} | {"counted": ZERO})
    return compiled(dialect, new, *names)


def _count(dialect: Dialect) -> Statement:
    here = (journal.c.number == given(journal.c.number), journal.c.counted == ZERO)
    return compiled(dialect, update(journal).where(*here).values(counted=ONE), "number")


def _add(dialect: Dialect) -> Statement:
    new = upsert(dialect, tally, (*_TALLY, "number"))
    more = {"number": tally.c.number + new.excluded.number}
    return compiled(dialect, new.on_conflict_do_update(index_elements=_TALLY, set_=more), *_TALLY, "number")


def _person(dialect: Dialect) -> Statement:
    of = select(*_ENTRY).where(journal.c.person == given(journal.c.person)).order_by(journal.c.number)
    return compiled(dialect, of, "person")


def _page(dialect: Dialect) -> Statement:
    page = (
        select(journal.c.number, *_ENTRY).where(journal.c.number > given(journal.c.number)).order_by(journal.c.number)
    )
    return compiled(dialect, limited(page), "number", "limit")


def _uncounted(dialect: Dialect) -> Statement:
    """Passing over entries that another round is counting."""
    fresh = select(journal.c.number, *_ENTRY).where(journal.c.counted == ZERO).order_by(journal.c.number)
    return compiled(dialect, limited(fresh).with_for_update(skip_locked=True), "limit")
