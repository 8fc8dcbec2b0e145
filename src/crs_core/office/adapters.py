"""Speaking to an adapter: whatever it raises that its port does not name is a fault of the adapter."""

from collections.abc import Iterator
from contextlib import contextmanager

from crs_core.errors import AdapterFault, CrsError

__all__ = ["spoken_to", "untrue"]

_REMEDY = "let it raise AdapterFault where it cannot, and try it with its contract in crs_core.testing"


@contextmanager
def spoken_to(port: str, *named: type[CrsError]) -> Iterator[None]:
    """Lets through what a port names, and nothing else: a library's own error must not end a round or reach a page.

    Args:
        named: What the port may raise beside `AdapterFault`.

    Raises:
        AdapterFault: ``adapter_broken``, with the kind of what was raised and none of its words, which may tell of a
            person; so it is not chained either, as logs write what is.
    """
    known: tuple[type[CrsError], ...] = (AdapterFault, *named)
    try:
        yield
    except known:
        raise
    except Exception as error:  # noqa: BLE001 - an adapter may raise whatever its library does
        raise AdapterFault("adapter_broken", f"port={port}: raised {type(error).__name__}", remedy=_REMEDY) from None


def untrue(port: str, answer: object, wanted: str) -> AdapterFault:
    """The fault of an adapter whose answer its port does not know."""
    message = f"port={port}: answered {type(answer).__name__}, not {wanted}"
    return AdapterFault("adapter_broken", message, remedy=_REMEDY)
