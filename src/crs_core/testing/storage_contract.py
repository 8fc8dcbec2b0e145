"""The rules that every storage keeps: inherit them, give one fixture, and every rule is a test.

Each test's docstring cites the number of its rule, S1 to S71; what an adapter lacks is skipped by name.

::

    class TestMine(StorageContract):
        @pytest.fixture
        def storage(self, tmp_path):
            return MyStorage(tmp_path)        # fresh and empty

        @pytest.fixture
        def reopen(self, tmp_path):           # where it is durable
            def again(old):
                old.close()
                return MyStorage(tmp_path)
            return again

        @pytest.fixture
        def breaks(self, tmp_path):           # where something that can fail lies beneath
            return lambda: ruin(tmp_path)

Failures are readable once a ``conftest.py`` says ``pytest.register_assert_rewrite("crs_core.testing")``.
"""

from crs_core.testing.storage.appointments import AppointmentsContract
from crs_core.testing.storage.journal import JournalContract
from crs_core.testing.storage.lasting import LastingContract
from crs_core.testing.storage.ledger import LedgerContract
from crs_core.testing.storage.orders import OrdersContract
from crs_core.testing.storage.outbox import OutboxContract
from crs_core.testing.storage.queue import QueueContract
from crs_core.testing.storage.together import TogetherContract
from crs_core.testing.storage.values import ValuesContract

__all__ = ["StorageContract"]


class StorageContract(
    ValuesContract,
    LedgerContract,
    QueueContract,
    OrdersContract,
    AppointmentsContract,
    OutboxContract,
    JournalContract,
    TogetherContract,
    LastingContract,
):
    """Everything that is asked of a storage; see the module."""
