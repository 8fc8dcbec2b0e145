"""What citizens do, in time and late, rightly and wrongly, once and twice."""
# ruff: noqa: S101 - a kit asserts

from functools import partial

from attrs import define, field
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from crs_core.composition.system import System
from crs_core.domain.campaign import Access
from crs_core.domain.control_pin import Sent
from crs_core.domain.journey import Journey
from crs_core.domain.messages import Purpose
from crs_core.domain.time import Instant, later
from crs_core.testing.invented import Invented
from crs_core.testing.lifecycle import town
from crs_core.testing.lifecycle.model import Letter, about
from crs_core.testing.lifecycle.people import Registered
from crs_core.testing.lifecycle.phones import Handle, Proof
from crs_core.testing.lifecycle.play import Play

__all__ = ["CitizenRules", "EntryHeld"]

_SOURCES = st.sampled_from(["198.51.100.1", "198.51.100.2"])
_PHONES = st.sampled_from(town.PHONES)
_TWICE = st.booleans()


def _journey(token: str, system: System) -> Journey:
    return system.citizen.journey(token)


@define
class EntryHeld:
    """An entry in somebody's hands."""

    token: str = field(repr=False)
    one: Registered
    until: Instant
    generation: int


class CitizenRules(Play):
    """Steps 1 to 5, reminders, and where somebody stands."""

    def begin_lists(self) -> None:
        """See `Play.begin_lists`."""
        super().begin_lists()
        self.handles: list[Handle] = []
        self.proofs: list[Proof] = []
        self.entries: list[EntryHeld] = []

    # Steps 1 and 2

    @rule(phone=_PHONES, source=_SOURCES, again=st.booleans(), twice=_TWICE)
    def asks_for_a_pin(self, phone: str, source: str, again: bool, twice: bool) -> None:  # noqa: FBT001
        """Step 1, with the handle of the last request or without."""
        held = next((each for each in reversed(self.handles) if each.phone == phone), None) if again else None
        token = None if held is None else held.token
        code, pin, owed = self.model.phones.asked(phone, source, self.now)
        matter = f"PIN {len(self.model.phones.pins.get(phone, ()))} of {phone}"
        sent: Sent | None = self.command(
            lambda system, key: system.citizen.request_control_pin(
                phone, source=source, handle=token, idempotency_key=key
            ),
            code,
            twice=twice,
        )
        self.look(*([Letter(Purpose.CONTROL_PIN, phone, phone, matter)] if owed else []))
        if sent is None or pin is None:
            return
        if owed:
            pin.unsent = next(name for name, each in self.model.letters.items() if each.matter == matter)
        assert sent.sends_left == pin.sends_left
        assert sent.retry_at >= self.now
        same = held is not None and held.pin is pin and self.now < held.until
        assert (sent.handle == token) == same
        if not same:
            self.handles.append(Handle(sent.handle, phone, pin, later(self.now, hours=24)))

    @precondition(lambda self: self.handles)
    @rule(data=st.data(), source=_SOURCES, right=st.booleans(), twice=_TWICE)
    def enters_a_control_pin(self, data: st.DataObject, source: str, right: bool, twice: bool) -> None:  # noqa: FBT001
        """Step 2, with the PIN that was read or another."""
        handle = data.draw(st.sampled_from(self.handles[-4:]), label="handle")
        self.proves(handle, source, right=right, twice=twice)

    def proves(self, handle: Handle, source: str, *, right: bool, twice: bool) -> None:
        """Step 2."""
        known = handle.pin.digits or "000000"
        digits = known if right else f"{(int(known) + 1) % 10**6:06d}"
        code, left = self.model.phones.tried(handle, digits, source, self.now)
        outcome = self.command(
            lambda system, key: system.citizen.verify_phone(handle.token, digits, source=source, idempotency_key=key),
            code,
            twice=twice and not code,
        )
        self.look()
        if code == "wrong_pin":
            assert left >= 0
        if not code:
            self.proofs.append(Proof(outcome, handle.phone, later(self.now, minutes=60)))

    # Steps 3 and 4

    @precondition(lambda self: self.proofs)
    @rule(
        data=st.data(),
        site=st.sampled_from(town.SITES),
        claims=st.booleans(),
        email=st.booleans(),
        twice=_TWICE,
    )
    def registers(self, data: st.DataObject, site: str, claims: bool, email: bool, twice: bool) -> None:  # noqa: FBT001
        """Steps 3 and 4, of anybody, registered already or not, with any proof in hand."""
        proof = data.draw(st.sampled_from(self.proofs[-3:]), label="proof")
        person = data.draw(st.sampled_from(self.residents), label="person")
        self.applies(proof, person, site, claims=claims, email=email, twice=twice)

    def applies(
        self, proof: Proof, person: Invented, site: str, *, claims: bool, email: bool, twice: bool
    ) -> Registered | None:
        """Steps 3 and 4; the new registration, if there is one."""
        application = person.applies(
            site, email="vzor@example.org" if email else None, claims=frozenset({town.HEALTH} if claims else ())
        )
        confirmed = application.claims if person.insured_number in self.health else frozenset()
        code = self._refusal(proof, person, site, confirmed)
        registered = self.command(
            lambda system, key: system.citizen.register(proof.token, application, idempotency_key=key),
            code,
            twice=twice,
        )
        if code:
            self.look()
            return None
        mine = self.contending.of_phone(person, proof.phone)
        holds = mine is not None and mine.reservation is not None
        immediate = self.model.campaign.access.at(self.now) is Access.IMMEDIATE
        assert registered.pin_follows == (immediate and not holds)
        if mine is not None:
            assert (registered.registration_id, registered.registered_at) == (mine.id, mine.registered)
            self.look(*self.contending.again(mine, site, application.email, confirmed, self.now))
            assert registered.site_id == mine.site
            return None
        name, rests = registered.registration_id, self.model.people.rests
        one = Registered(name, person, proof.phone, site, confirmed, self.now, application.email, rests)
        assert one.id not in self.model.people.all
        assert (registered.site_id, registered.registered_at) == (site, self.now), "it tells of another's registration"
        self.look(*self.contending.saves(one, self.now))
        return one

    def _refusal(self, proof: Proof, person: Invented, site: str, claims: frozenset[str]) -> str:
        if self._is_void(proof):
            return "token_expired"
        uses = [(f"register {proof.phone}", self.model.campaign.limits.registrations_phone)]
        may, is_open = self.model.people.may_register(person, claims, self.now), site in self.model.seats.open
        if self.model.budgets.take(uses, self.now, count=is_open or not may) is None:
            return "too_many_attempts"
        if not may:
            return "not_eligible"
        return "" if is_open else "site_closed"

    def _is_void(self, proof: Proof) -> bool:
        return self.now >= proof.until or proof.phone in self.model.phones.forgotten

    # Step 5

    @rule(data=st.data(), source=_SOURCES, right=st.booleans(), twice=_TWICE)
    def enters(self, data: st.DataObject, source: str, right: bool, twice: bool) -> None:  # noqa: FBT001
        """Step 5, with PIN2 as it was read, or with another, or of a registration that is no more."""
        person = data.draw(st.sampled_from(self.residents), label="person")
        known = [each.pin2 for each in self.model.people.all.values() if each.person == person and each.pin2]
        self.goes_in(person, source, data.draw(st.sampled_from(known)) if known and right else "00000000", twice=twice)

    def goes_in(self, person: Invented, source: str, pin2: str, *, twice: bool) -> EntryHeld | None:
        """Step 5; the entry, if there is one."""
        limits = self.model.campaign.limits
        number = person.insured_number
        uses = [(f"enter {source}", limits.entries_source), (f"enter {number}", limits.entries_registration)]
        one = next((each for each in self.model.people.of(person) if each.pin2 == pin2), None)
        code = "wrong_pin2" if one is None else ""
        code = code if self.model.budgets.take(uses, self.now) is not None else "too_many_tries"
        entry = self.command(
            lambda system, key: system.citizen.enter(number, pin2, source=source, idempotency_key=key),
            code,
            twice=twice and not code,
        )
        self.look()
        if code or one is None:
            return None
        self.entries.append(EntryHeld(entry, one, later(self.now, minutes=30), one.generation))
        return self.entries[-1]

    @rule(data=st.data(), source=_SOURCES, twice=_TWICE)
    def asks_for_a_reminder(self, data: st.DataObject, source: str, twice: bool) -> None:  # noqa: FBT001
        """PIN2 once more; the answer is the same for whoever is not registered."""
        person = data.draw(st.sampled_from(self.residents), label="person")
        limits, number = self.model.campaign.limits, person.insured_number
        uses = [(f"remind {source}", limits.reminders_source), (f"remind {number}", limits.reminders_registration)]
        code = "too_many_reminders" if self.model.budgets.take(uses, self.now) is None else ""
        self.command(
            lambda system, key: system.citizen.remind_pin(number, source=source, idempotency_key=key), code, twice=twice
        )
        has = [each for each in self.model.people.of(person) if self.model.people.has_pin(each, self.now)]
        self.look(*([] if code else [about(Purpose.PIN_REMINDER, each) for each in has]))

    @precondition(lambda self: self.proofs)
    @rule(data=st.data(), twice=_TWICE)
    def disputes(self, data: st.DataObject, twice: bool) -> None:  # noqa: FBT001
        """Somebody says of a number that another phone's registration is not theirs, rightly or not."""
        proof = data.draw(st.sampled_from(self.proofs[-3:]), label="proof")
        person = data.draw(st.sampled_from(self.residents), label="person")
        self.objects(proof, person, twice=twice)

    def objects(self, proof: Proof, person: Invented, *, twice: bool) -> None:
        """A phone objects to other registrations of a person."""
        uses = [(f"dispute {proof.phone}", self.model.campaign.limits.registrations_phone)]
        code = "token_expired" if self._is_void(proof) else ""
        if not code and self.model.budgets.take(uses, self.now) is None:
            code = "too_many_tries"
        self.command(
            lambda system, key: system.citizen.dispute(proof.token, person.insured_number, idempotency_key=key),
            code,
            twice=twice and not code,
        )
        self.look(*([] if code else self.contending.disputes(person, proof.phone, self.now)))

    @precondition(lambda self: self.entries)
    @rule(data=st.data(), site=st.none() | st.sampled_from(town.SITES), phone=st.booleans(), twice=_TWICE)
    def corrects(self, data: st.DataObject, site: str | None, phone: bool, twice: bool) -> None:  # noqa: FBT001
        """Another site, another phone, both or neither, by whoever has entered."""
        held = data.draw(st.sampled_from(self.entries[-4:]), label="entry")
        proof = data.draw(st.sampled_from(self.proofs[-3:]), label="proof") if phone and self.proofs else None
        self.mends(held, site, proof, twice=twice)

    def mends(self, held: EntryHeld, site: str | None, proof: Proof | None, *, twice: bool) -> None:
        """Another site, another phone, both or neither."""
        code = self._uncorrectable(held, site, proof)
        one = held.one
        self.command(
            lambda system, key: system.citizen.correct(
                held.token, site_id=site, proof=None if proof is None else proof.token, idempotency_key=key
            ),
            code,
            twice=twice and not code,
        )
        if code:
            self.look()
            return
        self.look(*self.contending.corrects(one, site or one.site, proof.phone if proof else one.phone, self.now))

    def _uncorrectable(self, held: EntryHeld, site: str | None, proof: Proof | None) -> str:
        late = self.now >= held.until or (proof is not None and self.now >= proof.until)
        code = "token_expired" if late else self.kept_out(held)
        if code or held.one.blocked:
            return code or "registration_blocked"
        if proof is not None and self._is_void(proof):
            return "token_expired"
        if site in {None, held.one.site}:
            return ""
        if held.one.reservation is not None:
            return "already_reserved"
        return "" if site in self.model.seats.open else "site_closed"

    @precondition(lambda self: self.model.people.all)
    @rule(data=st.data())
    def asks_where_they_stand(self, data: st.DataObject) -> None:
        """The signpost, by whoever has entered; and the same for operators, by whom alone it is seen without."""
        one = data.draw(st.sampled_from(list(self.model.people.all.values())), label="registration")
        found = self.ask(lambda system: system.operations.explain(one.id))
        assert {"registered", "duplicate_saved"} & {entry.kind for entry in found.history}
        assert bool(found.blocks) == bool(one.blocked), "a blocked one says why"
        self._signpost(one, found.journey)
        for held in [each for each in self.entries[-3:] if each.one is one]:
            code = self.kept_out(held)
            journey = self.ask(partial(_journey, held.token), code)
            if not code:
                self._signpost(one, journey)

    def _signpost(self, one: Registered, journey: Journey) -> None:
        stands = (journey.standing.value, journey.step, journey.next_step, journey.why_not)
        assert stands == self.model.people.step(one, self.now)
        assert journey.reservation == one.reservation

    def entry_of(self, one: Registered) -> EntryHeld | None:
        """An entry of somebody: one in hand while it is good, or a new one with their PIN2."""
        good = [each for each in self.entries if each.one is one and not self.kept_out(each)]
        return good[-1] if good else self.goes_in(one.person, "198.51.100.1", one.pin2 or "00000000", twice=False)

    def kept_out(self, held: EntryHeld) -> str:
        """The refusal of an entry itself."""
        if self.now >= held.until or held.generation != held.one.generation:
            return "token_expired"
        return "withdrawn" if held.one.withdrawn else ""
