"""The queue: who is next, in the declared order; and who is due."""
# ruff: noqa: S101 - a contract asserts, and compares with figures

from collections.abc import Sequence
from datetime import date
from itertools import count

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crs_core.domain.campaign import InvitationRule, Priority
from crs_core.domain.plans import Plan, Put
from crs_core.domain.priority import compile_segments
from crs_core.domain.registration import Block, BlockReason, Gate, Invitation, Registration
from crs_core.domain.terms import Window
from crs_core.domain.time import Instant, later
from crs_core.ports.storage import Storage
from crs_core.testing import strategies
from crs_core.testing.invented import registration
from crs_core.testing.storage.common import DAY, NOW, Contract, apply, examples, key_of, puts

__all__ = ["QueueContract"]

_SITES = count()
_EVERYBODY = compile_segments(Priority(), strategies.CLAIMS_TEXTS, DAY)
_BORN = st.sampled_from([date(1935, 5, 5), date(1940, 2, 29), date(1950, 1, 1)]) | strategies.birth_dates()
_PLAIN = strategies.registrations(st.just("north"), _BORN)


class QueueContract(Contract):
    """S17 to S20."""

    @pytest.fixture
    def one_invited(self) -> Registration:
        """Somebody whose invitation ends 72 hours after NOW."""
        invitation = Invitation(1, NOW, DAY, "release", InvitationRule(windows=(Window(72),)), handed_off_at=NOW)
        return registration(NOW, gate=Gate.INVITED, invitation=invitation)

    @given(one=_PLAIN)
    @examples
    def test_only_the_queued_are_in_the_queue(self, storage: Storage, one: Registration) -> None:
        """S17: Whoever is invited, lapsed, reserved, blocked or withdrawn is not next; whoever returns is again."""
        site = f"site-{next(_SITES)}"
        queued = evolve(
            one,
            id=site,
            site_id=site,
            gate=Gate.QUEUED,
            reservation_id=None,
            withdrawn_at=None,
            invitation=None,
            blocks=(),
        )
        invitation = Invitation(1, NOW, DAY, "release", InvitationRule())
        steps = [
            (queued, 1),
            (evolve(queued, gate=Gate.INVITED, invitation=invitation), 0),
            (queued, 1),
            (evolve(queued, gate=Gate.LAPSED), 0),
            (queued, 1),
            (evolve(queued, reservation_id="one"), 0),
            (queued, 1),
            (evolve(queued, blocks=(Block(BlockReason.NEWER, NOW),)), 0),
            (queued, 1),
            (evolve(queued, withdrawn_at=NOW), 0),
        ]
        for version, (value, number) in enumerate(steps):
            apply(storage, Plan(None, puts([value], version)))

            with storage.read() as view:
                head = view.head(site, _EVERYBODY, 10)
            assert [each.value for each in head] == [value] * number
            assert [each.version for each in head] == [version + 1] * number

    def test_the_head_of_nothing_is_empty(self, storage: Storage) -> None:
        """S18: No segments, no limit or no such site give an empty head."""
        with storage.read() as view:
            assert list(view.head("nowhere", _EVERYBODY, 10)) == []
            assert list(view.head("nowhere", (), 10)) == []
            assert list(view.head("nowhere", _EVERYBODY, 0)) == []

    @given(registered=st.lists(_PLAIN, max_size=8, unique_by=lambda each: each.id), hours=st.integers(0, 2000))
    @examples
    def test_due_is_what_wakes_by_now(self, storage: Storage, registered: list[Registration], hours: int) -> None:
        """S19: Due are those whose time to wake is not after now, the earliest first, then by id; and no others."""
        site = f"site-{next(_SITES)}"
        here = [evolve(each, id=f"{site}:{each.id}") for each in registered]
        apply(storage, Plan(None, puts(here)))
        now = later(NOW, hours=hours)

        with storage.read() as view:
            late = [each.value for each in view.due(now, 10_000)]
        assert [each for each in late if each.id.startswith(f"{site}:")] == _late(here, now)
        assert late == _late(late, now)
        apply(storage, Plan(None, tuple(Put(key_of(each), _asleep(each), 1) for each in here)))

    def test_due_now_is_due_and_the_limit_holds(self, storage: Storage, one_invited: Registration) -> None:
        """S20: What wakes at this very microsecond is due; a limit takes the earliest."""
        wakes = one_invited.wakes_at
        assert wakes is not None
        apply(storage, Plan(None, puts([evolve(one_invited, id=name) for name in ("b", "a", "c")])))

        with storage.read() as view:
            assert [each.value.id for each in view.due(wakes, 2)] == ["a", "b"]
            assert list(view.due(later(wakes, seconds=-0.000001), 10)) == []
            assert list(view.due(wakes, 0)) == []


def _late(registered: Sequence[Registration], now: Instant) -> list[Registration]:
    waking = [(each.wakes_at, each.id, each) for each in registered if each.wakes_at is not None]
    return [each for at, _, each in sorted(waking, key=lambda one: one[:2]) if at <= now]


def _asleep(one: Registration) -> Registration:
    return evolve(one, withdrawn_at=NOW)
