"""Memory, SQLite and PostgreSQL call the same people in the same order, as the declaration says."""

import random
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from attrs import evolve

from crs_adapters.storage.memory import MemoryStorage
from crs_adapters.storage.sql import open_sql
from crs_core.domain.order import AgeMeaning, Order, Priority, PriorityGroup
from crs_core.domain.plans import Plan
from crs_core.domain.priority import compile_segments, group_of
from crs_core.domain.registration import Gate, Registration
from crs_core.domain.time import later
from crs_core.ports.storage import Storage
from crs_core.testing import strategies
from crs_core.testing.invented import registration
from crs_core.testing.storage.common import NOW, apply, puts
from tests.postgresql import PostgresqlServer

TODAY = date(2021, 2, 28)
ORDERS = [
    Priority(then=order, groups=groups, age=age)
    for order in Order
    for age in AgeMeaning
    for groups in (
        (PriorityGroup(),),
        (
            PriorityGroup(80, score=13),
            PriorityGroup(claims=frozenset({"health-worker"}), score=11),
            PriorityGroup(70, score=7, maximum_age=79),
            PriorityGroup(claims=frozenset({"teacher"}), score=7, opens=TODAY),
            PriorityGroup(65, score=3, maximum_age=69),
            PriorityGroup(60, score=20, opens=TODAY + timedelta(1)),
        ),
    )
]


def crowd(number: int) -> list[Registration]:
    """People of all ages with many ties, some of whom are not queued; the same for every seed."""
    chance = random.Random(number)
    return [someone(chance, f"{place:04d}") for place in range(number)]


def someone(chance: random.Random, name: str) -> Registration:
    edge = chance.choice([TODAY, date(2021, 3, 1), date(2021, 1, 1), date(2020, 12, 31), date(2020, 2, 29)])
    year = edge.year - chance.choice([65, 66, 70, 80, 80, 81, chance.randint(0, 110)])
    day = date(year, edge.month, min(edge.day, 28)) + timedelta(chance.randint(-1, 1))
    return registration(
        NOW,
        id=f"registration-{name}",
        person=f"person-{name}",
        insured_number=f"40123{name}",
        birth_date=day,
        site_id=chance.choice(["north", "north", "south"]),
        claims=chance.choice(["", "", *strategies.CLAIMS_TEXTS]),
        seniority=later(NOW, minutes=chance.randint(0, 3)),
        gate=chance.choice([Gate.QUEUED] * 4 + [Gate.LAPSED]),
        ticket=chance.randint(0, 40),
    )


PEOPLE = crowd(400)


@pytest.fixture(scope="module")
def storages(tmp_path_factory: pytest.TempPathFactory, postgresql_server: PostgresqlServer) -> Iterator[list[Storage]]:
    """One of each kind with the same people; a third of them changed since."""
    folder: Path = tmp_path_factory.mktemp("order")
    name = f"crs_{uuid.uuid4().hex}"
    urls = [f"sqlite:///{folder}/crs.db", postgresql_server.create_database(name)]
    with ExitStack() as stack:
        found: list[Storage] = [MemoryStorage(), *(stack.enter_context(closing(open_sql(url))) for url in urls)]
        for storage in found:
            apply(storage, Plan(None, puts(evolve(each, birth_date=TODAY, ticket=99) for each in PEOPLE[::3])))
            apply(storage, Plan(None, puts(each for place, each in enumerate(PEOPLE) if place % 3)))
            apply(storage, Plan(None, puts(PEOPLE[::3], version=1)))
        yield found
    postgresql_server.drop_database(name)


def as_declared(declared: Priority, site: str) -> list[str]:
    """Ids of those who may be invited today, sorted by the words of the declaration."""
    called = []
    for one in PEOPLE:
        group = group_of(declared, claims=one.claims, born=one.birth_date, today=TODAY)
        if group is not None and one.site_id == site and one.gate is Gate.QUEUED:
            first = {Order.AGE: one.birth_date.toordinal(), Order.LOTTERY: one.ticket, Order.SENIORITY: 0}
            called.append((-group.score, first[declared.then], one.seniority, one.id))
    return [name for *_, name in sorted(called)]


@pytest.mark.postgresql
@pytest.mark.parametrize("declared", ORDERS, ids=lambda each: f"{each.then.value}-{each.age.value}-{len(each.groups)}")
@pytest.mark.parametrize("limit", [1, 37, 1_000])
def test_all_storages_call_the_same_people_as_declared(storages: list[Storage], declared: Priority, limit: int) -> None:
    for site in ("north", "south"):
        expected = as_declared(declared, site)[:limit]
        assert len(expected) == limit or limit > len(PEOPLE) / 3
        for storage in storages:
            with storage.read() as view:
                segments = compile_segments(declared, view.claims(site), TODAY)
                head = view.head(site, segments, limit, declared.then)

            assert [each.value.id for each in head] == expected
            assert all(each.version == (1 if PEOPLE.index(each.value) % 3 else 2) for each in head)
