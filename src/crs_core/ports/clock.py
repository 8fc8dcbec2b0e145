"""What time it is."""

from typing import Protocol

from crs_core.domain.time import Instant

__all__ = ["Clock"]


class Clock(Protocol):
    """Tells the time; the only source of `now`."""

    def now(self) -> Instant:
        """The present instant, in UTC."""
        ...
