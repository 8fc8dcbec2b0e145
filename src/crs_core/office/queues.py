"""When a message that is owed now will leave: the queue before it, and whether its gateway takes messages at all.

Counting a queue costs as much as it is long, and in a storm every press asks for it. So it is counted outside every
lock, and once for all who ask within the same second.
"""

from crs_core.domain.circuit import Circuit, may_try
from crs_core.domain.messages import Channel, Lane
from crs_core.domain.pacing import Departure, leaves_at
from crs_core.domain.plans import Key
from crs_core.domain.time import Instant, later
from crs_core.office.commands import Office

__all__ = ["departure"]

_TRUE_SECONDS = 1


def departure(office: Office, lane: Lane, now: Instant) -> Departure:
    """When a short message of a lane would leave that is owed now; as of a second ago at most."""
    known = office.departures.get(lane)
    if known is None or not known.as_of <= now < later(known.as_of, seconds=_TRUE_SECONDS):
        known = office.departures[lane] = _counted(office, lane, now)
    return known


def _counted(office: Office, lane: Lane, now: Instant) -> Departure:
    sending = office.campaign.sending
    with office.storage.read() as view:
        ahead = view.backlog(lane)
        circuit = view.get(Key(Circuit, Channel.SMS.value))
    if circuit is None or circuit.value.retry_at is None or may_try(circuit.value, sending.at(now), now):
        return Departure(now, leaves_at(sending, ahead, now))
    again = circuit.value.retry_at
    return Departure(now, leaves_at(sending, ahead, again), again)
