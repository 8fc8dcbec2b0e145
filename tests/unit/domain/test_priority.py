"""The rank read from segments is the rank read from the declaration, for every order, day and person."""

from calendar import isleap
from collections import Counter
from datetime import date, timedelta
from itertools import combinations, pairwise

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from crs_core.domain.order import AgeMeaning, Order, Priority, PriorityGroup
from crs_core.domain.priority import (
    Segment,
    all_open,
    claims_of,
    claims_text,
    compile_segments,
    group_of,
    rank,
)

CLAIMS = ("chronic", "health-worker", "school")
TEXTS = [claims_text(some) for size in range(len(CLAIMS) + 1) for some in combinations(CLAIMS, size)]
YEAR_ENDS = [date(2020, 2, 29), date(2021, 2, 28), date(2021, 3, 1), date(2023, 12, 31), date(2024, 1, 1)]

todays = st.sampled_from([*YEAR_ENDS, date(2024, 2, 28), date(2024, 2, 29)]) | st.dates(
    date(2020, 1, 1), date(2025, 12, 31)
)
ages = st.none() | st.integers(0, 130) | st.sampled_from([64, 65, 69, 70, 79, 80])
groups = st.builds(
    PriorityGroup,
    minimum_age=ages,
    maximum_age=ages,
    claims=st.frozensets(st.sampled_from(CLAIMS), max_size=2),
    score=st.integers(0, 6),
    opens=st.none() | todays,
)
priorities = st.builds(Priority, st.lists(groups, min_size=1, max_size=8).map(tuple), st.sampled_from(AgeMeaning))
texts = st.sampled_from(TEXTS)


@st.composite
def born(draw: st.DrawFn, declared: Priority, today: date) -> date:
    """Any birth date, most often within days of one at which some group begins or ends."""
    bounds = [age for group in declared.groups for age in (group.minimum_age, group.maximum_age) if age is not None]
    year = today.year - draw(st.sampled_from(bounds or [80])) - draw(st.integers(-1, 1))
    turn = draw(st.sampled_from([(today.month, min(today.day, 28)), (1, 1), (2, 28), (3, 1)]))
    near = min(date(year, *turn) + timedelta(draw(st.integers(-2, 2))), today)
    leap_year = year - year % 4
    leap = min(date(1904 if leap_year == 1900 else leap_year, 2, 29), today)
    return draw(st.sampled_from([near, near, leap]) | st.dates(date(1895, 1, 1), today))


def lived(born: date, today: date) -> int:
    """Birthdays up to today, one by one; 29 February is kept on 1 March where there is none."""

    def birthday(year: int) -> date:
        return born.replace(year=year) if (born.month, born.day) != (2, 29) or isleap(year) else date(year, 3, 1)

    return sum(birthday(year) <= today for year in range(born.year + 1, today.year + 1))


def read_directly(declared: Priority, claims: str, born: date, today: date) -> int | None:
    """The highest score of the open groups that take somebody, word by word as the declaration says it."""
    held = set(claims.split(",")) if claims else set()
    age = today.year - born.year if declared.age.value == "year" else lived(born, today)
    scores = []
    for group in declared.groups:
        if group.opens is not None and today < group.opens:
            continue
        if group.minimum_age is not None and age < group.minimum_age:
            continue
        if group.maximum_age is not None and age > group.maximum_age:
            continue
        if group.claims and not held & group.claims:
            continue
        scores.append(group.score)
    return max(scores, default=None)


def holding(segments: tuple[Segment, ...], claims: str, day: date) -> list[Segment]:
    return [each for each in segments if each.claims == claims and each.born_from <= day <= each.born_to]


@given(priorities, todays, texts, st.data())
def test_the_rank_by_segments_is_that_of_the_declaration(
    declared: Priority, today: date, claims: str, data: st.DataObject
) -> None:
    one = data.draw(born(declared, today), label="born")
    segments = compile_segments(declared, TEXTS, today)
    score = read_directly(declared, claims, one, today)

    found = rank(segments, claims=claims, born=one)
    assert (found is None) == (score is None)
    assert found == (None if score is None else len({each.score for each in declared.groups if each.score > score}))
    assert len(holding(segments, claims, one)) == (score is not None)
    group = group_of(declared, claims=claims, born=one, today=today)
    assert (None if group is None else group.score) == score


@given(priorities, todays)
def test_segments_are_in_order_disjoint_and_as_few_as_can_be(declared: Priority, today: date) -> None:
    segments = compile_segments(declared, TEXTS, today)

    assert list(segments) == sorted(segments, key=lambda each: (each.rank, each.claims, each.born_from))
    for text in TEXTS:
        alike = sorted((each for each in segments if each.claims == text), key=lambda each: each.born_from)
        for first, second in pairwise(alike):
            assert first.born_from <= first.born_to < second.born_from <= second.born_to
            assert second.rank != first.rank or second.born_from - first.born_to > timedelta(days=1)


@given(priorities, todays, st.permutations(TEXTS))
def test_neither_the_order_of_groups_nor_of_claims_matters(declared: Priority, today: date, some: list[str]) -> None:
    turned = evolve(declared, groups=tuple(reversed(declared.groups)))

    assert compile_segments(turned, some, today) == compile_segments(declared, sorted(some), today)
    assert compile_segments(declared, some * 2, today) == compile_segments(declared, some, today)


@given(priorities, todays, texts, st.data())
def test_whom_no_open_group_takes_an_opening_may_take(
    declared: Priority, today: date, claims: str, data: st.DataObject
) -> None:
    one = data.draw(born(declared, today), label="born")
    late = max([today, *(group.opens for group in declared.groups if group.opens is not None)])
    opened = evolve(declared, groups=tuple(evolve(group, opens=today) for group in declared.groups))

    assert all(group.is_open(late) for group in declared.groups)
    assert compile_segments(all_open(declared), TEXTS, today) == compile_segments(opened, TEXTS, today)
    if holding(compile_segments(declared, TEXTS, today), claims, one):
        assert holding(compile_segments(all_open(declared), TEXTS, today), claims, one)


REFERENCE = Priority(
    (
        PriorityGroup(80, score=13),
        PriorityGroup(claims=frozenset({"health-worker"}), score=11),
        PriorityGroup(70, score=7, maximum_age=79),
        PriorityGroup(claims=frozenset({"school"}), score=6, opens=date(2021, 2, 27)),
        PriorityGroup(claims=frozenset({"critical"}), score=5),
        PriorityGroup(claims=frozenset({"chronic"}), score=5),
        PriorityGroup(claims=frozenset({"social"}), score=5),
        PriorityGroup(65, score=3, maximum_age=69),
    )
)
TODAY = date(2021, 2, 26)


@pytest.mark.parametrize(
    ("age", "claims", "today", "score"),
    [
        (80, "", TODAY, 13),
        (95, "chronic,health-worker", TODAY, 13),
        (79, "", TODAY, 7),
        (79, "health-worker", TODAY, 11),
        (69, "", TODAY, 3),
        (69, "chronic", TODAY, 5),
        (30, "chronic,critical,social", TODAY, 5),
        (30, "school", TODAY, None),
        (66, "school", TODAY, 3),
        (30, "school", date(2021, 2, 27), 6),
        (66, "school", date(2021, 2, 27), 6),
        (64, "", TODAY, None),
        (64, "pensioner", TODAY, None),
    ],
)
def test_the_scores_of_2021_combine_by_their_maximum(age: int, claims: str, today: date, score: int | None) -> None:
    group = group_of(REFERENCE, claims=claims, born=date(2021 - age, 1, 1), today=today)

    assert (None if group is None else group.score) == score


def test_the_reference_needs_few_segments() -> None:
    """At most three ranges of age for any claims; of the young without claims there is none."""
    segments = compile_segments(REFERENCE, TEXTS, TODAY)

    assert max(Counter(each.claims for each in segments).values()) == 3
    assert [(each.rank, each.born_from, each.born_to) for each in segments if not each.claims] == [
        (0, date.min, date(1941, 2, 26)),
        (2, date(1941, 2, 27), date(1951, 2, 26)),
        (5, date(1951, 2, 27), date(1956, 2, 26)),
    ]
    assert [(each.rank, each.born_from, each.born_to) for each in segments if each.claims == "chronic"] == [
        (0, date.min, date(1941, 2, 26)),
        (2, date(1941, 2, 27), date(1951, 2, 26)),
        (4, date(1951, 2, 27), date.max),
    ]


@pytest.mark.parametrize(
    ("meaning", "day", "is_80"),
    [
        (AgeMeaning.BIRTHDAY, date(2020, 2, 28), False),
        (AgeMeaning.BIRTHDAY, date(2020, 2, 29), True),
        (AgeMeaning.YEAR, date(2019, 12, 31), False),
        (AgeMeaning.YEAR, date(2020, 1, 1), True),
    ],
)
def test_who_was_born_on_29_february_1940_is_80(meaning: AgeMeaning, day: date, *, is_80: bool) -> None:
    declared = Priority((PriorityGroup(80),), meaning)
    one = date(1940, 2, 29)

    assert (rank(compile_segments(declared, [""], day), claims="", born=one) == 0) == is_80


@pytest.mark.parametrize(("one", "is_80"), [(date(1940, 12, 31), True), (date(1941, 1, 1), False)])
def test_a_year_of_birth_is_80_all_at_once(one: date, *, is_80: bool) -> None:
    over_80 = compile_segments(Priority((PriorityGroup(80),), AgeMeaning.YEAR), [""], date(2020, 1, 1))
    up_to_79 = compile_segments(Priority((PriorityGroup(maximum_age=79),), AgeMeaning.YEAR), [""], date(2020, 12, 31))

    assert (rank(over_80, claims="", born=one) == 0) == is_80
    assert (rank(up_to_79, claims="", born=one) is None) == is_80


@pytest.mark.parametrize(("day", "is_81"), [(date(2021, 2, 28), False), (date(2021, 3, 1), True)])
def test_in_a_common_year_29_february_is_kept_on_1_march(day: date, *, is_81: bool) -> None:
    over_80, up_to_80 = Priority((PriorityGroup(81),)), Priority((PriorityGroup(maximum_age=80),))
    one = date(1940, 2, 29)

    assert (rank(compile_segments(over_80, [""], day), claims="", born=one) == 0) == is_81
    assert (rank(compile_segments(up_to_80, [""], day), claims="", born=one) is None) == is_81


def test_on_29_february_whoever_was_born_on_1_march_of_a_common_year_waits_a_day() -> None:
    declared = Priority((PriorityGroup(81),))
    [segment] = compile_segments(declared, [""], date(2024, 2, 29))

    assert segment.born_to == date(1943, 2, 28)


@given(st.lists(st.sampled_from(CLAIMS)))
@example([])
def test_claims_survive_as_text(claims: list[str]) -> None:
    assert claims_of(claims_text(set(claims))) == set(claims)


def test_groups_in_order_have_falling_scores() -> None:
    declared = Priority.in_order(PriorityGroup(80), PriorityGroup(70), PriorityGroup(), then=Order.LOTTERY)

    assert [group.score for group in declared.groups] == [3, 2, 1]
    assert declared.then is Order.LOTTERY
    assert [each.rank for each in compile_segments(declared, [""], TODAY)] == [0, 1, 2]
