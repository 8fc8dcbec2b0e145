"""What outlives a worker that is killed: a file of its own words, one line each, that nothing takes back.

Lines go to the file in one call of the system and are there for every reader, however the writer ends; only a power cut
could lose them, and none is played here.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["Record", "read"]


class Record:
    """The file, open for one run of a worker."""

    def __init__(self, path: Path, run: int) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._run = run
        os.write(self._file, b"\n")  # ends a line that was torn

    def write(self, event: str, **facts: Any) -> None:
        """Adds one line."""
        os.write(self._file, json.dumps({"event": event, "run": self._run, **facts}).encode() + b"\n")

    def close(self) -> None:
        """Gives the file back."""
        os.close(self._file)


def read(path: Path, *events: str) -> Iterator[dict[str, Any]]:
    """Every line about one of these events, in their order."""
    for line in path.read_bytes().split(b"\n"):
        if line.startswith(b"{") and line.endswith(b"}"):
            found = json.loads(line)
            if found["event"] in events:
                yield found
