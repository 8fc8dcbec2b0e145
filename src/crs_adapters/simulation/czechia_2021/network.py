"""The network of the play: it takes messages as operators would, and hands them to invented phones and mailboxes."""

from collections.abc import Callable, Iterable, Mapping

from crs_core.composition.hookspecs import Adapter, Surroundings, hookimpl
from crs_core.composition.plugins import Plugins
from crs_core.domain.sms_segments import segments
from crs_core.ports.mail import Mail, MailServer
from crs_core.ports.sms import Sms, SmsGateway

__all__ = ["Mailboxes", "Network", "Phones"]


class Phones:
    """An operator of short messages.

    Attributes:
        owners: What a phone does with a text, by number; a message to any other number is taken and lost.
        spooled: Numbers whose messages the spool adapter writes to the folder too.
        segments: How many messages took so many segments.
    """

    def __init__(self) -> None:
        self.owners: Mapping[str, Callable[[str], None]] = {}
        self.spooled: frozenset[str] = frozenset()
        self.segments: dict[int, int] = {}
        self.spool: SmsGateway | None = None

    def send(self, sms: Sms) -> str:
        """See `SmsGateway.send`."""
        if self.spool is not None and sms.to in self.spooled:
            self.spool.send(sms)
        number = segments(sms.text).number
        self.segments[number] = self.segments.get(number, 0) + 1
        owner = self.owners.get(sms.to)
        if owner is not None:
            owner(sms.text)
        return ""


class Mailboxes:
    """A mail server; every message is written to the folder by the spool adapter.

    Attributes:
        owners: What its owner does with a message, by address.
    """

    def __init__(self) -> None:
        self.owners: Mapping[str, Callable[[Mail], None]] = {}
        self.spool: MailServer | None = None

    def send(self, mail: Mail) -> str:
        """See `MailServer.send`."""
        name = "" if self.spool is None else self.spool.send(mail)
        owner = self.owners.get(mail.to)
        if owner is not None:
            owner(mail)
        return name


class Network:
    """An ordinary plugin with two adapters: ``phones:FOLDER`` for SMS, ``mailboxes:FOLDER`` for e-mail."""

    def __init__(self) -> None:
        self.phones = Phones()
        self.mailboxes = Mailboxes()

    def _open_phones(self, url: str, around: Surroundings) -> Phones:
        self.phones.spool = Plugins.installed().open("sms", f"spool:{url.partition(':')[2]}", around)
        return self.phones

    def _open_mailboxes(self, url: str, around: Surroundings) -> Mailboxes:
        self.mailboxes.spool = Plugins.installed().open("mail", f"spool:{url.partition(':')[2]}", around)
        return self.mailboxes

    @hookimpl
    def crs_register_adapters(self) -> Iterable[Adapter]:
        """The network of the play."""
        return [
            Adapter("sms", "phones", self._open_phones, "invented phones of a simulation"),
            Adapter("mail", "mailboxes", self._open_mailboxes, "invented mailboxes of a simulation"),
        ]
