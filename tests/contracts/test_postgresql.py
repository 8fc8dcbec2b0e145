"""The storage in PostgreSQL keeps the rules."""

import uuid
from collections.abc import Callable, Iterator

import psycopg
import pytest

from crs_adapters.storage.sql import open_sql
from crs_core.ports.storage import Storage
from crs_core.testing.storage_contract import StorageContract
from tests.postgresql import PostgresqlServer

BENEATH = ("person", "outbox")


@pytest.fixture(scope="module")
def url(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """One database for all rules: making one takes longer than most of them, emptying it does not."""
    name = f"crs_{uuid.uuid4().hex}"
    yield postgresql_server.create_database(name)
    postgresql_server.drop_database(name)


class TestPostgresql(StorageContract):
    @pytest.fixture
    def storage(self, url: str) -> Iterator[Storage]:
        storage = open_sql(url)
        storage.wipe()
        yield storage
        storage.close()

    @pytest.fixture
    def reopen(self, url: str) -> Callable[[Storage], Storage]:
        def again(old: Storage) -> Storage:
            old.close()
            return open_sql(url)

        return again

    @pytest.fixture
    def breaks(self, url: str) -> Iterator[Callable[[], None]]:
        with psycopg.connect(url, autocommit=True) as connection:
            yield lambda: _rename(connection, "{}", "lost_{}")
            _rename(connection, "lost_{}", "{}")


def _rename(connection: psycopg.Connection, old: str, new: str) -> None:
    for name in BENEATH:
        connection.execute(f"ALTER TABLE {old.format(name)} RENAME TO {new.format(name)}".encode())
