"""What the demo plays with: people, sites and a campaign that are invented, and sums that are not."""

import random
from collections import Counter
from pathlib import Path

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

import crs_core as crs
from crs_adapters.simulation.czechia_2021.agenda import Agenda
from crs_adapters.simulation.czechia_2021.campaign import compose
from crs_adapters.simulation.czechia_2021.dates import FIRST_DAY, LAST_DAY, OPERATOR, OPERATORS_DAY
from crs_adapters.simulation.czechia_2021.figures import Figures, example_folder, read_figures
from crs_adapters.simulation.czechia_2021.people import Person, invent
from crs_adapters.simulation.czechia_2021.rounding import Fair, thinned
from crs_adapters.simulation.czechia_2021.sites import PlannedSite, invented_sites
from crs_core.domain.insured_number import Kind, verdict
from crs_core.domain.people import phone_number
from crs_core.domain.time import Day, age_on
from crs_core.testing.clock import VirtualClock

RULES = example_folder() / "campaign.toml"


@pytest.fixture(scope="module")
def figures() -> Figures:
    return read_figures(example_folder() / "figures")


@pytest.fixture(scope="module")
def people(figures: Figures) -> list[Person]:
    return invent(figures, 100, random.Random(1))


@given(numbers=st.lists(st.integers(0, 10_000), max_size=60), scale=st.integers(1, 1000), phase=st.floats(0, 0.99))
def test_no_running_sum_is_off_by_one(numbers: list[int], scale: int, phase: float) -> None:
    found, left = thinned(enumerate(numbers), scale, phase)

    for place in range(len(numbers) + 1):
        exact = sum(numbers[:place]) / scale
        whole = sum(number for key, number in found.items() if key < place)
        assert -1e-6 <= exact + phase - whole < 1 + 1e-6
    assert 0 <= left < 1
    assert 0 not in found.values()


@given(weights=st.lists(st.integers(0, 50), min_size=1, max_size=12).filter(any), draws=st.integers(0, 200))
def test_each_choice_has_its_share(weights: list[int], draws: int) -> None:
    fair = Fair(dict(enumerate(weights)))
    counts = Counter(fair.draw() for _ in range(draws))

    for choice, weight in enumerate(weights):
        assert abs(counts[choice] - draws * weight / sum(weights)) < len(weights)
        assert weight or not counts[choice]


def test_the_figures_reach_the_operators_day(figures: Figures) -> None:
    assert list(figures.registrations) == [Day.fromordinal(FIRST_DAY.toordinal() + number) for number in range(29)]
    assert sum(sum(both) for day, both in figures.registrations.items() if day <= OPERATORS_DAY) == OPERATOR[0]
    assert set(figures.shares) == set(figures.ages) == set(figures.seats) == set(figures.sites)


def test_everybody_who_registered_is_played(figures: Figures, people: list[Person]) -> None:
    played = Counter((person.day, person.health_worker) for person in people)
    seniors = workers = 0.0
    for day, (old, new) in figures.registrations.items():
        seniors += played[day, False] * 100 - old
        workers += played[day, True] * 100 - new

        assert max(abs(seniors), abs(workers)) <= 100


def test_people_are_invented_and_could_be_real(people: list[Person]) -> None:
    numbers = [person.insured_number for person in people]

    assert {verdict(number, FIRST_DAY).kind for number in numbers} == {Kind.VALID}
    assert all(verdict(each.insured_number, FIRST_DAY).birth_date == each.born for each in people)
    assert len(set(numbers)) == len({person.phone for person in people}) == len(people)
    assert all(person.phone == phone_number(person.phone, ["+420"]) for person in people)
    assert all(person.phone.startswith("+420601") for person in people)


def test_ages_are_those_who_might_register(people: list[Person]) -> None:
    seniors = [age_on(person.born, FIRST_DAY) for person in people if not person.health_worker]
    workers = [age_on(person.born, FIRST_DAY) for person in people if person.health_worker]

    assert 80 <= min(seniors) < 85 < max(seniors) <= 101
    assert 18 <= min(workers) < 30
    assert 60 < max(workers) <= 65


def test_people_come_in_order_of_time(people: list[Person]) -> None:
    times = [(person.day, person.minute) for person in people]

    assert times == sorted(times)
    assert all(0 <= minute < 24 * 60 for _, minute in times)


def test_the_first_hour_is_the_heaviest(people: list[Person]) -> None:
    first = Counter(int(person.minute // 60) for person in people if person.day == FIRST_DAY)

    assert min(first) == 8
    assert 0.4 < first[8] / first.total() < 0.5


@pytest.mark.parametrize("scale", [1, 50, 500])
def test_invented_sites_have_all_the_seats(figures: Figures, scale: int) -> None:
    sites = invented_sites(figures, scale)
    wanted = sum(seats.first_dose for days in figures.seats.values() for seats in days.values())

    assert abs(sum(site.seats for site in sites) * scale - wanted) <= scale
    assert len({site.id for site in sites}) == len({site.name for site in sites}) == len(sites)
    assert {site.region for site in sites} == set(figures.sites)


def test_whole_sites_are_as_many_as_there_were(figures: Figures) -> None:
    assert Counter(site.region for site in invented_sites(figures, 1)) == figures.sites


def test_calendars_grow_and_never_lose_a_slot(figures: Figures) -> None:
    for site in invented_sites(figures, 50):
        for earlier, later in zip(site.calendars(OPERATORS_DAY), site.calendars(LAST_DAY), strict=True):
            assert set(earlier.slots) <= set(later.slots)


def test_the_composed_campaign_has_the_rules_and_its_own_sites() -> None:
    site = PlannedSite("S-1", 'Nemocnice "U Vzoru" \\ Vzorov', "CZ010", "Smyslena 1", {}, {})
    rules, played = crs.load_campaign(RULES), crs.read_campaign(compose(RULES, [site], 4))

    assert [place.name for place in played.places] == [site.name]
    assert (played.access, played.may_register, played.priority) == (rules.access, rules.may_register, rules.priority)
    assert ([each.per_second for each in rules.sending], [each.per_second for each in played.sending]) == ([20], [5])


def test_rules_that_are_not_the_examples_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "campaign.toml"
    file.write_text("[campaign]\n")

    for path in (file, tmp_path / "nowhere.toml"):
        with pytest.raises(crs.AdapterFault, match="restore the file"):
            compose(path, [], 1)


@pytest.mark.parametrize("line", ["CZ010,eighty,5", "CZ010,80,-5", "CZ010"])
def test_a_faulty_figure_is_told_with_its_file(tmp_path: Path, line: str) -> None:
    for file in (example_folder() / "figures").glob("*.csv"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with (tmp_path / "ages.csv").open("a") as ages:
        ages.write(f"{line}\n")

    with pytest.raises(crs.AdapterFault, match=r"ages\.csv"):
        read_figures(tmp_path)


@given(st.lists(st.tuples(st.integers(0, 3600), st.integers(0, 3600)), max_size=20))
def test_everything_happens_in_order_of_time(spans: list[tuple[int, int]]) -> None:
    """Whatever is noted while something happens takes its place too."""
    begin = pendulum.datetime(2021, 1, 20, 12)
    clock = VirtualClock(begin)
    agenda = Agenda(clock, "Europe/Prague", (begin, begin))
    seen: list[float] = []

    def happens(more: int | None) -> None:
        seen.append((clock.now() - begin).total_seconds())
        if more is not None:
            agenda.after(more, lambda: happens(None))

    for first, second in spans:
        agenda.after(first, lambda more=second: happens(more))  # type: ignore[misc]
    agenda.run(begin.add(hours=3))

    assert len(seen) == 2 * len(spans)
    assert seen == sorted(seen)
    assert clock.now() == begin.add(hours=3)


@given(st.integers(-3600, 7200))
def test_nobody_does_anything_while_the_portal_rests(seconds: int) -> None:
    begin = pendulum.datetime(2021, 1, 21, 23)
    clock = VirtualClock(begin.subtract(hours=1))
    agenda = Agenda(clock, "Europe/Prague", (begin, begin.add(hours=1)))
    seen: list[float] = []
    agenda.after(3600 + seconds, lambda: seen.append((clock.now() - begin).total_seconds()))
    agenda.run(begin.add(hours=9))

    assert len(seen) == 1
    assert not 0 <= seen[0] < 3600
    assert seen[0] >= seconds
