"""The clock of the machine, chance of the operating system, and a registry that knows nobody."""

import secrets

import pendulum

from crs_core.domain.time import Instant
from crs_core.ports.registry import Answer

__all__ = ["NoRegistry", "SystemChance", "SystemClock"]

_FRACTION_BITS = 53


class SystemClock:
    """The clock of this machine."""

    def now(self) -> Instant:
        """See `Clock.now`."""
        return pendulum.now("UTC")


class SystemChance:
    """Chance of the operating system, fit for secrets."""

    def name(self) -> str:
        """See `Chance.name`."""
        return secrets.token_urlsafe(12)

    def fraction(self) -> float:
        """See `Chance.fraction`."""
        return secrets.randbits(_FRACTION_BITS) * 2.0**-_FRACTION_BITS


class NoRegistry:
    """A registry that cannot tell; claims stay unconfirmed."""

    def verify(self, claim: str, insured_number: str) -> Answer:  # noqa: ARG002
        """See `Registry.verify`."""
        return Answer.UNKNOWN
