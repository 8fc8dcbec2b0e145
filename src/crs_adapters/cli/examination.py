"""What the doctor looks at, as findings; showing them is another's affair."""

import enum
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, requires, version
from pathlib import Path

from attrs import frozen

from crs_core.composition.hookspecs import Adapter, CliCommand
from crs_core.composition.plugins import Plugins
from crs_core.errors import CrsError

__all__ = ["Finding", "State", "examine"]

_PYTHON = (3, 11)
_SUMS = {"all", "demo", "dev"}  # extras that only add others up
_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(?:\[[^]]*])?[^;]*(?:;.*extra == ['\"](?P<extra>\w+)['\"])?")
_SERVERS = (
    "/usr/lib/postgresql/*/bin/postgres",
    "/usr/pgsql-*/bin/postgres",
    "/opt/homebrew/opt/postgresql*/bin/postgres",
)


class State(enum.Enum):
    """How serious it is."""

    GOOD = "good"
    ABSENT = "absent"
    FAULT = "fault"


@frozen
class Finding:
    """One thing looked at.

    Attributes:
        part: The heading it belongs under.
        remedy: What to do; empty where there is nothing to do.
    """

    part: str
    name: str
    found: str
    state: State = State.GOOD
    remedy: str = ""


def examine(folder: Path) -> Iterator[Finding]:
    """Everything about this installation, part by part.

    Args:
        folder: Where it should be possible to write.
    """
    yield from _python()
    yield from _libraries()
    yield from _plugins()
    yield _postgresql()
    yield _writing(folder)


def _python() -> Iterator[Finding]:
    good = sys.version_info >= _PYTHON
    wanted = ".".join(map(str, _PYTHON))
    state, remedy = (State.GOOD, "") if good else (State.FAULT, f"use Python {wanted} or newer")
    yield Finding("Python", platform.python_implementation(), platform.python_version(), state, remedy)
    yield Finding("Python", "crs", version("crs"))


def _libraries() -> Iterator[Finding]:
    """Each library that the distribution names, with the extra that brings it."""
    for requirement in requires("crs") or ():
        match = _REQUIREMENT.match(requirement)
        if match is None or match["name"] == "crs" or match["extra"] in _SUMS:
            continue
        part = "Libraries" if match["extra"] is None else f"Extra {match['extra']}"
        try:
            yield Finding(part, match["name"], version(match["name"]))
        except PackageNotFoundError:
            if match["extra"] is None:
                yield Finding(part, match["name"], "missing", State.FAULT, "install crs again")
            else:
                yield Finding(part, match["name"], "not there", State.ABSENT, f"pip install 'crs[{match['extra']}]'")


def _plugins() -> Iterator[Finding]:
    """Each plugin by itself, so that a broken one hides no other; then all together, for clashes."""
    broken = False
    for entry in sorted(entry_points(group="crs"), key=lambda entry: entry.name):
        found = _plugin(entry)
        broken = broken or found.state is State.FAULT
        yield found
    if broken:
        return
    try:
        together = Plugins.installed()
        together.adapters()
        together.commands()
    except CrsError as error:
        yield Finding("Plugins", "together", error.message, State.FAULT, error.remedy)


def _plugin(entry: EntryPoint) -> Finding:
    try:
        alone = Plugins([(entry.name, entry.load())])
        brings = [*_adapters(alone.adapters()), *_commands(alone.commands())]
    except CrsError as error:
        return Finding("Plugins", entry.name, error.message, State.FAULT, error.remedy)
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises, the doctor says which one
        why = f"{entry.value}: {type(error).__name__}: {error}"
        return Finding("Plugins", entry.name, why, State.FAULT, "install what it needs, or uninstall it")
    return Finding("Plugins", entry.name, ", ".join(brings) or "brings nothing")


def _adapters(adapters: Iterable[Adapter]) -> Iterator[str]:
    return (f"{adapter.port} {adapter.scheme}:" for adapter in adapters)


def _commands(commands: Iterable[CliCommand]) -> Iterator[str]:
    return (f"command {command.name}" for command in commands)


def _postgresql() -> Finding:
    on_path = shutil.which("postgres")
    found = [on_path] if on_path else sorted(str(path) for each in _SERVERS for path in Path("/").glob(each[1:]))
    if found:
        return Finding("This machine", "PostgreSQL server", found[-1])
    remedy = "only for tests and a database of your own; a server elsewhere needs none here"
    return Finding("This machine", "PostgreSQL server", "not found", State.ABSENT, remedy)


def _writing(folder: Path) -> Finding:
    where = str(folder.resolve())
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"crs")
    except OSError as error:
        why = f"{where}: {error.strerror or type(error).__name__}"
        return Finding("This machine", "writing here", why, State.FAULT, "go to a folder of yours, or give --folder")
    return Finding("This machine", "writing here", where)
