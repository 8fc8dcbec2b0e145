"""Nothing that opens a door is kept, logged or shown, and nobody's name, phone or insured number is logged or shown.

Everything that the play leaves behind is searched for the marks of its PINs and for its citizens. Each kind of leak is
also made on purpose, so that the search is known to find it.
"""

import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import attrs
import pendulum
import psycopg
import pytest
from attrs import define
from sqlalchemy import NullPool, create_engine, text

import crs_core as crs
from crs_core.desks import proving
from crs_core.domain import one_time_code, people, tokens
from crs_core.domain.invitation_pin import code_of
from crs_core.domain.plans import JournalEntry
from crs_core.domain.registration import Registration
from crs_core.domain.time import to_micros
from crs_core.office import commands, letters
from crs_core.rounds import release
from tests.integration.play import MARKS, PEOPLE, TAILS, Player, play, register, town_of
from tests.integration.traces import Traces, kept_in, logged, personal, recorded, values, write_down_files
from tests.postgresql import MISSING, PostgresqlServer, find_binaries, running_server
from tests.systems import DURABLE, START, Citizen, invented

PERSONAL = ("person", "challenge", "registration", "outbox")  # the tables that know people


@define
class Played:
    """One storage after the play."""

    traces: Traces
    citizens: list[Citizen]
    made: set[type]
    ended: pendulum.DateTime


SLOWER = (
    pytest.param("memory", marks=pytest.mark.slow),
    pytest.param("postgresql", marks=[pytest.mark.slow, pytest.mark.postgresql]),
)


@pytest.fixture(scope="module", params=["sqlite", *SLOWER])
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder, traces = tmp_path_factory.mktemp("secrets"), Traces()
    with ExitStack() as stack:
        server = stack.enter_context(server_of_our_own()) if request.param == "postgresql" else None
        if server is not None:
            url = server.create_database("crs")
        else:
            url = {"memory": "memory:", "sqlite": f"sqlite:///{folder}/crs.db"}[request.param]
        made = stack.enter_context(recorded(traces))
        with logged(traces):
            town = town_of(url, folder, stack)
            citizens = play(Player(town, traces))
        kept_in(town, url, traces)
        if server is not None:
            write_down_files(_flushed(server), traces)
    return Played(traces, citizens, made, town.clock.now())


@contextmanager
def server_of_our_own() -> Iterator[PostgresqlServer]:
    """A PostgreSQL whose files and write-ahead log hold nothing but this play."""
    binaries = find_binaries()
    if binaries is None and os.environ.get("CI") == "true":
        pytest.fail(f"CI=true: {MISSING}")
    if binaries is None:
        pytest.skip(MISSING)
    with running_server(binaries) as server:
        yield server


def _flushed(server: PostgresqlServer) -> list[Path]:
    with psycopg.connect(server.dsn("crs"), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    folder = Path(server.options["host"])
    return [path for path in folder.rglob("*") if path.is_file()]


class TestPlay:
    """The play reaches what it is meant to reach, so that finding nothing means something."""

    def test_shows_two_hundred_pins_of_each_kind(self, played: Played) -> None:
        for digits in (6, 8):
            shown = [pin for pin in played.traces.pins if len(pin) == digits]

            assert len(shown) >= PEOPLE
            assert {pin[-6:] for pin in shown} == set(TAILS)

    def test_no_moment_of_it_looks_like_a_pin(self, played: Played) -> None:
        """Every minute of the play, and the seconds after it by which messages are expected."""
        moment, last = to_micros(START), to_micros(played.ended) + 60_000_000
        marks = re.compile("|".join(TAILS))
        while moment < last:
            assert not any(marks.search(str(moment + 50_000 * step)) for step in range(200))
            moment += 60_000_000

    def test_meets_every_refusal_of_the_citizens_desk(self, played: Played) -> None:
        assert played.traces.codes >= {
            *(
                "already_reserved",
                "calendars_not_ready",
                "idempotency_key_reused",
                "invalid_input",
                "invitation_expired",
            ),
            *("no_reservation", "not_eligible", "not_invited", "other_site", "pin_expired", "site_closed"),
            *("token_expired", "token_invalid", "too_many_reminders", "too_many_sends", "too_many_tries"),
            *("unknown_registration", "unknown_site", "withdrawn", "wrong_pin", "wrong_pin2"),
        }

    def test_makes_the_values_that_know_people(self, played: Played) -> None:
        made = {kind.__name__ for kind in played.made}

        assert made >= {
            *(
                "Application",
                "Challenge",
                "Command",
                "DeadLetter",
                "Explanation",
                "JournalEntry",
                "Journey",
                "Key",
                "Mail",
            ),
            *(
                "Message",
                "Office",
                "Offer",
                "Outcome",
                "Person",
                "Plan",
                "Put",
                "Registered",
                "Registration",
                "Release",
            ),
            *("Reminded", "Reservation", "Sent", "Sms", "Verdict", "Versioned"),
        }

    def test_searches_where_people_are_known(self, played: Played) -> None:
        """What must not be found elsewhere is found here, where it belongs."""
        known = personal(played.citizens)
        for place in [place for place in played.traces.found if place.removeprefix("table ") in PERSONAL]:
            only = Traces({place: played.traces.found[place]})

            assert only.leaks(known), place

    def test_is_watched_by_a_log_that_works(self, played: Played) -> None:
        assert "listening" in played.traces.found["logs"]


class TestSecrecy:
    """What the play leaves behind."""

    def test_no_pin_is_found_anywhere(self, played: Played) -> None:
        assert played.traces.leaks(TAILS) == []

    def test_no_pin_is_found_as_a_number_either(self, played: Played) -> None:
        """Of eight digits, as the four bytes of a whole number."""
        as_bytes = [int(mark).to_bytes(4, order).decode("latin-1") for mark in MARKS for order in ("big", "little")]
        files = Traces({place: texts for place, texts in played.traces.found.items() if place.startswith("file")})

        assert files.leaks(as_bytes) == []

    def test_nobody_is_found_but_where_people_are_known(self, played: Played) -> None:
        known = {f"table {name}" for name in PERSONAL} | {"stored values"}
        files = {place for place in played.traces.found if place.startswith("file")}

        assert played.traces.leaks(personal(played.citizens), but=known | files) == []


TELLING = {"phone", "insured_number", "first_name", "last_name", "birth_date", "email", "recipient", "to", "secrets"}


def test_what_tells_of_people_is_left_out_of_every_repr() -> None:
    """By the names of the attributes, for values that the play does not make; a new one is named like the old."""
    telling = [(kind, each) for kind in values() for each in attrs.fields(kind) if each.name in TELLING]

    assert {each.name for _, each in telling} == TELLING
    assert [f"{kind.__name__}.{each.name}" for kind, each in telling if each.repr is not False] == []


@pytest.mark.parametrize("storage_url", DURABLE, indirect=True)
def test_a_fault_of_the_database_repeats_no_row(storage_url: str, tmp_path: Path) -> None:
    """Databases quote the row that they refuse; what a caller may log does not."""
    traces = Traces()
    with ExitStack() as stack:
        town = town_of(storage_url, tmp_path, stack)
        citizen = invented(1)
        proof = town.proof_of(citizen)
        engine = create_engine(storage_url, poolclass=NullPool)
        with engine.begin() as connection:
            for statement in REFUSALS_OF_ROWS[engine.dialect.name]:
                connection.execute(text(statement))
        with logged(traces):
            Player(town, traces).refused(town.desk.register, proof, citizen.application)

    assert traces.codes == {"storage_failed"}
    assert "refused by the trigger" in str(traces.found["errors"]) or engine.dialect.name == "postgresql"
    assert traces.leaks(personal([citizen])) == []
    assert traces.leaks(TAILS) == []


REFUSALS_OF_ROWS = {
    "sqlite": [
        "CREATE TRIGGER nobody BEFORE INSERT ON registration BEGIN SELECT RAISE(ABORT, 'refused by the trigger'); END"
    ],
    "postgresql": ["ALTER TABLE registration ADD CONSTRAINT nobody CHECK (length(body) < 5)"],
}


def leak_in_facts(patch: pytest.MonkeyPatch) -> None:
    """The PIN travels with the message, as in most systems."""

    def with_pin(office: Any, registration: Registration, purpose: Any, now: Any) -> Any:
        return letters.sms(office, registration, purpose, now, pin=code_of(registration, office.keyring, 8))

    patch.setattr(release, "sms", with_pin)


def leak_in_journal(patch: pytest.MonkeyPatch) -> None:
    """The PIN is noted when it is right."""
    verify = one_time_code.matches

    def noting(expected: str, given: str) -> bool:
        patch.setattr(commands.Office, "note", _noting(expected))
        return verify(expected, given)

    patch.setattr(one_time_code, "matches", noting)


def _noting(pin: str) -> Callable[..., Any]:
    def note(self: Any, now: Any, kind: str, *, person: str = "", site_id: str = "", **facts: Any) -> Any:
        return JournalEntry(now, kind, person, site_id, {**facts, "hint": pin})

    return note


def leak_in_token(patch: pytest.MonkeyPatch) -> None:
    """The entry holds the PIN that opened it, base64 over it."""
    sign = tokens.sign

    def signed(keyring: Any, kind: str, facts: Any, **until: Any) -> str:
        return sign(keyring, kind, {**facts, **({"p": MARKS[0]} if kind == "entry" else {})}, **until)

    patch.setattr(tokens, "sign", signed)


def leak_in_error(patch: pytest.MonkeyPatch) -> None:
    """A refusal repeats what was typed."""

    def check(place: str, pin: str, lengths: Any) -> None:
        if len(pin) not in lengths:
            raise crs.InvalidInput([crs.Problem(place, repr(pin), "is no PIN", "type it again")])

    patch.setattr(proving, "check_pin", check)


def leak_in_chained_error(patch: pytest.MonkeyPatch) -> None:
    """A refusal is polite, but what it was raised from is not."""

    def invalid(kind: str) -> crs.Refused:
        error = crs.Refused("token_invalid", f"this is no {kind} token", remedy="start again")
        error.__cause__ = ValueError(f"token {MARKS[1]}")
        return error

    patch.setattr(tokens, "_invalid", invalid)


def leak_in_answers(patch: pytest.MonkeyPatch) -> None:
    """Answers kept for forms that are sent twice hold what was asked."""

    def fingerprint(_self: Any, command: Any) -> str:
        return repr(dict(command.arguments))

    patch.setattr(commands.Office, "_fingerprint", fingerprint)


def leak_in_repr(patch: pytest.MonkeyPatch) -> None:
    """A value shows whom it is about."""
    patch.setattr(Registration, "__repr__", lambda self: f"Registration({self.phone})")


def leak_in_log(patch: pytest.MonkeyPatch) -> None:
    """Somebody wanted to know why a phone was refused."""

    def logging_number(text: str, countries: Any) -> str:
        logging.getLogger("crs").debug("phone %s", text)
        return people.phone_number(text, countries)

    patch.setattr(proving, "phone_number", logging_number)


LEAKS = [
    (leak_in_facts, {"table outbox", "file .db"}, True),
    (leak_in_journal, {"table journal", "journal", "file .db"}, True),
    (leak_in_token, {"tokens"}, True),
    (leak_in_error, {"errors"}, True),
    (leak_in_chained_error, {"errors"}, True),
    (leak_in_answers, {"table idempotency", "file .db"}, True),
    (leak_in_repr, {"reprs"}, False),
    (leak_in_log, {"logs"}, False),
]


@pytest.mark.parametrize(("leak", "places", "of_pins"), LEAKS, ids=lambda each: getattr(each, "__name__", ""))
def test_a_leak_made_on_purpose_is_found(
    leak: Callable[[pytest.MonkeyPatch], None], places: set[str], of_pins: object, tmp_path: Path
) -> None:
    """The negative controls: the same search finds each of these leaks, in its place."""
    traces, url = Traces(), f"sqlite:///{tmp_path}/crs.db"
    with ExitStack() as stack:
        stack.enter_context(recorded(traces))
        leak(stack.enter_context(pytest.MonkeyPatch.context()))
        with logged(traces):
            town = town_of(url, tmp_path, stack)
            player = Player(town, traces)
            for number in (10, 20):
                register(player, invented(number))
            player.get(town.system.operations.release_all)
            player.get(town.system.operations.dispatch)
            citizen = invented(10)
            player.refused(town.desk.verify_phone, "no token", "123456")
            player.refused(town.desk.enter, citizen.insured_number, f"{town.pin_of(citizen.phone, 8)}5", source="x")
            sent = player.get(town.desk.request_control_pin, citizen.phone, source="x")
            player.refused(town.desk.verify_phone, f"{sent.handle}x", "123456")
            player.refused(town.desk.verify_phone, sent.handle, f"{town.pin_of(citizen.phone, 6)}5")
            player.get(town.enter, citizen)
        kept_in(town, url, traces)

    known = {f"table {name}" for name in PERSONAL} | {
        "stored values",
        *(each for each in traces.found if "file" in each),
    }
    found = traces.leaks(TAILS) if of_pins else traces.leaks(personal([citizen]), but=known)

    assert {hit.partition(":")[0] for hit in found} >= places
