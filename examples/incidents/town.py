"""An invented town for the incidents: the real desks on an embedded storage, a clock to move, phones to read."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta

import pendulum
from attrs import field, frozen

import crs_core as crs
from crs_adapters.confirmation import documents
from crs_adapters.storage import memory, sql
from crs_core.domain.confirmation import Document
from crs_core.ports.mail import Mail
from crs_core.ports.sms import Sms
from crs_core.testing.clock import SeededChance, VirtualClock
from crs_core.testing.invented import FIRST_NAMES, SURNAMES, Invented, insured_number

__all__ = ["AFTER_THE_SWITCH", "BEFORE_THE_SWITCH", "Citizen", "Post", "Town", "calendars", "citizen", "open_town"]

BEFORE_THE_SWITCH = pendulum.datetime(2021, 1, 18, 8)  # immediate access: the fastest win
AFTER_THE_SWITCH = pendulum.datetime(2021, 1, 23, 8)  # invitation access: the oldest first
FIRST_DOSES = (date(2021, 1, 25), date(2021, 1, 26), date(2021, 1, 27), date(2021, 1, 28), date(2021, 1, 29))

_KEYS = {"2021-01": b"an invented key of 32 bytes ...."}
_PIN1, _PIN2 = 6, 8


@frozen
class Citizen:
    """An invented person with a phone of their own."""

    person: Invented
    phone: str = field(repr=False)

    @property
    def insured_number(self) -> str:
        """As on the insurance card."""
        return self.person.insured_number

    @property
    def source(self) -> str:
        """Where their requests come from: an address of a range set aside for documents."""
        return f"2001:db8::{self.phone[-4:]}"


def citizen(number: int, born: date | None = None) -> Citizen:
    """The citizen of a number from 1 to 989; of 80 to 90 years where no birth date is given."""
    day = born or date(1931 + number % 10, 1 + number % 12, 1 + number % 28)
    name = FIRST_NAMES[number % len(FIRST_NAMES)], SURNAMES[number % len(SURNAMES)]
    person = Invented(insured_number(day, number, woman=bool(number % 2)), *name, day)
    return Citizen(person, f"+420601{number:06d}")


class Post:
    """The phones and mailboxes of everybody: an SMS gateway and a mail server whose messages can be read."""

    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {}
        self._enclosed: dict[str, list[Document]] = {}

    def send(self, message: Sms | Mail) -> str:
        """See `SmsGateway.send` and `MailServer.send`."""
        self._texts.setdefault(message.to, []).append(message.text)
        if isinstance(message, Mail):
            self._enclosed.setdefault(message.to, []).extend(message.documents)
        return message.reference

    def texts(self, address: str) -> Sequence[str]:
        """What came to a phone or to a mailbox, in order."""
        return tuple(self._texts.get(address, ()))

    def enclosed(self, address: str) -> Sequence[Document]:
        """What the e-mails to a mailbox enclosed, in order."""
        return tuple(self._enclosed.get(address, ()))

    @crs.hookimpl
    def crs_register_adapters(self) -> Iterable[crs.Adapter]:
        """Opens as ``post:``."""
        return [crs.Adapter(port, "post", lambda _url, _around: self) for port in ("sms", "mail")]


@frozen
class Town:
    """A system at work, and what its citizens do every day."""

    system: crs.System
    clock: VirtualClock
    post: Post

    @property
    def desk(self) -> crs.CitizenDesk:
        """The citizen's desk."""
        return self.system.citizen

    def pins(self, citizen: Citizen, digits: int = _PIN2) -> list[str]:
        """The PINs of a length that came to a phone, in order."""
        return [pin for text in self.post.texts(citizen.phone) for pin in re.findall(rf"\b\d{{{digits}}}\b", text)]

    def register(self, citizen: Citizen, site_id: str = "north", *, email: str | None = None) -> str:
        """Steps 1 to 4; the id of the registration."""
        sent = self.desk.request_control_pin(citizen.phone, source=citizen.source)
        self.system.operations.dispatch()
        proof = self.desk.verify_phone(sent.handle, self.pins(citizen, _PIN1)[-1], source=citizen.source)
        application = citizen.person.applies(site_id, email=email, language="en")
        return self.desk.register(proof, application).registration_id

    def enter(self, citizen: Citizen, pin2: str | None = None) -> crs.Entry:
        """Step 5, with a PIN2 or with the newest that came."""
        self.system.operations.dispatch()
        return self.desk.enter(citizen.insured_number, pin2 or self.pins(citizen)[-1], source=citizen.source)


@contextmanager
def open_town(
    *,
    storage: str = "memory:",
    start: pendulum.DateTime = AFTER_THE_SWITCH,
    campaign: crs.Campaign | None = None,
    confirmation: str | None = None,
) -> Iterator[Town]:
    """A town whose sites, ``north`` and ``south`` where no campaign is given, have no calendars and are not open."""
    clock, post = VirtualClock(start), Post()
    system = crs.open_system(
        campaign or crs.example_campaign(),
        keys=_KEYS,
        storage=storage,
        sms="post:",
        mail="post:",
        confirmation=confirmation,
        clock=clock,
        chance=SeededChance(2021),
        plugins=[("documents", documents), ("memory", memory), ("post", post), ("sql", sql)],
    )
    with system:
        yield Town(system, clock, post)


def calendars(seats: int, *, spacing: int = 21, second: Sequence[int] = range(5)) -> list[crs.Calendar]:
    """A week of first doses, and second doses so many days after them.

    Args:
        seats: Of a day.
        second: The days of the week whose second doses are there, from 0.
    """
    days = {1: FIRST_DOSES, 2: [FIRST_DOSES[number] + timedelta(days=spacing) for number in second]}
    return [
        crs.Calendar(f"V{dose}", "comirnaty", dose, [slot for day in of for slot in crs.even_slots(day, seats)])
        for dose, of in days.items()
    ]
