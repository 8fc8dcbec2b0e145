"""The queue in the declared order: ranges of one index, merged. A long queue costs no more than a short one.

By age, everybody of a segment is one range of the index. By seniority or lottery a range of birth dates is none, for
the index would have to be sorted by two things at once; so the segment is read a birth year at a time, each year one
range, and of the two years at its edges those born outside it are passed over.
"""

from collections.abc import Callable, Iterable, Sequence
from heapq import merge
from itertools import groupby, islice
from typing import Any

from sqlalchemy import Column, Select, Text, bindparam, func, literal_column, select
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.expression import ColumnElement, ScalarSelect

from crs_adapters.storage.sql.compiling import ONE, ZERO, Statement, compiled, given, limited
from crs_adapters.storage.sql.schema import registration
from crs_adapters.storage.sql.session import Row, Session
from crs_core.composition.codec import Codec
from crs_core.domain.order import Order
from crs_core.domain.plans import Versioned
from crs_core.domain.priority import Segment
from crs_core.domain.registration import Registration
from crs_core.domain.time import Instant, to_micros

__all__ = ["Queue"]

_AT_LEAST, _AMPLE = 4, 2
"""Rows asked of each of many ranges at first: so many, and so many times its share of those wanted."""

_ORDERS = {
    Order.AGE: (registration.c.birth_date, registration.c.seniority, registration.c.id),
    Order.SENIORITY: (registration.c.seniority, registration.c.id),
    Order.LOTTERY: (registration.c.ticket, registration.c.seniority, registration.c.id),
}


class Queue:
    """Who is next, and who is due."""

    def __init__(self, dialect: Dialect, codec: Codec) -> None:
        self._codec = codec
        self._by_age = _by_age(dialect)
        self._by_year = {order: _by_year(dialect, order) for order in Order if order is not Order.AGE}
        self._years = _years(dialect)
        self._claims = _claims(dialect)
        self._due = _due(dialect)

    def head(
        self, session: Session, site_id: str, segments: Sequence[Segment], limit: int, order: Order
    ) -> Sequence[Versioned[Registration]]:
        """See `View.head`."""
        found: list[Row] = []
        for _, of_rank in groupby(segments, key=lambda segment: segment.rank):
            wanted = limit - len(found)
            if wanted <= 0:
                break
            found += _first(session, *self._ranges(session, site_id, of_rank, order), wanted)
        return [self._registration(*row[-2:]) for row in found]

    def _ranges(
        self, session: Session, site_id: str, segments: Iterable[Segment], order: Order
    ) -> tuple[Statement, Sequence[Row]]:
        """The statement that reads a range of the index, and the values of each range but for how many rows."""
        parts = [(site_id, each.claims, each.born_from.isoformat(), each.born_to.isoformat()) for each in segments]
        if order is Order.AGE:
            return self._by_age, parts
        years = session.rows_of_each(self._years, [_between_years(*part) for part in parts])
        ranges = [_within(year, *part) for part, found in zip(parts, years, strict=True) for (year,) in found]
        return self._by_year[order], ranges

    def claims(self, session: Session, site_id: str) -> Sequence[str]:
        """See `View.claims`."""
        return sorted(claims for (claims,) in session.rows(self._claims, (site_id, site_id)))

    def due(self, session: Session, now: Instant, limit: int) -> Sequence[Versioned[Registration]]:
        """See `View.due`."""
        return [self._registration(*row) for row in session.rows(self._due, (to_micros(now), limit))]

    def _registration(self, version: int, body: str) -> Versioned[Registration]:
        return Versioned(self._codec.loads(Registration, body), version)


def _first(session: Session, statement: Statement, ranges: Sequence[Row], wanted: int) -> list[Row]:
    """The first of all ranges together: of each the share that is likely, and more of those that were used up."""
    if not ranges:
        return []
    share = min(wanted, _AT_LEAST + _AMPLE * wanted // len(ranges))
    found = list(session.rows_of_each(statement, [(*each, share) for each in ranges]))
    chosen = list(islice(merge(*found), wanted))
    used_up = [place for place, rows in enumerate(found) if len(rows) == share and rows[-1] <= chosen[-1]]
    if share == wanted or not used_up:
        return chosen
    more = session.rows_of_each(statement, [(*ranges[place], wanted) for place in used_up])
    for place, rows in zip(used_up, more, strict=True):
        found[place] = rows
    return list(islice(merge(*found), wanted))


def _between_years(site_id: str, claims: str, born_from: str, born_to: str) -> Row:
    first, last = int(born_from[:4]), int(born_to[:4])
    return (site_id, claims, last, first, site_id, claims, last)


def _within(year: int, site_id: str, claims: str, born_from: str, born_to: str) -> Row:
    """The part of a birth year that a segment covers: all of it but at the segment's edges."""
    first = born_from[5:] if year == int(born_from[:4]) else "01-01"
    last = born_to[5:] if year == int(born_to[:4]) else "12-31"
    return (site_id, claims, year, first, last)


def _queued() -> Sequence[ColumnElement[bool]]:
    return registration.c.queued == ONE, registration.c.site_id == given(registration.c.site_id)


def _alike() -> Sequence[ColumnElement[bool]]:
    return *_queued(), registration.c.claims == given(registration.c.claims)


def _by_age(dialect: Dialect) -> Statement:
    """The queued of one site with the same claims, born in a range of days: the first of one range of the index."""
    table, order = registration, _ORDERS[Order.AGE]
    born = table.c.birth_date.between(given(table.c.birth_date, "born_from"), given(table.c.birth_date, "born_to"))
    found = select(*order, table.c.version, table.c.body).where(*_alike(), born).order_by(*order)
    return compiled(dialect, limited(found), "site_id", "claims", "born_from", "born_to", "limit")


def _by_year(dialect: Dialect, by: Order) -> Statement:
    """The same of one birth year, in another order; a day and month asks for no other index, as a date would."""
    table, order = registration, _ORDERS[by]
    day = func.substr(table.c.birth_date, literal_column("6"), type_=Text())
    born = day.between(bindparam("first", type_=Text()), bindparam("last", type_=Text()))
    year = table.c.birth_year == given(table.c.birth_year)
    found = select(*order, table.c.version, table.c.body).where(*_alike(), year, born).order_by(*order)
    return compiled(dialect, limited(found), "site_id", "claims", "birth_year", "first", "last", "limit")


def _claims(dialect: Dialect) -> Statement:
    """The texts of claims of one site's queued."""
    return compiled(dialect, _each(registration.c.claims, _queued, ()), "site_id", "site_id")


def _years(dialect: Dialect) -> Statement:
    """The birth years of the queued of one site with the same claims, within bounds."""
    year = registration.c.birth_year
    first, last = year >= given(year, "first"), year <= given(year, "last")
    names = ("site_id", "claims", "last", "first", "site_id", "claims", "last")
    return compiled(dialect, _each(year, lambda: (*_alike(), last), (first,)), *names)


def _each(
    column: Column[Any], where: Callable[[], Sequence[ColumnElement[bool]]], begin: Sequence[ColumnElement[bool]]
) -> Select[Any]:
    """Each value of a column once: one step down the index a value, however many rows have it."""

    def least(*further: ColumnElement[bool]) -> ScalarSelect[Any]:
        found = select(column).where(*where(), *further).order_by(column)
        return found.limit(ONE).offset(ZERO).scalar_subquery()

    found = select(least(*begin).label("value")).cte("found", recursive=True)
    following = select(least(column > found.c.value)).select_from(found).where(found.c.value.is_not(None))
    found = found.union_all(following)
    return select(found.c.value).where(found.c.value.is_not(None))


def _due(dialect: Dialect) -> Statement:
    table = registration
    late = select(table.c.version, table.c.body).where(table.c.wakes_at <= given(table.c.wakes_at, "now"))
    return compiled(dialect, limited(late.order_by(table.c.wakes_at, table.c.id)), "now", "limit")
