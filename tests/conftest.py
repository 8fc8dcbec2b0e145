"""Fixtures and marks for every test."""

import pytest

from tests.postgresql import postgresql_server, postgresql_url
from tests.systems import open_town, storage_url

__all__ = ["open_town", "postgresql_server", "postgresql_url", "storage_url"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whatever needs a PostgreSQL, so that `-m "not postgresql"` can be relied on."""
    for item in items:
        if "postgresql_server" in getattr(item, "fixturenames", ()):
            item.add_marker("postgresql")
