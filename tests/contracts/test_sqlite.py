"""The storage in SQLite keeps the rules."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crs_adapters.storage.sql import open_sql
from crs_core.ports.storage import Storage
from crs_core.testing.storage_contract import StorageContract


class TestSqlite(StorageContract):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> Iterator[Storage]:
        storage = open_sql(f"sqlite:///{tmp_path}/crs.db")
        yield storage
        storage.close()

    @pytest.fixture
    def reopen(self, tmp_path: Path) -> Callable[[Storage], Storage]:
        def again(old: Storage) -> Storage:
            old.close()
            return open_sql(f"sqlite:///{tmp_path}/crs.db")

        return again

    @pytest.fixture
    def breaks(self, tmp_path: Path) -> Callable[[], None]:
        def ruin() -> None:
            for file in tmp_path.glob("crs.db*"):
                size = file.stat().st_size
                with file.open("r+b") as bytes_of:
                    bytes_of.write(b"\xff" * size)

        return ruin
