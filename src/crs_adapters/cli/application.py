"""The application behind ``crs``: every plugin's commands under one name, and errors that can be read."""

from collections.abc import Sequence
from importlib.metadata import version

from cyclopts import App, CycloptsError
from rich.console import Console
from rich.text import Text

from crs_adapters.cli import plugin
from crs_core.composition.hookspecs import CliCommand
from crs_core.composition.plugins import Plugins
from crs_core.errors import CrsError, InvalidInput

__all__ = ["run", "show_error"]

_HELP = """Fair mass-appointment campaigns: registration, PINs, a prioritised invitation queue, dose-linked calendars.

Begin with `crs demo`: it plays January 2021 and says what happened. `crs doctor` says what is installed here.
"""
_FAULT, _USAGE = 1, 2


def run(arguments: Sequence[str]) -> int:
    """Runs the command that the arguments name; the exit code."""
    errors = Console(stderr=True, highlight=False)
    app = App(name="crs", help=_HELP, version=lambda: version("crs"), help_format="markdown", error_console=errors)
    for command in _commands(errors):
        app.command(command.run, name=command.name)
    try:
        answer = app(list(arguments), exit_on_error=False, result_action="return_value")
    except CycloptsError:
        return _USAGE
    except CrsError as error:
        show_error(error, errors)
        return _FAULT
    return answer if isinstance(answer, int) else 0


def _commands(errors: Console) -> tuple[CliCommand, ...]:
    """Of every plugin; where one of them is broken, our own, so that the doctor can say which."""
    try:
        return Plugins.installed().commands()
    except CrsError as error:
        show_error(error, errors)
        return Plugins([("cli", plugin)]).commands()


def show_error(error: CrsError, console: Console) -> None:
    """Shows a refusal or a fault: its code, what happened, what to do; never a traceback."""
    console.print(Text(f"{error.code}", style="bold red"), soft_wrap=True)
    if isinstance(error, InvalidInput):
        for problem in error.problems:
            console.print(Text(f"  {problem}"), soft_wrap=True)
    else:
        console.print(Text(f"  {error.message}"), soft_wrap=True)
    if error.retry_at is not None:
        console.print(Text(f"  try again at {error.retry_at.isoformat(timespec='seconds')}"), soft_wrap=True)
    if error.remedy:
        console.print(Text(f"  {error.remedy}", style="green"), soft_wrap=True)
