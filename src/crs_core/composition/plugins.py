"""The one typed façade over pluggy: who is there, which adapter a URL means."""

from collections.abc import Iterable
from importlib.metadata import entry_points
from typing import Any, TypeVar

import pluggy

from crs_core.composition.hookspecs import PORTS, Adapter, CliCommand, Hooks, Surroundings
from crs_core.domain.inputs import shown
from crs_core.errors import AdapterFault, CrsError, InvalidInput, Problem

__all__ = ["Plugins"]

_GROUP = "crs"
_Brought = TypeVar("_Brought", Adapter, CliCommand)


class Plugins:
    """Plugins of one system.

    Args:
        plugins: Modules or objects with hooks, by name.

    Raises:
        AdapterFault: ``plugin_broken``, with the plugin's name: it has no hook of crs, or one that is misspelt.

    >>> from crs_adapters.storage import memory
    >>> plugins = Plugins([("memory", memory)])
    >>> [(adapter.port, adapter.scheme) for adapter in plugins.adapters()]
    [('storage', 'memory')]
    """

    def __init__(self, plugins: Iterable[tuple[str, object]]) -> None:
        self._manager = pluggy.PluginManager(_GROUP)
        self._manager.add_hookspecs(Hooks)
        for name, plugin in plugins:
            self._register(name, plugin)
        self._adapters: dict[tuple[str, str], Adapter] | None = None

    @classmethod
    def installed(cls) -> "Plugins":
        """Every plugin that an installed distribution announces in the entry point group ``crs``.

        Raises:
            AdapterFault: ``plugin_broken``, with the plugin's name: it cannot be imported, or its hooks are wrong.
        """
        found = []
        for entry in sorted(entry_points(group=_GROUP), key=lambda entry: entry.name):
            try:
                found.append((entry.name, entry.load()))
            except Exception as error:
                raise AdapterFault(
                    "plugin_broken",
                    f"plugin={entry.name} ({entry.value}) cannot be loaded: {type(error).__name__}",
                    remedy="install what it needs, or uninstall it",
                ) from error
        return cls(found)

    def _register(self, name: str, plugin: object) -> None:
        try:
            self._manager.register(plugin, name=name)
            self._manager.check_pending()
        except pluggy.PluginValidationError as error:
            message = f"plugin={name}: {error}"
            raise AdapterFault("plugin_broken", message, remedy="mend the name or the arguments of its hook") from error
        if not self._manager.get_hookcallers(plugin):
            message = f"plugin={name}: has no hook of crs"
            remedy = "mark a function of it with hookimpl, or announce the object that has one, as module:object"
            raise AdapterFault("plugin_broken", message, remedy=remedy)

    def names(self) -> tuple[str, ...]:
        """Names of all plugins, sorted."""
        return tuple(sorted(name for name, _ in self._manager.list_name_plugin()))

    def adapters(self) -> tuple[Adapter, ...]:
        """All adapters, by port, then scheme.

        Raises:
            AdapterFault: A plugin failed, or two bring the same port and scheme.
        """
        if self._adapters is None:
            self._adapters = {}
            for name, adapter in self._ask("crs_register_adapters", Adapter):
                key = (adapter.port, adapter.scheme)
                if key in self._adapters:
                    raise _clash(name, f"{adapter.port} adapter {adapter.scheme}:")
                self._adapters[key] = adapter
        return tuple(adapter for _, adapter in sorted(self._adapters.items()))

    def commands(self) -> tuple[CliCommand, ...]:
        """All commands for the command line, by name.

        Raises:
            AdapterFault: A plugin failed, or two bring a command of one name.
        """
        found: dict[str, CliCommand] = {}
        for name, command in self._ask("crs_register_commands", CliCommand):
            if command.name in found:
                raise _clash(name, f"command {command.name}")
            found[command.name] = command
        return tuple(command for _, command in sorted(found.items()))

    def _ask(self, hook: str, kind: type[_Brought]) -> list[tuple[str, _Brought]]:
        """What each plugin answers; one that raises is named and ends the opening, as half a system is worse."""
        found: list[tuple[str, _Brought]] = []
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            name = implementation.plugin_name
            try:
                brought = list(implementation.function())
            except Exception as error:
                message = f"plugin={name}, hook={hook}: {type(error).__name__}: {error}"
                raise AdapterFault("plugin_broken", message, remedy="mend or uninstall the plugin") from error
            for item in brought:
                if not isinstance(item, kind):
                    message = f"plugin={name}, hook={hook}: brings {type(item).__name__}, not {kind.__name__}"
                    raise AdapterFault("plugin_broken", message, remedy=f"let it answer a list of crs.{kind.__name__}")
                found.append((name, item))
        return found

    def open(self, port: str, url: str, surroundings: Surroundings) -> Any:
        """What speaks a port, opened by URL.

        Raises:
            InvalidInput: No adapter of that port has the URL's scheme.
            AdapterFault: It cannot be opened, or what it opens lacks a method of the port.
        """
        given: object = url
        if not isinstance(given, str):
            raise InvalidInput([Problem(port, type(given).__name__, "must be a URL", "give text such as 'memory:'")])
        scheme = url.partition(":")[0]
        known = {adapter.scheme: adapter for adapter in self.adapters() if adapter.port == port}
        if ":" not in url or scheme not in known:
            schemes = ", ".join(f"{name}:" for name in sorted(known))
            rule = f"must begin with one of {schemes}" if known else "must name an adapter, and no plugin brings one"
            raise InvalidInput(
                [Problem(port, shown(f"{scheme}:…"), rule, "mend the URL, or install the plugin that has it")]
            )
        try:
            opened = known[scheme].open(url, surroundings)
        except CrsError:
            raise
        except Exception as error:
            message = f"{port} adapter {scheme}: {type(error).__name__}: cannot be opened"
            raise AdapterFault("adapter_broken", message, remedy="see the cause, which is chained") from error
        lacks = [name for name in _methods(PORTS[port]) if not callable(getattr(opened, name, None))]
        if lacks:
            message = f"{port} adapter {scheme}: opens {type(opened).__name__}, which has no {', '.join(lacks)}"
            wanted = f"{PORTS[port].__module__}.{PORTS[port].__name__}"
            raise AdapterFault("adapter_broken", message, remedy=f"give it the methods of {wanted}")
        return opened


def _methods(protocol: type) -> list[str]:
    return [name for name, each in vars(protocol).items() if callable(each) and not name.startswith("_")]


def _clash(name: str, what: str) -> AdapterFault:
    return AdapterFault("plugin_clash", f"plugin={name}: {what} is already there", remedy="uninstall one of the two")
