"""Values by key and version, and the registrations in the declared order."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any, TypeVar

from attrs import frozen
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Dialect

from crs_adapters.storage.sql.compiling import ONE, Statement, compiled, given, limited
from crs_adapters.storage.sql.errors import unknown_kind
from crs_adapters.storage.sql.kinds import KINDS, Kind
from crs_adapters.storage.sql.schema import LISTED, reservation
from crs_adapters.storage.sql.session import Change, Session
from crs_core.composition.codec import Codec
from crs_core.domain.plans import Key, Put, Versioned
from crs_core.domain.reservations import Reservation
from crs_core.domain.time import Day

__all__ = ["PAGE", "Values"]

T = TypeVar("T")

PAGE = 1_000
"""Rows read at a time where all are wanted, so that a million neither fill memory nor keep a cursor open."""


@frozen
class _Shelf:
    """One kind: its place in the order of locks, how its bodies are read, and its statements."""

    place: int
    kind: Kind
    name: str
    read: Callable[[str], Any]
    get: Statement
    insert: Statement
    update: Statement
    page: Statement


class Values:
    """The tables of values."""

    def __init__(self, dialect: Dialect, codec: Codec, kinds: Sequence[Kind] = KINDS) -> None:
        self._codec = codec
        self._shelves = {kind.type: _shelf(dialect, codec, place, kind) for place, kind in enumerate(kinds)}
        self._listed = [_listed(dialect, name) for name in LISTED]

    def _shelf(self, kind: type) -> _Shelf:
        try:
            return self._shelves[kind]
        except KeyError:
            raise unknown_kind(kind, ", ".join(known.__name__ for known in self._shelves)) from None

    def placed(self, keys: Iterable[Key[Any]]) -> Sequence[tuple[int, Key[Any]]]:
        """Keys, each with its place in the order of locks; what is only locked and never stored comes last."""
        last = len(self._shelves)
        return [(self._shelves[key.kind].place if key.kind in self._shelves else last, key) for key in keys]

    def get(self, session: Session, key: Key[T]) -> Versioned[T] | None:
        """See `View.get`."""
        shelf = self._shelf(key.kind)
        row = session.row(shelf.get, (key.id,))
        return None if row is None else Versioned(shelf.read(row[1]), row[0])

    def changes(self, puts: Sequence[Put[Any]]) -> Iterator[Change]:
        """The changes that store values, in the order of locks."""
        placed = [(self._shelf(put.key.kind), put) for put in puts]
        placed.sort(key=lambda pair: (pair[0].place, pair[1].key.id))
        for shelf, put in placed:
            columns, body = shelf.kind.columns(put.value), self._codec.dumps(put.value)
            if put.version:
                yield shelf.update, (*columns, body, put.key.id, put.version), True, shelf.name
            else:
                yield shelf.insert, (put.key.id, *columns, body), False, shelf.name

    def scan(self, session: Session, kind: type[T]) -> Iterator[T]:
        """See `View.scan`."""
        page, last = self._shelf(kind).page, ""
        while rows := session.rows(page, (last, PAGE)):
            for _, body in rows:
                yield self._codec.loads(kind, body)
            last = rows[-1][0]

    def appointments(self, session: Session, site_id: str, first: Day, last: Day) -> Sequence[Versioned[Reservation]]:
        """See `View.appointments`: one range of an index a dose."""
        span = (site_id, first.isoformat(), last.isoformat())
        found = {row[0]: row for statement in self._listed for row in session.rows(statement, span)}
        read = self._shelf(Reservation).read
        return [Versioned(read(body), version) for _, version, body in sorted(found.values())]


def _shelf(dialect: Dialect, codec: Codec, place: int, kind: Kind) -> _Shelf:
    table = kind.table
    read = partial(codec.loads, kind.type)
    id_, version, body = table.c.id, table.c.version, table.c.body
    columns = [column for column in table.c if column is not id_ and column is not version]
    names = [column.name for column in columns]
    values = {column.name: given(column) for column in columns}
    get = select(version, body).where(id_ == given(id_))
    new = insert(table).values(id=given(id_), version=ONE, **values)
    changed = update(table).where(id_ == given(id_, "key"), version == given(version, "old"))
    changed = changed.values(version=version + ONE, **values)
    page = limited(select(id_, body).where(id_ > given(id_)).order_by(id_))
    return _Shelf(
        place,
        kind,
        table.name,
        lru_cache(kind.kept)(read) if kind.kept else read,
        compiled(dialect, get, "id"),
        compiled(dialect, new, "id", *names),
        compiled(dialect, changed, *names, "key", "old"),
        compiled(dialect, page, "id", "limit"),
    )


def _listed(dialect: Dialect, name: str) -> Statement:
    """Reservations of a site on whose list one of their days stands, by that day."""
    table, day = reservation, reservation.c[name]
    here = (table.c.site_id == given(table.c.site_id), day >= given(day, "first"), day <= given(day, "last"))
    listed = select(table.c.id, table.c.version, table.c.body).where(*here).order_by(day, table.c.id)
    return compiled(dialect, listed, "site_id", "first", "last")
