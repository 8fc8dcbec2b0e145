"""What a round of sending knows of the gateways: which it may try, and what it has learnt of them."""

from collections.abc import Iterator
from contextlib import contextmanager

from crs_core.domain import circuit
from crs_core.domain.circuit import Circuit
from crs_core.domain.messages import Channel
from crs_core.domain.plans import Key, Put
from crs_core.domain.time import Instant
from crs_core.errors import AdapterFault, Refused
from crs_core.office.commands import Office
from crs_core.ports.storage import Work

__all__ = ["Circuits"]


class Circuits:
    """The circuit of every channel, as it was when the round began and as the round has found it since."""

    def __init__(self, office: Office) -> None:
        self._office = office
        with office.storage.read() as view:
            stored = {each: view.get(Key(Circuit, each.value)) for each in Channel}
        self._known = {each: Circuit(each.value) if at is None else at.value for each, at in stored.items()}
        self._learnt: set[Channel] = set()

    def may_try(self, channel: Channel, now: Instant) -> bool:
        """Whether a message may be handed to the channel's gateway."""
        return circuit.may_try(self._known[channel], self._office.campaign.sending.at(now), now)

    def down(self, channel: Channel) -> bool:
        """Whether the gateway counts as down."""
        return self._known[channel].broken

    @contextmanager
    def learning(self, channel: Channel) -> Iterator[None]:
        """Takes note of how a hand-off ends: whoever refuses a message for good is not down."""
        now = self._office.now()
        rule, known = self._office.campaign.sending.at(now), self._known[channel]
        try:
            yield
        except AdapterFault as fault:
            self._learn(channel, circuit.failed(known, rule, self._office.chance.fraction(), now, fault.code))
            raise
        except Refused:
            self._learn(channel, circuit.took(known))
            raise
        self._learn(channel, circuit.took(known))

    def _learn(self, channel: Channel, found: Circuit) -> None:
        if found != self._known[channel]:
            self._known[channel] = found
            self._learnt.add(channel)

    def keys(self) -> list[Key[Circuit]]:
        """What to lock before `puts`: the circuits that are not as they were."""
        return [Key(Circuit, channel.value) for channel in self._learnt]

    def puts(self, work: Work) -> Iterator[Put[Circuit]]:
        """Writes down what was learnt last; another dispatcher's word before it is overruled."""
        for key in self.keys():
            stored = work.get(key)
            yield Put(key, self._known[Channel(key.id)], 0 if stored is None else stored.version)

    def told(self) -> None:
        """What was learnt is committed."""
        self._learnt.clear()
