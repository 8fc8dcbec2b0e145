"""What a faulty plugin or adapter is told: its name, what is wrong, and what to do."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

import crs_core as crs
from crs_adapters.sms import spool
from crs_core.composition.hookspecs import PORTS
from crs_core.testing.clock import VirtualClock
from tests.systems import START

AROUND = crs.Surroundings("example", "Europe/Prague", VirtualClock(START))


def plugin(brings: Callable[[], Any]) -> object:
    """A plugin whose one hook answers what it is given."""

    class Plugin:
        @crs.hookimpl
        def crs_register_adapters(self) -> Any:
            return brings()

    return Plugin()


def fault(*plugins: tuple[str, object], url: str = "lines:") -> crs.CrsError:
    """What opening a gateway ends with."""
    with pytest.raises(crs.CrsError) as caught:
        crs.Plugins(plugins).open("sms", url, AROUND)
    return caught.value


def adapter(opened: object) -> crs.Adapter:
    return crs.Adapter("sms", "lines", lambda _url, _around: opened)


@pytest.mark.parametrize(
    ("brings", "told"),
    [
        (lambda: adapter(None), "TypeError: 'Adapter' object is not iterable"),
        (lambda: None, "TypeError: 'NoneType' object is not iterable"),
        (lambda: ["lines"], "brings str, not Adapter"),
        (lambda: [crs.CliCommand("lines", print)], "brings CliCommand, not Adapter"),
        (lambda: [crs.Adapter("smss", "lines", print)], "ValueError: port='smss' must be one of confirmation, mail, "),
        (lambda: [crs.Adapter("sms", "lines:", print)], "ValueError: scheme='lines:' must be "),
        (lambda: [crs.Adapter("sms", "Lines", print)], "ValueError: scheme='Lines' must be "),
    ],
)
def test_a_plugin_that_brings_something_else_is_named(brings: Callable[[], Any], told: str) -> None:
    found = fault(("mine", plugin(brings)))

    assert (type(found), found.code) == (crs.AdapterFault, "plugin_broken")
    assert found.message.startswith("plugin=mine, hook=crs_register_adapters: ")
    assert told in found.message
    assert found.remedy


def test_a_plugin_without_a_hook_is_no_plugin() -> None:
    """Most often its module is announced, and the hook is a method of a class in it."""
    found = fault(("mine", SimpleNamespace(Plugin=plugin(lambda: [adapter(None)]))))

    assert (found.code, found.message) == ("plugin_broken", "plugin=mine: has no hook of crs")
    assert "module:object" in found.remedy


@pytest.mark.parametrize("opened", [None, object(), SimpleNamespace(send="no function")])
def test_what_does_not_speak_its_port_does_not_open(opened: object) -> None:
    found = fault(("mine", plugin(lambda: [adapter(opened)])))

    assert found.code == "adapter_broken"
    assert found.message == f"sms adapter lines: opens {type(opened).__name__}, which has no send"
    assert found.remedy == "give it the methods of crs_core.ports.sms.SmsGateway"


def test_a_url_that_no_plugin_has_is_told_which_there_are() -> None:
    with_one = fault(("spool", spool))
    with_none = fault(("mine", plugin(list)))

    assert isinstance(with_one, crs.InvalidInput)
    assert with_one.problems[0].rule == "must begin with one of spool:"
    assert isinstance(with_none, crs.InvalidInput)
    assert with_none.problems[0].rule == "must name an adapter, and no plugin brings one"


def test_every_port_of_an_open_system_is_one_that_a_plugin_may_bring() -> None:
    assert PORTS.keys() == {adapter.port for adapter in crs.Plugins.installed().adapters()}
