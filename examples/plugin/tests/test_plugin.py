"""The adapters keep the contracts, opened as every system opens them: by URL, through the installed entry point."""

from collections.abc import Callable, Sequence
from typing import Any

import pendulum
import pytest

import crs_core as crs
from conftest import HOLDER, Vzorov
from crs_core.ports.sms import Sms
from crs_core.testing.clock import VirtualClock
from crs_core.testing.gateway_contract import Arrived, SmsContract
from crs_core.testing.registry_contract import RegistryContract

NOWHERE = "vzorov:http://127.0.0.1:9/"  # nobody listens there


def opened(port: str, url: str) -> Any:
    clock = VirtualClock(pendulum.datetime(2021, 1, 23, 8))
    return crs.Plugins.installed().open(port, url, crs.Surroundings("vzorov", "Europe/Prague", clock))


class TestOperator(SmsContract):
    @pytest.fixture
    def gateway(self, vzorov: Vzorov) -> Any:
        return opened("sms", vzorov.url("/messages"))

    @pytest.fixture
    def arrived(self, vzorov: Vzorov) -> Callable[[], Sequence[Arrived]]:
        return lambda: [Arrived(to, text) for to, text in vzorov.taken.values()]

    @pytest.fixture
    def down(self) -> Any:
        return opened("sms", NOWHERE)

    def test_a_number_that_it_does_not_take_is_refused_for_good(self, gateway: Any) -> None:
        with pytest.raises(crs.Refused, match="number_refused"):
            gateway.send(Sms("one", "+420601000404", "an invented text"))


class TestRegister(RegistryContract):
    @pytest.fixture
    def registry(self, vzorov: Vzorov) -> Any:
        return opened("registry", vzorov.url("/claims"))

    @pytest.fixture
    def holder(self) -> tuple[str, str]:
        return HOLDER

    @pytest.fixture
    def down(self) -> Any:
        return opened("registry", NOWHERE)


def test_an_address_without_encryption_does_not_open() -> None:
    with pytest.raises(crs.InvalidInput, match="https"):
        opened("sms", "vzorov:http://example.org/messages")


def test_a_campaign_speaks_to_it(vzorov: Vzorov, tmp_path: Any) -> None:
    system = crs.open_system(
        crs.example_campaign(),
        keys={"2021-01": b"an invented key of 32 bytes ...."},
        sms=vzorov.url("/messages"),
        registry=vzorov.url("/claims"),
        mail=f"spool:{tmp_path}",
    )
    system.citizen.request_control_pin("601 000 001", source="203.0.113.7")

    assert system.operations.dispatch().sent == 1
    assert [to for to, _ in vzorov.taken.values()] == ["+420601000001"]
