"""The circuit breaker of a gateway: whether it takes messages at present.

A gateway that fails several messages in a row is down, and that is no fault of theirs. The circuit breaks: nothing is
handed over until `retry_at`, then a single message is tried, after pauses that double; these tries cost a message none
of its own. The first one that is taken closes the circuit.

Source: M. Nygard, Release It!, second edition, 2018, chapter 5, "Circuit Breaker".
"""

from attrs import evolve, frozen

from crs_core.domain.campaign import Sending
from crs_core.domain.time import Instant, later

__all__ = ["Circuit", "failed", "may_try", "took"]

_BREAKS_AFTER = 3
_MOST_DOUBLINGS = 12


@frozen
class Circuit:
    """How the gateway of a channel has done of late.

    Attributes:
        id: The channel's value.
        failures: Hand-offs in a row that it failed; 0 while it takes messages.
        retry_at: Once broken: from when one message is tried. None while it is closed.
        reason: The code of the last failure; empty while it takes messages.
    """

    id: str
    failures: int = 0
    retry_at: Instant | None = None
    reason: str = ""

    @property
    def broken(self) -> bool:
        """Whether the gateway counts as down."""
        return self.retry_at is not None


def took(circuit: Circuit) -> Circuit:
    """The circuit once the gateway has taken a message, or has answered that it never will: closed.

    >>> took(Circuit("sms", 2))
    Circuit(id='sms', failures=0, retry_at=None, reason='')
    """
    return Circuit(circuit.id)


def failed(circuit: Circuit, rule: Sending, fraction: float, now: Instant, reason: str = "") -> Circuit:
    """The circuit once the gateway has failed one more message.

    Args:
        fraction: Chance, from 0 up to 1: a pause is never quite the same, so that dispatchers do not come together.

    >>> from pendulum import datetime
    >>> now = datetime(2021, 1, 15, 8)
    >>> failed(Circuit("sms", 1), Sending(), 0.5, now).broken
    False
    >>> failed(Circuit("sms", 5), Sending(), 0.5, now).retry_at.isoformat()
    '2021-01-15T08:00:08+00:00'
    """
    failures = circuit.failures + 1
    doublings = min(failures - _BREAKS_AFTER, _MOST_DOUBLINGS)
    if doublings < 0:
        return evolve(circuit, failures=failures, reason=reason)
    pause = min(2**doublings, rule.pause_seconds) * (0.5 + fraction)
    return Circuit(circuit.id, failures, later(now, seconds=pause), reason)


def may_try(circuit: Circuit, rule: Sending, now: Instant) -> bool:
    """Whether a message may be handed over: the circuit is closed, or its pause is over.

    A pause that would last longer than any was set by a clock that has been put back since: it is over.
    """
    if circuit.retry_at is None:
        return True
    return not now < circuit.retry_at <= later(now, seconds=1.5 * rule.pause_seconds)
