"""Offers strand nobody: each lowers the number of people that can still be booked by exactly one, and no safe one is
left out; against the integer programme."""

from random import Random

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crs_core.domain import pairing
from crs_core.domain.campaign import Interval
from crs_core.domain.pairing import Supply, bookable
from tests.pairing_oracles import by_flow, by_milp, chains_of, crossing_supplies, season, supplies

CODES = {"full", "no_next_dose", "no_vaccine", "day_strands"}


def booked(supply: Supply, days: tuple[int, ...]) -> Supply:
    """The supply once somebody has reserved those days, with the doses that the ledger would take."""
    dose_days = pairing.deliveries_for(supply.doses, days)
    assert dose_days is not None
    return supply.without(days, dose_days)


@given(supplies() | crossing_supplies())
def test_partners_are_all_that_lower_what_is_left_by_exactly_one(supply: Supply) -> None:
    """A chain is offered if and only if some booking of the most people holds it."""
    most = by_milp(supply)
    safe = {chain for chain in chains_of(supply) if by_milp(supply, through=chain) == most}
    offered = {(day, *chain) for day in supply.seats[0] for chain in pairing.partners(supply, day)}

    assert offered == safe
    assert all(by_milp(booked(supply, chain)) == most - 1 for chain in offered)


@given(supplies() | crossing_supplies())
def test_a_day_that_is_shown_has_an_offer_and_any_other_says_why_not(supply: Supply) -> None:
    shown = pairing.offered_days(supply)

    assert shown == {day: supply.seats[0][day] for day in sorted(supply.seats[0]) if pairing.partners(supply, day)}
    for day in supply.seats[0]:
        chain = pairing.safe_chain(supply, day)
        assert (chain is not None) == (day in shown) == (pairing.why_not(supply, day) == "")
        assert chain is None or chain in pairing.partners(supply, day)
        assert day in shown or pairing.why_not(supply, day) in CODES


@given(supplies(stock=False) | crossing_supplies())
def test_without_stock_every_day_with_free_partners_keeps_an_offer(supply: Supply) -> None:
    """For three doses too, each being bound to the one before it."""
    starts = {chain[0] for chain in chains_of(supply)}

    assert set(pairing.offered_days(supply)) == starts
    assert all(pairing.partners(supply, day) for day in starts)


@given(supplies(), st.randoms(use_true_random=False))
def test_whoever_comes_the_most_people_are_booked(supply: Supply, chance: Random) -> None:
    """Everybody takes any offer they like, until there is none."""
    most = by_milp(supply)
    people = 0
    while days := sorted(pairing.offered_days(supply)):
        day = chance.choice(days)
        supply = booked(supply, (day, *chance.choice(pairing.partners(supply, day))))
        people += 1

    assert people == most


@pytest.mark.slow
@pytest.mark.parametrize("stock", [False, True])
def test_offers_of_a_season_strand_nobody(*, stock: bool) -> None:
    """Each offer of a random day of hundreds of sites, and the first one of every other day."""
    chance = Random(20210326)
    offers = 0
    for number in range(250):
        supply = season(chance, 2 if number % 4 else 3, stock=stock)
        most = bookable(supply)
        shown = pairing.offered_days(supply)
        for day in chance.sample(sorted(shown), min(2, len(shown))):
            for chain in pairing.partners(supply, day)[:8]:
                left = booked(supply, (day, *chain))
                assert (by_milp(left) if stock else by_flow(left)) == most - 1, (supply, day, chain)
                offers += 1

    assert offers > 500


EARLIEST = Supply([{0: 1, 1: 1}, {21: 1, 22: 1}], Interval(20, 21))
LATEST = Supply([{0: 1, 1: 1}, {21: 1, 22: 1}], Interval(21, 22))


@pytest.mark.parametrize("doses", [None, {0: 4}])
def test_neither_the_earliest_nor_the_latest_partner_is_always_safe(doses: dict[int, int] | None) -> None:
    """Not without stock, and not with as much of it as anybody could wish."""
    assert pairing.partners(evolve(EARLIEST, doses=doses), 1) == [(22,)]  # 21 is what day 0 needs
    assert pairing.partners(evolve(LATEST, doses=doses), 0) == [(21,)]  # 22 is what day 1 needs
    assert by_milp(evolve(EARLIEST, doses=doses), through=(1, 21)) == 1
    assert by_milp(evolve(LATEST, doses=doses), through=(0, 22)) == 1


def test_with_stock_a_day_may_offer_nothing_though_it_has_seats_and_doses() -> None:
    """Two doses now and more on day 50: two people can begin on day 31, or one be done by then."""
    supply = Supply([{10: 1, 31: 2}, {31: 1, 52: 2}], Interval(21, 21), doses={0: 2, 50: 9})

    assert by_milp(supply) == 2
    assert by_milp(supply, through=(10, 31)) == 1
    assert pairing.offered_days(supply) == {31: 2}
    assert pairing.why_not(supply, 10) == "day_strands"


@pytest.mark.parametrize(
    ("supply", "why"),
    [
        (Supply([{0: 0}, {21: 1}], Interval(21, 28)), "full"),
        (Supply([{0: 1}, {20: 1}], Interval(21, 28)), "no_next_dose"),
        (Supply([{0: 1}, {21: 1}, {50: 1}], Interval(21, 28)), "no_next_dose"),
        (Supply([{0: 1}, {21: 1}], Interval(21, 28), {1: 9}), "no_vaccine"),
        (Supply([{0: 1}, {21: 1}], Interval(21, 28), {0: 1}), "no_vaccine"),
        (Supply([{0: 1}, {21: 1}], Interval(21, 28), {0: 1, 21: 1}), ""),
    ],
)
def test_a_day_says_why_it_offers_nothing(supply: Supply, why: str) -> None:
    assert pairing.why_not(supply, 0) == why
    assert pairing.strands_nobody(supply, (0, 21, 50)[: len(supply.seats)]) == (why == "")


def test_two_offers_each_safe_alone_can_strand_a_third_person() -> None:
    """Why `reserve` asks again under the lock of the site."""
    supply = Supply([{0: 1, 1: 1, 2: 1}, {22: 1, 23: 1, 24: 1}], Interval(21, 23))

    assert bookable(supply) == 3
    assert pairing.strands_nobody(supply, (0, 23))
    assert pairing.strands_nobody(supply, (1, 24))
    assert bookable(supply.without((0, 23)).without((1, 24))) == 0
    assert not pairing.strands_nobody(supply.without((0, 23)), (1, 24))


def test_doses_are_spaced_by_the_window_of_the_dose_before() -> None:
    supply = Supply([{}, {}, {}], Interval(21, 28), windows={30: Interval(7, 7)})

    assert pairing.spaced(supply, (2, 30, 37))
    assert not pairing.spaced(supply, (2, 30, 51))
    assert not pairing.spaced(supply, (9, 29, 51))
