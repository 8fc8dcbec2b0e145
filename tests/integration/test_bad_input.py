"""Whatever is handed in, what comes back is an answer or an error that says where, what, why and what to do."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs
import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

import crs_core as crs
from crs_core.domain import calendars as calendar_rules
from crs_core.domain.campaign import StockRule
from crs_core.domain.rules import always
from tests.integration.bad_values import (
    CALENDAR,
    CITIZEN,
    CONTROLS,
    DELIVERY,
    HALF,
    LONG,
    NO_TEXTS,
    NO_TOKENS,
    OPERATIONS,
    SENTINEL,
    SITE,
    SLOT,
    Case,
)
from tests.postgresql import PostgresqlServer
from tests.systems import KEYS, STORAGES, Citizen, OpenTown, Town, dump, invented, open_towns


@frozen
class World:
    """A town with a citizen at every step, and valid arguments for every command."""

    town: Town
    url: str
    arguments: dict[str, dict[str, Any]]

    def call(self, command: str, name: str, value: Any) -> Any:
        arguments = dict(self.arguments[command])
        if name.startswith("application."):
            arguments["application"] = evolve(arguments["application"], **{name.partition(".")[2]: value})
        else:
            arguments[name] = value
        return self.run(command)(**arguments)

    def run(self, command: str) -> Callable[..., Any]:
        system = self.town.system
        for desk in (system.citizen, system.site("north"), system.operations):
            if hasattr(desk, command):
                return getattr(desk, command)  # type: ignore[no-any-return]
        raise LookupError(command)


def world(open_town: OpenTown, url: str) -> World:
    town = open_town(url)
    (_, entry), (_, holder) = town.entered(2)
    town.reserve(holder)
    citizen = evolve(invented(9), application=evolve(invented(9).application, email="vzor@example.org"))
    proof = town.proof_of(citizen)
    waiting = town.desk.request_control_pin("601 000 777", source="2001:db8::777")
    town.system.operations.dispatch()
    return World(town, url, arguments(town, citizen, entry, holder, proof, waiting.handle))


def arguments(
    town: Town, citizen: Citizen, entry: str, holder: str, proof: str, handle: str
) -> dict[str, dict[str, Any]]:
    number = invented(1).insured_number
    held = town.desk.journey(holder).reservation
    reservation = "" if held is None else held.id
    return {
        "sites": {},
        "request_control_pin": {"phone": "601 000 555", "source": "2001:db8::5"},
        "verify_phone": {"handle": handle, "pin": town.pin_of("+420601000777"), "source": "2001:db8::7"},
        "register": {"proof": proof, "application": citizen.application},
        "enter": {"insured_number": number, "pin2": town.pin_of(invented(1).phone, 8), "source": "2001:db8::1"},
        "remind_pin": {"insured_number": number, "source": "2001:db8::1"},
        "offers": {"entry": entry},
        "reserve": {"entry": entry, "offer": town.desk.offers(entry).offers[0]},
        "move_offers": {"entry": holder, "dose": 2},
        "move_dose": {"entry": holder, "dose": 2, "offer": town.desk.move_offers(holder, dose=2).offers[0]},
        "cancel": {"entry": holder},
        "withdraw": {"entry": entry},
        "correct": {"entry": entry},
        "erase": {"insured_number": number},
        "settle_duplicate": {"registration_id": "" if held is None else held.registration_id},
        "dispute": {"proof": proof, "insured_number": number},
        "journey": {"entry": entry},
        "details": {"entry": entry},
        "confirmation": {"entry": holder},
        "releases": {},
        "appointments": {},
        "check_in": {"reservation_id": reservation},
        "record_dose": {"reservation_id": reservation, "dose": 1},
        "no_show": {"reservation_id": reservation, "dose": 1},
        "undo": {"reservation_id": reservation, "reason": "invented"},
        "publish": {"published": [evolve(CALENDAR, name="VX")]},
        "expect": {"delivery": DELIVERY},
        "receive": {"delivery": DELIVERY},
        **{name: {} for name in ("open", "close", "release", "release_all", "dispatch", "tick")},
        "replan": {"site_id": "north"},
        "explain_site": {"site_id": "north"},
        "explain_seat": {"site_id": "north", "calendar": "V1", "day": date(2021, 1, 25), "minute": 480},
        **{name: {} for name in ("dead_letters", "statistics", "explain", "end_maintenance")},
        "delivered": {"message_id": next((town.spool / "sms").glob("*.txt")).stem},
        "amend": {"campaign": town.system.campaign},
        "announce_maintenance": {"start": datetime(2021, 2, 1, tzinfo=UTC), "end": datetime(2021, 2, 1, 1, tzinfo=UTC)},
    }


def complaint(case: Case, call: Callable[[], object], value: object) -> crs.CrsError:
    """The error of a bad value; anything else is a failure that names the value."""
    try:
        found = call()
    except crs.CrsError as error:
        return error
    except Exception as error:
        raise AssertionError(f"{case}: {value!r:.80} raised {type(error).__name__}") from error
    raise AssertionError(f"{case}: {value!r:.80} was taken: {found!r:.200}")


def says_all(case: Case, error: crs.CrsError, value: object) -> None:
    """The error names the place, the rule and what to do, repeats no secret, and can be written to any log."""
    place = case.place or case.field
    assert error.code == case.code, (case, value)
    assert len(str(error).encode()) < 2000, (case, value)
    assert str(error).isprintable(), (case, value)
    assert SENTINEL not in str(error) + repr(error) + repr(error.args) + repr(error.__dict__), (case, value)
    if isinstance(error, crs.InvalidInput):
        assert error.problems, (case, value)
        assert all(problem.place.startswith(place) for problem in error.problems), (case, value, error)
        assert all(problem.rule and problem.remedy and problem.value for problem in error.problems if value), case
    else:
        assert place.split("_")[0] in str(error) or error.code in {"token_invalid", "other_site"}, (case, value)
        assert error.remedy, (case, value)


@pytest.fixture(scope="module", params=STORAGES)
def unmoved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world a storage for all bad values, which are to leave it as it is."""
    folder = tmp_path_factory.mktemp("town")
    with ExitStack() as stack:
        if request.param == "postgresql":
            server: PostgresqlServer = request.getfixturevalue("postgresql_server")
            url = server.create_database("crs_bad_input")
            stack.callback(server.drop_database, "crs_bad_input")
        else:
            url = {"memory": "memory:", "sqlite": f"sqlite:///{folder}/crs.db"}[request.param]
        yield world(stack.enter_context(contextmanager(open_towns)(folder)), url)


@pytest.mark.parametrize(
    "case", [*CITIZEN, *SITE, *OPERATIONS], ids=lambda case: f"{case.command}-{case.place or case.field}"
)
def test_a_bad_value_is_named_and_changes_nothing(unmoved: World, case: Case) -> None:
    before = dump(unmoved.town.system, unmoved.url)
    for value in case.values:
        error = complaint(case, lambda value=value: unmoved.call(case.command, case.field, value), value)  # type: ignore[misc]
        says_all(case, error, value)

    assert dump(unmoved.town.system, unmoved.url) == before


def test_the_tables_name_every_field_of_every_command() -> None:
    """Whoever adds a command or a field adds its bad values here."""
    tried = {(case.command, case.field.partition(".")[0]) for case in (*CITIZEN, *SITE, *OPERATIONS)}
    fields = {
        (name, parameter)
        for desk in (crs.CitizenDesk, crs.SiteDesk, crs.OperationsDesk)
        for name, command in inspect.getmembers(desk, inspect.isfunction)
        if not name.startswith("_")
        for parameter in inspect.signature(command).parameters
    }
    of_forms = {case.field for case in CITIZEN if case.command == "register" and "." in case.field}

    assert {field for field in fields if field[1] != "self"} - tried == {
        ("request_control_pin", "handle")  # see below
    }
    assert {f"application.{each.name}" for each in attrs.fields(crs.Application)} == of_forms


def test_instead_of_a_handle_that_is_none_a_new_one_is_given(open_town: OpenTown) -> None:
    """A browser may hand back anything; the citizen gets a PIN all the same."""
    town = open_town("memory:")
    handles = {
        town.desk.request_control_pin("601 000 001", source="", handle=bad).handle
        for bad in NO_TOKENS
        if bad is not None
    }

    assert len(handles) == len(NO_TOKENS) - 1
    town.system.operations.dispatch()
    assert town.desk.verify_phone(handles.pop(), town.pin_of("+420601000001"))


def test_all_faults_of_an_application_come_together_masked(open_town: OpenTown) -> None:
    here = world(open_town, "memory:")
    bad = crs.Application("123456", "", "\x00Vzorová", date(1800, 1, 1), "north", "xx", "nobody", ["doctor"])

    with pytest.raises(crs.InvalidInput) as caught:
        here.call("register", "application", bad)

    assert [problem.place for problem in caught.value.problems] == [
        "first_name",
        "last_name",
        "insured_number",
        "email",
        "birth_date",
        "language",
        "claims",
    ]
    assert [problem.value for problem in caught.value.problems] == ["", "…vá", "…56", "…dy", "…", "'xx'", "'doctor'"]


def test_all_faults_of_calendars_come_together() -> None:
    bad = [
        crs.Calendar("", "x", 7, [crs.Slot(date(2021, 1, 25), 1440, -1), crs.Slot(None, 5, 5)]),  # type: ignore[arg-type]
        None,
        crs.Calendar("V1", "comirnaty", 3, [SLOT, SLOT]),
    ]

    found = list(calendar_rules.faults(bad, crs.example_campaign()))  # type: ignore[arg-type]

    assert [problem.place for problem in found] == [
        "calendars[0].name",
        "calendars[0].product",
        "calendars[0].dose",
        "calendars[0].slots[0].minute",
        "calendars[0].slots[0].seats",
        "calendars[0].slots[1].day",
        "calendars[1]",
        "calendars[V1].dose",
        "calendars[V1].slots[2021-01-25 10:00]",
    ]


def test_calendars_do_not_fall_below_seats_that_are_taken(open_town: OpenTown, storage_url: str) -> None:
    here = world(open_town, storage_url)
    site = here.town.system.site("north")
    before = dump(here.town.system, storage_url)

    with pytest.raises(crs.InvalidInput) as caught:
        site.publish([crs.Calendar("V1", "comirnaty", 1, []), crs.Calendar("V2", "comirnaty", 2, [])])

    assert [problem.place for problem in caught.value.problems] == [
        "calendars[V1].slots[2021-01-25 08:00].seats",
        "calendars[V2].slots[2021-02-22 08:00].seats",
    ]
    assert dump(here.town.system, storage_url) == before


def test_a_delivery_is_announced_once_and_not_cut_below_what_is_reserved(open_town: OpenTown, storage_url: str) -> None:
    town = open_town(storage_url, stock=always(StockRule.EXPECTED))
    site = town.system.site("north")
    site.expect(DELIVERY)
    town.reserve(town.entered(1)[0][1])
    before = dump(town.system, storage_url)

    for bad, place in ((DELIVERY, "delivery.id"), (evolve(DELIVERY, received=1), "delivery.received")):
        with pytest.raises(crs.InvalidInput) as caught:
            (site.expect if place.endswith("id") else site.receive)(bad)
        assert [problem.place for problem in caught.value.problems] == [place]

    assert dump(town.system, storage_url) == before
    assert site.receive(evolve(DELIVERY, received=2)) == 4


def test_the_dump_sees_a_change(open_town: OpenTown, storage_url: str) -> None:
    """The negative control: whatever a command writes, even a try that is counted, shows in the dump."""
    here = world(open_town, storage_url)
    system = here.town.system
    seen = [dump(system, storage_url)]
    for command in ("request_control_pin", "verify_phone", "register", "enter", "remind_pin", "reserve", "open"):
        if command != "enter" or storage_url != "memory:":  # budgets are read past the port alone
            here.run(command)(**here.arguments[command])
            seen.append(dump(system, storage_url))

    assert all(before != after for before, after in pairwise(seen))


anything = st.text(st.characters(exclude_categories=()), max_size=300)
TEXT_FIELDS = [
    (case.command, case.field)
    for case in (*CITIZEN, *OPERATIONS)
    if case.field not in {"application", "day", "limit", "application.birth_date", "application.claims"}
]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with contextmanager(open_towns)(tmp_path_factory.mktemp("town")) as open_town:
        yield world(open_town, "memory:")


class TestAnyText:
    """In any field of any command any text is either taken or refused; the system goes on, and its books are right."""

    @given(st.sampled_from(TEXT_FIELDS), anything)
    def test_is_taken_or_refused(self, here: World, command_and_field: tuple[str, str], text: str) -> None:
        command, name = command_and_field
        said = ""
        try:
            here.call(command, name, text)
        except crs.CrsError as error:
            said = str(error)

        assert said.isprintable()
        assert (
            len(text) < 6 or text not in said or name.rpartition(".")[2] in {"site_id", "language", "registration_id"}
        )
        assert here.town.system.operations.audit() == ()

    @given(st.lists(anything, min_size=4, max_size=4), st.text("0123456789/ ", max_size=12))
    def test_a_form_filled_in_at_random_is_taken_or_refused(self, here: World, texts: list[str], number: str) -> None:
        first, last, email, language = texts
        form = crs.Application(number, first, last, date(1940, 1, 1), "north", language, email)
        with suppress(crs.CrsError):
            here.call("register", "application", form)

        assert here.town.system.operations.audit() == ()


NO_SECRETS: list[Any] = [b"short", "text of thirty-two letters ......", None, 5, bytearray(32)]


@pytest.mark.parametrize(
    "keys",
    [
        *(None, 5, "text", b"bytes", [], {}),
        *(["a"], {"": b"x" * 32, "a": None}, {5: b"x" * 32}, {"á": b"x" * 32}),
        *({"a\n": b"x" * 32}, {"a\x00": b"x" * 32}),
        *({"a": secret} for secret in NO_SECRETS),
    ],
    ids=str,
)
def test_keys_that_are_none_are_refused_and_not_shown(keys: Any) -> None:
    with pytest.raises(crs.InvalidInput) as caught:
        crs.open_system(crs.example_campaign(), keys=keys)

    assert [problem.place for problem in caught.value.problems] == ["keys"]
    assert "text of thirty" not in str(caught.value)


NO_CAMPAIGNS: list[Any] = ["czechia-2021.toml", None, 5, {}, crs.Campaign]
NO_WAITS: list[Any] = ["10", None, True, -1, 3601, float("nan"), float("inf")]


@pytest.mark.parametrize(
    ("place", "value"),
    [("campaign", value) for value in NO_CAMPAIGNS] + [("write_timeout", value) for value in NO_WAITS],
    ids=str,
)
def test_a_system_that_cannot_be_opened_says_why(place: str, value: Any) -> None:
    """Such as a file's name, where the campaign that is read from it is meant."""
    given = {"campaign": crs.example_campaign(), "keys": KEYS, place: value}
    with pytest.raises(crs.InvalidInput) as caught:
        crs.open_system(**given)

    assert [problem.place for problem in caught.value.problems] == [place]


@pytest.mark.parametrize("port", ["storage", "sms", "mail", "registry"])
@pytest.mark.parametrize(
    "url", [5, b"memory:", "", "memory", ":", "gopher:", "\x00:", f"{HALF}:", "x" * 9999, []], ids=repr
)
def test_urls_that_no_adapter_has_are_refused(port: str, url: Any) -> None:
    with pytest.raises(crs.InvalidInput) as caught:
        crs.open_system(crs.example_campaign(), keys=KEYS, **{port: url})

    assert [problem.place for problem in caught.value.problems] == [port]
    assert len(str(caught.value).encode()) < 300


@pytest.mark.parametrize("port", ["sms", "mail", "registry"])
def test_folders_and_files_that_cannot_be_used_are_faults_of_their_adapter(port: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("nothing", encoding="utf-8")
    scheme = "csv" if port == "registry" else "spool"
    for path in ("/file/folder", "/\x00", "/%00", "/%ff%fe"):
        if port == "registry" or path == "/file/folder" or "00" in path or "\x00" in path:
            url: Any = {port: f"{scheme}:{tmp_path}{path}"}
            with pytest.raises(crs.AdapterFault) as caught:
                crs.open_system(crs.example_campaign(), keys=KEYS, **url)
            assert caught.value.remedy


NO_REGISTRIES = [
    (b"", "line 1"),
    (b"number,claim\n1,x\n", "line 1"),
    (b"insured_number,claim\nabc,doctor\n400101001,\n,\n", "line 2: insured_number"),
    (b"insured_number,claim\n400101001\n", "line 2: claim"),
    ("insured_number,claim\n\uff14\uff10,doctor\n".encode(), "line 2: insured_number"),
]


@pytest.mark.parametrize(("content", "place"), NO_REGISTRIES, ids=range(len(NO_REGISTRIES)))
def test_a_registry_names_its_faulty_lines(content: bytes, place: str, tmp_path: Path) -> None:
    file = tmp_path / "registry.csv"
    file.write_bytes(content)

    with pytest.raises(crs.InvalidInput) as caught:
        crs.open_system(crs.example_campaign(), keys=KEYS, registry=f"csv:{file}")

    assert caught.value.problems[0].place == place
    assert "400101001" not in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"insured_number,claim\n1,a\x00\n" + b'"' + b"x" * 200_000], ids=[1, 2]
)
def test_a_registry_that_cannot_be_read_is_a_fault_of_its_adapter(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "registry.csv"
    file.write_bytes(content)

    with pytest.raises(crs.AdapterFault):
        crs.open_system(crs.example_campaign(), keys=KEYS, registry=f"csv:{file}")


@pytest.mark.parametrize(
    "site_id", [*NO_TEXTS, *CONTROLS, LONG, "", "nowhere", {"north"}], ids=lambda each: f"{each!r:.20}"
)
def test_a_site_that_the_campaign_does_not_name_has_no_desk(site_id: Any, open_town: OpenTown) -> None:
    with pytest.raises(crs.NotFound) as caught:
        open_town("memory:").system.site(site_id)

    assert caught.value.code == "unknown_site"
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300
