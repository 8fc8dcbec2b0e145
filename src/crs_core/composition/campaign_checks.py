"""What must hold across the tables of a campaign file; tolerant of faults that the tables themselves report."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pendulum
from attrs import fields

from crs_core.domain import wording
from crs_core.domain.campaign import Limits
from crs_core.domain.inputs import has_controls, shown
from crs_core.domain.time import Instant
from crs_core.errors import Problem

__all__ = ["across", "zone_of"]

_FALLBACK = "UTC"
_LONGEST_NAME = 64
_DATED = (
    "access",
    "may_register",
    "priority",
    "stock",
    "calendar_check",
    "response",
    "control_pin",
    "invitation",
    "no_show",
    "duplicates",
    "corrections",
    "pending_claims",
    "replan",
    "sending",
)


def zone_of(raw: Mapping[str, Any]) -> tuple[str, list[Problem]]:
    """The campaign's zone, or UTC and a problem, so that the rest can be read."""
    zone = _table(raw.get("campaign")).get("zone")
    if not isinstance(zone, str):
        return _FALLBACK, []
    try:
        pendulum.timezone(zone)
    except Exception:  # noqa: BLE001 - whatever a name makes the zone database say, it is no zone
        rule = "must be an IANA zone"
        return _FALLBACK, [Problem("campaign.zone", shown(zone), rule, "write, for example, 'Europe/Prague'")]
    return zone, []


def across(raw: Mapping[str, Any], moment: Callable[[object], Instant]) -> list[Problem]:
    """Every fault between tables.

    Args:
        moment: Reads the moment of a step, or raises a ValueError.
    """
    return [
        *_dates(raw, moment),
        *_sites(raw),
        *_claims(raw),
        *_groups(raw),
        *_products(raw),
        *_windows(raw),
        *_limits(raw),
        *_texts(raw),
    ]


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _array(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _dates(raw: Mapping[str, Any], moment: Callable[[object], Instant]) -> Iterator[Problem]:
    """A dated rule has at least one step and no moment twice, however it is written."""
    tables = [(name, raw.get(name)) for name in _DATED]
    tables += [(f"products.{name}.interval", _table(of).get("interval")) for name, of in _products_of(raw)]
    for name, steps in tables:
        if steps == [] and name in {"access", "may_register"}:
            yield Problem(name, "[]", "must have at least one step", "add one with its first day")
        seen: set[Instant] = set()
        for number, step in enumerate(_array(steps)):
            try:
                since = moment(_table(step).get("from"))
            except ValueError:  # which reading the step itself reports
                continue
            if since in seen:
                rule = "a dated rule has one value from any moment"
                yield Problem(f"{name}[{number}].from", str(_table(step)["from"]), rule, "merge the two")
            seen.add(since)


def _products_of(raw: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return list(_table(raw.get("products")).items())


def _sites(raw: Mapping[str, Any]) -> Iterator[Problem]:
    if raw.get("sites") == []:
        yield Problem("sites", "[]", "a campaign has at least one site", "add [[sites]]")
    seen: set[str] = set()
    for number, site in enumerate(_array(raw.get("sites"))):
        name = _table(site).get("id")
        if isinstance(name, str):
            if name in seen:
                yield Problem(f"sites[{number}].id", shown(name), "a site's id is unique", "choose another")
            seen.add(name)


def _claims(raw: Mapping[str, Any]) -> Iterator[Problem]:
    head = raw.get("campaign")
    declared = head.get("claims", []) if isinstance(head, dict) else None
    if not isinstance(declared, list):  # which reading the table itself reports
        return
    known = {claim for claim in declared if isinstance(claim, str)}
    places = [(f"may_register[{number}]", step) for number, step in enumerate(_array(raw.get("may_register")))]
    for number, step in enumerate(_array(raw.get("priority"))):
        groups = enumerate(_array(_table(step).get("groups")))
        places += [(f"priority[{number}].groups[{place}]", group) for place, group in groups]
    for place, table in places:
        for number, claim in enumerate(_array(_table(table).get("claims"))):
            if isinstance(claim, str) and claim not in known:
                rule = f"must be among campaign.claims: {sorted(known)}"
                yield Problem(f"{place}.claims[{number}]", shown(claim), rule, "declare it there, or mend the name")
    for number, claim in enumerate(declared):
        if isinstance(claim, str) and ("," in claim or not _is_name(claim)):
            rule = "a claim is a word of 1 to 64 characters without commas"
            yield Problem(f"campaign.claims[{number}]", shown(claim), rule, "rename it")


def _groups(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Scores are given to every group of an order or to none, and an age range is not turned round."""
    for number, step in enumerate(_array(raw.get("priority"))):
        groups = [_table(group) for group in _array(_table(step).get("groups"))]
        for place, group in enumerate(groups):
            where = f"priority[{number}].groups[{place}]"
            if "score" not in group and any("score" in other for other in groups):
                remedy = "give this one a score too, or take the others out: then the first group is called first"
                yield Problem(f"{where}.score", "", "is missing, while other groups have a score", remedy)
            least, most = group.get("minimum_age"), group.get("maximum_age")
            if isinstance(least, int) and isinstance(most, int) and least > most:
                rule = f"must not be below minimum_age={shown(least)}"
                yield Problem(f"{where}.maximum_age", shown(most), rule, "swap the two, or mend one")


def _is_name(text: str) -> bool:
    return 0 < len(text.strip()) == len(text) <= _LONGEST_NAME and not has_controls(text)


def _products(raw: Mapping[str, Any]) -> Iterator[Problem]:
    if raw.get("products") == {}:
        yield Problem("products", "{}", "a campaign has at least one product", "add [products.name]")
    for name, product in _products_of(raw):
        if not _is_name(name):
            yield Problem(f"products.{name}", shown(name), "a product's name has 1 to 64 characters", "name it")
        doses, steps = _table(product).get("doses"), _array(_table(product).get("interval"))
        if isinstance(doses, int) and doses > 1 and not steps:
            rule = f"{doses} doses need an interval"
            yield Problem(f"products.{name}.interval", "", rule, f"add [[products.{name}.interval]]")
        if doses == 1 and steps:
            yield Problem(f"products.{name}.interval", "", "a single dose has no interval", "take it out")


def _windows(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Windows follow one another, each but the last with an end; a window that has ended reminds nobody."""
    for number, step in enumerate(_array(raw.get("invitation"))):
        windows = [_table(window) for window in _array(_table(step).get("windows"))]
        for place, window in enumerate(windows):
            last = place == len(windows) - 1
            where = f"invitation[{number}].windows[{place}]"
            yield from _end(where, window, last=last)
            yield from _reminders(where, window, followed=not last and window.get("then", "next") == "next")


def _end(where: str, window: Mapping[str, Any], *, last: bool) -> Iterator[Problem]:
    then = window.get("then")
    if "hours" not in window and not last:
        yield Problem(f"{where}.hours", "", "only the last window may have no end", "give its length in hours")
    if "hours" not in window and last and then is not None:
        yield Problem(f"{where}.then", shown(then), "nothing follows a window without an end", "give it hours")
    if last and then == "next":
        yield Problem(f"{where}.then", shown(then), "no window follows the last", "write 'return' or 'lapse'")
    if not last and then == "lapse":
        yield Problem(f"{where}.then", shown(then), "no window follows a lapse", "write it at the last window")


def _reminders(where: str, window: Mapping[str, Any], *, followed: bool) -> Iterator[Problem]:
    """At the very end only where the next window begins: the other ends have messages of their own."""
    hours = window.get("hours")
    for number, reminder in enumerate(_array(window.get("reminders_hours"))):
        if not isinstance(reminder, int) or not isinstance(hours, int):
            continue
        if reminder > hours - (not followed):
            rule = f"a reminder comes before the end of its window, hours={shown(hours)}"
            yield Problem(f"{where}.reminders_hours[{number}]", shown(reminder), rule, "take it out")


def _limits(raw: Mapping[str, Any]) -> Iterator[Problem]:
    known = {attribute.name for attribute in fields(Limits)}
    for name in _table(raw.get("limits")):
        if name not in known:
            yield Problem(f"limits.{name}", "", f"must be one of {sorted(known)}", "mend the name or take it out")


def _texts(raw: Mapping[str, Any]) -> Iterator[Problem]:
    languages = _array(_table(raw.get("campaign")).get("languages")) or list(wording.LANGUAGES)
    for number, language in enumerate(languages):
        if isinstance(language, str) and language not in wording.LANGUAGES:
            rule = f"messages are written in {list(wording.LANGUAGES)}"
            yield Problem(f"campaign.languages[{number}]", shown(language), rule, "choose among them")
    for language, texts in _table(raw.get("texts")).items():
        if language not in languages:
            yield Problem(f"texts.{language}", "", f"must be one of {shown(languages)}", "add it to campaign.languages")
        for name, text in _table(texts).items():
            yield from _text(f"texts.{language}.{name}", name, text)


def _text(place: str, name: str, text: object) -> Iterator[Problem]:
    if name not in wording.PLACEHOLDERS:
        yield Problem(place, "", f"must be one of {sorted(wording.PLACEHOLDERS)}", "mend the name")
        return
    if not isinstance(text, str):
        return
    try:
        used = wording.placeholders(text)
    except ValueError as error:
        yield Problem(place, shown(text), str(error), "write names in braces: {pin}")
        return
    if unknown := sorted(used - wording.PLACEHOLDERS[name]):
        rule = f"may show only {sorted(wording.PLACEHOLDERS[name])}"
        yield Problem(place, str(unknown), rule, "take the others out")
    if "pin" in wording.PLACEHOLDERS[name] - used:
        yield Problem(place, shown(text), "must show {pin}", "put {pin} into the text")
    if has_controls(text.replace("\n", "")):
        yield Problem(place, shown(text), "must have no control characters but line ends", "leave them out")
