"""Two hundred citizens go through all the steps and through every refusal; every PIN they are sent is marked.

A keyring of ours makes every PIN end in one of a few marks: digits that occur nowhere else, neither in times nor in
names drawn by the seed.
"""

import base64
import re
import traceback
from collections.abc import Callable
from contextlib import ExitStack, contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
from attrs import define, evolve

import crs_core as crs
from crs_core.domain.campaign import Budget, InvitationRule, Limits
from crs_core.domain.rules import Dated
from crs_core.domain.terms import Window
from crs_core.domain.time import later
from tests.integration.traces import Traces
from tests.systems import KEYS, START, Citizen, Town, invented, open_towns

PEOPLE = 200
MARKS = ("79798797", "98978979", "87989798", "97879897")
TAILS = tuple(mark[-6:] for mark in MARKS)
RULES: dict[str, Any] = {
    "invitation": Dated(((later(START, days=-9), InvitationRule(windows=(Window(1),))),)),
    "limits": Limits(pin_sends_phone=Budget(9, 60), entries_source=Budget(6, 15)),
    "claims": frozenset({"doctor"}),
}


class MarkedKeyring(crs.Keyring):
    """Derives everything as a keyring does, but for the digits of PINs."""

    def digest(self, key_id: str, purpose: str, text: str) -> bytes:
        digest = super().digest(key_id, purpose, text)
        if not purpose.startswith("code:"):
            return digest
        return int(MARKS[digest[0] % len(MARKS)]).to_bytes(4, "big") + bytes(16)  # its last half-byte says: start at 0


@define
class Player:
    """Goes through the steps and writes down every answer and every refusal."""

    town: Town
    traces: Traces

    def get(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """The answer, which is one."""
        answer = call(*args, **kwargs)
        self.traces.add("answers", repr(answer), answer)
        for token in (answer, getattr(answer, "handle", None), *map(_token, getattr(answer, "offers", ()))):
            if isinstance(token, str):
                self.traces.add("tokens", token, *_decoded(token))
        return answer

    def refused(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """The refusal, which is one."""
        with pytest.raises(crs.CrsError) as caught:
            call(*args, **kwargs)
        error: BaseException | None = caught.value
        self.traces.codes.add(caught.value.code)
        for language in ("cs", "en"):
            self.traces.add("errors", crs.refusal_text(caught.value, language))
        self.traces.add("errors", "".join(traceback.format_exception(caught.value)))
        while error is not None:
            self.traces.add(
                "errors",
                error,
                repr(error),
                repr(error.args),
                repr(vars(error)),
                error.__notes__ if hasattr(error, "__notes__") else "",
            )
            error = error.__cause__ or error.__context__


def _token(offer: object) -> object:
    return getattr(offer, "token", None)


def _decoded(token: str) -> list[str]:
    return [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("latin-1") for part in token.split(".")[1:]]


def play(player: Player) -> list[Citizen]:
    """Two hundred citizens through all the steps, the first of them through every refusal as well."""
    citizens = [invented(number) for number in range(1, PEOPLE + 1)]
    for citizen in citizens:
        register(player, citizen)
    first, second, third = citizens[:3]
    _refusals_before(player, first)
    player.get(player.town.system.site("north").release, dry_run=True)
    player.get(player.town.system.operations.release_all)
    player.get(player.town.system.operations.dispatch)
    _steps(player, first)
    _more(player, second, third)
    _after_the_term(player, citizens[3:6])
    for texts in (player.town.texts(citizen.phone) for citizen in citizens):
        player.traces.pins += [pin for text in texts for pin in re.findall(r"\b\d{6,8}\b", text)]
    return citizens


def register(player: Player, citizen: Citizen) -> None:
    """Steps 1 to 4; every tenth citizen's forms are sent twice."""
    desk, source = player.town.desk, citizen.source
    keys: list[dict[str, Any]] = [
        {} if citizen.number % 10 else {"idempotency_key": f"{citizen.number} {n}"} for n in "abc"
    ]
    sent = player.get(desk.request_control_pin, citizen.phone, source=source, **keys[0])
    player.town.system.operations.dispatch()
    pin = player.town.pin_of(citizen.phone)
    proof = player.get(desk.verify_phone, sent.handle, pin, source=source, **keys[1])
    form = evolve(citizen.application, email="vzor9@example.org")
    player.get(desk.register, proof, form, **keys[2])
    if citizen.number % 10 == 0:
        player.get(desk.verify_phone, sent.handle, pin, source=source, **keys[1])
        player.refused(desk.verify_phone, sent.handle, pin, source="elsewhere", **keys[1])
        player.get(desk.register, proof, form, **keys[2])


def _refusals_before(player: Player, citizen: Citizen) -> None:
    """Steps 1 to 4 in every wrong way, by somebody whose phone, PIN and number are known."""
    desk, town, form = player.town.desk, player.town, citizen.application
    town.clock.move(minutes=1)
    sent = player.get(desk.request_control_pin, citizen.phone, source=citizen.source, handle="forged")
    town.system.operations.dispatch()
    town.clock.move(minutes=1)
    player.get(desk.request_control_pin, citizen.phone, source=citizen.source, handle=sent.handle)
    pin = town.pin_of(citizen.phone, 6)
    player.refused(desk.request_control_pin, f"{citizen.phone}5", source=citizen.source)
    player.refused(desk.request_control_pin, citizen.phone.replace("+420", "+421"), source=citizen.source)
    player.refused(desk.request_control_pin, citizen.phone, source=citizen.source, language=citizen.phone[:4])
    for wrong in ("000000", f"{pin}5", f"{pin}x", pin.encode(), pin[::-1]):
        player.refused(desk.verify_phone, sent.handle, wrong, source=citizen.source)
    player.refused(desk.verify_phone, f"{sent.handle}x", pin, source=citizen.source)
    player.refused(desk.verify_phone, pin, pin, source=citizen.source)
    proof = player.get(desk.verify_phone, sent.handle, pin, source=citizen.source)
    player.refused(desk.verify_phone, sent.handle, pin, source=citizen.source)
    for changes in (
        {"insured_number": f"{form.insured_number}5"},
        {"insured_number": form.insured_number[:4] + "99" + form.insured_number[6:]},
        {"first_name": f"{form.first_name}\x00", "last_name": "\u202e" + form.last_name},
        {"email": "vzor9@example.org@"},
        {"birth_date": date(1800, 1, 1)},
        {"birth_date": date(1990, 1, 1)},
        {"language": "xx", "claims": frozenset({"surgeon"})},
        {"site_id": "nowhere"},
    ):
        player.refused(desk.register, proof, evolve(form, **cast("dict[str, Any]", changes)))
    player.refused(desk.register, f"{proof[:-3]}AAA", form)
    player.get(desk.register, proof, form)  # the same person, from the same phone
    town.clock.move(minutes=1)
    stranger = invented(PEOPLE + 1)
    player.get(desk.register, town.proof_of(stranger), form)  # the same person, from another phone
    for _ in range(9):
        town.clock.move(minutes=1)
        with suppress(crs.CrsError):
            desk.request_control_pin(stranger.phone, source=stranger.source)
            town.system.operations.dispatch()
    town.clock.move(minutes=11)
    player.refused(_until_refused, lambda: _ask_and_burn(town, stranger))


def _ask_and_burn(town: Town, citizen: Citizen) -> None:
    town.desk.request_control_pin(citizen.phone, source=citizen.source)
    town.system.operations.dispatch()
    town.clock.move(minutes=1)


def _until_refused(call: Callable[[], object]) -> None:
    for _ in range(40):
        call()


def _steps(player: Player, citizen: Citizen) -> None:
    """Steps 5 to 8, and back."""
    desk, town = player.town.desk, player.town
    pin2 = town.pin_of(citizen.phone, 8)
    entry = player.get(desk.enter, citizen.insured_number, pin2, source=citizen.source, idempotency_key="entry")
    page = player.get(desk.offers, entry)
    player.refused(desk.offers, entry, site="south")
    player.refused(desk.offers, f"{entry}x")
    offer = page.offers[0]
    player.refused(desk.reserve, entry, offer.token[:-1])
    player.refused(desk.reserve, entry, offer, email=f"{citizen.application.last_name}@")
    player.refused(desk.cancel, entry)
    reservation = player.get(desk.reserve, entry, offer, email="vzor9@example.org", idempotency_key="reservation")
    player.get(desk.reserve, entry, offer, email="vzor9@example.org", idempotency_key="reservation")
    player.refused(desk.reserve, entry, offer, idempotency_key="reservation")
    player.refused(desk.reserve, entry, offer)
    player.get(desk.journey, entry)
    player.get(desk.remind_pin, citizen.insured_number, source=citizen.source)
    player.get(town.system.operations.dispatch)
    player.get(desk.remind_pin, citizen.insured_number, source=citizen.source)
    player.refused(desk.remind_pin, citizen.insured_number, source=citizen.source)
    player.get(town.system.operations.explain, reservation.registration_id)
    player.get(desk.cancel, entry)
    player.get(desk.journey, entry)
    for wrong in ("00000000", pin2[::-1], pin2 + "5", pin2[:-1], pin2[:-1] + "x"):
        player.refused(desk.enter, citizen.insured_number, wrong, source="2001:db8::bad")
    player.refused(
        _until_refused, lambda: _answered(desk.enter, citizen.insured_number, "1" * 8, source="2001:db8::bad")
    )


def _answered(call: Callable[..., object], *args: object, **kwargs: object) -> None:
    """Refusals pass, but for a budget that is used up."""
    try:
        call(*args, **kwargs)
    except crs.TooManyAttempts:
        raise
    except crs.CrsError:
        return


def _more(player: Player, second: Citizen, third: Citizen) -> None:
    desk, town, site = player.town.desk, player.town, player.town.system.site("north")
    entries = [town.enter(citizen) for citizen in (second, third)]
    offer = next(each for each in desk.offers(entries[0]).offers)
    seats = {(each.calendar, each.day, each.minute) for each in offer.doses}
    player.get(desk.reserve, entries[0], offer)
    for name, dose in (("V1", 1), ("V2", 2)):
        taken = [crs.Slot(day, minute, 1) for calendar, day, minute in seats if calendar == name]
        player.refused(site.publish, [crs.Calendar(name, "comirnaty", dose, [])])
        player.get(site.publish, [crs.Calendar(name, "comirnaty", dose, [evolve(slot, seats=2) for slot in taken])])
    player.get(desk.withdraw, entries[0])
    player.refused(desk.journey, entries[0])
    delivery = crs.Delivery("D1", "comirnaty", date(2021, 1, 25), 100)
    player.get(site.expect, delivery)
    player.refused(site.expect, delivery)
    player.get(site.receive, delivery)
    player.get(desk.sites)
    player.get(site.check_calendars)
    player.get(site.close)
    player.refused(desk.reserve, entries[1], offer)
    player.refused(desk.register, town.proof_of(invented(PEOPLE + 2)), invented(PEOPLE + 2).application)
    player.get(site.publish, [crs.Calendar("V2", "comirnaty", 2, [])])
    player.refused(site.open)
    player.refused(town.system.operations.explain, second.insured_number)
    player.get(town.system.operations.dispatch)


def _after_the_term(player: Player, citizens: list[Citizen]) -> None:
    """An hour later: tokens have expired, the invitations have ended."""
    desk, town, operations = player.town.desk, player.town, player.town.system.operations
    entry = town.enter(citizens[0])
    town.clock.move(minutes=31)
    player.refused(desk.journey, entry)
    town.clock.move(minutes=31)
    entry = town.enter(citizens[0])
    player.refused(desk.offers, entry)
    player.get(operations.tick)
    player.refused(desk.offers, entry)
    player.get(operations.statistics)
    player.get(operations.messages)
    player.get(operations.dead_letters)
    player.get(operations.audit)
    player.get(operations.dispatch)


def town_of(url: str, folder: Path, stack: ExitStack) -> Town:
    """A town whose PINs are marked."""
    open_town = stack.enter_context(contextmanager(open_towns)(folder))
    return open_town(url, keys=MarkedKeyring(KEYS, "2021-01"), seats=60, **RULES)
