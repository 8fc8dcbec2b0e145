"""One system: a campaign, its adapters, and three desks."""

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

from crs_core.composition.codec import codec
from crs_core.composition.defaults import NoRegistry, SystemChance, SystemClock
from crs_core.composition.hookspecs import Surroundings
from crs_core.composition.plugins import Plugins
from crs_core.desks.citizen import CitizenDesk
from crs_core.desks.operations import OperationsDesk
from crs_core.desks.site import SiteDesk
from crs_core.domain.campaign import Campaign
from crs_core.domain.inputs import require, shown
from crs_core.domain.keys import Keyring
from crs_core.errors import InvalidInput, Problem
from crs_core.office.commands import Office
from crs_core.office.reception import Reception
from crs_core.ports.chance import Chance
from crs_core.ports.clock import Clock

__all__ = ["System", "open_system"]

_LONGEST_WAIT = 3600


class System:
    """A campaign at work. Hand a portal only the desk that it needs.

    Attributes:
        citizen: The eight steps.
        operations: Rounds, statistics, explanations, the audit.

    >>> import crs_core as crs
    >>> with crs.open_system(crs.example_campaign(), keys={"2021-01": b"an invented key of 32 bytes ...."}) as system:
    ...     system.campaign.name, system.site("north").site_id
    ('example', 'north')
    """

    def __init__(self, office: Office) -> None:
        self._office = office
        self._reception = Reception(office)
        self.citizen = CitizenDesk(self._reception)
        self.operations = OperationsDesk(self._reception)

    @property
    def campaign(self) -> Campaign:
        """The campaign in force: as it was last amended, by whatever process."""
        return self._reception.look().campaign

    def site(self, site_id: str) -> SiteDesk:
        """The desk of one vaccination site.

        Raises:
            NotFound: The campaign names no such site.
        """
        self.campaign.place(site_id)
        return SiteDesk(self._reception, site_id)

    def capabilities(self) -> frozenset[str]:
        """What its storage offers beyond the least: ``durable``, ``processes``."""
        return self._office.storage.capabilities()

    def close(self) -> None:
        """Gives back what the storage holds."""
        self._office.storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_system(  # noqa: PLR0913 - one keyword a port
    campaign: Campaign,
    *,
    keys: Keyring | Mapping[str, bytes],
    storage: str = "memory:",
    sms: str = "spool:outbox",
    mail: str = "spool:outbox",
    registry: str | None = None,
    confirmation: str | None = None,
    clock: Clock | None = None,
    chance: Chance | None = None,
    plugins: Iterable[tuple[str, object]] | None = None,
    write_timeout: float = 10.0,
) -> System:
    """A system of a campaign, its adapters opened by URL.

    Where the storage holds an amendment, that is in force and not the campaign given here; see `OperationsDesk.amend`.

    Args:
        keys: The keyring, or secrets by key id, of which the last by id makes new things.
        storage: ``memory:``, ``sqlite:///file.db``, ``postgresql://…``, or a plugin's.
        sms, mail: ``spool:folder`` writes one readable file a message; or a plugin's.
        registry: ``csv:file`` confirms claims from a file; None confirms none.
        confirmation: ``typst:`` makes a PDF and a calendar entry of a reservation, for e-mails and pages; None makes
            neither.
        clock, chance: Where time and randomness come from; this machine's where None.
        plugins: Named plugins instead of those installed.
        write_timeout: How long a command waits for others, in seconds, before it is `Busy`.

    Raises:
        InvalidInput: No campaign, an unknown scheme, keys that are too short, or no length of a wait.
        AdapterFault: An adapter cannot be opened.

    >>> import crs_core as crs
    >>> system = crs.open_system(crs.example_campaign(), keys={"2021-01": b"an invented key of 32 bytes ...."})
    >>> [site.name for site in system.citizen.sites()]
    []
    """
    require(_of_campaign(campaign), _of_wait(write_timeout))
    time = clock or SystemClock()
    around = Surroundings(campaign.name, campaign.zone, time)
    found = Plugins.installed() if plugins is None else Plugins(plugins)
    return System(
        Office(
            campaign=campaign,
            keyring=_keyring(keys),
            clock=time,
            chance=chance or SystemChance(),
            sms=found.open("sms", sms, around),
            mail=found.open("mail", mail, around),
            registry=NoRegistry() if registry is None else found.open("registry", registry, around),
            storage=found.open("storage", storage, around),
            answers=codec(),
            write_timeout=write_timeout,
            documents=None if confirmation is None else found.open("confirmation", confirmation, around),
        )
    )


def _of_campaign(given: object) -> Problem | None:
    if isinstance(given, Campaign):
        return None
    return Problem("campaign", type(given).__name__, "must be a campaign", "give what load_campaign returns")


def _of_wait(seconds: object) -> Problem | None:
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if number and 0 <= seconds <= _LONGEST_WAIT:  # type: ignore[operator]
        return None
    rule = f"must be a number from 0 to {_LONGEST_WAIT}"
    return Problem("write_timeout", shown(seconds), rule, "give seconds, such as 10.0")


def _keyring(keys: Keyring | Mapping[str, bytes]) -> Keyring:
    if isinstance(keys, Keyring):
        return keys
    try:
        secrets = dict(keys)
    except (TypeError, ValueError):
        kind = type(keys).__name__
        raise InvalidInput([Problem("keys", kind, "must be secrets by key id", "give a mapping")]) from None
    try:
        return Keyring(secrets, max(secrets, key=str, default=""))
    except ValueError as error:
        raise InvalidInput([Problem("keys", f"{len(secrets)} keys", str(error), "give at least one secret")]) from None
