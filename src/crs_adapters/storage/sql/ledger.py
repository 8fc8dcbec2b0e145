"""Accounts of seats and doses: one row an account, one statement a movement, and a check below which none falls."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import starmap

from sqlalchemy import select, update
from sqlalchemy.engine import Dialect

from crs_adapters.storage.sql.compiling import ZERO, Statement, compiled, given, literal, upsert
from crs_adapters.storage.sql.schema import STATES, account
from crs_adapters.storage.sql.session import Change, Row, Session
from crs_core.domain.ledger import Account, AccountKind, Balance, SiteDays, State, Transfer
from crs_core.domain.time import Day

__all__ = ["Ledger"]

_NAME = tuple(column.name for column in account.primary_key)
_OUTSIDE = State.OUTSIDE
_COLUMN = {State(state): place for place, state in enumerate(STATES)}
_DAY, _DELIVERY, _INVITED, _SLOT = (
    kind.value for kind in (AccountKind.DAY, AccountKind.DELIVERY, AccountKind.INVITED, AccountKind.SLOT)
)


class Ledger:
    """The table of accounts."""

    def __init__(self, dialect: Dialect) -> None:
        self._move = _move(dialect)
        self._mint = _mint(dialect)
        self._days = _days(dialect)
        self._slots = _slots(dialect)
        self._accounts = _accounts(dialect)

    def changes(self, transfers: Iterable[Transfer]) -> Iterator[Change]:
        """The changes that make transfers: one an account, in the order of accounts, so that no two wait in a ring.

        What only adds to an account makes it where it is missing; nothing can be taken from a missing one.
        """
        sums: dict[Row, tuple[list[int], Account]] = {}
        for transfer in transfers:
            of, source, target = transfer.account, transfer.source, transfer.target
            name = (of.site_id, of.kind, of.series, of.day.isoformat(), of.minute)
            kept = sums.get(name)
            if kept is None:
                kept = sums[name] = [0] * len(STATES), of
            if source is not _OUTSIDE:
                kept[0][_COLUMN[source]] -= transfer.number
            if target is not _OUTSIDE:
                kept[0][_COLUMN[target]] += transfer.number
        for name, (numbers, of) in sorted(sums.items()):
            if min(numbers) < 0:
                yield self._move, (*numbers, *name), True, of
            else:
                yield self._mint, (*name, *numbers), False, of

    def days(self, session: Session, site_id: str) -> SiteDays:
        """See `View.days`."""
        seats: dict[str, dict[Day, int]] = {}
        doses: dict[str, dict[Day, int]] = {}
        invited: dict[Day, int] = {}
        day_of = Day.fromisoformat
        for kind, series, day, free, held in session.rows(self._days, (site_id,)):
            if kind == _INVITED:
                if held:
                    invited[day_of(day)] = held
            elif free:
                of = seats if kind == _DAY else doses
                of.setdefault(series, {})[day_of(day)] = free
        return SiteDays(site_id, seats, doses, invited)

    def slots(self, session: Session, site_id: str, calendar: str, day: Day) -> Sequence[tuple[int, int]]:
        """See `View.slots`."""
        return [(minute, free) for minute, free in session.rows(self._slots, (site_id, calendar, day.isoformat()))]

    def accounts(self, session: Session, site_id: str) -> Sequence[tuple[Account, Balance]]:
        """See `View.accounts`."""
        return list(starmap(_account, session.rows(self._accounts, (site_id,))))


def _account(site_id: str, kind: str, series: str, day: str, minute: int, *numbers: int) -> tuple[Account, Balance]:
    return Account(site_id, kind, series, Day.fromisoformat(day), minute), Balance(*numbers)


def _move(dialect: Dialect) -> Statement:
    moved = {state: account.c[state] + given(account.c[state]) for state in STATES}
    here = [account.c[name] == given(account.c[name]) for name in _NAME]
    return compiled(dialect, update(account).where(*here).values(moved), *STATES, *_NAME)


def _mint(dialect: Dialect) -> Statement:
    made = upsert(dialect, account, (*_NAME, *STATES))
    more = {state: account.c[state] + made.excluded[state] for state in STATES}
    return compiled(dialect, made.on_conflict_do_update(index_elements=_NAME, set_=more), *_NAME, *STATES)


def _days(dialect: Dialect) -> Statement:
    """Three short ranges of the primary key; the many slots of the site lie beside them."""
    columns = (account.c.kind, account.c.series, account.c.day, account.c.free, account.c.held)
    kinds = [literal(kind) for kind in (_DAY, _DELIVERY, _INVITED)]
    here = select(*columns).where(account.c.site_id == given(account.c.site_id), account.c.kind.in_(kinds))
    return compiled(dialect, here, "site_id")


def _slots(dialect: Dialect) -> Statement:
    free = select(account.c.minute, account.c.free).where(
        account.c.site_id == given(account.c.site_id),
        account.c.kind == literal(_SLOT),
        account.c.series == given(account.c.series),
        account.c.day == given(account.c.day),
        account.c.free > ZERO,
    )
    return compiled(dialect, free.order_by(account.c.minute), "site_id", "series", "day")


def _accounts(dialect: Dialect) -> Statement:
    here = select(account).where(account.c.site_id == given(account.c.site_id))
    return compiled(dialect, here.order_by(*account.primary_key), "site_id")
