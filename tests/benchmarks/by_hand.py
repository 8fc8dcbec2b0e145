"""The same reads and writes as `register` and `reserve`, by hand: SQL text on the driver, no rules, no checks.

What a developer would write who knows just these two commands. The tables are those of the adapter.
"""

import json
from datetime import date
from typing import Any, Protocol

from tests.benchmarks.town import BORN, FIRST_DAYS, NOW, SECOND_DAYS, insured_number, phone

MICROS = int(NOW.timestamp()) * 1_000_000
HOUR_AGO = MICROS - 3_600_000_000


class Connection(Protocol):
    """What `sqlite3` and psycopg have in common."""

    def execute(self, query: Any, params: Any = ..., /) -> Any:
        """A cursor."""
        ...


class ByHand:
    """One connection, one transaction a command."""

    def __init__(self, connection: Connection, begin: str, mark: str, lock: str) -> None:
        self._connection = connection
        self._begin = begin
        self._sql = {name: text.replace("?", mark).replace("/*lock*/", lock) for name, text in _SQL.items()}

    def _run(self, name: str, *values: object) -> Any:
        return self._connection.execute(self._sql[name], values)

    def _value(self, table: str, key: str) -> dict[str, Any]:
        version, body = self._run(f"get {table}", key).fetchone()
        return {"version": version, **json.loads(body)}

    def register(self, number: int) -> None:
        """Steps 3 and 4."""
        name, person = f"registration-{number}", f"person-{number}"
        self._run("get in_force", "campaign").fetchone()
        self._connection.execute(self._begin)
        proved = self._value("challenge", f"challenge-{number}")
        self._run("budget", f"register:{number}", MICROS, HOUR_AGO, HOUR_AGO, MICROS, 10).fetchone()
        self._value("site", "north")
        self._run("get person", person).fetchone()
        for _ in range(2):  # as many registrations are looked for where there are none: time tells nobody
            self._run("get registration", "").fetchone()
        of = {"insured_number": insured_number(number), "registration_id": name}
        self._run("new person", person, json.dumps(of))
        body = registration(number, proved["phone"])
        columns = ("north", 1, "", BORN.isoformat(), BORN.year, MICROS, number, None)
        self._run("new registration", name, *columns, json.dumps(body))
        facts = json.dumps({"age": "80-84", "registration": name})
        self._run("journal", MICROS, "registered", person, "north", "citizen", facts)
        self._message(f"registered-{number}", "registered", person, name, number)
        self._connection.execute("COMMIT")

    def reserve(self, number: int) -> None:
        """Step 8."""
        name, person, reservation = f"registration-{number}", f"person-{number}", f"reservation-{number}"
        first, second, minute = FIRST_DAYS[0], SECOND_DAYS[0], 480 + 30 * (number % 16)
        self._run("get in_force", "campaign").fetchone()
        self._connection.execute(self._begin)
        before = self._value("registration", name)
        self._value("site", "north")
        free: dict[tuple[str, str], int] = {}
        for kind, series, day, seats, _ in self._run("days", "north").fetchall():
            if kind == "day":
                free[series, day] = seats
        if not free["V1", first.isoformat()] or not free["V2", second.isoformat()]:
            raise LookupError("full")
        after = {**before, "reservation_id": reservation}
        version = after.pop("version")
        columns = ("north", 0, "", BORN.isoformat(), BORN.year, MICROS, number, None)
        values = (*columns, json.dumps(after), name, version)
        self._run("change registration", *values)
        body = json.dumps(reservation_body(reservation, name, first, second, minute))
        days = (first.isoformat(), second.isoformat(), None)
        self._run("new reservation", reservation, name, 1, "north", *days, body)
        for kind, series, day, at in (
            ("day", "V1", first, -1),
            ("day", "V2", second, -1),
            ("slot", "V1", first, minute),
            ("slot", "V2", second, minute),
        ):
            self._run("account", "north", kind, series, day.isoformat(), at)
        facts = {"age": "80-84", "registration": name, "reservation": reservation, "at": "north", "invitation": 0}
        self._run("journal", MICROS, "reserved", person, "north", "citizen", json.dumps(facts))
        self._message(f"reserved-{number}", "reserved", f"{person}/{reservation}", name, number)
        self._connection.execute("COMMIT")

    def _message(self, name: str, purpose: str, person: str, subject: str, number: int) -> None:
        body = {"recipient": phone(number), "language": "cs", "subject": subject, "facts": {"site": "Vzorov"}}
        self._run("message", name, purpose, person, MICROS, MICROS, MICROS, json.dumps(body))


def registration(number: int, of: str) -> dict[str, Any]:
    """The body of a registration."""
    return {
        "id": f"registration-{number}",
        "person": f"person-{number}",
        "insured_number": insured_number(number),
        "first_name": "Vzor",
        "last_name": "Smyšlený",
        "birth_date": BORN.isoformat(),
        "phone": of,
        "email": None,
        "language": "cs",
        "site_id": "north",
        "claims": "",
        "doubt": "",
        "registered_at": MICROS,
        "seniority": MICROS,
        "pin_key_id": "bench",
        "pin_generation": 1,
        "gate": "queued",
        "invitation": None,
        "reservation_id": None,
        "withdrawn_at": None,
        "ticket": number,
    }


def reservation_body(name: str, of: str, first: date, second: date, minute: int) -> dict[str, Any]:
    """The body of a reservation."""
    doses = [
        {"dose": dose, "calendar": f"V{dose}", "day": day.isoformat(), "minute": minute}
        for dose, day in ((1, first), (2, second))
    ]
    return {"id": name, "registration_id": of, "site_id": "north", "doses": doses, "made_at": MICROS}


_SQL = {
    **{
        f"get {table}": f"SELECT version, body FROM {table} WHERE id = ?"
        for table in ("in_force", "person", "challenge")
    },
    **{
        f"get {table}": f"SELECT version, body FROM {table} WHERE id = ? /*lock*/" for table in ("site", "registration")
    },
    "budget": (
        "INSERT INTO budget (name, started_at, used) VALUES (?, ?, 1) ON CONFLICT (name) DO UPDATE SET "
        "used = CASE WHEN budget.started_at <= ? THEN 1 ELSE budget.used + 1 END, "
        "started_at = CASE WHEN budget.started_at <= ? THEN ? ELSE budget.started_at END "
        "WHERE budget.used < ? RETURNING used"
    ),
    "new person": "INSERT INTO person (id, version, body) VALUES (?, 1, ?)",
    "new registration": (
        "INSERT INTO registration (id, version, site_id, queued, claims, birth_date, birth_year, seniority, ticket, "
        "wakes_at, body) VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ),
    "change registration": (
        "UPDATE registration SET version = version + 1, site_id = ?, queued = ?, claims = ?, birth_date = ?, "
        "birth_year = ?, seniority = ?, ticket = ?, wakes_at = ?, body = ? WHERE id = ? AND version = ?"
    ),
    "new reservation": (
        "INSERT INTO reservation (id, version, registration_id, active, site_id, first_day, second_day, third_day, "
        "body) VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?)"
    ),
    "days": (
        "SELECT kind, series, day, free, held FROM account WHERE site_id = ? AND kind IN ('day', 'delivery', 'invited')"
    ),
    "account": (
        "UPDATE account SET free = free - 1, reserved = reserved + 1 "
        "WHERE site_id = ? AND kind = ? AND series = ? AND day = ? AND minute = ?"
    ),
    "journal": ("INSERT INTO journal (at, kind, person, site_id, actor, facts, counted) VALUES (?, ?, ?, ?, ?, ?, 0)"),
    "message": (
        "INSERT INTO outbox (id, lane, channel, purpose, person, created_at, due_at, good_until, attempts, body, "
        "state, gateway_id, reason) VALUES (?, 1, 'sms', ?, ?, ?, ?, ?, 0, ?, 'owed', '', '') ON CONFLICT DO NOTHING"
    ),
}
