"""PIN1 and PIN2 through the desks, on every storage: they do not die early, are not guessed, and tell on nobody."""

import base64
import json
import multiprocessing
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pendulum
import pytest
from attrs import evolve

import crs_core as crs
from crs_core.desks import entering, proving
from crs_core.domain.campaign import Budget, ControlPinRule, InvitationRule, Limits
from crs_core.domain.control_pin import Sent
from crs_core.domain.messages import Lane
from crs_core.domain.rules import Dated, always
from crs_core.domain.terms import Window
from crs_core.domain.time import later
from crs_core.rounds import dispatch
from crs_core.rounds.circuits import Circuits
from crs_core.testing.clock import SeededChance, VirtualClock
from tests.systems import DURABLE, KEYS, START, OpenTown, Town, invented

PHONE = "+420601000777"
MINE, ANOTHERS = "2001:db8::1", "2001:db8::bad"
ROTATED = {"2021-01": KEYS["2021-01"], "2021-02": b"another invented key, 32 bytes.."}


def ask(town: Town, *, source: str = MINE, handle: str | None = None) -> Sent:
    return town.desk.request_control_pin(PHONE, source=source, handle=handle)


def wrong(pin: str) -> str:
    """Another PIN of that length."""
    return f"{(int(pin) + 1) % 10 ** len(pin):0{len(pin)}d}"


def answer(call: Callable[[], object]) -> str:
    """What a call ends with: the code of its refusal, or ``ok``."""
    try:
        call()
    except crs.CrsError as refusal:
        return refusal.code
    return "ok"


def owed(town: Town, lane: str = "interactive") -> int:
    return town.system.operations.messages().get((lane, "owed"), 0)


class TestAskingAgain:
    """One phone has one PIN at a time, however often and from wherever it is asked for."""

    def test_is_the_same_pin_and_the_same_handle_until_it_is_used(self, open_town: OpenTown, storage_url: str) -> None:
        town = open_town(storage_url)
        first = ask(town)
        town.system.operations.dispatch()
        town.clock.move(seconds=61)
        second = ask(town, handle=first.handle)
        town.system.operations.dispatch()

        assert second.handle == first.handle
        assert len(town.texts(PHONE)) == 2
        assert len(set(town.texts(PHONE))) == 1
        town.desk.verify_phone(first.handle, town.pin_of(PHONE))
        town.clock.move(seconds=61)
        third = ask(town, handle=first.handle)
        town.system.operations.dispatch()
        assert third.handle != first.handle
        assert town.texts(PHONE)[2] != town.texts(PHONE)[0]

    def test_from_another_browser_is_the_same_pin(self, open_town: OpenTown, storage_url: str) -> None:
        town = open_town(storage_url)
        first = ask(town)
        other = ask(town, source=ANOTHERS)
        town.system.operations.dispatch()

        assert other.handle != first.handle
        assert len(town.texts(PHONE)) == 1
        assert town.desk.verify_phone(other.handle, town.pin_of(PHONE))

    @pytest.mark.parametrize("chosen", [0, 1, 2])
    def test_any_of_three_late_messages_opens_once(self, open_town: OpenTown, storage_url: str, chosen: int) -> None:
        """The incident of January 2021: three requests, three messages half an hour late and out of order."""
        town = open_town(storage_url)
        handles, pins = [], []
        for _ in range(3):
            handles.append(ask(town).handle)
            town.clock.move(minutes=30)
            town.system.operations.dispatch()
            town.clock.move(seconds=61)
            pins.append(town.pin_of(PHONE))

        assert town.desk.verify_phone(handles[2 - chosen], pins[chosen])
        for handle in handles:
            assert answer(lambda handle=handle: town.desk.verify_phone(handle, pins[0])) == "pin_expired"  # type: ignore[misc]

    def test_leaves_one_message_unsent(self, open_town: OpenTown, storage_url: str) -> None:
        town = open_town(storage_url)
        for _ in range(10):
            ask(town)
            town.clock.move(minutes=5)

        assert owed(town) == 1
        assert town.system.operations.audit() == ()

    def test_waits_from_hand_off(self, open_town: OpenTown, storage_url: str) -> None:
        town = open_town(storage_url)
        ask(town)
        town.clock.move(minutes=45)
        town.system.operations.dispatch()
        handed_off = town.clock.now()

        town.clock.move(seconds=59)
        assert ask(town).retry_at == later(handed_off, seconds=60)
        assert owed(town) == 0
        town.clock.move(seconds=1)
        ask(town)
        assert owed(town) == 1

    def test_sends_a_pin_five_times_at_most(self, open_town: OpenTown, storage_url: str) -> None:
        town = open_town(storage_url)
        left = []
        for _ in range(5):
            left.append(ask(town).sends_left)
            town.system.operations.dispatch()
            town.clock.move(seconds=60)
        assert left == [4, 3, 2, 1, 0]

        sixth = ask(town)
        town.system.operations.dispatch()
        assert sixth.sends_left == 0
        assert len(town.texts(PHONE)) == 5
        assert len(set(town.texts(PHONE))) == 1

        town.clock.set(sixth.retry_at)
        assert ask(town).sends_left == 4
        town.system.operations.dispatch()
        assert len(set(town.texts(PHONE))) == 2

    def test_does_not_fill_up_the_tries_of_a_handle(self, open_town: OpenTown, storage_url: str) -> None:
        town = open_town(storage_url)
        first = ask(town)
        town.system.operations.dispatch()
        pin = town.pin_of(PHONE)
        for _ in range(5):
            assert answer(lambda: town.desk.verify_phone(first.handle, wrong(pin))) == "wrong_pin"
        town.clock.move(seconds=61)
        again = ask(town, handle=first.handle)

        assert again.handle == first.handle
        assert answer(lambda: town.desk.verify_phone(again.handle, pin)) == "too_many_tries"

    def test_after_use_is_served_though_an_older_message_is_unsent(self, open_town: OpenTown, storage_url: str) -> None:
        """A second message was still owed when the first one's PIN was used; the next request must not wait for it."""
        town = open_town(storage_url)
        first = ask(town)
        town.system.operations.dispatch()
        town.clock.move(seconds=61)
        ask(town)
        town.desk.verify_phone(first.handle, town.pin_of(PHONE))
        again = ask(town)

        assert town.system.operations.audit() == ()
        town.system.operations.dispatch()
        assert len(town.texts(PHONE)) == 2
        assert town.desk.verify_phone(again.handle, town.pin_of(PHONE))
        assert owed(town) == 0

    def test_after_hours_without_a_dispatcher_is_served(self, open_town: OpenTown, storage_url: str) -> None:
        town = open_town(storage_url)
        ask(town)
        town.clock.move(minutes=121)
        again = ask(town)

        assert town.system.operations.audit() == ()
        town.system.operations.dispatch()
        assert len(town.texts(PHONE)) == 1
        assert town.desk.verify_phone(again.handle, town.pin_of(PHONE))

    def test_after_a_change_of_rules_follows_the_rule_of_today(self, open_town: OpenTown, storage_url: str) -> None:
        tomorrow = later(START, hours=20)
        rule = Dated(((later(START, days=-1), ControlPinRule()), (tomorrow, ControlPinRule(digits=7, life_minutes=5))))
        town = open_town(storage_url, control_pin=rule)
        ask(town)
        town.system.operations.dispatch()
        town.clock.set(tomorrow)
        again = ask(town)
        town.system.operations.dispatch()

        assert len(town.pin_of(PHONE)) == 7
        assert " 5 minut" in town.texts(PHONE)[-1]
        assert town.desk.verify_phone(again.handle, town.pin_of(PHONE))


class TestLife:
    """A PIN lives from hand-off, and every hand-off of it restarts its life."""

    def test_counts_from_hand_off(self, open_town: OpenTown, storage_url: str) -> None:
        for minutes, ends in ((10, "pin_expired"), (9.99, "ok")):
            town = open_town(storage_url, furnished=False, start=later(START, days=int(minutes)))
            sent = ask(town)
            town.clock.move(minutes=100)
            town.system.operations.dispatch()
            town.clock.move(minutes=minutes)

            assert answer(lambda: town.desk.verify_phone(sent.handle, town.pin_of(PHONE))) == ends  # noqa: B023

    def test_restarts_with_every_hand_off(self, open_town: OpenTown, storage_url: str) -> None:
        town = open_town(storage_url)
        sent = ask(town)
        for _ in range(3):
            town.system.operations.dispatch()
            town.clock.move(minutes=9)
            ask(town)
        town.system.operations.dispatch()
        town.clock.move(minutes=9.9)

        assert town.desk.verify_phone(sent.handle, town.pin_of(PHONE))

    def test_begins_before_the_hand_off_is_written_down(self, open_town: OpenTown, storage_url: str) -> None:
        """The message is leased and with the gateway; the dispatcher dies, or is slow, before it says so."""
        town = open_town(storage_url)
        office = town.system._office
        circuits = Circuits(office)
        sent = ask(town)
        now = town.clock.now()
        [message] = office.storage.lease([Lane.INTERACTIVE], 1, now=now, until=later(now, seconds=60))
        outcome = dispatch._hand_over(office, circuits, message)

        assert town.desk.verify_phone(sent.handle, town.pin_of(PHONE))
        dispatch._settle(office, circuits, [message], [outcome], "operations")
        assert answer(lambda: town.desk.verify_phone(sent.handle, town.pin_of(PHONE))) == "pin_expired"
        assert town.system.operations.audit() == ()

    def test_a_crash_before_settling_sends_the_same_message_again(self, open_town: OpenTown, storage_url: str) -> None:
        town = open_town(storage_url)
        office = town.system._office
        circuits = Circuits(office)
        sent = ask(town)
        now = town.clock.now()
        [message] = office.storage.lease([Lane.INTERACTIVE], 1, now=now, until=later(now, seconds=60))
        dispatch._hand_over(office, circuits, message)
        first = town.pin_of(PHONE)
        town.clock.move(seconds=61)
        town.system.operations.dispatch()

        assert len(town.texts(PHONE)) == 1  # the same reference: the spool has one file
        assert town.pin_of(PHONE) == first
        assert town.desk.verify_phone(sent.handle, first)


def at_once(calls: Iterable[Callable[[], object]]) -> Counter[str]:
    """How calls end that begin together, each in a thread of its own."""
    calls = list(calls)
    barrier = threading.Barrier(len(calls))

    def start(call: Callable[[], object]) -> str:
        barrier.wait(timeout=60)
        return answer(call)

    with ThreadPoolExecutor(len(calls)) as pool:
        return Counter(pool.map(start, calls))


def guess(town: Town, handle: str, pin: str, number: int = 50) -> Counter[str]:
    """How so many wrong guesses at one handle end that are made at once."""
    return at_once([lambda: town.desk.verify_phone(handle, wrong(pin), source=ANOTHERS)] * number)


def without_budgets(office: Any, phone_id: str, nonce: str, source: str) -> tuple[Any, ...]:
    """The guard taken out."""
    big = Budget(1000, 60)
    return tuple(evolve(use, budget=big) for use in _try_budgets(office, phone_id, nonce, source))


_try_budgets = proving._try_budgets


class TestGuessing:
    """Tries are counted for each handle, atomically, however many guess at once."""

    def test_fifty_at_once_stay_within_the_budget_of_the_handle(self, open_town: OpenTown, storage_url: str) -> None:
        town, handle, pin = self.asked(open_town, storage_url)

        ends = guess(town, handle, pin)

        assert ends == {"wrong_pin": 5, "too_many_tries": 45}
        assert answer(lambda: town.desk.verify_phone(handle, pin, source=MINE)) == "too_many_tries"

    def test_fifty_at_once_without_the_guard_go_through(
        self, open_town: OpenTown, storage_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The negative control: the same guesses, the budgets taken out."""
        town, handle, pin = self.asked(open_town, storage_url)
        monkeypatch.setattr(proving, "_try_budgets", without_budgets)

        assert guess(town, handle, pin)["wrong_pin"] > 5

    @pytest.mark.slow
    @pytest.mark.parametrize("storage_url", DURABLE, indirect=True)
    @pytest.mark.parametrize("budgets", ["kept", "taken out"])
    def test_fifty_of_two_processes_stay_within_the_budget(
        self, open_town: OpenTown, storage_url: str, tmp_path: Path, budgets: str
    ) -> None:
        town, handle, pin = self.asked(open_town, storage_url)
        context = multiprocessing.get_context("spawn")
        with context.Pool(2) as pool:
            halves = [(storage_url, str(tmp_path / "spool"), handle, pin, budgets)] * 2
            ends = sum(pool.starmap(guess_in_a_process, halves, chunksize=1), Counter[str]())

        assert sum(ends.values()) == 50
        assert (ends["wrong_pin"] == 5) == (budgets == "kept")
        assert ends["wrong_pin"] + ends["too_many_tries"] == 50
        if budgets == "kept":
            assert answer(lambda: town.desk.verify_phone(handle, pin)) == "too_many_tries"

    def test_of_eight_right_ones_at_once_one_proves(self, open_town: OpenTown, storage_url: str) -> None:
        town, handle, pin = self.asked(open_town, storage_url)
        others = [ask(town).handle for _ in range(7)]

        ends = at_once([lambda each=each: town.desk.verify_phone(each, pin) for each in (handle, *others)])  # type: ignore[misc]

        assert ends == {"ok": 1, "pin_expired": 7}

    def test_one_right_one_sent_eight_times_at_once_has_one_answer(self, open_town: OpenTown, storage_url: str) -> None:
        """A form sent twice: the same idempotency key, the same proof."""
        town, handle, pin = self.asked(open_town, storage_url)
        proofs = set()

        def prove() -> None:
            proofs.add(town.desk.verify_phone(handle, pin, idempotency_key="the form's own"))

        assert at_once([prove] * 8) == {"ok": 8}
        assert len(proofs) == 1

    def test_burns_nobody_elses_handle(self, open_town: OpenTown, storage_url: str) -> None:
        """Who asks for a PIN of another's phone gets a handle of their own, and uses up that one."""
        town, handle, pin = self.asked(open_town, storage_url)
        attackers = ask(town, source=ANOTHERS).handle
        for _ in range(5):
            assert answer(lambda: town.desk.verify_phone(attackers, wrong(pin), source=ANOTHERS)) == "wrong_pin"
        assert answer(lambda: town.desk.verify_phone(attackers, pin, source=ANOTHERS)) == "too_many_tries"

        assert town.desk.verify_phone(handle, pin, source=MINE)

    def test_is_stopped_by_its_source_before_it_reaches_others(self, open_town: OpenTown, storage_url: str) -> None:
        town = open_town(storage_url, limits=Limits(pin_tries_source=Budget(3, 60)))
        sent = ask(town)
        town.system.operations.dispatch()
        pin = town.pin_of(PHONE)
        ends = [answer(lambda: town.desk.verify_phone(sent.handle, wrong(pin), source=ANOTHERS)) for _ in range(9)]

        assert ends == ["wrong_pin"] * 3 + ["too_many_tries"] * 6
        with pytest.raises(crs.Refused) as caught:
            town.desk.verify_phone(sent.handle, wrong(pin), source=MINE)
        assert caught.value.facts == {"left": 1}
        assert town.desk.verify_phone(sent.handle, pin, source=MINE)

    def test_from_no_known_source_shares_no_budget(self, open_town: OpenTown, storage_url: str) -> None:
        """A portal that gives no source must not lock the country out after sixty tries."""
        town = open_town(storage_url, limits=Limits(pin_tries_source=Budget(1, 60), reminders_source=Budget(1, 60)))
        for number in (1, 2, 3):
            sent = town.desk.request_control_pin(f"+42060100088{number}", source="")
            town.system.operations.dispatch()
            assert town.desk.verify_phone(sent.handle, town.pin_of(f"+42060100088{number}"))
            town.desk.remind_pin(f"40010100{number}")

    def test_what_is_no_pin_counts_no_try(self, open_town: OpenTown, storage_url: str) -> None:
        town, handle, pin = self.asked(open_town, storage_url)
        for text in ("", "12345", "1234567", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16", "123 45", "-" * 6) * 3:
            with pytest.raises(crs.InvalidInput):
                town.desk.verify_phone(handle, text)

        assert town.desk.verify_phone(handle, f" {pin[:3]} {pin[3:]}\n")

    def asked(self, open_town: OpenTown, url: str) -> tuple[Town, str, str]:
        town = open_town(url)
        sent = ask(town)
        town.system.operations.dispatch()
        return town, sent.handle, town.pin_of(PHONE)


def guess_in_a_process(url: str, folder: str, handle: str, pin: str, budgets: str) -> Counter[str]:
    """Half of the guesses, from a system of its own on the same storage."""
    if budgets == "taken out":
        proving._try_budgets = without_budgets
    spool = f"spool:{folder}"
    clock, chance = VirtualClock(START), SeededChance(2)
    campaign = crs.example_campaign()
    with crs.open_system(campaign, keys=KEYS, storage=url, sms=spool, mail=spool, clock=clock, chance=chance) as system:
        return guess(Town(system, clock, Path(folder)), handle, pin, 25)


@pytest.mark.parametrize("storage_url", DURABLE, indirect=True)
class TestRotation:
    """What the old key made still opens; what is new is made with the new key."""

    def test_a_control_pin_and_its_handle(self, open_town: OpenTown, storage_url: str) -> None:
        old = open_town(storage_url)
        sent = ask(old)
        old.system.operations.dispatch()
        new = open_town(storage_url, keys=ROTATED, furnished=False, seed=2)

        assert new.desk.verify_phone(sent.handle, old.pin_of(PHONE))

    def test_pin2_a_proof_and_an_entry(self, open_town: OpenTown, storage_url: str) -> None:
        old = open_town(storage_url)
        citizen, entry = old.entered()[0]
        pin2 = old.pin_of(citizen.phone, 8)
        proof = old.proof_of(invented(2))
        new = open_town(storage_url, keys=ROTATED, furnished=False, seed=2)
        assert new.desk.journey(entry).next_step == 7
        fresh = new.desk.enter(citizen.insured_number, pin2, source=MINE)
        new.reserve(fresh)
        registered = new.desk.register(proof, invented(2).application)

        new.desk.cancel(old.desk.enter(citizen.insured_number, pin2, source=MINE))
        new.system.operations.explain(registered.registration_id)
        new.desk.remind_pin(citizen.insured_number)
        new.system.site("north").release()
        new.system.operations.dispatch()
        assert new.pin_of(citizen.phone, 8) == pin2
        assert fresh.startswith("2021-02.")
        assert new.pin_of(invented(2).phone, 8) != old.pin_of(citizen.phone, 8)

    def test_without_the_old_key_what_it_made_waits_and_says_so(self, open_town: OpenTown, storage_url: str) -> None:
        """A key dropped too early: refusals name it, messages wait until it is back."""
        old = open_town(storage_url)
        sent = ask(old)
        new = open_town(storage_url, keys={"2021-02": ROTATED["2021-02"]}, furnished=False, seed=2)
        assert new.system.operations.dispatch().put_off == 1
        assert answer(lambda: new.desk.verify_phone(sent.handle, "123456")) == "token_invalid"
        back = open_town(storage_url, keys=ROTATED, furnished=False, seed=3, start=later(START, minutes=5))

        assert back.system.operations.dispatch().sent == 1
        assert back.desk.verify_phone(sent.handle, back.pin_of(PHONE))


class TestPin2:
    """One registration, one PIN2: until the reservation it reserves, and afterwards it still shows and cancels."""

    def test_opens_until_the_reservation_and_afterwards(self, open_town: OpenTown, storage_url: str) -> None:
        town = open_town(storage_url)
        citizen = town.invited(1)[0]
        pin2 = town.pin_of(citizen.phone, 8)
        entries = [town.desk.enter(citizen.insured_number, pin2, source=MINE) for _ in range(3)]
        town.reserve(entries[0])
        again = town.desk.enter(citizen.insured_number, pin2, source=MINE)

        assert town.desk.journey(again).step == 8
        assert answer(lambda: town.desk.offers(again)) == "already_reserved"
        assert town.desk.cancel(again).cancelled_at == town.clock.now()
        assert town.desk.journey(town.desk.enter(citizen.insured_number, pin2, source=MINE)).step == 4

    def test_is_the_same_in_a_reminder(self, open_town: OpenTown, storage_url: str) -> None:
        town = open_town(storage_url)
        citizen = town.invited(1)[0]
        first = town.pin_of(citizen.phone, 8)
        town.desk.remind_pin(citizen.insured_number)
        town.system.operations.dispatch()

        assert "pripominame" in town.texts(citizen.phone)[-1]
        assert town.pin_of(citizen.phone, 8) == first
        town.reserve(town.enter(citizen))
        town.clock.move(minutes=1)
        town.desk.remind_pin(citizen.insured_number)
        town.system.operations.dispatch()
        assert town.pin_of(citizen.phone, 8) == first
        assert len(town.texts(citizen.phone)) == 5

    def test_is_the_same_through_several_invitations(self, open_town: OpenTown, storage_url: str) -> None:
        rule = InvitationRule(windows=(Window(2, (1,)),))
        town = open_town(storage_url, invitation=always(rule))
        citizen = town.registered(1)[0]
        for _ in range(3):
            assert town.system.site("north").release().invited == (citizen.registration_id,)
            for _ in range(3):
                town.system.operations.dispatch()
                town.clock.move(hours=1)
                town.system.operations.tick()
            entry = town.enter(citizen)
            assert answer(lambda entry=entry: town.desk.offers(entry)) == "not_invited"  # type: ignore[misc]
        town.system.operations.dispatch()

        pins = [pin for text in town.texts(citizen.phone) for pin in text.split() if len(pin.strip(".")) == 8]
        shown = {pin.strip(".") for pin in pins if pin.strip(".").isdigit()}
        assert len(town.texts(citizen.phone)) == 1 + 3 * 3
        assert shown == {town.pin_of(citizen.phone, 8)}

    def test_source_is_locked_before_the_registration(self, open_town: OpenTown, storage_url: str) -> None:
        town = open_town(storage_url, limits=Limits(entries_source=Budget(4, 15), entries_registration=Budget(6, 1440)))
        citizen = town.invited(1)[0]
        pin2 = town.pin_of(citizen.phone, 8)
        number = citizen.insured_number
        ends = [answer(lambda: town.desk.enter(number, wrong(pin2), source=ANOTHERS)) for _ in range(9)]

        assert ends == ["wrong_pin2"] * 4 + ["too_many_tries"] * 5
        assert answer(lambda: town.desk.enter(number, pin2, source=ANOTHERS)) == "too_many_tries"
        assert town.desk.enter(number, pin2, source=MINE)
        assert answer(lambda: town.desk.enter(number, wrong(pin2), source="2001:db8::2")) == "wrong_pin2"
        with pytest.raises(crs.TooManyAttempts) as caught:
            town.desk.enter(number, pin2, source="2001:db8::3")
        assert caught.value.retry_at == later(START, hours=24)

    def test_fifty_wrong_ones_at_once_stay_within_the_budget_of_the_registration(
        self, open_town: OpenTown, storage_url: str
    ) -> None:
        town = open_town(storage_url, limits=Limits(entries_source=Budget(100, 15), entries_registration=Budget(7, 60)))
        citizen = town.invited(1)[0]
        pin2 = wrong(town.pin_of(citizen.phone, 8))

        ends = at_once(
            [
                lambda each=each: town.desk.enter(citizen.insured_number, pin2, source=f"2001:db8::{each:x}")  # type: ignore[misc]
                for each in range(50)
            ]
        )

        assert ends == {"wrong_pin2": 7, "too_many_tries": 43}


def described(call: Callable[[], object]) -> tuple[str, ...]:
    """All that a caller sees of how a call ends, but for the ids."""
    try:
        found = call()
    except crs.CrsError as refusal:
        return (
            type(refusal).__name__,
            refusal.code,
            str(refusal),
            repr(refusal.facts),
            crs.refusal_text(refusal, "en"),
        )
    return (type(found).__name__, *(f"{name}={_without_ids(name, value)}" for name, value in _fields(found)))


def _fields(value: object) -> list[tuple[str, object]]:
    return [(each.name, getattr(value, each.name)) for each in getattr(value, "__attrs_attrs__", ())]


def _without_ids(name: str, value: object) -> object:
    if name == "handle":
        return [sorted(facts) for facts in _opened(str(value)) if isinstance(facts, dict)], len(str(value))
    return len(str(value)) if name.endswith("_id") and name != "site_id" else value


def _opened(token: str) -> Any:
    """What anybody can read in a token."""
    body = token.rsplit(".", 2)[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


class TestEqualAnswers:
    """No answer before proof tells whether a person or a phone is known. Two towns: in one the person is known."""

    @pytest.fixture
    def two(self, open_town: OpenTown, storage_url: str) -> tuple[Town, Town, crs.Application]:
        """In one town citizen 1 is invited, in the other nobody but citizen 2 has ever asked."""
        knows = open_town("memory:", seed=5, start=later(START, hours=-3))
        stranger = open_town(storage_url, seed=6, start=later(START, hours=-3))
        for town, first in ((knows, 1), (stranger, 2)):
            town.invited(1, first=first)
            town.clock.set(START)
        return knows, stranger, invented(1).application

    def test_to_wrong_pins(self, two: tuple[Town, Town, crs.Application]) -> None:
        known, unknown, person = two

        def tries(town: Town) -> list[tuple[str, ...]]:
            return [
                described(
                    lambda each=each: town.desk.enter(  # type: ignore[misc]
                        person.insured_number, f"{each:08d}", source=f"2001:db8::{each // 15:x}"
                    )
                )
                for each in range(55)
            ]

        ends = tries(known)
        assert ends == tries(unknown)
        assert Counter(end[1] for end in ends) == {"wrong_pin2": 50, "too_many_tries": 5}

    @pytest.mark.parametrize("pin", ["123456", "1234567", "123456789", "", "abcdefgh"])
    def test_to_pins_of_another_length(self, open_town: OpenTown, storage_url: str, pin: str) -> None:
        """PIN2 had six digits once: neither the old nor the new length tells who registered when."""
        rule = Dated(((later(START, days=-9), InvitationRule(digits=6)), (START, InvitationRule(digits=8))))
        town = open_town(storage_url, invitation=rule, start=later(START, hours=-1))
        town.registered(1)
        town.clock.set(START)
        town.registered(1, first=2)

        ends = {
            described(lambda each=each: town.desk.enter(invented(each).insured_number, pin, source=MINE))  # type: ignore[misc]
            for each in (1, 2, 3)
        }

        assert len(ends) == 1

    def test_though_the_length_changed_an_older_pin2_opens(self, open_town: OpenTown, storage_url: str) -> None:
        rule = Dated(((later(START, days=-9), InvitationRule(digits=6)), (START, InvitationRule(digits=8))))
        town = open_town(storage_url, invitation=rule, start=later(START, hours=-1))
        [older] = town.invited(1)
        town.clock.set(START)
        [newer] = town.invited(1, first=2)

        assert town.desk.enter(older.insured_number, town.pin_of(older.phone, 6), source=MINE)
        assert town.desk.enter(newer.insured_number, town.pin_of(newer.phone, 8), source=MINE)

    def test_to_requests_for_a_reminder(self, two: tuple[Town, Town, crs.Application]) -> None:
        known, unknown, person = two

        def requests(town: Town) -> list[tuple[str, ...]]:
            asked = [described(lambda: town.desk.remind_pin(person.insured_number, source=MINE)) for _ in range(3)]
            return [*asked, described(lambda: town.desk.remind_pin("400101999", source=ANOTHERS))]

        ends = requests(known)
        assert ends == requests(unknown)
        assert [end[0] for end in ends] == ["Reminded", "Reminded", "TooManyAttempts", "Reminded"]
        assert owed(known, "transactional") == 1
        assert owed(unknown, "transactional") == 0

    def test_to_requests_for_a_control_pin(self, two: tuple[Town, Town, crs.Application]) -> None:
        known, unknown, _ = two
        phone = invented(1).phone

        def requests(town: Town) -> list[tuple[str, ...]]:
            found = []
            for _ in range(3):
                found.append(described(lambda: town.desk.request_control_pin(phone, source=MINE)))
                town.system.operations.dispatch()
                town.clock.move(seconds=60)
            return found

        assert requests(known) == requests(unknown)

    def test_to_registrations(self, two: tuple[Town, Town, crs.Application]) -> None:
        """From another phone: the answer is the same, what came of it goes to the older registration's phone."""
        known, unknown, person = two

        def register(town: Town) -> tuple[str, ...]:
            proof = town.proof_of(invented(9))
            return described(lambda: town.desk.register(proof, person))

        assert register(known) == register(unknown)
        known.system.operations.tick()
        known.system.operations.dispatch()
        assert "registrace z jineho telefonu" in known.texts(invented(1).phone)[-1]
        assert known.texts(invented(9).phone) == unknown.texts(invented(9).phone)[:1] or len(
            known.texts(invented(9).phone)
        ) == len(unknown.texts(invented(9).phone))

    def test_a_handle_tells_no_generation(self, two: tuple[Town, Town, crs.Application]) -> None:
        """In the open it holds two pseudonyms, a random name and its end: nothing that counts."""
        known, unknown, _ = two
        for town in (known, unknown):
            facts, _ = _opened(town.desk.request_control_pin(invented(1).phone, source=MINE).handle)

            assert sorted(map(type, facts.values()), key=str) == [str, str, str]


def test_a_dropped_guard_of_sources_is_noticed(
    open_town: OpenTown, storage_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the locks on PIN2."""
    monkeypatch.setattr(entering, "_budgets", lambda *_, **__: ())
    town = open_town(storage_url, limits=Limits(entries_source=Budget(4, 15)))
    citizen = town.invited(1)[0]

    ends = [answer(lambda: town.desk.enter(citizen.insured_number, "00000000", source=ANOTHERS)) for _ in range(9)]

    assert ends == ["wrong_pin2"] * 9


def test_a_pin_of_yesterday_is_another(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url, start=pendulum.datetime(2021, 1, 22, 12))
    pins = set()
    for _ in range(4):
        ask(town)
        town.system.operations.dispatch()
        pins.add(town.pin_of(PHONE))
        town.clock.move(hours=6)

    assert len(pins) == 4
