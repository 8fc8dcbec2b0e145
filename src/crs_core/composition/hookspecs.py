"""The hooks of crs, all of them.

A plugin is a module or an object with functions marked by `hookimpl`, found by its entry point in the group ``crs`` or
given to `open_system`. Its life: when a system opens, every plugin is asked once for its adapters, in no set order;
when the command line starts, once for its commands. A plugin that fails is named in the error.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import pluggy
from attrs import field, frozen

from crs_core.ports.clock import Clock
from crs_core.ports.confirmation import ConfirmationDocuments
from crs_core.ports.mail import MailServer
from crs_core.ports.registry import Registry
from crs_core.ports.sms import SmsGateway
from crs_core.ports.storage import Storage

__all__ = ["PORTS", "Adapter", "CliCommand", "Hooks", "Surroundings", "hookimpl"]

_PROJECT = "crs"
_hookspec = pluggy.HookspecMarker(_PROJECT)
hookimpl = pluggy.HookimplMarker(_PROJECT)

PORTS: Mapping[str, type] = MappingProxyType(
    {
        "confirmation": ConfirmationDocuments,
        "mail": MailServer,
        "registry": Registry,
        "sms": SmsGateway,
        "storage": Storage,
    }
)
"""What an adapter of each port must speak."""

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.ASCII)


@frozen
class Surroundings:
    """What an adapter is opened with, beside its URL.

    Attributes:
        campaign: Its name.
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
        scheme: What its URLs begin with, before the colon: lower-case letters, digits, ``+``, ``-`` and ``.``.
        open: From the whole URL and the surroundings, what speaks the port.
        summary: One line for ``crs doctor``.

    Raises:
        ValueError: There is no such port, or it is no scheme.

    >>> Adapter("sms", "lines", lambda url, around: ...)
    Adapter(port='sms', scheme='lines', summary='')
    """

    port: str
    scheme: str
    open: Callable[[str, Surroundings], Any] = field(repr=False)
    summary: str = ""

    def __attrs_post_init__(self) -> None:
        if self.port not in PORTS:
            raise ValueError(f"port={self.port!r} must be one of {', '.join(PORTS)}")
        if not _SCHEME.fullmatch(self.scheme):
            raise ValueError(
                f"scheme={self.scheme!r} must be lower-case letters, digits, +, - and ., without the colon"
            )


@frozen
class CliCommand:
    """One command of the command line; its function's signature and docstring make the options and the help.

    >>> def greet(name: str) -> None:
    ...     "Greet somebody."
    >>> CliCommand("greet", greet)
    CliCommand(name='greet')
    """

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
