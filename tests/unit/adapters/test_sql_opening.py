"""A URL is opened, or refused with the place, the rule and the remedy; a missing driver names its extra."""

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from crs_adapters.storage.sql import crs_register_adapters, open_sql
from crs_core.errors import AdapterFault, InvalidInput


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("sqlite://", "in memory"),
        ("sqlite:///", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("sqlite:///{folder}/crs.db?timeout=5", "neither host nor options"),
        ("sqlite://host/{folder}/crs.db", "neither host nor options"),
        ("sqlite:///{folder}/missing/crs.db", "the folder of the file must exist"),
        ("mysql://user@host/crs", "must begin with"),
        ("postgresql+asyncpg://user@host/crs", "must begin with"),
        ("no url", "is no URL"),
    ],
)
def test_a_url_of_no_such_database_is_refused(url: str, rule: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=rule) as caught:
        open_sql(url.format(folder=tmp_path))

    (problem,) = caught.value.problems
    assert (problem.place, bool(problem.remedy)) == ("storage", True)
    assert list(tmp_path.iterdir()) == []


def test_a_password_is_not_repeated() -> None:
    with pytest.raises(InvalidInput) as caught:
        open_sql("mysql://user:wonderful@host/crs")
    assert "wonderful" not in str(caught.value)

    with pytest.raises(AdapterFault) as fault:
        open_sql("postgresql://user:wonderful@127.0.0.1:1/crs")
    assert fault.value.code == "storage_unreachable"
    assert "wonderful" not in str(fault.value)
    assert fault.value.__cause__ is not None


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "crs.db").write_bytes(b"no database, but long enough to look like a broken one " * 100)
    with pytest.raises(AdapterFault) as caught:
        open_sql(f"sqlite:///{tmp_path}/crs.db")

    assert caught.value.code == "storage_unreachable"


def test_a_relative_path_is_that_of_the_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    storage = open_sql("sqlite:///crs.db")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    storage.wipe()
    storage.close()

    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["crs.db"]


def test_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "100% žába"
    folder.mkdir()
    storage = open_sql(f"sqlite:///{folder}/crs.db")
    storage.close()

    assert (folder / "crs.db").is_file()


@pytest.mark.parametrize(
    ("hidden", "url", "extra"),
    [
        ("sqlalchemy", "sqlite:////tmp/crs.db", "crs[sql]"),
        ("alembic", "sqlite:///{folder}/crs.db", "crs[sql]"),
        ("psycopg", "postgresql://user@host/crs", "crs[postgresql]"),
    ],
)
def test_a_missing_driver_names_its_extra(hidden: str, url: str, extra: str, tmp_path: Path) -> None:
    program = f"""
import sys
import threading
from contextlib import closing
sys.modules[{hidden!r}] = None
from crs_adapters.storage.sql import open_sql
from crs_core.errors import AdapterFault
try:
    open_sql({url.format(folder=tmp_path)!r})
except AdapterFault as error:
    print(error.code, error.remedy)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == f"driver_missing pip install '{extra}'\n"


def test_nothing_heavy_is_imported_before_a_database_is_opened() -> None:
    program = (
        "import sys, crs_adapters.storage.sql; print(*{'sqlalchemy', 'sqlite3', 'psycopg', 'alembic'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "\n"


def test_both_databases_are_registered() -> None:
    assert [(each.port, each.scheme) for each in crs_register_adapters()] == [
        ("storage", "sqlite"),
        ("storage", "postgresql"),
    ]


def test_a_file_that_another_has_just_begun_to_write_is_waited_for(tmp_path: Path) -> None:
    """SQLite waits its time-out for a lock, but not for this one: the switch to the write-ahead log fails at once."""
    with closing(sqlite3.connect(tmp_path / "crs.db", isolation_level=None, check_same_thread=False)) as another:
        another.execute("BEGIN IMMEDIATE")
        threading.Timer(0.2, another.execute, ["COMMIT"]).start()
        open_sql(f"sqlite:///{tmp_path}/crs.db").close()
