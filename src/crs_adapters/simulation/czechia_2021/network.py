"""The network of the play: it takes short messages as an operator would, and hands them to invented phones."""

from collections.abc import Callable, Iterable, Mapping

from crs_core.composition.hookspecs import Adapter, Surroundings, hookimpl
from crs_core.composition.plugins import Plugins
from crs_core.ports.sms import Sms, SmsGateway

__all__ = ["Network"]


class Network:
    """An ordinary plugin with an SMS adapter, ``phones:FOLDER``; some phones' messages go to a spool folder too.

    Attributes:
        phones: What a phone does with a text, by number; a message to any other number is taken and lost.
        spooled: Numbers whose messages the spool adapter writes to the folder.
    """

    def __init__(self) -> None:
        self.phones: Mapping[str, Callable[[str], None]] = {}
        self.spooled: frozenset[str] = frozenset()
        self._spool: SmsGateway | None = None

    def send(self, sms: Sms) -> str:
        """See `SmsGateway.send`."""
        if self._spool is not None and sms.to in self.spooled:
            self._spool.send(sms)
        phone = self.phones.get(sms.to)
        if phone is not None:
            phone(sms.text)
        return ""

    def _open(self, url: str, around: Surroundings) -> "Network":
        folder = url.partition(":")[2]
        self._spool = Plugins.installed().open("sms", f"spool:{folder}", around)
        return self

    @hookimpl
    def crs_register_adapters(self) -> Iterable[Adapter]:
        """The network of the play."""
        return [Adapter("sms", "phones", self._open, "invented phones of a simulation")]
