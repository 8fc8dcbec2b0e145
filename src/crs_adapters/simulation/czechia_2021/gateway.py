"""The dispatcher at the pace of the operator's gateway: so many messages a second, and no more."""

import math

from attrs import define, field

import crs_core as crs
from crs_adapters.simulation.czechia_2021.agenda import Agenda
from crs_adapters.simulation.czechia_2021.recorder import Recorder
from crs_core.domain.time import Instant, later

__all__ = ["Gateway"]

_STEP = 10.0
_AT_ONCE, _GATHERED = 1.0, 30.0


@define
class Gateway:
    """Dispatches while anything is owed; sleeps otherwise.

    Attributes:
        rate: Messages a second; below one where the play is small.
        slowest: The longest that there was anything left to send, in seconds.
    """

    operations: crs.OperationsDesk
    agenda: Agenda
    recorder: Recorder
    rate: float
    slowest: float = 0.0
    _allowed: float = field(default=1.0)
    _counted_at: Instant | None = None
    _busy_since: Instant | None = None
    _next: Instant | None = None

    def wake(self, *, urgent: bool) -> None:
        """Something is owed: a control PIN leaves at once, anything else may gather for a while."""
        if self._busy_since is None:
            self._busy_since = self.agenda.now()
        self._plan(later(self.agenda.now(), seconds=_AT_ONCE if urgent else _GATHERED))

    def _plan(self, moment: Instant) -> None:
        """The next round at a moment, or earlier where it is planned so; one round at a time."""
        if self._next is None or moment < self._next:
            self._next = moment
            self.agenda.at(moment, lambda: self._send(moment))

    def _send(self, planned: Instant) -> None:
        if planned != self._next:
            return
        self._next = None
        now = self.agenda.now()
        limit = self._due(now)
        done = self.recorder.call(self.operations.dispatch, limit) if limit else None
        handed = 0 if done is None else done.sent + done.put_off + done.dead
        self._allowed -= handed
        if done is not None and done.retry_at is not None:
            self._plan(done.retry_at)
            return
        if done is not None and handed < limit:
            self._busy_since = None
            return
        if self._busy_since is not None:
            self.slowest = max(self.slowest, (now - self._busy_since).total_seconds())
        self._plan(later(now, seconds=max(_STEP, (1 - self._allowed) / self.rate)))

    def _due(self, now: Instant) -> int:
        """How many may go now: what time has allowed since, at most what goes in one step."""
        elapsed = 0.0 if self._counted_at is None else (now - self._counted_at).total_seconds()
        self._allowed = min(max(1.0, self.rate * _STEP), self._allowed + self.rate * elapsed)
        self._counted_at = now
        return math.floor(self._allowed + 1e-9)
