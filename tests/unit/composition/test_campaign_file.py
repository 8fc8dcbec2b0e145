"""A campaign file says all its faults at once, each with its place; whatever stands in it, nothing else is raised."""

import copy
import json
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import crs_core as crs
from crs_core.composition import campaign_tables
from crs_core.composition.example import _TOML as EXAMPLE
from crs_core.domain.campaign import (
    Access,
    ClaimsRule,
    CorrectionRule,
    DuplicateRule,
    Limits,
    NoShowRule,
    ResponseRule,
    StockRule,
)
from crs_core.domain.order import AgeMeaning, Order, Priority, PriorityGroup
from crs_core.domain.terms import CountsFrom, InvitationRule, Then, Window

WHOLE = """
[campaign]
name = "everything"
zone = "Europe/Prague"
languages = ["en", "cs"]
phones = ["+420", "+421"]
claims = ["health-worker", "teacher"]
lottery_seed = "everything, drawn in Vzorov"

[[access]]
from = 2021-01-15
mode = "immediate"
[[access]]
from = 2021-01-22T00:00:00
mode = "invitation"

[[may_register]]
from = "2021-01-15"
minimum_age = 80
claims = ["health-worker"]
age = "year"

[[priority]]
from = 2021-01-15T08:00:00+01:00
age = "year"
then = "lottery"
groups = [
  { name = "80+", score = 13, minimum_age = 80, maximum_age = 130 },
  { score = 11, claims = ["teacher"], opens = 2021-03-01 },
  { score = 0 },
]

[[stock]]
from = 2021-01-15
count = "expected"

[[response]]
from = 2021-01-22
percent = [[0, 60], [3, 20], [7, 0]]
over_invitation = 115

[[calendar_check]]
from = 2021-01-15
stranded_share = 0.1

[[control_pin]]
from = 2021-01-15
digits = 7
life_minutes = 9
sends = 4
wait_seconds = 90
good_minutes = 60

[[invitation]]
from = 2021-01-22
digits = 9
counts_from = "delivery"
windows = [
  { hours = 72, reminders_hours = [48, 72] },
  { hours = 31, then = "return" },
  { hours = 40, reminders_hours = [5, 39], then = "lapse" },
]

[[no_show]]
from = 2021-01-22
dose = "wasted"
registration = "lapse"

[[duplicates]]
from = 2021-01-22
frees = "older"
undisputed_hours = 48

[[corrections]]
from = 2021-01-22
details = "restarts"
site = "keeps"

[[pending_claims]]
from = 2021-01-26
unavailable = "refuse"
first_minutes = 5
longest_minutes = 60

[[replan]]
from = 2021-01-22
notice_days = 2

[products.comirnaty]
doses = 2
[[products.comirnaty.interval]]
from = 2021-01-15
days = [21, 28]

[[sites]]
id = "north"
name = "Nemocnice Vzorov Sever"
region = "north"
address = "Smyslena 1, Vzorov"

[limits.pin_tries_handle]
most = 4
minutes = 600

[[sending]]
from = 2021-01-15
per_second = 200
attempts = 3
backoff_seconds = 10
lease_seconds = 60
pause_seconds = 90

[texts.en]
control_pin = "Your PIN is {pin}."
"""

REQUIRED = {
    *("campaign", "access", "may_register", "products", "sites", "campaign.name", "campaign.zone"),
    *("access[0].from", "access[0].mode", "access[1].from", "access[1].mode", "may_register[0].from"),
    *(f"priority[0].groups[{number}].score" for number in range(3)),
    *("priority[0].from", "priority[0].groups", "stock[0].from", "stock[0].count", "control_pin[0].from"),
    *("response[0].from", "response[0].percent"),
    *("invitation[0].from", "invitation[0].windows[0].hours", "invitation[0].windows[1].hours"),
    *("products.comirnaty.doses", "products.comirnaty.interval"),
    *("no_show[0].from", "replan[0].from", "sending[0].from", "calendar_check[0].from"),
    *("calendar_check[0].stranded_share", "duplicates[0].from", "corrections[0].from", "pending_claims[0].from"),
    *("products.comirnaty.interval[0].from", "products.comirnaty.interval[0].days", "sites[0].id", "sites[0].name"),
    *("limits.pin_tries_handle.most", "limits.pin_tries_handle.minutes"),
}
OWN_NAMES = {"products.comirnaty"}  # keys that the author of a file chooses


def toml(value: Any) -> str:
    """TOML text of a value; tables below the top stand in braces."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)} = {toml(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date | time) else repr(value)


def text_of(raw: dict[str, Any]) -> str:
    return "\n".join(f"{json.dumps(name)} = {toml(value)}" for name, value in raw.items())


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(path, container, key) of every key of every table and every place of every array."""
    if isinstance(value, dict):
        for name, inner in value.items():
            place = f"{path}.{name}".lstrip(".")
            yield place, value, name
            yield from walk(inner, place)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield f"{path}[{number}]", value, number
            yield from walk(inner, f"{path}[{number}]")


def problems_of(text: str) -> tuple[crs.Problem, ...]:
    with pytest.raises(crs.CampaignInvalid) as caught:
        crs.read_campaign(text)
    return caught.value.problems


def altered(path: str, change: Any) -> str:
    """The whole file with one thing changed: `change` gets the container and the key."""
    raw = copy.deepcopy(tomllib.loads(WHOLE))
    container, key = next((container, key) for place, container, key in walk(raw) if place == path)
    change(container, key)
    return text_of(raw)


def with_values(values: dict[str, Any]) -> str:
    """The whole file with other values at some paths."""
    raw = copy.deepcopy(tomllib.loads(WHOLE))
    places = {place: (container, key) for place, container, key in walk(raw)}
    for path, value in values.items():
        container, key = places[path]
        container[key] = value
    return text_of(raw)


ALL = [(place, key) for place, _, key in walk(tomllib.loads(WHOLE))]
KEYS = [place for place, key in ALL if isinstance(key, str)]


def test_every_key_is_read() -> None:
    campaign = crs.read_campaign(WHOLE, name="whole")

    assert [access.value for access in campaign.access] == ["immediate", "invitation"]
    assert [step[0].isoformat() for step in campaign.access.steps] == [
        "2021-01-14T23:00:00+00:00",
        "2021-01-21T23:00:00+00:00",
    ]
    assert campaign.priority.steps[0][0].isoformat() == "2021-01-15T07:00:00+00:00"
    assert next(iter(campaign.priority)) == Priority(
        (
            PriorityGroup(80, score=13, maximum_age=130, name="80+"),
            PriorityGroup(claims=frozenset({"teacher"}), score=11, opens=date(2021, 3, 1)),
            PriorityGroup(score=0),
        ),
        AgeMeaning.YEAR,
        Order.LOTTERY,
    )
    assert next(iter(campaign.may_register)).age is AgeMeaning.YEAR
    assert campaign.lottery_seed == "everything, drawn in Vzorov"
    assert next(iter(campaign.response)) == ResponseRule(((0, 60), (3, 20), (7, 0)), 115)
    assert next(iter(campaign.control_pin)).digits == 7
    assert next(iter(campaign.invitation)) == InvitationRule(
        9,
        (Window(72, (48, 72), Then.NEXT), Window(31, (), Then.RETURN), Window(40, (5, 39), Then.LAPSE)),
        CountsFrom.DELIVERY,
    )
    assert next(iter(campaign.no_show)) == NoShowRule("wasted", "lapse")
    assert next(iter(campaign.duplicates)) == DuplicateRule("older", 48)
    assert next(iter(campaign.corrections)) == CorrectionRule("restarts", "keeps")
    assert next(iter(campaign.pending_claims)) == ClaimsRule("refuse", 5, 60)
    assert next(iter(campaign.replan)).notice_days == 2
    assert next(iter(campaign.calendar_check)).stranded_share == 0.1
    assert campaign.limits.pin_tries_handle.most == 4
    assert campaign.limits.pin_tries_phone == Limits().pin_tries_phone
    assert campaign.texts == {"en": {"control_pin": "Your PIN is {pin}."}}
    assert crs.read_campaign(text_of(tomllib.loads(WHOLE))) == campaign


def test_the_walk_covers_every_table_of_the_format() -> None:
    """Whoever adds a key to the format adds it here, and every test below tries it."""
    known = {
        "since" if name == "from" else name for name in (path.rsplit(".", 1)[-1].partition("[")[0] for path in KEYS)
    }

    for table in campaign_tables.TABLES:
        names = {attribute.name for attribute in table.__attrs_attrs__}
        assert names <= known, table


@pytest.mark.parametrize("path", KEYS)
def test_a_missing_key_is_named(path: str) -> None:
    text = altered(path, lambda table, key: table.pop(key))

    if path in REQUIRED or path in OWN_NAMES:
        wanted = "products" if path in OWN_NAMES else path
        assert [problem.place for problem in problems_of(text)] == [wanted]
    elif path == "campaign.claims":
        assert {problem.place for problem in problems_of(text)} == {
            "may_register[0].claims[0]",
            "priority[0].groups[1].claims[0]",
        }
    elif path == "invitation[0].windows":
        assert next(iter(crs.read_campaign(text).invitation)).windows == (Window(),)
    elif path == "invitation[0].windows[2].hours":
        assert [problem.place for problem in problems_of(text)] == ["invitation[0].windows[2].then"]
    elif path == "invitation[0].windows[1].then":
        assert next(iter(crs.read_campaign(text).invitation)).windows[1].then is Then.NEXT
    else:
        assert crs.read_campaign(text).name == "everything"


@pytest.mark.parametrize("path", [path for path in KEYS if path not in OWN_NAMES])
def test_a_misspelt_key_is_named(path: str) -> None:
    def misspell(table: dict[str, Any], key: str) -> None:
        table[f"{key}x"] = table.pop(key)

    places = [problem.place for problem in problems_of(altered(path, misspell))]

    assert f"{path}x" in places
    assert (path in places) == (path in REQUIRED)


@pytest.mark.parametrize("path", [path for path, _ in ALL])
def test_a_value_of_the_wrong_kind_is_named(path: str) -> None:
    wrong: object
    for wrong in (True, 1.5, {"a": 1}, [[]], time(8)):
        places = [problem.place for problem in problems_of(with_values({path: wrong}))]

        assert [place for place in places if place.startswith(path)], wrong


BAD: list[tuple[str, list[Any]]] = [
    ("campaign.name", ["", " ", " x", "a\x00b", "a\nb", "\u202ex", "x" * 201]),
    ("campaign.zone", ["", "Prague", "../../etc/passwd", "Europe/Prague\x00", "x" * 5000, "😀"]),
    ("campaign.languages", [[], ["en", "xx"]]),
    ("campaign.phones", [[], ["+"], ["420"], ["+0"], ["+\uff14\uff12\uff10"], ["+²"], ["+4 20"], ["+12345678"]]),
    ("campaign.lottery_seed", ["a\x00", "x" * 201]),
    ("campaign.claims", [["a,b"], [""], [" x"], ["x\x00"], ["x" * 65]]),
    ("access", [[]]),
    ("access[0].mode", ["", "Immediate", "lottery"]),
    (
        "access[0].from",
        ["", "now", "22. 1. 2021", "2021-02-30", "2021-01-15T25:00", "\uff12\uff10\uff12\uff11-01-15", "0001-01-01"],
    ),
    ("access[0].from", [date(1, 1, 1), date(1999, 12, 31), date(2200, 1, 2), datetime(9999, 12, 31, 23, 59)]),  # noqa: DTZ001
    ("may_register", [[]]),
    ("may_register[0].minimum_age", [-1, 131, 10**30]),
    ("may_register[0].claims", [["nobody"]]),
    ("may_register[0].age", ["", "Year"]),
    ("priority[0].age", ["", "month"]),
    ("priority[0].then", ["", "random"]),
    ("priority[0].groups", [[]]),
    ("priority[0].groups[0].name", ["a\x00", "x" * 201]),
    *((f"priority[0].groups[{number}].score", [-1, 1_000_001]) for number in range(3)),
    ("priority[0].groups[0].minimum_age", [-1, 131]),
    ("priority[0].groups[0].maximum_age", [-1, 131, 79]),
    ("priority[0].groups[1].claims", [["nobody"]]),
    ("priority[0].groups[1].opens", ["2021-01-15", datetime(2021, 1, 15), date(1999, 12, 31), date(2200, 1, 1)]),  # noqa: DTZ001
    ("stock[0].count", ["", "all"]),
    (
        "response[0].percent",
        [[], [[1, 50]], [[0, 9]], [[0, 101]], [[0, 50], [0, 40]], [[0, 50], [2, 60]], [[0]]],
    ),
    ("response[0].percent", [[[0, 50], [2, -1]], [[-1, 50]], [[0, 50, 1]]]),
    ("response[0].over_invitation", [0, 49, 301, -115]),
    ("calendar_check[0].stranded_share", [-0.01, 1.01, 20, 10**400, float("nan"), float("inf"), "0.2"]),
    ("control_pin[0].digits", [5, 10]),
    ("control_pin[0].life_minutes", [0, 11]),
    ("control_pin[0].sends", [0, 21]),
    ("control_pin[0].wait_seconds", [-1, 3601]),
    ("control_pin[0].good_minutes", [0, 1441]),
    ("invitation[0].digits", [5, 10]),
    ("invitation[0].windows", [[{"hours": 1}] * 101]),
    *((f"invitation[0].windows[{number}].hours", [0, 8761]) for number in range(3)),
    ("invitation[0].windows[0].reminders_hours", [[0], [-5], [48, 24], [24, 24], [73], [24, 10**12]]),
    ("invitation[0].windows[2].reminders_hours", [[40]]),
    ("invitation[0].windows[1].then", ["", "block", "lapse"]),
    ("invitation[0].windows[2].then", ["next"]),
    ("invitation[0].counts_from", ["", "read"]),
    ("no_show[0].dose", ["", "free"]),
    ("no_show[0].registration", ["", "block"]),
    ("duplicates[0].frees", ["", "newer"]),
    ("duplicates[0].undisputed_hours", [0, 23, 8761]),
    ("corrections[0].details", ["", "keep"]),
    ("corrections[0].site", ["", "return"]),
    ("pending_claims[0].unavailable", ["", "admit"]),
    ("pending_claims[0].first_minutes", [0, 1441]),
    ("pending_claims[0].longest_minutes", [0, 10081]),
    ("replan[0].notice_days", [-1, 61]),
    ("products", [{}]),
    ("products.comirnaty.doses", [0, 4]),
    ("products.comirnaty.interval[0].days", [[], [21], [0, 3], [28, 21], [1, 401], [21, 28, 35]]),
    ("sites", [[]]),
    ("sites[0].id", ["", " ", "a b", "a/b", "a\x00", "x" * 65, "😀"]),
    ("sites[0].name", ["", "a\x00", "x" * 201]),
    ("sites[0].region", ["a\x00", "x" * 201]),
    ("sites[0].address", ["a\nb", "x" * 201]),
    ("limits.pin_tries_handle.most", [0, 10_000_001]),
    ("limits.pin_tries_handle.minutes", [0, 527_041]),
    ("sending[0].per_second", [0, 100_001]),
    ("sending[0].attempts", [0, 101]),
    ("sending[0].backoff_seconds", [0, 3601]),
    ("sending[0].lease_seconds", [4, 3601]),
    ("sending[0].pause_seconds", [0, 3601]),
    ("texts.en.control_pin", ["", "no PIN", "{pin", "pin}", "{0} {pin}", "{pin!r}", "{pin:>9}", "{name} {pin}"]),
    ("texts.en.control_pin", ["{pin} {}", "{pin.real}", "{pin}\x00", "{pin}\u202e", "{ pin }"]),
]


@pytest.mark.parametrize(("path", "values"), BAD, ids=[f"{number}-{path}" for number, (path, _) in enumerate(BAD)])
def test_a_value_against_its_rule_is_named_with_value_rule_and_remedy(path: str, values: list[Any]) -> None:
    for value in values:
        found = problems_of(with_values({path: value}))

        assert any(problem.place.startswith(path) for problem in found), value
        assert all(problem.value and problem.rule and problem.remedy for problem in found), value
        assert all(len(problem.value) <= 70 for problem in found), value


def test_the_table_of_bad_values_names_every_key_of_the_format() -> None:
    own = {"campaign", "priority", "priority[0]", "control_pin", "invitation", "stock", "limits", "sending", "texts"}
    own |= {"duplicates", "corrections", "pending_claims", "no_show", "replan", "response", "calendar_check"}
    free = {path for path in KEYS if path.endswith((".from", ".en", ".interval", "comirnaty", "pin_tries_handle"))}
    free |= {path for path in KEYS if path.startswith("access[1]")}
    named = {path for path, _ in BAD}

    assert {path for path in KEYS if path not in own | free} <= named


DOZEN = """
[campaign]
name = ""
zone = "Europe/Prague"
languages = ["en", "xx"]
claims = ["teacher"]
colour = "red"

[[access]]
from = 2021-01-15
mode = "both"
[[access]]
from = "2021-01-14T23:00Z"
mode = "immediate"

[[may_register]]
minimum_age = 200
claims = ["doctor", "nurse"]

[products.comirnaty]
doses = 2

[[sites]]
id = "north"
name = "A"
[[sites]]
id = "south"
name = 5
[[sites]]
id = "north"

[limits]
pin_trys = { most = 3, minutes = 3 }
entries_source = { most = 0, minutes = 0 }

[texts.en]
invitation = "come"
"""
FAULTS_OF_DOZEN = [
    "access[0].mode",
    "access[1].from",
    "campaign.colour",
    "campaign.languages[1]",
    "campaign.name",
    "limits.entries_source.minutes",
    "limits.entries_source.most",
    "limits.pin_trys",
    "may_register[0].claims[0]",
    "may_register[0].claims[1]",
    "may_register[0].from",
    "may_register[0].minimum_age",
    "products.comirnaty.interval",
    "sites[1].name",
    "sites[2].id",
    "sites[2].name",
    "texts.en.invitation",
]


def test_all_faults_of_a_file_come_together_each_once() -> None:
    found = problems_of(DOZEN)

    assert sorted(problem.place for problem in found) == FAULTS_OF_DOZEN


def test_the_error_shows_every_fault_on_a_line() -> None:
    with pytest.raises(crs.CampaignInvalid) as caught:
        crs.read_campaign(DOZEN)

    lines = str(caught.value).splitlines()

    assert lines[0] == f"campaign_invalid: {len(FAULTS_OF_DOZEN)} fault(s) in the campaign:"
    assert sorted(line.strip().split("=")[0] for line in lines[1:]) == FAULTS_OF_DOZEN


LEAVES = [path for path in dict(BAD) if not any(other != path and other.startswith(path) for other in dict(BAD))]


@given(st.sets(st.sampled_from(LEAVES), min_size=2))
@example(set(LEAVES))
def test_no_fault_hides_another(paths: set[str]) -> None:
    found = [problem.place for problem in problems_of(with_values({path: dict(BAD)[path][0] for path in paths}))]

    assert [path for path in sorted(paths) if not any(place.startswith(path) for place in found)] == []


values = st.recursive(
    st.none().map(lambda _: False)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.dates()
    | st.datetimes()
    | st.sampled_from([each.value for each in (*Access, *StockRule)]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from([path for path, _ in ALL]), values)
def test_any_value_in_any_place_loads_or_is_a_fault_of_the_file(path: str, value: object) -> None:
    loads_or_is_invalid(with_values({path: value}))


@given(st.sampled_from([WHOLE, EXAMPLE]), st.data())
def test_any_single_change_of_the_text_loads_or_is_a_fault_of_the_file(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    new = data.draw(st.text(max_size=5) | st.text('[]{}"=.,0\n', max_size=3))

    loads_or_is_invalid(text[:start] + new + text[end:])


@given(st.text())
def test_any_text_loads_or_is_a_fault_of_the_file(text: str) -> None:
    loads_or_is_invalid(text)


def loads_or_is_invalid(text: str) -> None:
    try:
        campaign = crs.read_campaign(text)
    except crs.CampaignInvalid as error:
        found = error
    else:
        assert campaign.places
        return

    assert found.problems
    assert len(set(found.problems)) == len(found.problems)
    assert all(problem.place and problem.rule and problem.remedy for problem in found.problems)
    str(found).encode()


@pytest.mark.parametrize(
    "text",
    ["x = " + "9" * 5000, "x = " + "[" * 5000, "\ud800", "a = 1\na = 2", "[campaign]\nname = '\x00'", "\ufeff", "x"],
    ids=["digits", "depth", "surrogate", "twice", "control", "mark", "bare"],
)
def test_what_is_no_toml_is_one_fault(text: str) -> None:
    [problem] = problems_of(text)

    assert problem.place == "campaign.toml"
    assert problem.rule.startswith("is not TOML")


def test_a_number_of_more_digits_than_python_writes_is_a_fault() -> None:
    [problem] = problems_of(EXAMPLE.replace("minimum_age = 80", f"minimum_age = 0x{'f' * 5000}"))

    assert problem.place == "may_register[0].minimum_age"


@pytest.mark.parametrize("value", [None, b"[campaign]", 5, ["x"]])
def test_what_is_no_text_is_a_fault(value: object) -> None:
    with pytest.raises(crs.CampaignInvalid):
        crs.read_campaign(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["", ".", "no such file", "a\x00b", "\ud800", None, 3.5, b"\xff"])
def test_what_is_no_readable_file_is_a_fault(path: Any) -> None:
    with pytest.raises(crs.CampaignInvalid) as caught:
        crs.load_campaign(path)

    [problem] = caught.value.problems
    assert problem.place == "path"
    str(caught.value).encode()


def test_a_file_that_is_not_utf8_is_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "campaign.toml"
    file.write_bytes(EXAMPLE.encode("utf-16"))

    with pytest.raises(crs.CampaignInvalid):
        crs.load_campaign(file)


def test_a_file_loads(tmp_path: Path) -> None:
    file = tmp_path / "campaign.toml"
    file.write_text(WHOLE, encoding="utf-8")

    assert crs.load_campaign(file) == crs.read_campaign(WHOLE)
