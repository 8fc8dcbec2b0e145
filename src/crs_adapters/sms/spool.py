"""Short messages into a folder: one readable file a message, for demonstrations, tests and a gateway of your own."""

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

from crs_core.composition.hookspecs import Adapter, Surroundings, hookimpl
from crs_core.errors import AdapterFault
from crs_core.ports.clock import Clock
from crs_core.ports.sms import Sms

__all__ = ["SmsSpool", "crs_register_adapters"]


class SmsSpool:
    """Writes each message to ``folder/sms/<reference>.txt``; a second hand-off of one message writes the same file."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder / "sms"
        self._clock = clock
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self._folder) from error

    def send(self, sms: Sms) -> str:
        """See `SmsGateway.send`."""
        at = self._clock.now().isoformat(timespec="seconds")
        path = self._folder / f"{sms.reference}.txt"
        part = path.with_suffix(".part")
        try:
            part.write_text(f"To: {sms.to}\nAt: {at}\nReference: {sms.reference}\n\n{sms.text}\n", encoding="utf-8")
            part.replace(path)
        except OSError as error:
            raise _unwritable(self._folder) from error
        return path.name


def _unwritable(folder: Path) -> AdapterFault:
    return AdapterFault(
        "spool_unwritable", f"folder={folder}: cannot be written", remedy="make room, or give a folder of yours"
    )


def _open(url: str, around: Surroundings) -> SmsSpool:
    return SmsSpool(Path(unquote(url.partition(":")[2]) or "outbox"), around.clock)


@hookimpl
def crs_register_adapters() -> Iterable[Adapter]:
    """The spool folder for SMS."""
    return [Adapter("sms", "spool", _open, "a folder with one readable file a message")]
