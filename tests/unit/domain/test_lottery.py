"""Tickets are the person's, spread evenly, and drawn again alike."""

from statistics import mean

from crs_core.domain.keys import Keyring
from crs_core.domain.lottery import ticket

OLD, NEW = b"an invented key of 2021-01 ........", b"an invented key of 2021-02 ........"
KEYS = Keyring({"2021-01": OLD}, "2021-01")
PEOPLE = [f"person-{number}" for number in range(2_000)]


def test_a_ticket_is_drawn_again_alike_also_after_a_rotation() -> None:
    rotated = Keyring({"2021-01": OLD, "2021-02": NEW}, "2021-02")

    assert [ticket(rotated, "May", each) for each in PEOPLE] == [ticket(KEYS, "May", each) for each in PEOPLE]


def test_another_seed_or_key_draws_another_order() -> None:
    drawn = sorted(PEOPLE, key=lambda each: ticket(KEYS, "May", each))
    others = Keyring({"2021-01": NEW}, "2021-01")

    assert drawn != sorted(PEOPLE, key=lambda each: ticket(KEYS, "June", each))
    assert drawn != sorted(PEOPLE, key=lambda each: ticket(others, "May", each))


def test_tickets_are_even_distinct_and_fit_a_signed_integer_of_64_bits() -> None:
    drawn = [ticket(KEYS, "May", each) for each in PEOPLE]

    assert len(set(drawn)) == len(drawn)
    assert 0 <= min(drawn) < max(drawn) < 2**60
    assert 0.47 < mean(drawn) / 2**60 < 0.53
    assert max(drawn) > 2**59.9


def test_who_registers_first_draws_no_better() -> None:
    places = sorted(range(len(PEOPLE)), key=lambda number: ticket(KEYS, "May", PEOPLE[number]))

    assert 0.45 < mean(places[:1_000]) / len(PEOPLE) < 0.55
