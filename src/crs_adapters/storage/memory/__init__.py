"""Storage in memory: the reference that the others are held against, for tests, tutorials and simulations.

One writer at a time; what a work does is staged and becomes visible in one short step, so that readers never see half
of it and wait for no decision.
"""

from collections.abc import Iterable

from crs_adapters.storage.memory.storage import MemoryStorage
from crs_core.composition.hookspecs import Adapter, Surroundings, hookimpl

__all__ = ["MemoryStorage", "crs_register_adapters"]


def _open(_url: str, around: Surroundings) -> MemoryStorage:
    return MemoryStorage(around.clock)


@hookimpl
def crs_register_adapters() -> Iterable[Adapter]:
    """Storage in memory."""
    return [Adapter("storage", "memory", _open, "in memory, lost with the process")]
