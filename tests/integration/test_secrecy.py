"""Nothing that opens a door is kept, logged or shown, and nobody's name, phone or insured number is logged or shown.

A keyring of ours makes every PIN end in one of a few marks: digits that occur nowhere else, neither in times nor in
names drawn by the seed. Two hundred citizens then go through all the steps and through every refusal, everything that
they leave behind is collected, and whoever finds a mark in it has found a leak. Each kind of leak is also made on
purpose, so that the search is known to find it.
"""

import base64
import importlib
import logging
import os
import pkgutil
import re
import sqlite3
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any, cast

import attrs
import pendulum
import psycopg
import pytest
from attrs import define, evolve, field
from sqlalchemy import NullPool, create_engine, text

import crs_core as crs
from crs_core.composition.codec import codec
from crs_core.desks import proving
from crs_core.domain import one_time_code, people, tokens
from crs_core.domain.campaign import Budget, InvitationRule, Limits
from crs_core.domain.invitation_pin import code_of
from crs_core.domain.plans import JournalEntry
from crs_core.domain.registration import Registration
from crs_core.domain.rules import Dated
from crs_core.domain.time import later, to_micros
from crs_core.office import commands, letters
from crs_core.ports.confirmation import ConfirmationFacts
from crs_core.rounds import release
from tests.postgresql import MISSING, PostgresqlServer, find_binaries, running_server
from tests.systems import DURABLE, KEYS, START, Citizen, Town, dump, invented, open_towns, tables

PEOPLE = 200
MARKS = ("79798797", "98978979", "87989798", "97879897")
TAILS = tuple(mark[-6:] for mark in MARKS)
PERSONAL = ("person", "challenge", "registration", "outbox")  # the tables that know people
RULES: dict[str, Any] = {
    "invitation": Dated(((later(START, days=-9), InvitationRule(term_hours=1)),)),
    "limits": Limits(pin_sends_phone=Budget(9, 60), entries_source=Budget(6, 15)),
    "claims": frozenset({"doctor"}),
}


class MarkedKeyring(crs.Keyring):
    """Derives everything as a keyring does, but for the digits of PINs."""

    def digest(self, key_id: str, purpose: str, text: str) -> bytes:
        digest = super().digest(key_id, purpose, text)
        if not purpose.startswith("code:"):
            return digest
        return int(MARKS[digest[0] % len(MARKS)]).to_bytes(4, "big") + bytes(16)  # its last half-byte says: start at 0


@define
class Traces:
    """What a town leaves behind, by where it was found; `pins` are those that its messages showed."""

    found: dict[str, list[str]] = field(factory=dict)
    pins: list[str] = field(factory=list)
    codes: set[str] = field(factory=set)

    def add(self, place: str, *texts: object) -> None:
        self.found.setdefault(place, []).extend(map(str, texts))

    def leaks(self, needles: Iterable[str], *, but: Iterable[str] = ()) -> list[str]:
        """Where needles were found, with what stands around them; not looked for in the places `but`."""
        wanted = re.compile("|".join(map(re.escape, needles)))
        places = {place: texts for place, texts in self.found.items() if place not in set(but)}
        return [
            f"{place}: {text[max(0, hit.start() - 30) : hit.end() + 30]!r}"
            for place, texts in places.items()
            for text in texts
            for hit in wanted.finditer(text)
        ]


def personal(citizens: Iterable[Citizen]) -> set[str]:
    """What tells of people: each in the forms in which a program may write it."""
    found = {"Vzorka", "Vzorová", r"Vzorov\u00e1", "Vzorov%C3%A1", "vzor9@example.org"}
    for citizen in citizens:
        number = citizen.insured_number
        found |= {citizen.phone[4:], number, f"{number[:6]}/{number[6:]}", repr(citizen.application.birth_date)}
    return found


def modules(*packages: str) -> Iterator[Any]:
    for package in packages:
        for each in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
            yield importlib.import_module(each.name)


def values() -> list[type]:
    """Every class of values of the core below its composition."""
    floors = ("domain", "ports", "office", "rounds", "desks")
    classes = {
        each
        for module in modules(*(f"crs_core.{floor}" for floor in floors))
        for each in vars(module).values()
        if isinstance(each, type) and attrs.has(each) and each.__module__ == module.__name__
    }
    return sorted(classes, key=lambda each: each.__qualname__)


@contextmanager
def recorded(traces: Traces) -> Iterator[set[type]]:
    """Writes down the `repr` of every value of the core that is made meanwhile; the classes of those that were."""
    seen: set[type] = set()
    shown: set[str] = set()

    def recording(kind: type, init: Callable[..., None]) -> Callable[..., None]:
        def make(self: object, *args: Any, **kwargs: Any) -> None:
            init(self, *args, **kwargs)
            seen.add(kind)
            shown.add(repr(self))

        return make

    with pytest.MonkeyPatch.context() as patch:
        for kind in values():
            patch.setattr(kind, "__init__", recording(kind, kind.__init__))  # type: ignore[misc]
        yield seen
    traces.add("reprs", *shown)


@contextmanager
def logged(traces: Traces) -> Iterator[None]:
    """Writes down all that is logged meanwhile, by whomever, at any level."""

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            traces.add("logs", record.getMessage(), repr(record.args), self.format(record))

    keeper = Keeper(logging.DEBUG)
    loggers = [
        logging.getLogger(name) for name in ("", "sqlalchemy", "sqlalchemy.engine", "sqlalchemy.pool", "alembic")
    ]
    loggers.append(logging.getLogger("psycopg"))
    levels = [logger.level for logger in loggers]
    loggers[0].addHandler(keeper)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    logging.getLogger("crs").debug("listening")
    try:
        yield
    finally:
        loggers[0].removeHandler(keeper)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@define
class Player:
    """Goes through the steps and writes down every answer and every refusal."""

    town: Town
    traces: Traces

    def get(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """The answer, which is one."""
        answer = call(*args, **kwargs)
        self.traces.add("answers", repr(answer), answer)
        for token in (answer, getattr(answer, "handle", None), *map(_token, getattr(answer, "offers", ()))):
            if isinstance(token, str):
                self.traces.add("tokens", token, *_decoded(token))
        return answer

    def refused(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """The refusal, which is one."""
        with pytest.raises(crs.CrsError) as caught:
            call(*args, **kwargs)
        error: BaseException | None = caught.value
        self.traces.codes.add(caught.value.code)
        for language in ("cs", "en"):
            self.traces.add("errors", crs.refusal_text(caught.value, language))
        self.traces.add("errors", "".join(traceback.format_exception(caught.value)))
        while error is not None:
            self.traces.add(
                "errors",
                error,
                repr(error),
                repr(error.args),
                repr(vars(error)),
                error.__notes__ if hasattr(error, "__notes__") else "",
            )
            error = error.__cause__ or error.__context__


def _token(offer: object) -> object:
    return getattr(offer, "token", None)


def _decoded(token: str) -> list[str]:
    return [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("latin-1") for part in token.split(".")[1:]]


def play(player: Player) -> list[Citizen]:
    """Two hundred citizens through all the steps, the first of them through every refusal as well."""
    citizens = [invented(number) for number in range(1, PEOPLE + 1)]
    for citizen in citizens:
        _register(player, citizen)
    first, second, third = citizens[:3]
    _refusals_before(player, first)
    player.get(player.town.system.site("north").release, dry_run=True)
    player.get(player.town.system.operations.release_all)
    player.get(player.town.system.operations.dispatch)
    _steps(player, first)
    _more(player, second, third)
    _after_the_term(player, citizens[3:6])
    for texts in (player.town.texts(citizen.phone) for citizen in citizens):
        player.traces.pins += [pin for text in texts for pin in re.findall(r"\b\d{6,8}\b", text)]
    return citizens


def _register(player: Player, citizen: Citizen) -> None:
    """Steps 1 to 4; every tenth citizen's forms are sent twice."""
    desk, source = player.town.desk, citizen.source
    keys: list[dict[str, Any]] = [
        {} if citizen.number % 10 else {"idempotency_key": f"{citizen.number} {n}"} for n in "abc"
    ]
    sent = player.get(desk.request_control_pin, citizen.phone, source=source, **keys[0])
    player.town.system.operations.dispatch()
    pin = player.town.pin_of(citizen.phone)
    proof = player.get(desk.verify_phone, sent.handle, pin, source=source, **keys[1])
    form = evolve(citizen.application, email="vzor9@example.org")
    player.get(desk.register, proof, form, **keys[2])
    if citizen.number % 10 == 0:
        player.get(desk.verify_phone, sent.handle, pin, source=source, **keys[1])
        player.refused(desk.verify_phone, sent.handle, pin, source="elsewhere", **keys[1])
        player.get(desk.register, proof, form, **keys[2])


def _refusals_before(player: Player, citizen: Citizen) -> None:
    """Steps 1 to 4 in every wrong way, by somebody whose phone, PIN and number are known."""
    desk, town, form = player.town.desk, player.town, citizen.application
    town.clock.move(minutes=1)
    sent = player.get(desk.request_control_pin, citizen.phone, source=citizen.source, handle="forged")
    town.system.operations.dispatch()
    town.clock.move(minutes=1)
    player.get(desk.request_control_pin, citizen.phone, source=citizen.source, handle=sent.handle)
    pin = town.pin_of(citizen.phone, 6)
    player.refused(desk.request_control_pin, f"{citizen.phone}5", source=citizen.source)
    player.refused(desk.request_control_pin, citizen.phone.replace("+420", "+421"), source=citizen.source)
    player.refused(desk.request_control_pin, citizen.phone, source=citizen.source, language=citizen.phone[:4])
    for wrong in ("000000", f"{pin}5", f"{pin}x", pin.encode(), pin[::-1]):
        player.refused(desk.verify_phone, sent.handle, wrong, source=citizen.source)
    player.refused(desk.verify_phone, f"{sent.handle}x", pin, source=citizen.source)
    player.refused(desk.verify_phone, pin, pin, source=citizen.source)
    proof = player.get(desk.verify_phone, sent.handle, pin, source=citizen.source)
    player.refused(desk.verify_phone, sent.handle, pin, source=citizen.source)
    for changes in (
        {"insured_number": f"{form.insured_number}5"},
        {"insured_number": form.insured_number[:4] + "99" + form.insured_number[6:]},
        {"first_name": f"{form.first_name}\x00", "last_name": "\u202e" + form.last_name},
        {"email": "vzor9@example.org@"},
        {"birth_date": date(1800, 1, 1)},
        {"birth_date": date(1990, 1, 1)},
        {"language": "xx", "claims": frozenset({"surgeon"})},
        {"site_id": "nowhere"},
    ):
        player.refused(desk.register, proof, evolve(form, **cast("dict[str, Any]", changes)))
    player.refused(desk.register, f"{proof[:-3]}AAA", form)
    player.get(desk.register, proof, form)  # the same person, from the same phone
    town.clock.move(minutes=1)
    stranger = invented(PEOPLE + 1)
    player.get(desk.register, town.proof_of(stranger), form)  # the same person, from another phone
    for _ in range(9):
        town.clock.move(minutes=1)
        with suppress(crs.CrsError):
            desk.request_control_pin(stranger.phone, source=stranger.source)
            town.system.operations.dispatch()
    town.clock.move(minutes=11)
    player.refused(_until_refused, lambda: _ask_and_burn(town, stranger))


def _ask_and_burn(town: Town, citizen: Citizen) -> None:
    town.desk.request_control_pin(citizen.phone, source=citizen.source)
    town.system.operations.dispatch()
    town.clock.move(minutes=1)


def _until_refused(call: Callable[[], object]) -> None:
    for _ in range(40):
        call()


def _steps(player: Player, citizen: Citizen) -> None:
    """Steps 5 to 8, and back."""
    desk, town = player.town.desk, player.town
    pin2 = town.pin_of(citizen.phone, 8)
    entry = player.get(desk.enter, citizen.insured_number, pin2, source=citizen.source, idempotency_key="entry")
    page = player.get(desk.offers, entry)
    player.refused(desk.offers, entry, site="south")
    player.refused(desk.offers, f"{entry}x")
    offer = page.offers[0]
    player.refused(desk.reserve, entry, offer.token[:-1])
    player.refused(desk.reserve, entry, offer, email=f"{citizen.application.last_name}@")
    player.refused(desk.cancel, entry)
    reservation = player.get(desk.reserve, entry, offer, email="vzor9@example.org", idempotency_key="reservation")
    player.get(desk.reserve, entry, offer, email="vzor9@example.org", idempotency_key="reservation")
    player.refused(desk.reserve, entry, offer, idempotency_key="reservation")
    player.refused(desk.reserve, entry, offer)
    player.get(desk.journey, entry)
    player.get(desk.remind_pin, citizen.insured_number, source=citizen.source)
    player.get(town.system.operations.dispatch)
    player.get(desk.remind_pin, citizen.insured_number, source=citizen.source)
    player.refused(desk.remind_pin, citizen.insured_number, source=citizen.source)
    player.get(town.system.operations.explain, reservation.registration_id)
    player.get(desk.cancel, entry)
    player.get(desk.journey, entry)
    for wrong in ("00000000", pin2[::-1], pin2 + "5", pin2[:-1], pin2[:-1] + "x"):
        player.refused(desk.enter, citizen.insured_number, wrong, source="2001:db8::bad")
    player.refused(
        _until_refused, lambda: _answered(desk.enter, citizen.insured_number, "1" * 8, source="2001:db8::bad")
    )


def _answered(call: Callable[..., object], *args: object, **kwargs: object) -> None:
    """Refusals pass, but for a budget that is used up."""
    try:
        call(*args, **kwargs)
    except crs.TooManyAttempts:
        raise
    except crs.CrsError:
        return


def _more(player: Player, second: Citizen, third: Citizen) -> None:
    desk, town, site = player.town.desk, player.town, player.town.system.site("north")
    entries = [town.enter(citizen) for citizen in (second, third)]
    offer = next(each for each in desk.offers(entries[0]).offers)
    seats = {(each.calendar, each.day, each.minute) for each in offer.doses}
    player.get(desk.reserve, entries[0], offer)
    for name, dose in (("V1", 1), ("V2", 2)):
        taken = [crs.Slot(day, minute, 1) for calendar, day, minute in seats if calendar == name]
        player.refused(site.publish, [crs.Calendar(name, "comirnaty", dose, [])])
        player.get(site.publish, [crs.Calendar(name, "comirnaty", dose, [evolve(slot, seats=2) for slot in taken])])
    player.get(desk.withdraw, entries[0])
    player.refused(desk.journey, entries[0])
    delivery = crs.Delivery("D1", "comirnaty", date(2021, 1, 25), 100)
    player.get(site.expect, delivery)
    player.refused(site.expect, delivery)
    player.get(site.receive, delivery)
    player.get(desk.sites)
    player.get(site.check_calendars)
    player.get(site.close)
    player.refused(desk.reserve, entries[1], offer)
    player.refused(desk.register, town.proof_of(invented(PEOPLE + 2)), invented(PEOPLE + 2).application)
    player.get(site.publish, [crs.Calendar("V2", "comirnaty", 2, [])])
    player.refused(site.open)
    player.refused(town.system.operations.explain, second.insured_number)
    player.get(town.system.operations.dispatch)


def _after_the_term(player: Player, citizens: list[Citizen]) -> None:
    """An hour later: tokens have expired, the invitations have ended."""
    desk, town, operations = player.town.desk, player.town, player.town.system.operations
    entry = town.enter(citizens[0])
    town.clock.move(minutes=31)
    player.refused(desk.journey, entry)
    town.clock.move(minutes=31)
    entry = town.enter(citizens[0])
    player.refused(desk.offers, entry)
    player.get(operations.tick)
    player.refused(desk.offers, entry)
    player.get(operations.statistics)
    player.get(operations.messages)
    player.get(operations.dead_letters)
    player.get(operations.audit)
    player.get(operations.dispatch)


def kept_in(town: Town, url: str, traces: Traces) -> None:
    """What the storage holds, read as another program reads it."""
    contents = dump(town.system)
    write = codec().dumps
    for name, found in contents.items():
        place = "journal" if name.startswith("journal") else "stored values"
        for each in found if isinstance(found, list) else []:
            traces.add(place, write(each))
            traces.add("reprs", repr(each))
    for table, rows in tables(url).items():
        traces.add(table, *rows)
    if url == "memory:":
        traces.add("table idempotency", town.system._office.storage._state.answers)  # type: ignore[attr-defined]
        traces.add("table budget", town.system._office.storage._state.budgets)  # type: ignore[attr-defined]
    if url.startswith("sqlite"):
        file = Path(url.removeprefix("sqlite:///"))
        _files(file.parent.glob(f"{file.name}*"), traces)
        with sqlite3.connect(file) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _files([file], traces)


def _files(paths: Iterable[Path], traces: Traces) -> None:
    for path in paths:
        traces.add(f"file {path.suffix or path.name}", path.read_bytes().decode("latin-1"))


def town_of(url: str, folder: Path, stack: ExitStack) -> Town:
    """A town whose PINs are marked."""
    open_town = stack.enter_context(contextmanager(open_towns)(folder))
    return open_town(url, keys=MarkedKeyring(KEYS, "2021-01"), seats=60, **RULES)


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
            _files(_flushed(server), traces)
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


def test_a_confirmation_shows_nobody() -> None:
    facts = ConfirmationFacts("r", "Vzorka Vzorová", "Sever", "Smyšlená 1", "comirnaty", ("25. 1. 2021 8:00",), "cs")

    assert "Vzor" not in repr(facts)
    assert "Sever" in repr(facts)


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
                _register(player, invented(number))
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
