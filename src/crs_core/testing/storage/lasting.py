"""What outlives a process, and what a storage says when what lies beneath it fails."""
# ruff: noqa: S101 - a contract asserts

from collections.abc import Callable

import pytest

from crs_core.domain.ledger import State, Transfer
from crs_core.domain.messages import Lane
from crs_core.domain.plans import Plan
from crs_core.domain.sites import Site
from crs_core.domain.statistics import Tally
from crs_core.domain.time import later
from crs_core.errors import AdapterFault, CrsError
from crs_core.ports.storage import Storage
from crs_core.testing.storage.common import (
    DAY,
    NOW,
    PROBE,
    Contract,
    apply,
    everything,
    message,
    mint,
    note,
    person,
    puts,
    seat,
)

__all__ = ["LastingContract"]


class LastingContract(Contract):
    """S60 to S62."""

    @pytest.fixture
    def reopen(self, storage: Storage) -> Callable[[Storage], Storage]:
        """Closes a storage and opens the same data again; given by adapters with the capability ``durable``."""
        if "durable" in storage.capabilities():
            pytest.fail("capability=durable: give the contract a fixture `reopen`, which opens the same data again")
        pytest.skip("capability=durable: this storage is lost with its process")

    @pytest.fixture
    def breaks(self) -> Callable[[], None]:
        """Makes what lies beneath the storage fail, such as its server; given where something lies beneath."""
        pytest.skip(
            "fixture=breaks: nothing that could fail lies beneath this storage, or the adapter does not say what"
        )

    def test_capabilities_are_names(self, storage: Storage) -> None:
        """S60: A storage names what it offers beyond the least, always the same, from a known list."""
        assert storage.capabilities() <= {"durable", "processes"}
        assert storage.capabilities() == storage.capabilities()

    def test_everything_committed_is_found_again(self, storage: Storage, reopen: Callable[[Storage], Storage]) -> None:
        """S61: All that was committed is there when the data is opened again; what was open is not."""
        plan = Plan(
            None,
            puts([person(), Site("north", is_open=True)]),
            (mint(seat(), 2), Transfer(seat(), State.FREE, State.RESERVED)),
            (note(),),
            (message("one"), message("two")),
            tallies=(Tally(DAY, "registered", "north", "80-84", 1),),
        )
        with storage.write() as work:
            work.take([PROBE], NOW)
            work.remember("probe", "fingerprint", "answer", NOW)
            work.apply(plan, actor="tester", now=NOW)
        storage.lease([Lane.BULK], 1, now=NOW, until=later(NOW, seconds=120))
        before = everything(storage)
        again = reopen(storage)

        assert everything(again) == before
        assert [each.id for each in again.lease([Lane.BULK], 9, now=NOW, until=later(NOW, seconds=120))] == ["two"]
        apply(again, Plan(None, puts([person(registration_id="one")], 1)))
        again.close()

    def test_a_failure_beneath_is_told_as_one_of_ours(self, storage: Storage, breaks: Callable[[], None]) -> None:
        """S62: Whatever fails beneath, an error of crs leaves the adapter, its cause chained."""
        apply(storage, Plan(None, puts([person()])))
        breaks()
        calls: list[Callable[[], object]] = [
            lambda: apply(storage, Plan(None, puts([person()], 1))),
            lambda: everything(storage),
            lambda: storage.lease([Lane.BULK], 1, now=NOW, until=later(NOW, seconds=1)),
        ]
        for call in calls:
            with pytest.raises(CrsError) as caught:
                call()
            assert isinstance(caught.value, AdapterFault)
            assert caught.value.__cause__ is not None
