"""Messages owed: leased to one dispatcher at a time, settled once, at most one unsent of a person and purpose."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from attrs import evolve
from sqlalchemy import and_, func, null, or_, select, tuple_, update
from sqlalchemy.engine import Dialect

from crs_adapters.storage.sql.compiling import ONE, Statement, compiled, given, limited, literal, upsert
from crs_adapters.storage.sql.schema import outbox
from crs_adapters.storage.sql.session import Change, Row, Session
from crs_adapters.storage.sql.values import PAGE
from crs_core.composition.codec import Codec
from crs_core.domain.messages import ERASED, Channel, DeadLetter, Lane, Message, MessageState, Outcome, forgotten
from crs_core.domain.time import Instant, from_micros, to_micros

__all__ = ["Outbox"]

_OWED, _DEAD = MessageState.OWED.value, MessageState.DEAD.value
_ORDER = (outbox.c.lane, outbox.c.due_at, outbox.c.id)
_MESSAGE = (*_ORDER, outbox.c.attempts, outbox.c.body)
_IS_OWED = outbox.c.state == literal(_OWED)


class Outbox:
    """The table of messages; what changes of a message stands in columns beside its body."""

    def __init__(self, dialect: Dialect, codec: Codec) -> None:
        self._codec = codec
        self._owe = _owe(dialect)
        self._settle = _settle(dialect)
        self._lease = _lease(dialect)
        self._backlog = _backlog(dialect)
        self._counts = _counts(dialect)
        self._page = _page(dialect)
        self._dead = _dead(dialect)
        self._get = compiled(dialect, select(*_MESSAGE).where(outbox.c.id == given(outbox.c.id)), "id")
        self._of = _of(dialect)
        self._reword = _reword(dialect)

    def owed_changes(self, messages: Iterable[Message]) -> Iterator[Change]:
        """The changes that owe messages; one of whose person and purpose one is unsent is left out."""
        for message in messages:
            yield self._owe, (*_columns(message), self._codec.dumps(message)), False, "message"

    def settled_changes(self, outcomes: Iterable[Outcome]) -> Iterator[Change]:
        """The changes that write down outcomes; a message settled before stays as it is."""
        for outcome in outcomes:
            due_at = None if outcome.due_at is None else to_micros(outcome.due_at)
            at = to_micros(outcome.at)
            settled = (outcome.state.value, at, outcome.gateway_id, outcome.reason, outcome.message_id)
            yield self._settle, (due_at, int(not outcome.counts), *settled), False, "message"

    def forgotten_changes(self, session: Session, pseudonyms: Iterable[str], now: Instant) -> Iterator[Change]:
        """The changes that take people out of their messages; it looks at all messages, for it is rarely asked."""
        for pseudonym in pseudonyms:
            for name, body in session.rows(self._of, (pseudonym, f"{pseudonym}/", f"{pseudonym}0")):
                yield (
                    self._reword,
                    (self._codec.dumps(forgotten(self._codec.loads(Message, body))), name),
                    True,
                    "message",
                )
                yield from self.settled_changes([Outcome(name, MessageState.DEAD, now, reason=ERASED)])

    def lease(
        self,
        session: Session,
        lanes: Iterable[Lane],
        channels: Collection[Channel],
        number: int,
        *,
        now: Instant,
        until: Instant,
    ) -> Sequence[Message]:
        """See `Storage.lease`."""
        taken: list[Row] = []
        names = [each.value if each in channels else "" for each in Channel]
        for lane in sorted(set(lanes)):
            wanted = number - len(taken)
            if wanted > 0:
                at = to_micros(now)
                taken += sorted(session.rows(self._lease, (int(lane), at, at, *names, wanted, to_micros(until))))
        return [self._message(*row) for row in taken]

    def backlog(self, session: Session, lane: Lane) -> int:
        """See `View.backlog`."""
        row = session.row(self._backlog, (int(lane),))
        return 0 if row is None else int(row[0])

    def counts(self, session: Session) -> dict[tuple[str, str], int]:
        """See `View.outbox`."""
        return {(Lane(lane).name.lower(), state): number for lane, state, number in session.rows(self._counts)}

    def owed(self, session: Session) -> Iterator[Message]:
        """See `View.owed`."""
        last: Row = (-1, 0, "")
        while rows := session.rows(self._page, (*last, PAGE)):
            for row in rows:
                yield self._message(*row)
            last = rows[-1][: len(_ORDER)]

    def message(self, session: Session, message_id: str) -> Message | None:
        """See `View.message`."""
        row = session.row(self._get, (message_id,))
        return None if row is None else self._message(*row)

    def dead_letters(self, session: Session, limit: int) -> Sequence[DeadLetter]:
        """See `View.dead_letters`."""
        return [
            DeadLetter(self._message(*row), reason, from_micros(at))
            for *row, reason, at in session.rows(self._dead, (limit,))
        ]

    def _message(self, _lane: int, due_at: int, _id: str, attempts: int, body: str) -> Message:
        return evolve(self._codec.loads(Message, body), due_at=from_micros(due_at), attempts=attempts)


def _columns(message: Message) -> Row:
    return (
        message.id,
        int(message.lane),
        message.channel.value,
        message.purpose.value,
        message.person,
        to_micros(message.created_at),
        to_micros(message.due_at),
        to_micros(message.good_until),
        message.attempts,
    )


def _owe(dialect: Dialect) -> Statement:
    names = ("id", "lane", "channel", "purpose", "person", "created_at", "due_at", "good_until", "attempts", "body")
    new = upsert(dialect, outbox, names).values(state=literal(_OWED), gateway_id=literal(""), reason=literal(""))
    unsent = {"index_elements": [outbox.c.person, outbox.c.purpose], "index_where": _IS_OWED}
    return compiled(dialect, new.on_conflict_do_nothing(**unsent), *names)


def _settle(dialect: Dialect) -> Statement:
    settled = (
        update(outbox)
        .where(outbox.c.id == given(outbox.c.id), _IS_OWED)
        .values(
            due_at=func.coalesce(given(outbox.c.due_at), outbox.c.due_at),
            attempts=outbox.c.attempts - given(outbox.c.attempts),
            state=given(outbox.c.state),
            leased_until=null(),
            settled_at=given(outbox.c.settled_at),
            gateway_id=given(outbox.c.gateway_id),
            reason=given(outbox.c.reason),
        )
    )
    return compiled(dialect, settled, "due_at", "attempts", "state", "settled_at", "gateway_id", "reason", "id")


def _of(dialect: Dialect) -> Statement:
    """Messages of a pseudonym, alone or with a matter after a slash; "0" is the character that follows a slash."""
    person = outbox.c.person
    matter = and_(person >= given(person, "from"), person < given(person, "to"))
    found = select(outbox.c.id, outbox.c.body).where(or_(person == given(person), matter)).order_by(outbox.c.id)
    return compiled(dialect, found, "person", "from", "to")


def _reword(dialect: Dialect) -> Statement:
    changed = update(outbox).where(outbox.c.id == given(outbox.c.id, "key")).values(body=given(outbox.c.body))
    return compiled(dialect, changed, "body", "key")


def _lease(dialect: Dialect) -> Statement:
    """Passes over rows that another dispatcher holds. A CTE that locks runs once; a subquery need not."""
    now = given(outbox.c.due_at, "now")
    free = or_(outbox.c.leased_until.is_(None), outbox.c.leased_until <= now)
    names = [f"channel_{each.value}" for each in Channel]
    wanted = or_(*(outbox.c.channel == given(outbox.c.channel, name) for name in names))
    of_lane = outbox.c.lane == given(outbox.c.lane)
    due = select(outbox.c.id).where(_IS_OWED, of_lane, outbox.c.due_at <= now, free, wanted)
    picked = limited(due.order_by(*_ORDER)).with_for_update(skip_locked=True).cte("picked")
    taken = update(outbox).where(outbox.c.id.in_(select(picked.c.id))).returning(*_MESSAGE)
    taken = taken.values(attempts=outbox.c.attempts + ONE, leased_until=given(outbox.c.leased_until, "until"))
    return compiled(dialect, taken, "lane", "now", "now", *names, "limit", "until")


def _backlog(dialect: Dialect) -> Statement:
    before = select(func.count()).select_from(outbox).where(_IS_OWED, outbox.c.lane <= given(outbox.c.lane))
    return compiled(dialect, before, "lane")


def _counts(dialect: Dialect) -> Statement:
    names = (outbox.c.lane, outbox.c.state)
    return compiled(dialect, select(*names, func.count()).group_by(*names))


def _page(dialect: Dialect) -> Statement:
    after = tuple_(*_ORDER) > tuple_(*(given(column) for column in _ORDER))
    page = limited(select(*_MESSAGE).where(_IS_OWED, after).order_by(*_ORDER))
    return compiled(dialect, page, "lane", "due_at", "id", "limit")


def _dead(dialect: Dialect) -> Statement:
    dead = select(*_MESSAGE, outbox.c.reason, outbox.c.settled_at).where(outbox.c.state == literal(_DEAD))
    return compiled(dialect, limited(dead.order_by(outbox.c.settled_at.desc(), outbox.c.id.desc())), "limit")
