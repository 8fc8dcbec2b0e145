"""The command line ``crs``; it needs the extra ``cli``, which is imported when a command runs and not before."""

import sys
from collections.abc import Sequence

__all__ = ["main"]

_EXTRA = {"cyclopts", "rich"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: Those of the command line where None.

    Returns:
        The exit code: 0, 1 for a fault that is told, 2 for arguments that make no command.
    """
    try:
        from crs_adapters.cli.application import run  # noqa: PLC0415 - paid for on first use
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in _EXTRA:
            raise
        sys.stderr.write(f"crs: the command line needs {library}: pip install 'crs[cli]'\n")
        return 1
    return run(sys.argv[1:] if arguments is None else list(arguments))
