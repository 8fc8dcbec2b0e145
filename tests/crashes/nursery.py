"""Gives birth to workers: a process that has imported everything and forks one for each job.

So a worker costs a hundredth of a second and not a whole interpreter. Jobs come in as lines of JSON; out go
``["born", pid]``, ``["loaded"]`` once its threads run, and ``["died", signal]``.
"""

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from tests.crashes.worker import Job, work


def _say(*words: Any) -> None:
    os.write(1, json.dumps(words).encode() + b"\n")


def _live(job: Job) -> None:
    try:
        work(job, lambda: _say("loaded"))
    except BaseException:  # noqa: BLE001 - a fork never returns
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(1)


def main() -> None:
    """Until the input ends."""
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _live(Job(**(asked | {"folder": Path(asked["folder"])})))
        _say("born", pid)
        _, status = os.waitpid(pid, 0)
        _say("died", os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0)


if __name__ == "__main__":
    main()
