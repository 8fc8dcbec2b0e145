"""Budgets of tries and sends, and answers kept under idempotency keys."""

from collections.abc import Sequence

from sqlalchemy import case, insert, or_, select
from sqlalchemy.engine import Dialect

from crs_adapters.storage.sql.compiling import ONE, Statement, compiled, given, upsert
from crs_adapters.storage.sql.schema import budget, idempotency
from crs_adapters.storage.sql.session import Change, Session
from crs_core.domain.time import Instant, from_micros, to_micros
from crs_core.errors import Refused, TooManyAttempts
from crs_core.ports.storage import BudgetUse

__all__ = ["Answers", "Budgets"]

_MINUTE = 60_000_000


class Budgets:
    """The table of budgets: one row a name, its window opened by its first use."""

    def __init__(self, dialect: Dialect) -> None:
        self._take = _take(dialect)
        started = select(budget.c.started_at).where(budget.c.name == given(budget.c.name))
        self._started = compiled(dialect, started, "name")

    def take(self, session: Session, uses: Sequence[BudgetUse], now: Instant) -> tuple[int, ...]:
        """See `Work.take`."""
        at = to_micros(now)
        spans = [use.budget.minutes * _MINUTE for use in uses]
        values = [
            (use.name, at, at - span, at - span, at - span, use.budget.most)
            for use, span in zip(uses, spans, strict=True)
        ]
        left = []
        for use, span, rows in zip(uses, spans, session.rows_of_each(self._take, values), strict=True):
            if not rows or rows[0][0] > use.budget.most:
                raise _too_many(use, self._begun(session, use.name, at) + span)
            left.append(use.budget.most - rows[0][0])
        return tuple(left)

    def _begun(self, session: Session, name: str, at: int) -> int:
        row = session.row(self._started, (name,))
        return at if row is None else int(row[0])


def _too_many(use: BudgetUse, ends: int) -> TooManyAttempts:
    """It does not show the name, which may hold a pseudonym."""
    most = use.budget.most
    return TooManyAttempts(
        use.code, "too many attempts", retry_at=from_micros(ends), remedy="wait until then", most=most
    )


def _take(dialect: Dialect) -> Statement:
    """One more, in a new window where the old one began at `since` or before; nothing where the window is used up."""
    new = upsert(dialect, budget, ("name", "started_at")).values(used=ONE)
    over = budget.c.started_at <= given(budget.c.started_at, "since")
    counted = new.on_conflict_do_update(
        index_elements=["name"],
        set_={
            "started_at": case((over, new.excluded.started_at), else_=budget.c.started_at),
            "used": case((over, ONE), else_=budget.c.used + ONE),
        },
        where=or_(over, budget.c.used < given(budget.c.used, "most")),
    )
    return compiled(dialect, counted.returning(budget.c.used), "name", "started_at", *["since"] * 3, "most")


class Answers:
    """The table of answers given before."""

    def __init__(self, dialect: Dialect) -> None:
        key = idempotency.c.key
        kept = select(idempotency.c.fingerprint, idempotency.c.answer).where(key == given(key))
        self._kept = compiled(dialect, kept, "key")
        new = insert(idempotency).values({column.name: given(column) for column in idempotency.c})
        self._keep = compiled(dialect, new, "key", "fingerprint", "answer", "at")

    def replay(self, session: Session, idempotency_key: str, fingerprint: str) -> str | None:
        """See `Work.replay`."""
        row = session.row(self._kept, (idempotency_key,))
        if row is None:
            return None
        if row[0] != fingerprint:
            raise Refused(
                "idempotency_key_reused",
                "this idempotency key was used for another command or other arguments",
                remedy="make a new key for every command; repeat one only with equal arguments",
            )
        return str(row[1])

    def change(self, idempotency_key: str, fingerprint: str, answer: str, now: Instant) -> Change:
        """The change that keeps an answer."""
        return self._keep, (idempotency_key, fingerprint, answer, to_micros(now)), False, "answer"
