"""The storage in PostgreSQL keeps the rules."""

from collections.abc import Callable, Iterator

import psycopg
import pytest

from crs_adapters.storage.sql import open_sql
from crs_core.ports.storage import Storage
from crs_core.testing.storage_contract import StorageContract


class TestPostgresql(StorageContract):
    @pytest.fixture
    def storage(self, postgresql_url: str) -> Iterator[Storage]:
        storage = open_sql(postgresql_url)
        yield storage
        storage.close()

    @pytest.fixture
    def reopen(self, postgresql_url: str) -> Callable[[Storage], Storage]:
        def again(old: Storage) -> Storage:
            old.close()
            return open_sql(postgresql_url)

        return again

    @pytest.fixture
    def breaks(self, postgresql_url: str) -> Callable[[], None]:
        def ruin() -> None:
            with psycopg.connect(postgresql_url, autocommit=True) as connection:
                connection.execute("ALTER TABLE person RENAME TO persona")
                connection.execute("ALTER TABLE outbox RENAME TO inbox")

        return ruin
