"""Accounts of seats and doses: units move, none is made of nothing, none falls below it."""
# ruff: noqa: S101 - a contract asserts, and compares with figures

from collections import Counter
from datetime import date
from itertools import count

import pytest
from attrs import astuple
from hypothesis import given
from hypothesis import strategies as st

from crs_core.domain.ledger import Account, AccountKind, Balance, State, Transfer
from crs_core.domain.plans import Plan
from crs_core.errors import Short, Stale
from crs_core.ports.storage import Storage
from crs_core.testing.storage.common import DAY, Contract, apply, everything, examples, mint, person, puts, seat

__all__ = ["LedgerContract"]

_SITES = count()
_STATES = (State.FREE, State.HELD, State.RESERVED, State.GIVEN, State.WASTED)
_DAYS = (date(2021, 3, 27), date(2021, 3, 28), date(2021, 4, 18))
_accounts = st.one_of(
    st.tuples(st.just("slot"), st.sampled_from(["V1", "V2"]), st.sampled_from(_DAYS), st.sampled_from([480, 540])),
    st.tuples(st.just("day"), st.sampled_from(["V1", "V2"]), st.sampled_from(_DAYS), st.just(-1)),
    st.tuples(st.just("delivery"), st.sampled_from(["d-1", "d-2"]), st.sampled_from(_DAYS), st.just(-1)),
    st.tuples(st.just("invited"), st.just(""), st.sampled_from(_DAYS), st.just(-1)),
)
_moves = st.tuples(
    _accounts, st.sampled_from(State), st.sampled_from(State), st.integers(1, 3) | st.integers(1, 1000)
).filter(lambda move: move[1] is not move[2])
_Name = tuple[str, str, date, int]


class LedgerContract(Contract):
    """S10 to S15."""

    def test_units_come_move_and_leave(self, storage: Storage) -> None:
        """S10: Units come from outside, move from state to state, and leave; all others stay."""
        steps = [
            (Transfer(seat(), State.OUTSIDE, State.FREE, 5), Balance(free=5)),
            (Transfer(seat(), State.FREE, State.HELD, 4), Balance(1, 4)),
            (Transfer(seat(), State.HELD, State.RESERVED, 3), Balance(1, 1, 3)),
            (Transfer(seat(), State.RESERVED, State.GIVEN, 1), Balance(1, 1, 2, 1)),
            (Transfer(seat(), State.RESERVED, State.WASTED, 1), Balance(1, 1, 1, 1, 1)),
            (Transfer(seat(), State.FREE, State.OUTSIDE, 1), Balance(0, 1, 1, 1, 1)),
        ]
        apply(storage, Plan(None, transfers=(mint(seat(540), 7),)))
        for transfer, balance in steps:
            apply(storage, Plan(None, transfers=(transfer,)))

            with storage.read() as view:
                assert dict(view.accounts("north")) == {seat(): balance, seat(540): Balance(free=7)}

    def test_several_transfers_of_one_account_count_together(self, storage: Storage) -> None:
        """S11: What a plan moves on one account is added up; what it brings it may move on."""
        moves = (
            mint(seat(), 2),
            Transfer(seat(), State.FREE, State.RESERVED),
            Transfer(seat(), State.FREE, State.HELD),
        )
        apply(storage, Plan(None, transfers=moves))

        with storage.read() as view:
            assert dict(view.accounts("north")) == {seat(): Balance(0, 1, 1)}

    @pytest.mark.parametrize("source", _STATES)
    @pytest.mark.parametrize("there", [0, 2])
    def test_no_state_falls_below_nothing(self, storage: Storage, source: State, there: int) -> None:
        """S12: A plan that would leave any state of any account below nothing is short, and moves nothing at all."""
        if there:
            apply(storage, Plan(None, transfers=(Transfer(seat(), State.OUTSIDE, source, there),)))
        before = everything(storage)
        first, last = mint(seat(479)), mint(seat(481))

        with pytest.raises(Short) as caught:
            apply(storage, Plan(None, transfers=(first, Transfer(seat(), source, State.OUTSIDE, there + 1), last)))
        assert caught.value.account == str(seat())
        assert everything(storage) == before

    def test_what_is_stale_is_not_said_to_be_short(self, storage: Storage) -> None:
        """S12: A plan that is both is stale: what it would move was decided on something else, so it is made anew."""
        apply(storage, Plan(None, puts((person(),)), (mint(seat()),)))
        before = everything(storage)
        taken = Transfer(seat(), State.FREE, State.RESERVED, 2)

        with pytest.raises(Stale):
            apply(storage, Plan(None, puts((person(registration_id="another"),), version=7), (taken,)))
        assert everything(storage) == before

    @given(plans=st.lists(st.lists(_moves, max_size=6), max_size=8))
    @examples
    def test_accounts_are_the_sum_of_their_transfers(
        self, storage: Storage, plans: list[list[tuple[_Name, State, State, int]]]
    ) -> None:
        """S13: Every account is the sum of the plans that were not short; days and slots show what accounts hold."""
        site = f"site-{next(_SITES)}"
        kept: Counter[tuple[_Name, State]] = Counter()
        names: set[_Name] = set()
        for moves in plans:
            after = kept.copy()
            for name, source, target, number in moves:
                after[name, source] -= number
                after[name, target] += number
            short = any(number < 0 for (_, state), number in after.items() if state is not State.OUTSIDE)
            transfers = tuple(Transfer(Account(site, *name), source, target, n) for name, source, target, n in moves)
            try:
                apply(storage, Plan(None, transfers=transfers))
            except Short:
                assert short
                continue
            assert not short
            kept, names = after, names | {name for name, *_ in moves}

        _compare(storage, site, kept, names)

    def test_accounts_come_in_their_order(self, storage: Storage) -> None:
        """S14: Accounts of a site come by kind, series, day and minute; those of other sites stay away."""
        accounts = [
            seat(540),
            seat(480),
            seat(480, calendar="Čtvrtek"),
            seat(480, calendar="V10"),
            seat(480, day=date(2020, 12, 31)),
            Account("north", AccountKind.INVITED, "", DAY),
            Account("north", AccountKind.DAY, "V1", DAY),
            Account("north", AccountKind.DELIVERY, "d-1", DAY),
        ]
        apply(storage, Plan(None, transfers=tuple(map(mint, [*accounts, seat(site_id="south")]))))

        with storage.read() as view:
            assert [account for account, _ in view.accounts("north")] == sorted(accounts)
            assert [account for account, _ in view.accounts("nowhere")] == []

    def test_slots_are_those_with_a_free_seat(self, storage: Storage) -> None:
        """S15: The slots of a day come by time, of one calendar and one day, and only while a seat is free."""
        taken = (mint(seat(600)), Transfer(seat(600), State.FREE, State.RESERVED))
        others = [seat(480, day=date(2021, 1, 26)), seat(480, calendar="V2"), seat(480, site_id="south")]
        free = (mint(seat(540), 2), mint(seat(480), 1), mint(seat(1439), 3), *map(mint, others))
        apply(storage, Plan(None, transfers=(*taken, *free)))

        with storage.read() as view:
            assert list(view.slots("north", "V1", DAY)) == [(480, 1), (540, 2), (1439, 3)]
            assert list(view.slots("north", "V9", DAY)) == []


def _compare(storage: Storage, site: str, kept: Counter[tuple[_Name, State]], names: set[_Name]) -> None:
    with storage.read() as view:
        accounts, days = dict(view.accounts(site)), view.days(site)
        slots = {(each, day): dict(view.slots(site, each, day)) for each in ("V1", "V2") for day in _DAYS}

    def of(kind: str, state: State) -> dict[tuple[str, date], int]:
        return {(name[1], name[2]): kept[name, state] for name in names if name[0] == kind and kept[name, state]}

    shown = {(account.kind, account.series, account.day, account.minute): each for account, each in accounts.items()}
    assert {name: astuple(balance) for name, balance in shown.items() if any(astuple(balance))} == {
        name: numbers for name in names if any(numbers := tuple(kept[name, state] for state in _STATES))
    }
    assert {(series, day): free for series, each in days.seats.items() for day, free in each.items() if free} == of(
        "day", State.FREE
    )
    assert {(series, day): free for series, each in days.doses.items() for day, free in each.items() if free} == of(
        "delivery", State.FREE
    )
    assert {("", day): held for day, held in days.invited.items() if held} == of("invited", State.HELD)
    for (series, day), free in slots.items():
        assert free == {
            name[3]: kept[name, State.FREE]
            for name in names
            if name[:3] == ("slot", series, day) and kept[name, State.FREE]
        }
