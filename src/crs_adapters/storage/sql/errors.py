"""What a driver's errors mean here, so that none of them leaves the adapter.

Each database's module says which `Trouble` an error of its driver is; what the caller is told is the same for all. The
driver's own error is chained, without what it quotes of a row.
"""

import enum
from collections.abc import Callable

from crs_core.domain.ledger import Account
from crs_core.domain.time import Instant, later
from crs_core.errors import AdapterFault, Busy, CrsError, Short, Stale

__all__ = ["Trouble", "busy", "closed", "missed", "spoilt", "translated", "unknown_kind", "unsure"]

_PAUSE_SECONDS = 1
_AWAY_SECONDS = 5
_FULL_SECONDS = 60


class Trouble(enum.Enum):
    """What an error of a driver means."""

    TAKEN = "taken"
    """Something that may be there once is there already."""
    BELOW_NOTHING = "below nothing"
    """A check of an account failed."""
    HELD = "held"
    """Others held a lock for too long, or two waited for each other."""
    FULL = "full"
    """The disk takes no more."""
    AWAY = "away"
    """The server is not there, or has broken off."""
    FAULT = "fault"
    """Anything else."""


def translated(trouble: Trouble, error: Exception, now: Callable[[], Instant], subject: object = None) -> CrsError:
    """The error to raise from a driver's error.

    Args:
        now: Asked where `retry_at` is needed.
        subject: What was being changed: an account, or the name of a kind of value.
    """
    if isinstance(error, UnicodeEncodeError):
        error.object, error.args = "…", ()  # they quote a whole row
    if trouble is Trouble.TAKEN or (trouble is Trouble.BELOW_NOTHING and isinstance(subject, Account)):
        return missed(subject)
    if trouble is Trouble.HELD:
        return busy(now())
    if trouble is Trouble.FULL:
        return _full(now())
    if trouble is Trouble.AWAY:
        return _away(now())
    name = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None) or "no code"
    return AdapterFault(
        "storage_failed",
        f"the database refused or failed: {type(error).__name__} ({name})",
        remedy="see the chained cause, and the database's log",
    )


def missed(subject: object) -> CrsError:
    """The error for a change that found nothing to change."""
    if isinstance(subject, Account):
        return Short(str(subject))
    return Stale("stale", f"a {subject} was changed meanwhile", remedy="read again and decide anew")


def busy(now: Instant) -> Busy:
    """Others hold the store."""
    again = later(now, seconds=_PAUSE_SECONDS)
    return Busy("busy", "other commands hold the store", retry_at=again, remedy="try again in a moment")


def _full(now: Instant) -> Busy:
    """It is for operators to make room; a citizen can only come again."""
    again = later(now, seconds=_FULL_SECONDS)
    remedy = "make room on the disk of the database; nothing was changed"
    return Busy("storage_full", "the disk of the database takes no more", retry_at=again, remedy=remedy)


def _away(now: Instant) -> Busy:
    again = later(now, seconds=_AWAY_SECONDS)
    remedy = "see whether the server runs; nothing was changed"
    return Busy("storage_away", "the server of the database is not there", retry_at=again, remedy=remedy)


def unsure(now: Instant) -> AdapterFault:
    """The server broke off while it was asked to commit: it may have done so before."""
    return AdapterFault(
        "outcome_unknown",
        "the database broke off during the commit, which may have been done",
        retry_at=later(now, seconds=_AWAY_SECONDS),
        remedy="send the same command again, with the same idempotency key",
    )


def spoilt() -> AdapterFault:
    """A work goes on after an error of its storage; committing it would keep half a plan."""
    return AdapterFault(
        "work_spoilt",
        "the storage failed in this work, so nothing of it is kept",
        remedy="let the error leave the work, then decide anew in another",
    )


def closed() -> AdapterFault:
    """The storage was given back."""
    return AdapterFault("storage_closed", "this storage is closed", remedy="open it again")


def unknown_kind(kind: type, known: str) -> AdapterFault:
    """The error for a value that has no table."""
    return AdapterFault(
        "unknown_kind",
        f"kind={kind.__name__}: this storage keeps {known}",
        remedy="give it a table in crs_adapters.storage.sql.schema, a migration, and a line in kinds",
    )
