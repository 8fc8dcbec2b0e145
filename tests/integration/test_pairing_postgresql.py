"""Two citizens at once, each with an offer that is safe alone: as many can be booked afterwards as two offers leave."""

import multiprocessing
from pathlib import Path

import pytest

from tests.integration import crossing
from tests.pairing_oracles import by_flow

pytestmark = [pytest.mark.slow, pytest.mark.postgresql]


def lost(url: str, folder: Path, sabotage: str = "") -> list[tuple[int, int]]:
    """For each site, by how much the most people that can be booked fell, and how many reserved."""
    crossing.prepare(url, str(folder))
    with crossing.open_crossing(url, str(folder)) as system:
        before = [by_flow(supply) for supply in crossing.left(system)]
        context = multiprocessing.get_context("spawn")
        with context.Manager() as manager, context.Pool(2) as pool:
            barrier = manager.Barrier(2)
            places = [(url, str(folder), place, barrier, sabotage) for place in range(2)]
            ends = pool.starmap(crossing.run, places, chunksize=1)
        after = [by_flow(supply) for supply in crossing.left(system)]
        assert sabotage or system.operations.audit() == ()
    return [
        (was - now, sum(reserved)) for was, now, reserved in zip(before, after, zip(*ends, strict=True), strict=True)
    ]


def test_two_at_once_lower_what_is_left_by_exactly_as_many_as_reserve(postgresql_url: str, tmp_path: Path) -> None:
    found = lost(postgresql_url, tmp_path)

    assert all(fell == reserved for fell, reserved in found), found
    assert all(reserved >= 1 for _, reserved in found)
    assert {reserved for _, reserved in found[::3]} == {1}, "each of the crossing offers is safe alone, not both"
    assert 2 in {reserved for _, reserved in found}, "offers that do not cross go through together"


@pytest.mark.parametrize("sabotage", ["never asked", "asked before the lock"])
def test_without_its_guard_a_third_person_is_stranded(postgresql_url: str, tmp_path: Path, sabotage: str) -> None:
    """The negative control: if this fails, the test above proves nothing."""
    found = lost(postgresql_url, tmp_path, sabotage)

    assert all(reserved == 2 for _, reserved in found[::3])
    assert {fell for fell, _ in found[::3]} == {3}
