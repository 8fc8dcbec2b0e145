"""One citizen: what people do with the portal and with the messages that reach their phone.

Everything here is invented but two figures: about 60 of 100 invited people booked, and the eight steps themselves.
Nobody here knows more than the pages and the messages say.
"""

import re

from attrs import define, field, frozen

import crs_core as crs
from crs_adapters.simulation.czechia_2021.people import Person
from crs_adapters.simulation.czechia_2021.town import MORNING, Town
from crs_adapters.simulation.czechia_2021.visit import Found, Visit
from crs_core.domain.time import Instant, add_days
from crs_core.ports.mail import Mail

__all__ = ["Citizen", "Event"]

_PIN = re.compile(r"\b(PIN2?)\b\D*(\d{6,9})\b", re.ASCII)
_YOUR_TURN = re.compile("jste na rade|it is your turn")
_HOUR, _DAY = 3600.0, 86_400.0

_ANSWERS = (0.6, 0.4)  # of the first invitation (about 60 of 100 invited people booked), and of each later one
_MISTYPES = 0.03
_READS_LATE = 0.02
_LOSES_PIN2 = 0.03
_CANCELS = 0.01
_COMES_BACK = 0.5  # the next day, of those who found nothing
_NEXT_REGION = {"CZ020": ("CZ010",)}  # Central Bohemia lies around Prague; elsewhere people stay in their region
_MOST_REQUESTS = 5


@frozen
class Event:
    """One thing that happened to a citizen; `kind` is ``does``, ``told``, ``sms``, ``mail`` or ``system``."""

    at: Instant
    kind: str
    text: str = field(repr=False)


@define
class Citizen:
    """One invented person on the way through the eight steps.

    Attributes:
        watched: Whether to keep the history of this one.
        waited: Whether a visit before the switch found no seat.
        invitations: How many came.
        documents: Files of the last confirmation that came by e-mail.
    """

    person: Person
    town: Town
    language: str = "cs"
    watched: bool = False
    history: list[Event] = field(factory=list, repr=False)
    registered_at: Instant | None = None
    registration_id: str = ""
    site_id: str = ""
    reservation: crs.Reservation | None = None
    waited: bool = False
    invitations: int = 0
    documents: tuple[str, ...] = ()
    _handle: str | None = field(default=None, repr=False)
    _pin: str = field(default="", repr=False)
    _pin2: str = field(default="", repr=False)
    _proof: str = field(default="", repr=False)
    _requests: int = 0
    _asked_at: Instant | None = None
    _visiting: bool = False

    @property
    def source(self) -> str:
        """An address of their own, of the range for documents."""
        return f"2001:db8::{self.person.number:x}"

    def note(self, kind: str, text: str) -> None:
        """Keeps what happened, if this one is watched."""
        if self.watched:
            self.history.append(Event(self.town.agenda.now(), kind, text))

    # Steps 1 and 2

    def asks(self) -> None:
        """Asks for a control PIN, and again when the page says that it makes sense and nothing has come."""
        self._requests += 1
        self._asked_at = self._asked_at or self.town.agenda.now()
        self.note("does", "asks for a control PIN" + (" once more" if self._requests > 1 else ""))
        try:
            sent = self.town.recorder.call(
                self.town.desk.request_control_pin,
                self.person.phone,
                source=self.source,
                language=self.language,
                handle=self._handle,
            )
        except crs.CrsError as refusal:
            self._told(refusal)
            return
        self._handle, self._pin = sent.handle, ""
        patience = (sent.retry_at - self.town.agenda.now()).total_seconds() + 60 * self.town.chance.random()
        self.town.agenda.after(patience, self._asks_again)

    def _asks_again(self) -> None:
        if not self._pin and not self._proof and self._requests < _MOST_REQUESTS:
            self.asks()

    def receives(self, text: str) -> None:
        """The phone rings: a message has come."""
        self.note("sms", text)
        found = _PIN.search(text)
        if found is None:
            return
        if found[1] == "PIN":
            if not self._pin and self._requests == 1 and self._asked_at is not None:
                self.town.pin_waits.append((self.town.agenda.now() - self._asked_at).total_seconds())
            self._pin = found[2]
            late = self.town.chance.random() < _READS_LATE
            self.town.soon(1500 if late else 40, self._proves)
            return
        self._pin2 = found[2]
        if _YOUR_TURN.search(text):
            self._is_invited()
        else:  # the PIN2 of immediate access, or a reminder that was asked for
            self.town.soon(90, self._comes)

    def reads(self, mail: Mail) -> None:
        """A message has come to the mailbox; of the last one with documents their names in the spool are kept."""
        enclosed = [document.name for document in mail.documents]
        self.note("mail", f"{mail.subject}; with {' and '.join(enclosed) or 'nothing enclosed'}")
        if enclosed:
            self.documents = tuple(f"{mail.reference}.{name}" for name in enclosed)

    def _proves(self) -> None:
        if self._proof or self._handle is None:
            return
        pin = self._pin
        if self.town.chance.random() < _MISTYPES:
            pin = pin[1:] + pin[:1]
        try:
            self._proof = self.town.recorder.call(self.town.desk.verify_phone, self._handle, pin, source=self.source)
        except crs.CrsError as refusal:
            self._told(refusal)
            if refusal.code == "wrong_pin":
                self.town.soon(30, self._proves)
            elif refusal.code == "pin_expired" and self._requests < _MOST_REQUESTS:
                self.asks()
            return
        self.note("does", "enters the control PIN: the phone is proved")
        self.town.soon(240, self._registers)

    # Steps 3 and 4

    def _registers(self) -> None:
        sites = self.town.sites(self.person.region) or self.town.sites(None)
        if not sites:
            return
        [site] = self.town.chance.choices(sites, weights=[self.town.popularity[each.id] for each in sites])
        person = self.person
        application = crs.Application(
            person.insured_number,
            person.first_name,
            person.last_name,
            person.born,
            site.id,
            language=self.language,
            email=person.email,
            claims=frozenset({"health-worker"} if person.health_worker else ()),
        )
        try:
            saved = self.town.recorder.call(self.town.desk.register, self._proof, application)
        except crs.CrsError as refusal:
            self._told(refusal)
            return
        self.registered_at, self.registration_id, self.site_id = saved.registered_at, saved.registration_id, site.id
        follows = "PIN2 will follow" if saved.pin_follows else "an invitation will follow in its turn"
        self.note("does", f"registers for {site.name}: {follows}")

    # Steps 5 to 8

    def _is_invited(self) -> None:
        self.invitations += 1
        chance = self.town.chance
        if chance.random() >= _ANSWERS[min(self.invitations, len(_ANSWERS)) - 1]:
            return
        delay = 5 * _HOUR * chance.lognormvariate(0, 1)
        if chance.random() < _LOSES_PIN2:
            self.town.when_awake(delay, self._asks_for_reminder)
        else:
            self.town.when_awake(delay, self._comes)

    def _asks_for_reminder(self) -> None:
        self.note("does", "has lost PIN2, asks for it once more")
        try:
            self.town.recorder.call(self.town.desk.remind_pin, self.person.insured_number, source=self.source)
        except crs.CrsError as refusal:
            self._told(refusal)

    def _enters(self) -> crs.Entry | None:
        try:
            return self.town.recorder.call(
                self.town.desk.enter, self.person.insured_number, self._pin2, source=self.source
            )
        except crs.CrsError as refusal:
            self._told(refusal)
            return None

    def _comes(self) -> None:
        """One visit: PIN2, then a search for a seat."""
        if self._visiting or self.reservation is not None:
            return
        entry = self._enters()
        if entry is not None:
            self._visiting = True
            others = () if self.invitations else (self.person.region, *_NEXT_REGION.get(self.person.region, ()))
            found = Found(self._has_reserved, self._finds_nothing, self._is_refused)
            Visit(self.town, entry, self.site_id, others, found).search()

    def _has_reserved(self, reservation: crs.Reservation) -> None:
        self._visiting = False
        self.reservation = reservation
        days = " and ".join(f"{dose.day.day}. {dose.day.month}." for dose in reservation.doses)
        self.note("does", f"enters PIN2, chooses a time and reserves both doses: {days}")
        if self.town.chance.random() < _CANCELS:
            self.town.when_awake((1 + 4 * self.town.chance.random()) * _DAY, self._cancels)

    def _is_refused(self, refusal: crs.CrsError) -> None:
        self._visiting = False
        self._told(refusal)

    def _finds_nothing(self) -> None:
        self._visiting = False
        self.note("told", "nothing is free; looks again another day" if not self.invitations else "the site is full")
        self.waited = self.waited or not self.invitations
        if self.invitations or self.town.chance.random() < _COMES_BACK:
            morning = self.town.agenda.moment(add_days(self.town.agenda.day(), 1), MORNING)
            ahead = (morning - self.town.agenda.now()).total_seconds()
            self.town.agenda.after(ahead + 12 * _HOUR * self.town.chance.random() ** 2, self._comes)

    def _cancels(self) -> None:
        entry = self._enters()
        if entry is None or self.reservation is None:
            return
        try:
            self.town.recorder.call(self.town.desk.cancel, entry)
        except crs.CrsError as refusal:
            self._told(refusal)
            return
        self.reservation = None
        self.note("does", "cancels the reservation")

    def _told(self, refusal: crs.CrsError) -> None:
        self.note("told", crs.refusal_text(refusal, "en"))
