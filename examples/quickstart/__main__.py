"""Runs the portal and its rounds in one process: ``python -m examples.quickstart``.

Environment: ``PORTAL_FOLDER`` for keys, database and messages; ``PORTAL_STORAGE``, such as ``memory:`` or
``postgresql://…``; ``PORTAL_MAIL``, such as ``smtp://…``; ``PORTAL_CAMPAIGN``; ``PORTAL_PORT`` (0: any free one);
``PORTAL_PAUSE``, seconds between rounds.
"""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from urllib.parse import quote

import uvicorn

import crs_core as crs

from .app import app_of
from .seed import furnish

HERE = Path(__file__).parent


def main() -> None:
    """Serves the portal until it is interrupted."""
    folder = Path(os.environ.get("PORTAL_FOLDER", HERE / "data")).absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # the messages in it hold PINs
    campaign = crs.load_campaign(os.environ.get("PORTAL_CAMPAIGN", HERE / "campaign.toml"))
    storage = os.environ.get("PORTAL_STORAGE", f"sqlite:///{folder}/portal.db")
    spool = f"spool:{quote(f'{folder}/outbox')}"
    mail = os.environ.get("PORTAL_MAIL", spool)
    with crs.open_system(
        campaign, keys=keys(folder / "keys.json"), storage=storage, sms=spool, mail=mail, confirmation="typst:"
    ) as system:
        furnish(system)
        print(f"Messages are written to {folder}/outbox", flush=True)
        with rounds(system.operations, float(os.environ.get("PORTAL_PAUSE", "1"))):
            uvicorn.run(app_of(system.citizen, campaign), port=int(os.environ.get("PORTAL_PORT", "8000")))


def keys(file: Path) -> dict[str, bytes]:
    """The secrets of a file, made on the first start and readable by its owner only."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as fresh:
            json.dump({"first": secrets.token_hex(32)}, fresh)
    except FileExistsError:
        pass
    return {name: bytes.fromhex(secret) for name, secret in json.loads(file.read_text(encoding="utf-8")).items()}


@contextmanager
def rounds(operations: crs.OperationsDesk, pause: float) -> Iterator[None]:
    """While inside, invites, sends and minds terms, round after round."""
    stop = Event()

    def work() -> None:
        while not stop.wait(pause):
            for each in (operations.release_all, operations.dispatch, operations.tick):
                try:
                    each()
                except crs.CrsError as error:
                    print(f"round {each.__name__}: {error}", flush=True)

    worker = Thread(target=work, name="rounds")
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join()


if __name__ == "__main__":
    main()
