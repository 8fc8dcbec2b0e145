"""A citizen: does what comes next, most of the time, and remembers what they were told."""

import random
import re
from collections.abc import Callable, Iterator, Sequence

from attrs import define, field

from crs_core.desks.citizen import CitizenDesk
from crs_core.desks.registering import Registered
from crs_core.domain.control_pin import Sent
from crs_core.domain.messages import Purpose
from crs_core.domain.reservations import Offer, Reservation
from crs_core.domain.time import Instant, later
from crs_core.errors import CrsError
from crs_core.ports.clock import Clock
from crs_core.testing.invented import Invented
from crs_core.testing.world.doing import Doer
from crs_core.testing.world.storage import Letters
from crs_core.testing.world.truths import Broken
from crs_core.testing.world.vendors import Arrival, Network

__all__ = ["Citizen"]

_PIN, _PIN2 = re.compile(r"\b\d{6}\b", re.ASCII), re.compile(r"\b\d{8}\b", re.ASCII)
_TWICE, _STALE = 0.1, 0.4
_LIFE_MINUTES, _SLACK_MINUTES = 10, 1
_GONE = frozenset({"token_expired", "token_invalid", "withdrawn"})


@define(eq=False)
class Citizen(Doer):
    """One person, one phone.

    Attributes:
        room: How many people a site can still fully book.
        was_cut: Whether a site has taken away seats or doses that people held.
        contested: Whether somebody else gave their insured number too; then little is certain of their registration.
        registered: What they were told when they registered; None once they withdraw.
        reservation: What they were told that they hold.
    """

    person: Invented
    phone: str = field(repr=False)
    site: str
    claims: frozenset[str]
    desk: CitizenDesk
    network: Network
    letters: Letters
    clock: Clock
    room: Callable[[str], int]
    was_cut: Callable[[str], bool]
    contested: bool = False
    registered: Registered | None = None
    reservation: Reservation | None = None
    _handle: str = ""
    _asked_at: Instant | None = None
    _proof: str = ""
    _entry: str = ""
    _shares: bool = False
    _seen: dict[str, Sequence[Offer]] = field(factory=dict)
    _used: set[str] = field(factory=set)

    @property
    def source(self) -> str:
        """Their address, of a range that is set aside for documents."""
        return f"2001:db8::{self.phone[-3:]}"

    def acts(self, chance: random.Random, others: Sequence["Citizen"]) -> None:
        """Does one thing: once more what broke off, else what makes sense now, and seldom something else."""
        if self.sends_again():
            return
        self.twice = chance.random() < _TWICE
        weights, does = zip(*self._choices(chance, others), strict=True)
        chance.choices(does, weights)[0]()

    def _choices(
        self, chance: random.Random, others: Sequence["Citizen"]
    ) -> Iterator[tuple[float, Callable[[], None]]]:
        """What they might do, each with its weight."""
        pin, pin2 = self._newest(_PIN), self._newest(_PIN2)
        yield 0.1 if self._proof or self._entry else 1.0, lambda: self._asks(chance)
        if pin is not None and self._handle:
            yield 0.2 if pin[1] in self._used else 4.0, lambda: self._proves(*pin)
            yield 0.2, lambda: self._guesses(pin[1])
        if self._proof:
            yield 6.0 if self.registered is None else 0.1, lambda: self._registers(self)
            yield 0.1, lambda: self._registers(chance.choice(others))
        if pin2 is not None:
            yield 0.5 if self._entry else 5.0, lambda: self._enters(*pin2)
            yield 0.1, lambda: self._guesses_pin2(pin2[1])
        if self.registered is not None:
            yield 0.3, self._is_reminded
        if self._entry:
            yield from self._inside(chance)

    def _inside(self, chance: random.Random) -> Iterator[tuple[float, Callable[[], None]]]:
        """What they might do once they have entered."""
        yield 0.3, lambda: self.does("looks where they stand", lambda _: self.desk.journey(self._entry))
        yield 0.1, self._withdraws
        if self.reservation is None:
            yield 8.0, lambda: self._reserves(chance)
        else:
            yield 0.5, self._cancels
            yield 1.0, lambda: self._moves(chance)

    def _newest(self, form: re.Pattern[str]) -> tuple[Arrival, str] | None:
        """The PIN in the message that was handed over last, of those that are here."""
        found = [(each, pin) for each in self.network.inbox(self.phone) for pin in form.findall(each.text)]
        return max(found, key=lambda pair: pair[0].handed_at, default=None)

    # Steps 1 and 2

    def _asks(self, chance: random.Random) -> None:
        handle = self._handle if chance.random() < 0.5 else ""  # noqa: PLR2004 - the same browser, or another

        def then(sent: Sent) -> None:
            self._handle, self._asked_at = sent.handle, self.clock.now()

        self.does(
            "asks for a control PIN",
            lambda key: self.desk.request_control_pin(
                self.phone, source=self.source, handle=handle or None, idempotency_key=key
            ),
            then,
        )

    def _proves(self, message: Arrival, pin: str) -> None:
        """A PIN opens within its life, from the hand-off on, and not after it."""
        now, handle = self.clock.now(), self._handle
        ends = later(self._since(message), minutes=_LIFE_MINUTES)
        was_current = self._asked_at is None or self._asked_at < ends  # else a clock put back revives no older PIN
        lives = message.taken and pin not in self._used and was_current and now < ends
        dead = self._has_expired(now)

        def then(proof: str) -> None:
            if dead:
                raise Broken("old_pin_opens", f"{self.name}: a PIN opens after its life")
            self._proof = proof
            self._used.add(pin)

        def refused(refusal: CrsError) -> None:
            if lives and refusal.code in {"pin_expired", "wrong_pin"} and self.clock.now() == now:
                raise Broken("dead_pin", f"{self.name}: a PIN that came within its life is refused: {refusal.code}")
            if refusal.code == "pin_expired":
                self._used.add(pin)
            if refusal.code in _GONE:
                self._handle = ""

        self.does(
            "types the PIN",
            lambda key: self.desk.verify_phone(handle, pin, source=self.source, idempotency_key=key),
            then,
            refused,
        )

    def _since(self, message: Arrival) -> Instant:
        """When the life of a PIN began, by a clock that may have been put back while it was handed over."""
        ended, reference = self.network.last.get(self.phone, (message.handed_at, message.reference))
        return min(message.handed_at, ended) if reference == message.reference else message.handed_at

    def _has_expired(self, now: Instant) -> bool:
        """Whether the last message to this phone is settled, older than a life, and no later one was asked for."""
        last = self.network.last.get(self.phone)
        waits = any(
            each.recipient == self.phone and each.purpose is Purpose.CONTROL_PIN for each in self.letters.owed.values()
        )
        if last is None or waits or self._asked_at is None or self._asked_at >= last[0]:
            return False
        settled = last[1] in self.letters.sent
        return settled and now >= later(last[0], minutes=_LIFE_MINUTES + _SLACK_MINUTES)

    def _guesses(self, pin: str) -> None:
        wrong = f"{(int(pin) + 1) % 10 ** len(pin):0{len(pin)}d}"

        def then(_proof: str) -> None:
            raise Broken("wrong_pin_opens", f"{self.name}: a PIN that nobody sent opens")

        self.does("types another PIN", lambda _: self.desk.verify_phone(self._handle, wrong, source=self.source), then)

    # Steps 3 and 4

    def _registers(self, who: "Citizen") -> None:
        if who is not self:
            who.contested = self._shares = True
        application = who.person.applies(self.site, claims=self.claims)

        def then(registered: Registered) -> None:
            if who is self and self.registered is None:
                self.registered = registered

        self.does(
            "registers" if who is self else f"registers {who.name}",
            lambda key: self.desk.register(self._proof, application, idempotency_key=key),
            then,
            self._forget,
        )

    def _forget(self, refusal: CrsError) -> None:
        if refusal.code in _GONE:
            self._proof = self._entry = ""

    # Step 5

    def _enters(self, message: Arrival, pin2: str) -> None:
        """PIN2 enters its registration for as long as that lives."""
        known = self.registered is not None and message.handed_at >= self.registered.registered_at

        def then(entry: str) -> None:
            self._entry = entry

        def refused(refusal: CrsError) -> None:
            if known and not (self.contested or self._shares) and refusal.code == "wrong_pin2":
                raise Broken("dead_pin2", f"{self.name}: the PIN2 of the last message does not enter")

        self.does(
            "enters",
            lambda key: self.desk.enter(self.person.insured_number, pin2, source=self.source, idempotency_key=key),
            then,
            refused,
        )

    def _guesses_pin2(self, pin2: str) -> None:
        wrong = f"{(int(pin2) + 1) % 10 ** len(pin2):0{len(pin2)}d}"

        def then(_entry: str) -> None:
            raise Broken("wrong_pin2_opens", f"{self.name}: a PIN2 that nobody sent enters")

        self.does(
            "guesses PIN2", lambda _: self.desk.enter(self.person.insured_number, wrong, source=self.source), then
        )

    def _is_reminded(self) -> None:
        self.does(
            "asks for PIN2 again",
            lambda key: self.desk.remind_pin(self.person.insured_number, source=self.source, idempotency_key=key),
        )

    # Steps 6 to 8

    def _reserves(self, chance: random.Random) -> None:
        self._chooses("reserves", chance, lambda entry: self.desk.offers(entry).offers, self.desk.reserve)

    def _moves(self, chance: random.Random) -> None:
        dose = chance.choice((1, 2))

        def move(entry: str, offer: Offer, *, idempotency_key: str) -> Reservation:
            return self.desk.move_dose(entry, dose=dose, offer=offer, idempotency_key=idempotency_key)

        self._chooses(f"moves dose {dose}", chance, lambda entry: self.desk.move_offers(entry, dose=dose).offers, move)

    def _chooses(
        self,
        words: str,
        chance: random.Random,
        offers: Callable[[str], Sequence[Offer]],
        take: Callable[..., Reservation],
    ) -> None:
        """Takes one of the offers; one that is shown now can be had now, one from a page of before perhaps not."""
        entry, shown_at = self._entry, self.clock.now()
        stale = self._seen.get(words, ()) if chance.random() < _STALE else ()
        shown: list[Offer] = []
        if not stale:
            self.does(f"{words}: looks at times", lambda _: offers(entry), shown.extend, self._forget)
            self._seen[words] = tuple(shown)
        if not (stale or shown):
            return
        offer = chance.choice(stale or shown)

        room = self.room(self.site)

        def then(reservation: Reservation) -> None:
            if self.clock.now() == shown_at and reservation.site_id == self.site:
                self._strands_nobody(words, room, new=self.reservation is None)
            self.reservation = reservation

        def refused(refusal: CrsError) -> None:
            if refusal.code in {"offer_taken", "offer_strands"} and shown and self.clock.now() == shown_at:
                raise Broken("offer_false", f"{self.name} {words}: {refusal.code}, and it was offered at this moment")

        self.does(words, lambda key: take(entry, offer, idempotency_key=key), then, refused)

    def _strands_nobody(self, words: str, room: int, *, new: bool) -> None:
        """Whoever reserves takes one place; whoever moves a dose takes none, unless their seat was cut away."""
        after = self.room(self.site)
        takes = int(new or self.was_cut(self.site))
        if after < room - takes or (new and after >= room):
            raise Broken("stranded", f"{self.name} {words}: {room} could be fully booked before, {after} after it")

    def _cancels(self) -> None:
        entry, self.reservation = self._entry, None
        self.does("cancels", lambda key: self.desk.cancel(entry, idempotency_key=key), refused=self._forget)

    def _withdraws(self) -> None:
        entry, self.reservation, self.registered, self._entry = self._entry, None, None, ""
        self.does("withdraws", lambda key: self.desk.withdraw(entry, idempotency_key=key))
