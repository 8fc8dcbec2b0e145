"""Guards taken out, one at a time; each must be found by the weeks of the virtual world."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from attrs import evolve

from crs_adapters.storage.memory.storage import MemoryStorage
from crs_adapters.storage.memory.view import MemoryView
from crs_adapters.storage.memory.work import MemoryWork
from crs_core.desks import calendar_days
from crs_core.domain import control_pin, duplicates, gate, invitation_pin, regulator, reservations
from crs_core.domain.pairing import offers
from crs_core.domain.time import later
from crs_core.errors import AdapterFault
from crs_core.office.commands import Office
from crs_core.rounds import dispatch

__all__ = ["FAULTS"]

Plant = Callable[[pytest.MonkeyPatch], None]


def life_counts_from_the_request(patch: pytest.MonkeyPatch) -> None:
    real = control_pin.handed_off

    def handed_off(challenge: Any, now: Any) -> Any:
        return evolve(real(challenge, now), handed_off_at=challenge.created_at)

    patch.setattr(control_pin, "handed_off", handed_off)


def a_pin_never_dies(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(control_pin, "is_live", lambda challenge, *_: challenge.used_at is None)


def asking_again_is_a_new_pin(patch: pytest.MonkeyPatch) -> None:
    real = control_pin.asked

    def asked(challenge: Any, **more: Any) -> Any:
        return real(None if challenge is None else evolve(challenge, used_at=more["now"]), **more)

    patch.setattr(control_pin, "asked", asked)


def any_pin2_enters(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(invitation_pin, "opens", lambda registration, *_: registration is not None)


def the_gate_stands_open(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gate, "require_open", lambda *_: None)


def an_unanswered_invitation_is_kept_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gate, "no_longer_invited", lambda *_: ())


def unanswered_invitations_count_for_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(regulator, "expected", lambda *_: 0)


def the_last_of_those_called_is_called_first(patch: pytest.MonkeyPatch) -> None:
    real = MemoryView.head

    def head(*given: Any, **more: Any) -> Any:
        return list(real(*given, **more))[::-1]

    patch.setattr(MemoryView, "head", head)


def cancelling_frees_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reservations.Reservation, "cancelled", lambda self, now: evolve(self, cancelled_at=None))


def an_offer_may_strand_others(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(calendar_days, "_found", calendar_days._found.__wrapped__)  # what is kept outlives the plant
    patch.setattr(offers, "_keeps", lambda *_: True)
    patch.setattr(offers, "_spare", lambda *_: True)


def one_person_registers_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(duplicates, "waits", lambda registration, _now: registration)


def a_key_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    real = Office._attempt

    def attempt(self: Any, command: Any) -> Any:
        return real(self, evolve(command, idempotency_key=None))

    patch.setattr(Office, "_attempt", attempt)


def a_message_is_owed_twice(patch: pytest.MonkeyPatch) -> None:
    real = MemoryWork._owe

    def owe(self: Any, message: Any) -> None:
        self._state.unsent.pop((message.person, message.purpose.value), None)
        real(self, message)

    patch.setattr(MemoryWork, "_owe", owe)


def a_lease_never_ends(patch: pytest.MonkeyPatch) -> None:
    real = MemoryStorage.lease

    def lease(self: Any, *arguments: Any, until: Any, **more: Any) -> Any:
        return real(self, *arguments, until=later(until, days=30), **more)

    patch.setattr(MemoryStorage, "lease", lease)


def a_gateway_that_fails_is_believed(patch: pytest.MonkeyPatch) -> None:
    real = dispatch._send

    def send(*arguments: Any) -> str:
        try:
            return real(*arguments)
        except AdapterFault:
            return ""

    patch.setattr(dispatch, "_send", send)


_ALL: tuple[Plant, ...] = (
    life_counts_from_the_request,
    a_pin_never_dies,
    asking_again_is_a_new_pin,
    any_pin2_enters,
    the_gate_stands_open,
    an_unanswered_invitation_is_kept_for_ever,
    unanswered_invitations_count_for_nothing,
    the_last_of_those_called_is_called_first,
    cancelling_frees_nothing,
    an_offer_may_strand_others,
    one_person_registers_twice,
    a_key_is_forgotten,
    a_message_is_owed_twice,
    a_lease_never_ends,
    a_gateway_that_fails_is_believed,
)
FAULTS: Mapping[str, Plant] = {plant.__name__: plant for plant in _ALL}
