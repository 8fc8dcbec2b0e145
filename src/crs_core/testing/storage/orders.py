"""The queue in every order, and the claims of those in it."""
# ruff: noqa: S101 - a contract asserts

from collections.abc import Sequence
from datetime import date
from itertools import count
from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crs_core.domain.order import Order
from crs_core.domain.plans import Plan
from crs_core.domain.priority import Segment
from crs_core.domain.registration import Gate, Registration
from crs_core.ports.storage import Storage
from crs_core.testing import strategies
from crs_core.testing.storage.common import Contract, apply, examples, puts

__all__ = ["OrdersContract"]

_SITES = count()
_BORN = st.sampled_from([date(1940, 2, 29), date(1940, 12, 31), date(1941, 1, 1)]) | strategies.birth_dates()
_PLAIN = strategies.registrations(st.just("north"), _BORN)


class OrdersContract(Contract):
    """S16, S65 and S66."""

    @given(
        registered=st.lists(_PLAIN, max_size=12, unique_by=lambda each: each.id),
        segments=strategies.segments(),
        limit=st.integers(0, 14),
        data=st.data(),
    )
    @examples
    def test_the_head_in_every_order_is_the_sorted_queue(
        self,
        storage: Storage,
        registered: list[Registration],
        segments: tuple[Segment, ...],
        limit: int,
        data: st.DataObject,
    ) -> None:
        """S65: In each order the head is what sorting gives: rank; birth date or ticket, if asked; seniority; id.

        S16: Where none is asked for it is that of age; ties too.
        """
        here = _settled(storage, registered, data)
        site = here[0].site_id if here else "nowhere"

        with storage.read() as view:
            heads = {order: [each.value for each in view.head(site, segments, limit, order)] for order in Order}
            head = [each.value for each in view.head(site, segments, limit)]
        assert heads == {order: _sorted(here, segments, order)[:limit] for order in Order}
        assert head == heads[Order.AGE]

    @given(registered=st.lists(_PLAIN, max_size=12, unique_by=lambda each: each.id), data=st.data())
    @examples
    def test_claims_are_those_of_the_queue(
        self, storage: Storage, registered: list[Registration], data: st.DataObject
    ) -> None:
        """S66: The claims of a site are the texts that its queued have, each once, sorted; others' do not count."""
        here = _settled(storage, registered, data)
        site = here[0].site_id if here else "nowhere"

        with storage.read() as view:
            assert list(view.claims(site)) == sorted({each.claims for each in here if _waits(each)})
            assert list(view.claims(f"{site}-other")) == []


def _settled(storage: Storage, registered: list[Registration], data: st.DataObject) -> list[Registration]:
    """The registrations, at a site of their own, some of them changed since they were stored first."""
    site = f"site-{next(_SITES)}"
    here = [evolve(each, id=f"{site}:{each.id}", site_id=site) for each in registered]
    apply(storage, Plan(None, puts(here)))
    moved = data.draw(st.sets(st.sampled_from([each.id for each in here])) if here else st.just(set()), label="moved")
    changed = [evolve(data.draw(_PLAIN, label="to"), id=name, site_id=site) for name in sorted(moved)]
    apply(storage, Plan(None, puts(changed, version=1)))
    return [each for each in here if each.id not in moved] + changed


def _sorted(registered: Sequence[Registration], segments: Sequence[Segment], order: Order) -> list[Registration]:
    called: list[tuple[Any, ...]] = []
    for one in registered:
        ranks = [
            each.rank
            for each in segments
            if each.claims == one.claims and each.born_from <= one.birth_date <= each.born_to
        ]
        if _waits(one) and ranks:
            first = {Order.AGE: one.birth_date, Order.LOTTERY: one.ticket, Order.SENIORITY: None}[order]
            called.append((ranks[0], first, one.seniority, one.id, one))
    return [one for *_, one in sorted(called)]


def _waits(one: Registration) -> bool:
    waits = one.gate is Gate.QUEUED and one.reservation_id is None
    return waits and one.withdrawn_at is None and not one.blocks
