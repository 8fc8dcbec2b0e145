"""The hooks of crs, all of them.

A plugin is a module or an object with functions marked by `hookimpl`, found by its entry point in the group ``crs`` or
given to `open_system`. Its life: when a system opens, every plugin is asked once for its adapters, in no set order;
when the command line starts, once for its commands. A plugin that fails is named in the error.
"""

from collections.abc import Callable, Iterable
from typing import Any

import pluggy
from attrs import field, frozen

from crs_core.ports.clock import Clock

__all__ = ["Adapter", "CliCommand", "Hooks", "Surroundings", "hookimpl"]

_PROJECT = "crs"
_hookspec = pluggy.HookspecMarker(_PROJECT)
hookimpl = pluggy.HookimplMarker(_PROJECT)


@frozen
class Surroundings:
    """What an adapter is opened with, beside its URL.

    Attributes:
        zone: The campaign's IANA zone.
        clock: The system's clock; an adapter asks no other.
    """

    campaign: str
    zone: str
    clock: Clock


@frozen
class Adapter:
    """One technology for one port.

    Attributes:
        port: ``storage``, ``sms``, ``mail``, ``registry`` or ``confirmation``.
        scheme: What its URLs begin with, before the colon.
        open: From the whole URL and the surroundings, what speaks the port.
        summary: One line for ``crs doctor``.
    """

    port: str
    scheme: str
    open: Callable[[str, Surroundings], Any] = field(repr=False)
    summary: str = ""


@frozen
class CliCommand:
    """One command of the command line; its function's signature and docstring make the options and the help."""

    name: str
    run: Callable[..., Any] = field(repr=False)


class Hooks:
    """What a plugin may implement."""

    @_hookspec
    def crs_register_adapters(self) -> Iterable[Adapter]:
        """Adapters that this plugin brings. Two plugins with one port and scheme are an error."""
        raise NotImplementedError

    @_hookspec
    def crs_register_commands(self) -> Iterable[CliCommand]:
        """Commands that this plugin adds to the command line. Two commands of one name are an error."""
        raise NotImplementedError
