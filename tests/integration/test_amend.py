"""A campaign is amended under way: every process goes by it from its next call on, and nothing that exists is lost."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

import crs_core as crs
from crs_core.composition.codec import codec
from crs_core.composition.example import _TOML as EXAMPLE
from crs_core.domain.amendments import Amendment
from crs_core.domain.campaign import Access, Budget, ControlPinRule, Eligibility, Interval, Limits, Place, Product
from crs_core.domain.order import Priority, PriorityGroup
from crs_core.domain.rules import Dated, always
from crs_core.domain.terms import InvitationRule, Then, Window
from crs_core.domain.time import Instant, from_micros, later
from crs_core.office.reception import Reception
from crs_core.testing.storage.common import at_once
from tests.systems import DURABLE, START, OpenTown, Town, invented
from tests.unit.composition.test_campaign_file import WHOLE

EXAMPLES = Path(__file__).parents[2] / "examples"
SHORT = InvitationRule(windows=(Window(5, (1, 5), Then.NEXT), Window(7, (), Then.LAPSE)))


def amended(town: Town, **changes: Any) -> crs.Campaign:
    return evolve(town.system.campaign, **changes)


def from_now(old: Dated[Any], value: Any) -> Dated[Any]:
    """A rule with one step more, from now on."""
    return Dated((*old.steps, (START, value)))


def problems(call: Callable[[], object]) -> list[str]:
    with pytest.raises(crs.CampaignInvalid) as caught:
        call()
    assert all(each.rule and each.remedy for each in caught.value.problems)
    return [each.place for each in caught.value.problems]


@pytest.mark.parametrize("text", [EXAMPLE, WHOLE, *EXAMPLES.glob("*/campaign.toml")], ids=lambda text: str(text)[-30:])
def test_a_campaign_is_stored_whole(text: str | Path) -> None:
    campaign = crs.read_campaign(text if isinstance(text, str) else text.read_text(encoding="utf-8"))
    made = Amendment("1", campaign, START)

    assert codec().loads(Amendment, codec().dumps(made)) == made


@pytest.mark.slow
@pytest.mark.parametrize("storage_url", DURABLE, indirect=True)
def test_another_process_goes_by_it_from_its_next_call_on(open_town: OpenTown, storage_url: str) -> None:
    """Whatever that call is, and what it checks before it reads anything; a process opened later too."""
    town = open_town(storage_url)
    others = [open_town(storage_url, furnished=False) for _ in range(6)]
    proof = others[0].proof_of(invented(1))
    reader, entry = town.entered(1, first=2)[0]
    east = Place("east", "Nemocnice Vzorov Vychod", "east")
    new = amended(
        town,
        places=(*town.system.campaign.places, east),
        may_register=from_now(town.system.campaign.may_register, Eligibility(99)),
        access=from_now(town.system.campaign.access, Access.IMMEDIATE),
        control_pin=from_now(town.system.campaign.control_pin, ControlPinRule(digits=9)),
        limits=Limits(entries_source=Budget(2, 60)),
        languages=("en", "cs"),
    )

    assert town.system.operations.amend(new) == 1
    assert others[0].system.campaign == new
    with pytest.raises(crs.Refused, match="not_eligible"):
        others[0].desk.register(proof, invented(1).application)
    others[1].system.site("east").close()
    assert others[2].desk.offers(entry, site="south").site_id == "south"
    others[3].desk.request_control_pin("+420601000777", source="2001:db8::7")
    others[3].system.operations.dispatch()
    assert "Vaccination" in town.texts("+420601000777")[-1]
    assert len(town.pin_of("+420601000777")) == 9
    others[4].enter(reader)
    with pytest.raises(crs.TooManyAttempts):
        others[5].enter(reader)
    assert open_town(storage_url, furnished=False).system.campaign == new


def test_a_term_never_seen_holds_for_whoever_is_invited_next(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    [first] = town.invited(1)
    town.system.operations.amend(amended(town, invitation=from_now(town.system.campaign.invitation, SHORT)))
    [second] = town.invited(1, first=2)
    for _ in range(30):
        town.clock.move(hours=1)
        town.system.operations.tick()
        town.system.operations.dispatch()
    kinds = [
        [entry.kind for entry in town.system.operations.explain(each.registration_id).history]
        for each in (first, second)
    ]

    assert "lapsed" not in kinds[0]
    assert kinds[1].count("reminded") == 2
    assert "lapsed" in kinds[1]


def test_an_amendment_is_journaled_with_its_version_and_actor(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    new = amended(town, limits=Limits(entries_source=Budget(1, 60)), languages=("en", "cs"))
    versions = [
        town.system.operations.amend(new, actor="ministry", idempotency_key="first"),
        town.system.operations.amend(new, actor="ministry", idempotency_key="first"),
        town.system.operations.amend(new, actor="ministry"),
        town.system.operations.amend(evolve(new, limits=Limits()), actor="another"),
    ]
    with town.system._office.storage.read() as view:
        entries = [entry for entry in view.journal("") if entry.kind == "campaign_amended"]
        kept = {each.id: each.campaign for each in view.scan(Amendment)}

    assert versions == [1, 1, 1, 2]
    assert [(entry.actor, dict(entry.facts)) for entry in entries] == [
        ("ministry", {"version": 1, "tables": "languages limits"}),
        ("another", {"version": 2, "tables": "limits"}),
    ]
    assert kept == {"1": new, "2": evolve(new, limits=Limits())}


def test_two_amendments_at_once_are_two(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url)
    wanted = [amended(town, limits=Limits(entries_source=Budget(most, 60))) for most in range(1, 5)]
    found = at_once(*(lambda each=each: town.system.operations.amend(each) for each in wanted))

    assert sorted(map(str, found)) == ["1", "2", "3", "4"]
    last = found.index(4)
    assert town.system.campaign == wanted[last]


def test_what_exists_stays(open_town: OpenTown, storage_url: str) -> None:
    """Every fault of an amendment at once; a site and a product that nobody has used may go."""
    town = open_town(storage_url)
    before = town.system.campaign
    kept = before.product("comirnaty")
    worst = evolve(
        before,
        name="another",
        zone="UTC",
        lottery_seed="another",
        places=(Place("east", "Vychod", "east"),),
        products=(Product("comirnaty", 1),),
    )
    wider = evolve(
        before, places=(*before.places, Place("east", "Vychod", "east")), products=(kept, Product("another", 1))
    )

    assert problems(lambda: town.system.operations.amend(worst)) == [
        *("campaign.name", "campaign.zone", "campaign.lottery_seed", "sites", "sites", "products.comirnaty"),
    ]
    assert problems(lambda: town.system.operations.amend(evolve(before, products=()))) == ["products.comirnaty"]
    assert town.system.campaign == before
    assert town.system.operations.amend(wider) == 1
    assert town.system.operations.amend(before) == 2


YESTERDAY = later(START, days=-1)
TOMORROW = later(START, days=1)
SIX, NINE = InvitationRule(digits=6), InvitationRule(digits=9)
OLD = Dated(((from_micros(0), SIX), (YESTERDAY, NINE), (TOMORROW, SIX)))


@pytest.mark.parametrize(
    ("steps", "holds"),
    [
        (OLD.steps[:2], True),  # tomorrow's step is called off
        ((*OLD.steps[:2], (START, SIX)), True),
        ((*OLD.steps[:2], (later(START, seconds=1), SIX)), True),
        (((YESTERDAY, NINE),), False),  # the day before yesterday would have been another
        (OLD.steps[:1], False),
        (((from_micros(0), SIX), (YESTERDAY, SIX), (TOMORROW, SIX)), False),
        (((from_micros(0), SIX), (later(YESTERDAY, seconds=1), NINE)), False),
        ((*OLD.steps[:2], (later(START, seconds=-1), SIX)), False),
    ],
)
def test_what_was_in_force_stays_on_record(open_town: OpenTown, steps: Any, holds: bool) -> None:  # noqa: FBT001
    """PIN2 of those registered then would be another, and releases would name other rules."""
    town = open_town("memory:", invitation=OLD)
    new = amended(town, invitation=Dated(tuple(steps)))

    if holds:
        assert town.system.operations.amend(new) == 1
    else:
        assert problems(lambda: town.system.operations.amend(new)) == ["invitation"]


def test_every_dated_rule_keeps_its_past(open_town: OpenTown) -> None:
    town = open_town("memory:")
    other = always(Priority((PriorityGroup(17),)))
    names = ["access", "priority", "control_pin"]
    worse = amended(town, priority=other, control_pin=always(ControlPinRule(digits=7)), access=always(Access.IMMEDIATE))

    assert problems(lambda: town.system.operations.amend(worse)) == names


def test_an_interval_in_use_keeps_its_past(open_town: OpenTown) -> None:
    """Reservations were made by it; from now on it may be another."""
    town = open_town("memory:")
    [(since, interval)] = town.system.campaign.product("comirnaty").interval.steps  # type: ignore[union-attr]

    def with_steps(*steps: tuple[Instant, Interval]) -> crs.Campaign:
        return amended(town, products=(Product("comirnaty", 2, Dated(steps)),))

    for worse in ([(since, Interval(28, 35))], [(since, interval), (later(START, seconds=-1), Interval(28, 35))]):
        assert problems(lambda: town.system.operations.amend(with_steps(*worse))) == ["products.comirnaty.interval"]  # noqa: B023
    assert town.system.operations.amend(with_steps((since, interval), (START, Interval(28, 35)))) == 1


@pytest.mark.slow
@pytest.mark.parametrize("storage_url", DURABLE, indirect=True)
def test_a_process_that_never_looks_is_found(
    monkeypatch: pytest.MonkeyPatch, open_town: OpenTown, storage_url: str
) -> None:
    """The guard taken out: the first test of this file fails."""
    monkeypatch.setattr(Reception, "look", lambda reception: reception._office)

    with pytest.raises(AssertionError):
        test_another_process_goes_by_it_from_its_next_call_on(open_town, storage_url)
