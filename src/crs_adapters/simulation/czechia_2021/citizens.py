"""One citizen: what people do with the portal and with the messages that reach their phone.

Everything here is invented but two figures: about 60 of 100 invited people booked, and the eight steps themselves.
Nobody here knows more than the pages and the messages say.
"""

import random
import re
from collections.abc import Callable

from attrs import define, field, frozen

import crs_core as crs
from crs_adapters.simulation.czechia_2021.agenda import Agenda
from crs_adapters.simulation.czechia_2021.people import Person
from crs_adapters.simulation.czechia_2021.recorder import Recorder
from crs_core.domain.sites import OpenSite
from crs_core.domain.time import Instant, add_days

__all__ = ["Citizen", "Event", "Town"]

_PIN = re.compile(r"\b(PIN2?)\b\D*(\d{6,9})\b", re.ASCII)
_YOUR_TURN = re.compile("jste na rade|it is your turn")
_HOUR, _DAY = 3600.0, 86_400.0

_ANSWERS = (0.6, 0.4)  # of the first invitation (about 60 of 100 invited people booked), and of each later one
_MISTYPES = 0.03
_READS_LATE = 0.02
_LOSES_PIN2 = 0.03
_CANCELS = 0.01
_COMES_BACK = 0.5  # the next day, of those who found nothing
_OTHER_SITES = 4  # that one visit looks at beside one's own
_NEXT_REGION = {"CZ020": "CZ010"}  # Central Bohemia lies around Prague; elsewhere people stay in their region
_LIST_SECONDS = 300  # for how long a list of sites is shown as it was
_MOST_TRIES = 6
_MOST_REQUESTS = 5
_WAKES, _SLEEPS = 7 * 60, 22 * 60


@define
class Town:
    """What all citizens share.

    Attributes:
        popularity: Seats by site: the more, the more people choose it.
        pin_waits: Seconds from each first request for a control PIN to its message.
    """

    desk: crs.CitizenDesk
    agenda: Agenda
    recorder: Recorder
    chance: random.Random
    popularity: dict[str, int]
    pin_waits: list[float] = field(factory=list, repr=False)
    _lists: dict[str | None, tuple[OpenSite, ...]] = field(factory=dict, repr=False)

    def sites(self, region: str | None) -> tuple[OpenSite, ...]:
        """Open sites as the portal's page lists them, a few minutes old at most, as the list says itself."""
        kept = self._lists.get(region)
        if not kept or (self.agenda.now() - kept[0].as_of).total_seconds() >= _LIST_SECONDS:
            kept = self._lists[region] = self.recorder.call(self.desk.sites, region)
        return kept

    def soon(self, median: float, action: Callable[[], None]) -> None:
        """Notes what a person does after about so many seconds, rarely much later."""
        self.agenda.after(median * self.chance.lognormvariate(0, 0.5), action)

    def when_awake(self, seconds: float, action: Callable[[], None]) -> None:
        """Notes what a person does after so many seconds, or the morning after."""

        def wake() -> None:
            minute = (self.agenda.now() - self.agenda.moment(self.agenda.day(), 0)).total_seconds() / 60
            if _WAKES <= minute < _SLEEPS:
                action()
            else:
                day = add_days(self.agenda.day(), int(minute >= _SLEEPS))
                self.agenda.at(self.agenda.moment(day, _WAKES + self.chance.random() * 240), action)

        self.agenda.after(seconds, wake)


@frozen
class Event:
    """One thing that happened to a citizen; `kind` is ``does``, ``told``, ``sms`` or ``system``."""

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
            self._searches(entry, _MOST_TRIES)

    def _searches(self, entry: crs.Entry, tries: int) -> None:
        """One's own site, then, while nobody is invited yet, others of the region; the first seat that is found."""
        try:
            offer = self._looks(entry, None) or (None if self.invitations else self._looks_around(entry))
        except crs.CrsError as refusal:
            self._visiting = False
            self._told(refusal)
            return
        if offer is None:
            self._finds_nothing()
            return
        chosen = offer
        self.town.soon(75, lambda: self._takes(entry, chosen, tries - 1))

    def _looks(self, entry: crs.Entry, site: str | None) -> crs.Offer | None:
        """An offer of the first day that is still ahead, or None."""
        page = self.town.recorder.call(self.town.desk.offers, entry, site=site)
        today = self.town.agenda.day()
        if page.day == today:  # its morning may be past: rather tomorrow
            ahead = [day for day, _ in page.days if day > today]
            if not ahead:
                return None
            page = self.town.recorder.call(self.town.desk.offers, entry, site=site, day=ahead[0])
        return self.town.chance.choice(page.offers) if page.offers else None

    def _looks_around(self, entry: crs.Entry) -> crs.Offer | None:
        for region in (self.person.region, _NEXT_REGION.get(self.person.region)):
            others = [] if region is None else [site.id for site in self.town.sites(region) if site.id != self.site_id]
            for site in self.town.chance.sample(others, min(_OTHER_SITES, len(others))):
                offer = self._looks(entry, site)
                if offer is not None:
                    return offer
        return None

    def _takes(self, entry: crs.Entry, offer: crs.Offer, tries: int) -> None:
        try:
            self.reservation = self.town.recorder.call(self.town.desk.reserve, entry, offer)
        except crs.CrsError as refusal:
            self._told(refusal)
            if refusal.code in {"offer_taken", "offer_strands"} and tries:
                self._searches(entry, tries)
            else:
                self._visiting = False
            return
        self._visiting = False
        days = " and ".join(f"{dose.day.day}. {dose.day.month}." for dose in self.reservation.doses)
        self.note("does", f"enters PIN2, chooses a time and reserves both doses: {days}")
        if self.town.chance.random() < _CANCELS:
            self.town.when_awake((1 + 4 * self.town.chance.random()) * _DAY, self._cancels)

    def _finds_nothing(self) -> None:
        self._visiting = False
        self.note("told", "nothing is free; looks again another day" if not self.invitations else "the site is full")
        self.waited = self.waited or not self.invitations
        if self.invitations or self.town.chance.random() < _COMES_BACK:
            morning = self.town.agenda.moment(add_days(self.town.agenda.day(), 1), _WAKES)
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
