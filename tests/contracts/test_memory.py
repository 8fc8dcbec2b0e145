"""The storage in memory keeps the rules."""

import pytest

from crs_adapters.storage.memory import MemoryStorage
from crs_core.ports.storage import Storage
from crs_core.testing.storage_contract import StorageContract


class TestMemory(StorageContract):
    @pytest.fixture
    def storage(self) -> Storage:
        return MemoryStorage()
