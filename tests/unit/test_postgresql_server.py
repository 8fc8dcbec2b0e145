"""Every way to a PostgreSQL works, leaves nothing behind, and says aloud when there is none."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict

from tests.postgresql import PLACES, PROGRAMS, PostgresqlServer, newest, running_server, wheel_binaries

ROOT = Path(__file__).parents[2]
SECONDS = 60

FIXTURES = "from tests.postgresql import postgresql_server, postgresql_url\n"
NOWHERE = "import tests.postgresql\ntests.postgresql.PLACES = ()\n"
ASKS = "def test_it(postgresql_url):\n    assert postgresql_url\n"
HOLDS = """
import pathlib, time

def test_it(postgresql_server):
    pathlib.Path("part").write_text(postgresql_server.options["host"])
    pathlib.Path("part").rename("folder")
    time.sleep(600)
"""

_PYTEST = """
import signal, sys, pytest
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it, and children inherit that
sys.exit(pytest.main())
"""


def run_pytest(folder: Path, conftest: str, test: str, *options: str, **environment: str) -> subprocess.Popen[str]:
    """Start pytest on one test, in a folder and a session of its own."""
    (folder / "conftest.py").write_text(conftest)
    (folder / "test_it.py").write_text(test)
    ours = ("CI", "CRS_TEST_PG_DSN", "PYTEST_ADDOPTS")
    return subprocess.Popen(
        [sys.executable, "-c", _PYTEST, "-ra", *options],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name not in ours}
        | {"PYTHONPATH": str(ROOT)}
        | environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def value_of(server: PostgresqlServer, question: str) -> str:
    """Return the one value that a server answers with."""
    with psycopg.connect(server.dsn("postgres")) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row
    return str(row[0])


def server_process(folder: Path) -> int:
    """Return the process id of the server in a folder."""
    return int((folder / "data" / "postmaster.pid").read_text().split()[0])


def is_alive(process: int) -> bool:
    """Return whether a process runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def eventually(fact: Callable[[], bool]) -> bool:
    """Return whether a fact comes true before long."""
    deadline = time.monotonic() + SECONDS
    while not fact() and time.monotonic() < deadline:
        time.sleep(0.05)
    return fact()


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_server_of_each_place_starts_and_vanishes(place: Callable[[], Path | None]) -> None:
    binaries = place()
    if binaries is None:
        pytest.skip(f"{place.__name__} finds none")

    with running_server(binaries) as server:
        folder = Path(server.options["host"])
        process = server_process(folder)

        assert value_of(server, "SHOW server_version").split()[0] in version(binaries)
        assert value_of(server, "SHOW data_directory") == str(folder / "data")

    assert not folder.exists()
    assert not is_alive(process)


def version(binaries: Path) -> str:
    """Return what the server program says of itself."""
    return subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout


def test_wheel_is_there_for_those_who_have_no_other() -> None:
    assert wheel_binaries() is not None


def test_newest_is_by_number_and_complete(tmp_path: Path) -> None:
    for number, programs in {"9": PROGRAMS, "15": PROGRAMS, "16": ("psql",)}.items():
        folder = tmp_path / number / "bin"
        folder.mkdir(parents=True)
        for program in programs:
            (folder / program).touch(mode=0o755)

    assert newest(tmp_path.glob("*/bin")) == tmp_path / "15" / "bin"
    assert newest(tmp_path.glob("16/bin")) is None


@pytest.mark.slow
def test_server_starts_from_binaries_that_only_their_owner_can_enter(tmp_path: Path) -> None:
    """A clone below root's home: the account that the server drops to cannot enter it."""
    wheel = wheel_binaries()
    assert wheel
    site = wheel.parents[2]  # of site/package/version/bin
    libraries = Path(f"{wheel.parents[1].name}.libs")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for part in (wheel.parent.relative_to(site), libraries):
        shutil.copytree(site / part, closed / part)

    with running_server(closed / wheel.relative_to(site)) as server:
        assert value_of(server, "SELECT 1") == "1"


@pytest.mark.slow
def test_server_starts_where_temporary_files_are_closed_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgresql_server: PostgresqlServer
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    with running_server(next(filter(None, (place() for place in PLACES)))) as server:
        assert value_of(server, "SELECT 1") == "1"


def test_server_that_does_not_start_shows_its_log(tmp_path: Path) -> None:
    binaries = tmp_path / "postgresql" / "bin"
    binaries.mkdir(parents=True)
    for program in PROGRAMS:
        (binaries / program).write_text("#!/bin/sh\necho the disk is made of cheese\nexit 3\n")
        (binaries / program).chmod(0o755)

    with pytest.raises(RuntimeError, match="made of cheese"), running_server(binaries):
        pass


@pytest.mark.slow
@pytest.mark.parametrize(("durable", "fsync"), [(False, "off"), (True, "on")])
def test_server_waits_for_the_disk_on_request(durable: bool, fsync: str) -> None:  # noqa: FBT001
    with running_server(next(filter(None, (place() for place in PLACES))), durable=durable) as server:
        assert value_of(server, "SHOW fsync") == fsync
        assert value_of(server, "SHOW synchronous_commit") == fsync


def test_url_of_a_test_leads_to_an_empty_database(postgresql_url: str) -> None:
    engine = sa.create_engine(postgresql_url)
    with engine.begin() as connection:
        assert not sa.inspect(connection).get_table_names()
        connection.execute(sa.text("CREATE TABLE seen (what text)"))
    engine.dispose()

    with psycopg.connect(postgresql_url) as same:
        assert same.execute("SELECT count(*) FROM seen").fetchone() == (0,)


def test_database_is_copied_from_a_template(postgresql_server: PostgresqlServer) -> None:
    with psycopg.connect(postgresql_server.create_database("crs template")) as connection:
        connection.execute("CREATE TABLE seen (what text)")
    copy = postgresql_server.create_database("crs copy", template="crs template")

    forgotten = psycopg.connect(copy)
    assert forgotten.execute("SELECT count(*) FROM seen").fetchone() == (0,)

    postgresql_server.drop_database("crs copy")
    postgresql_server.drop_database("crs template")
    forgotten.close()

    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(copy)


def test_url_keeps_every_option_for_both_libraries() -> None:
    given = "host=db.example port=5433 user='a b' password='p@ss/w:?rd' dbname=home sslmode=require"
    server = PostgresqlServer.at(given)
    expected = conninfo_to_dict(given) | {"dbname": "tests of ours"}

    url = server.dsn("tests of ours")

    assert conninfo_to_dict(url) == expected
    assert sa.make_url(url).get_dialect()().create_connect_args(sa.make_url(url))[1] == expected
    assert "p@ss" not in repr(server)


@pytest.mark.slow
def test_server_named_by_the_environment_is_used_and_left_clean(tmp_path: Path) -> None:
    with running_server(next(filter(None, (place() for place in PLACES)))) as server:
        named = server.dsn("postgres")
        run = run_pytest(tmp_path, NOWHERE + FIXTURES, ASKS, CRS_TEST_PG_DSN=named, CI="true")
        output, _ = run.communicate(timeout=4 * SECONDS)

        assert run.returncode == 0, output
        assert value_of(server, "SELECT count(*) FROM pg_database WHERE datname LIKE 'crs_%'") == "0"


@pytest.mark.slow
@pytest.mark.parametrize(("ci", "code", "word"), [("true", 1, "ERROR"), ("", 0, "SKIPPED")])
def test_missing_postgresql_skips_at_home_and_fails_in_ci(tmp_path: Path, ci: str, code: int, word: str) -> None:
    run = run_pytest(tmp_path, NOWHERE + FIXTURES, ASKS, CI=ci)
    output, _ = run.communicate(timeout=4 * SECONDS)

    assert run.returncode == code, output
    assert f"{word} " in output
    assert "no PostgreSQL found" in output


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["alone", "xdist"])
@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGKILL])
def test_server_goes_with_the_tests_however_they_end(tmp_path: Path, options: tuple[str, ...], blow: int) -> None:
    run = run_pytest(tmp_path, FIXTURES, HOLDS, *options)
    assert eventually((tmp_path / "folder").exists)
    folder = Path((tmp_path / "folder").read_text())
    process = server_process(folder)

    if blow == signal.SIGINT:  # Ctrl-C reaches the whole group
        os.killpg(run.pid, blow)
    else:
        os.kill(run.pid, blow)
    run.communicate(timeout=4 * SECONDS)

    assert eventually(lambda: not folder.exists())
    assert eventually(lambda: not is_alive(process))
