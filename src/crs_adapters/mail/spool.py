"""E-mail into a folder: one readable file a message, for demonstrations and tests."""

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

from crs_core.composition.hookspecs import Adapter, Surroundings, hookimpl
from crs_core.errors import AdapterFault
from crs_core.ports.clock import Clock
from crs_core.ports.mail import Mail

__all__ = ["MailSpool", "crs_register_adapters"]


class MailSpool:
    """Writes each message to ``folder/mail/<reference>.txt``; a second hand-off of one message writes the same file.

    What it encloses stands beside it, as in ``<reference>.ockovani.ics``, and is there before the message is.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder / "mail"
        self._clock = clock
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self._folder) from error

    def send(self, mail: Mail) -> str:
        """See `MailServer.send`."""
        at = self._clock.now().isoformat(timespec="seconds")
        enclosed = {f"{mail.reference}.{Path(each.name).name}": each.content for each in mail.documents}
        head = f"To: {mail.to}\nAt: {at}\nReference: {mail.reference}\nSubject: {mail.subject}\n"
        head += "".join(f"Attachment: {name}\n" for name in enclosed)
        name = f"{mail.reference}.txt"
        for each, content in {**enclosed, name: f"{head}\n{mail.text}\n".encode()}.items():
            self._write(self._folder / each, content)
        return name

    def _write(self, path: Path, content: bytes) -> None:
        part = path.with_name(f"{path.name}.part")
        try:
            part.write_bytes(content)
            part.replace(path)
        except OSError as error:
            raise _unwritable(self._folder) from error


def _unwritable(folder: Path) -> AdapterFault:
    return AdapterFault(
        "spool_unwritable", f"folder={folder}: cannot be written", remedy="make room, or give a folder of yours"
    )


def _open(url: str, around: Surroundings) -> MailSpool:
    return MailSpool(Path(unquote(url.partition(":")[2]) or "outbox"), around.clock)


@hookimpl
def crs_register_adapters() -> Iterable[Adapter]:
    """The spool folder for e-mail."""
    return [Adapter("mail", "spool", _open, "a folder with one readable file a message")]
