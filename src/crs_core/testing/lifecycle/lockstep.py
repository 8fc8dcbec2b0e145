"""Systems that differ in nothing but their storage, asked the same at the same time."""
# ruff: noqa: S101 - a kit asserts

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from attrs import field, frozen

from crs_core.composition.codec import codec
from crs_core.composition.system import System
from crs_core.domain.campaign import Campaign
from crs_core.domain.circuit import Circuit
from crs_core.domain.control_pin import Challenge
from crs_core.domain.keys import Keyring
from crs_core.domain.ledger import Account, Balance
from crs_core.domain.messages import Message
from crs_core.domain.people import Person
from crs_core.domain.registration import Registration
from crs_core.domain.releases import ReleaseRecord
from crs_core.domain.reservations import Reservation
from crs_core.domain.sites import Site
from crs_core.errors import CrsError
from crs_core.office.commands import Office
from crs_core.ports.registry import Registry
from crs_core.ports.storage import Storage
from crs_core.testing.clock import SeededChance, VirtualClock
from crs_core.testing.vendors import Conduct, Handed, HostileGateway, PowerCut

__all__ = ["KEYRING", "Lockstep", "Outcome", "Picture"]

T = TypeVar("T")

KEYRING = Keyring({"2021-01": b"an invented key, 32 bytes long .."}, "2021-01")


@frozen
class Outcome:
    """What every system answered, or refused.

    Attributes:
        code: Of the refusal; empty where there was an answer.
    """

    value: Any = None
    error: CrsError | PowerCut | None = field(default=None)

    @property
    def code(self) -> str:
        """See the class."""
        if isinstance(self.error, CrsError):
            return self.error.code
        return "" if self.error is None else "power_cut"


@frozen
class Picture:
    """What a storage holds, in comparable form."""

    registrations: dict[str, Registration]
    reservations: dict[str, Reservation]
    owed: dict[str, Message]
    accounts: dict[Account, Balance]
    circuits: dict[str, Circuit]
    rest: tuple[Any, ...] = field(repr=False)


class Lockstep:
    """The systems, their one clock and their gateways."""

    def __init__(
        self, campaign: Campaign, storages: Mapping[str, Storage], clock: VirtualClock, registry: Registry, seed: int
    ) -> None:
        self.campaign = campaign
        self.clock = clock
        self._storages = dict(storages)
        self._gateways = {name: HostileGateway() for name in storages}
        self._systems = {
            name: System(_office(campaign, storage, clock, registry, self._gateways[name], seed))
            for name, storage in storages.items()
        }

    def ask(self, call: Callable[[System], Any]) -> Outcome:
        """What all systems answer or refuse, which must be the same."""
        outcomes = {name: _outcome(call, system) for name, system in self._systems.items()}
        return _same({name: (_told(outcome), outcome) for name, outcome in outcomes.items()})

    def follow(self, script: Iterable[Conduct]) -> None:
        """Gives all gateways the same script."""
        steps = list(script)
        for gateway in self._gateways.values():
            gateway.follow(steps)

    def handed(self, since: int) -> list[Handed]:
        """What the gateways were handed, from that place on: the same everywhere."""
        return _same(
            {name: (gateway.handed[since:], gateway.handed[since:]) for name, gateway in self._gateways.items()}
        )

    def look(self) -> Picture:
        """What all storages hold, which must be the same, and without a violated invariant."""
        for name, system in self._systems.items():
            violations = system.operations.audit()
            assert violations == (), f"{name}: {'; '.join(map(str, violations))}"
        pictures = {name: _picture(storage, self.campaign) for name, storage in self._storages.items()}
        return _same({name: (picture, picture) for name, picture in pictures.items()})


def _same(found: Mapping[str, tuple[object, T]]) -> T:
    """The second of the first pair, once the firsts of all are equal."""
    (first, (told, value)), *others = found.items()
    for name, (other, _) in others:
        assert other == told, f"{name} differs from {first}:\n{other}\n{told}"
    return value


def _outcome(call: Callable[[System], Any], system: System) -> Outcome:
    try:
        return Outcome(call(system))
    except (CrsError, PowerCut) as error:
        return Outcome(error=error)


def _told(outcome: Outcome) -> tuple[Any, ...]:
    error = outcome.error
    if not isinstance(error, CrsError):
        return (outcome.value, type(error))
    return (type(error), error.code, error.message, error.retry_at, error.remedy, error.facts)


def _office(
    campaign: Campaign, storage: Storage, clock: VirtualClock, registry: Registry, gateway: HostileGateway, seed: int
) -> Office:
    return Office(
        campaign=campaign,
        storage=storage,
        clock=clock,
        chance=SeededChance(seed),
        keyring=KEYRING,
        registry=registry,
        sms=gateway,
        mail=gateway,
        answers=codec(),
    )


def _picture(storage: Storage, campaign: Campaign) -> Picture:
    with storage.read() as view:
        registrations = {each.id: each for each in view.scan(Registration)}
        reservations = {each.id: each for each in view.scan(Reservation)}
        owed = {each.id: each for each in sorted(view.owed(), key=lambda message: message.id)}
        circuits = {each.id: each for each in view.scan(Circuit)}
        accounts = [each for place in campaign.places for each in view.accounts(place.id)]
        rest = (
            [account for account, _ in accounts],
            *(list(view.scan(kind)) for kind in (Person, Challenge, Site, ReleaseRecord)),
            *(list(view.journal(each.person)) for each in registrations.values()),
            view.outbox(),
            list(view.dead_letters(100)),
            list(view.tallies()),
        )
    return Picture(registrations, reservations, owed, dict(accounts), circuits, rest)
