"""Bad values for every field of every command: of the wrong kind, endless, or of characters that nothing takes."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import attrs
from attrs import evolve, frozen

import crs_core as crs

SENTINEL = "Vzorka"  # stands in every text that is secret: no error may repeat it


def wide(text: str) -> str:
    """The same in full-width characters, as an East Asian keyboard writes digits."""
    return "".join(chr(ord(each) + 0xFEE0) for each in text)


NO_TEXTS: list[Any] = [None, 5, 1.5, True, b"bytes", [], {}, object(), date(2021, 1, 1)]
HALF = "\ud800"  # half a surrogate pair: no character, and nothing can write it
CONTROLS = ["\x00", "a\x00b", HALF, "a\nb", "\x1b[31m", "\u202eb", "\u2028", "\x7f"]
LONG = "x" * 100_000
NO_TOKENS = [*NO_TEXTS, *CONTROLS, LONG, "", ".", "..", "a.b.c", "2021-01..", "😀.😀.😀", "2021-01.W10.AAAA"]
NO_PINS = [*NO_TEXTS, *CONTROLS, LONG, "", "1", "12345", "abcdef", wide("111111"), "١٢٣٤٥٦", "123456789012", "-", "1e5"]
NO_DAYS: list[Any] = ["2021-01-25", 5, 1.5, True, b"2021-01-25", [], {}, object(), datetime(2021, 1, 25, tzinfo=UTC)]
_NO_YEARS = [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), datetime(1999, 12, 31, tzinfo=UTC)]
NO_MOMENTS: list[Any] = [
    *(*NO_TEXTS, "2021-02-01T00:00", 5, datetime(2021, 2, 1)),  # noqa: DTZ001 - what is refused
    *_NO_YEARS,
    *(each.replace(tzinfo=timezone(timedelta(hours=hours))) for each in _NO_YEARS for hours in (-5, 5)),
]
NO_TRUTHS: list[Any] = [None, 0, 1, 5, "yes", "False", b"yes", [], {}, object()]
NO_NUMBERS: list[Any] = ["5", 1.5, True, b"5", [], {}, object(), 10**30, -(10**5000)]


@frozen
class Case:
    """Bad values of one field of one command, and the code of the error.

    Attributes:
        place: What the error names; the field where it is not given.
    """

    command: str
    field: str
    values: list[Any] = attrs.field(repr=False)
    code: str = "invalid_input"
    place: str = ""


def text_like(command: str, name: str) -> Case:
    return Case(command, name, [*NO_TEXTS[1:], *CONTROLS, LONG])


def of_callers(*commands: str) -> list[Case]:
    """Every command has an actor and, but for rounds, an idempotency key."""
    cases = [text_like(command, "actor") for command in commands]
    bad = [*NO_TEXTS[1:], "", *CONTROLS, LONG, "x" * 256]
    keyed = [command for command in commands if command not in {"release", "release_all", "dispatch", "tick"}]
    return cases + [Case(command, "idempotency_key", bad) for command in keyed]


CITIZEN = [
    Case("sites", "region", [*NO_TEXTS[1:], *CONTROLS, LONG]),
    Case(
        "request_control_pin",
        "phone",
        [
            *(*NO_TEXTS, *CONTROLS, LONG, "", "+", "abc", "601", "112", "+42060100000", "+4206010000001"),
            *("+12025550123", "+420012345678", f"{wide('+420601000001')}x", "601000001😀", f"{SENTINEL}601000001"),
        ],
    ),
    text_like("request_control_pin", "source"),
    Case("request_control_pin", "language", [5, b"cs", ["cs"], {"cs": 1}, "CS", "de", "cs\x00", LONG, HALF]),
    Case("verify_phone", "handle", NO_TOKENS, "token_invalid"),
    Case("verify_phone", "pin", NO_PINS),
    text_like("verify_phone", "source"),
    Case("register", "proof", NO_TOKENS, "token_invalid"),
    Case("register", "application", [*NO_TEXTS, "Vzorová"]),
    Case(
        "register",
        "application.insured_number",
        [
            *(*NO_TEXTS, *CONTROLS, LONG),
            *("", "123", "abcdefghi", "4013010011", "400001001", "991231001"),
            *(f"4{wide('00')}101001", "40/01/01/001", f"{SENTINEL}"),
        ],
        place="insured_number",
    ),
    *(
        Case(
            "register",
            f"application.{name}",
            [*NO_TEXTS, *CONTROLS, LONG, "", " ", "123", "-", "😀", f"{SENTINEL}\x00"],
            place=name,
        )
        for name in ("first_name", "last_name")
    ),
    Case(
        "register",
        "application.birth_date",
        [None, *NO_DAYS, date(1894, 12, 31), date(2021, 1, 24), date.max],
        place="birth_date",
    ),
    Case(
        "register",
        "application.site_id",
        [*NO_TEXTS, *CONTROLS, LONG, "", "nowhere", "North"],
        "unknown_site",
        place="site",
    ),
    Case("register", "application.language", [None, 5, b"cs", ["cs"], {"cs"}, "CS", "", LONG], place="language"),
    Case(
        "register",
        "application.email",
        [
            *(*CONTROLS, LONG),
            *(5, b"a@example.org", ["a"], "a", "@", "a@"),
            *("@example.org", "a@b", "a b@example.org", "a@example..org", "a,b@example.org", "a\x00@example.org"),
            *(f"{HALF}@example.org", "a@exam\u202eple.org", f"{SENTINEL}@", "<a@example.org>"),
        ],
        place="email",
    ),
    Case(
        "register",
        "application.claims",
        [5, 1.5, "doctor", b"doctor", ["doctor"], {"doctor": 1}, [5], [None, "x"]],
        place="claims",
    ),
    Case(
        "enter",
        "insured_number",
        [*NO_TEXTS, *CONTROLS, LONG, "", "abc", wide("444444444"), "4" * 8, "4" * 11, SENTINEL],
    ),
    Case("enter", "pin2", [*NO_PINS, "123456", "123456789"]),
    text_like("enter", "source"),
    Case(
        "remind_pin",
        "insured_number",
        [*NO_TEXTS, *CONTROLS, LONG, "", "abc", wide("444444444"), "4" * 8, "4" * 11, SENTINEL],
    ),
    text_like("remind_pin", "source"),
    Case("enter", "proof", [each for each in NO_TOKENS if each is not None], "token_invalid"),
    Case("correct", "entry", NO_TOKENS, "token_invalid"),
    Case("correct", "proof", [each for each in NO_TOKENS if each is not None], "token_invalid"),
    *(
        Case("correct", name, [*(each for each in NO_TEXTS if each is not None), *CONTROLS, LONG, "", " ", "123", "-"])
        for name in ("first_name", "last_name")
    ),
    Case("correct", "birth_date", [*NO_DAYS, date(1894, 12, 31), date(2021, 1, 24), date.max]),
    Case("correct", "site_id", [5, b"north", [], {}, "nowhere", "", "\x00", HALF, LONG], "unknown_site", place="site"),
    Case("correct", "language", [5, b"cs", ["cs"], {"cs"}, "CS", "", LONG]),
    Case("correct", "email", [5, b"a@example.org", ["a"], *CONTROLS, LONG, "a", "a@b", f"{SENTINEL}@", 0, False]),
    Case("dispute", "proof", NO_TOKENS, "token_invalid"),
    Case(
        "dispute",
        "insured_number",
        [*NO_TEXTS, *CONTROLS, LONG, "", "abc", wide("444444444"), "4" * 8, "4" * 11, SENTINEL],
    ),
    Case("offers", "entry", NO_TOKENS, "token_invalid"),
    Case("offers", "site", [5, b"north", [], {}, "nowhere", "\x00", HALF, LONG], "other_site"),
    Case("offers", "day", NO_DAYS),
    Case("reserve", "entry", NO_TOKENS, "token_invalid"),
    Case("reserve", "offer", NO_TOKENS, "token_invalid"),
    Case("reserve", "email", [5, b"a@example.org", ["a"], *CONTROLS, LONG, "a", "a@b", "a\x00@example.org", 0, False]),
    *(
        case
        for command in ("move_offers", "move_dose")
        for case in (
            Case(command, "entry", NO_TOKENS, "token_invalid"),
            Case(command, "dose", [None, *NO_NUMBERS, 0, 4, -1]),
        )
    ),
    Case("move_offers", "day", NO_DAYS),
    Case("move_dose", "offer", NO_TOKENS, "token_invalid"),
    Case("cancel", "entry", NO_TOKENS, "token_invalid"),
    Case("withdraw", "entry", NO_TOKENS, "token_invalid"),
    Case("journey", "entry", NO_TOKENS, "token_invalid"),
    Case("details", "entry", NO_TOKENS, "token_invalid"),
    Case("confirmation", "entry", NO_TOKENS, "token_invalid"),
    Case("confirmation", "documents", NO_TRUTHS),
    *of_callers("request_control_pin", "verify_phone", "register", "enter", "reserve", "cancel", "withdraw"),
    *of_callers("remind_pin", "move_dose", "correct", "dispute"),
]

SLOT = crs.Slot(date(2021, 1, 25), 600, 5)
CALENDAR = crs.Calendar("V1", "comirnaty", 1, [SLOT])
DELIVERY = crs.Delivery("D1", "comirnaty", date(2021, 1, 25), 100)
BAD_DAYS = [None, *NO_DAYS, date(1999, 12, 31), date(2200, 1, 1), date.min, date.max]


def calendars(name: str, values: Iterable[Any]) -> list[list[crs.Calendar]]:
    return [[evolve(CALENDAR, **{name: value})] for value in values]


def slots(name: str, values: Iterable[Any]) -> list[list[crs.Calendar]]:
    return [[evolve(CALENDAR, slots=[evolve(SLOT, **{name: value})])] for value in values]


def deliveries(name: str, values: Iterable[Any]) -> list[crs.Delivery]:
    return [evolve(DELIVERY, **{name: value}) for value in values]


SITE = [
    Case("publish", "published", [None, 5, 1.5, True, object()], place="calendars"),
    Case("publish", "published", [[None], ["V1"], "V", b"V", {"V1": 1}, [SLOT, CALENDAR]], place="calendars[0]"),
    Case("publish", "published", calendars("name", [*NO_TEXTS, *CONTROLS, "", LONG]), place="calendars[0].name"),
    Case("publish", "published", [[CALENDAR, CALENDAR]], place="calendars[V1].name"),
    Case(
        "publish", "published", calendars("product", [*NO_TEXTS, "", "Comirnaty", LONG]), place="calendars[V1].product"
    ),
    Case("publish", "published", calendars("dose", [None, *NO_NUMBERS, 0, 3, -1]), place="calendars[V1].dose"),
    Case("publish", "published", calendars("slots", [None, 5, object()]), place="calendars[V1].slots"),
    Case(
        "publish",
        "published",
        calendars("slots", ["ab", [None, SLOT], [5], [SLOT, "x"], {"a": 1}]),
        place="calendars[V1].slots[",
    ),
    Case("publish", "published", slots("day", BAD_DAYS), place="calendars[V1].slots[0].day"),
    Case("publish", "published", slots("minute", [None, *NO_NUMBERS, -1, 1440]), place="calendars[V1].slots[0].minute"),
    Case(
        "publish", "published", slots("seats", [None, *NO_NUMBERS, -1, 100_001]), place="calendars[V1].slots[0].seats"
    ),
    Case("publish", "published", calendars("slots", [[SLOT, SLOT]]), place="calendars[V1].slots[2021-01-25 10:00]"),
    Case(
        "publish",
        "published",
        slots("day", []) + calendars("slots", [[crs.Slot(date(2021, 3, 28), 150, 1)]]),
        place="calendars[V1].slots[2021-03-28 02:30]",
    ),
    *(
        case
        for command in ("expect", "receive")
        for case in (
            Case(command, "delivery", [*NO_TEXTS, "D1", CALENDAR], place="delivery"),
            Case(command, "delivery", deliveries("id", [*NO_TEXTS, *CONTROLS, "", LONG]), place="delivery.id"),
            Case(command, "delivery", deliveries("product", [*NO_TEXTS, "", "x", LONG]), place="delivery.product"),
            Case(command, "delivery", deliveries("day", BAD_DAYS), place="delivery.day"),
            Case(command, "delivery", deliveries("doses", [None, *NO_NUMBERS, -1, 10**9]), place="delivery.doses"),
            Case(command, "delivery", deliveries("received", [*NO_NUMBERS, -1, 10**9]), place="delivery.received"),
        )
    ),
    *(Case(command, "cut", NO_TRUTHS) for command in ("publish", "receive")),
    Case("release", "dry_run", NO_TRUTHS),
    *of_callers("publish", "expect", "receive", "open", "close", "release"),
]
SITE += [
    Case("appointments", "day", NO_DAYS),
    Case("check_in", "reservation_id", [*NO_TEXTS, *CONTROLS, LONG, ""]),
    Case("check_in", "insured_number", [*NO_TEXTS[1:], *CONTROLS, LONG, f"{SENTINEL}{SENTINEL}", "401231001"]),
    *(
        case
        for command in ("record_dose", "no_show")
        for case in (
            Case(command, "reservation_id", [*NO_TEXTS, *CONTROLS, LONG, ""]),
            Case(command, "dose", [None, *NO_NUMBERS, 0, 4, -1]),
        )
    ),
    Case("record_dose", "batch", [*NO_TEXTS, *CONTROLS, LONG]),
    Case("undo", "reservation_id", [*NO_TEXTS, *CONTROLS, LONG, ""]),
    Case("undo", "reason", [*NO_TEXTS, *CONTROLS, LONG, ""]),
    *of_callers("check_in", "record_dose", "no_show", "undo"),
]

OPERATIONS = [
    Case("dispatch", "limit", [None, *NO_NUMBERS, -1, 1_000_001]),
    Case("dead_letters", "limit", [None, *NO_NUMBERS, -1, 1_000_001]),
    Case("statistics", "day", NO_DAYS),
    Case("explain", "registration_id", [*NO_TEXTS, *CONTROLS, "", LONG]),
    Case(
        "explain",
        "registration_id",
        ["nobody", "😀", "x" * 200, "'; DROP TABLE person; --"],
        "unknown_registration",
        place="registration",
    ),
    Case("explain_seat", "calendar", [*NO_TEXTS, *CONTROLS, LONG]),
    Case("explain_seat", "day", NO_DAYS),
    Case("explain_seat", "minute", [None, *NO_NUMBERS, -1, 1440]),
    *(
        Case(command, "site_id", [*NO_TEXTS, *CONTROLS, "", LONG, "nowhere"], "unknown_site", place="site")
        for command in ("explain_site", "explain_seat")
    ),
    Case("settle_duplicate", "registration_id", [*NO_TEXTS, *CONTROLS, "", LONG]),
    Case("settle_duplicate", "registration_id", ["nobody", "😀"], "unknown_registration", place="registration"),
    *of_callers("settle_duplicate"),
    Case(
        "releases",
        "site_id",
        [*(each for each in NO_TEXTS if each is not None), *CONTROLS, "", LONG, "nowhere"],
        "unknown_site",
        place="site",
    ),
    Case(
        "erase",
        "insured_number",
        [*NO_TEXTS, *CONTROLS, LONG, "", "abc", wide("444444444"), "4" * 8, "4" * 11, SENTINEL],
    ),
    Case("replan", "site_id", [*NO_TEXTS, *CONTROLS, "", LONG, "nowhere"], "unknown_site", place="site"),
    Case("amend", "campaign", [*NO_TEXTS, "campaign.toml"]),
    Case("announce_maintenance", "start", NO_MOMENTS),
    Case("announce_maintenance", "end", [*NO_MOMENTS, *(datetime(year, 1, 1, tzinfo=UTC) for year in (2020, 2022))]),
    *of_callers("release_all", "erase", "dispatch", "tick", "amend", "announce_maintenance", "end_maintenance"),
    Case("replan", "dry_run", NO_TRUTHS),
    *of_callers("replan"),
    Case("delivered", "message_id", [*NO_TEXTS, *CONTROLS, "", LONG]),
    Case("delivered", "message_id", ["nobody", "x" * 200], "unknown_message", place="message"),
    Case("delivered", "at", NO_MOMENTS[1:]),
    *of_callers("delivered"),
]
