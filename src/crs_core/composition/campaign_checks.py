"""What must hold across the tables of a campaign file; tolerant of faults that the tables themselves report."""

from collections.abc import Iterator, Mapping
from typing import Any

import pendulum
from attrs import fields

from crs_core.domain import wording
from crs_core.domain.campaign import Limits
from crs_core.errors import Problem

__all__ = ["across", "zone_of"]

_FALLBACK = "UTC"
_DATED = ("access", "may_register", "priority", "stock", "control_pin", "invitation")


def zone_of(raw: Mapping[str, Any]) -> tuple[str, list[Problem]]:
    """The campaign's zone, or UTC and a problem, so that the rest can be read."""
    zone = _table(raw.get("campaign")).get("zone")
    if not isinstance(zone, str):
        return _FALLBACK, []
    try:
        pendulum.timezone(zone)
    except Exception:  # noqa: BLE001 - whatever a name makes the zone database say, it is no zone
        rule = "must be an IANA zone"
        return _FALLBACK, [Problem("campaign.zone", repr(zone), rule, "write, for example, 'Europe/Prague'")]
    return zone, []


def across(raw: Mapping[str, Any]) -> list[Problem]:
    """Every fault between tables."""
    return [*_dates(raw), *_sites(raw), *_claims(raw), *_products(raw), *_limits(raw), *_texts(raw)]


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _array(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _dates(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """A dated rule has at least one step and no day twice."""
    tables = [(name, raw.get(name)) for name in _DATED]
    tables += [(f"products.{name}.interval", _table(of).get("interval")) for name, of in _products_of(raw)]
    for name, steps in tables:
        if steps == [] and name in {"access", "may_register"}:
            yield Problem(name, "[]", "must have at least one step", "add one with its first day")
        seen: set[str] = set()
        for number, step in enumerate(_array(steps)):
            since = str(_table(step).get("from", number))
            if since in seen:
                rule = "a dated rule has one value from any moment"
                yield Problem(f"{name}[{number}].from", since, rule, "merge the two")
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
                yield Problem(f"sites[{number}].id", repr(name), "a site's id is unique", "choose another")
            seen.add(name)


def _claims(raw: Mapping[str, Any]) -> Iterator[Problem]:
    known = {claim for claim in _array(_table(raw.get("campaign")).get("claims")) if isinstance(claim, str)}
    places = [(f"may_register[{number}]", step) for number, step in enumerate(_array(raw.get("may_register")))]
    for number, step in enumerate(_array(raw.get("priority"))):
        groups = enumerate(_array(_table(step).get("groups")))
        places += [(f"priority[{number}].groups[{place}]", group) for place, group in groups]
    for place, table in places:
        for claim in _array(_table(table).get("claims")):
            if isinstance(claim, str) and claim not in known:
                rule = f"must be among campaign.claims: {sorted(known)}"
                yield Problem(f"{place}.claims", repr(claim), rule, "declare it there, or mend the name")
    for claim in sorted(known):
        if "," in claim or not claim.strip():
            yield Problem("campaign.claims", repr(claim), "a claim is a word without commas", "rename it")


def _products(raw: Mapping[str, Any]) -> Iterator[Problem]:
    if raw.get("products") == {}:
        yield Problem("products", "{}", "a campaign has at least one product", "add [products.name]")
    for name, product in _products_of(raw):
        doses, steps = _table(product).get("doses"), _array(_table(product).get("interval"))
        if isinstance(doses, int) and doses > 1 and not steps:
            rule = f"{doses} doses need an interval"
            yield Problem(f"products.{name}.interval", "", rule, f"add [[products.{name}.interval]]")
        if doses == 1 and steps:
            yield Problem(f"products.{name}.interval", "", "a single dose has no interval", "take it out")


def _limits(raw: Mapping[str, Any]) -> Iterator[Problem]:
    known = {attribute.name for attribute in fields(Limits)}
    for name in _table(raw.get("limits")):
        if name not in known:
            yield Problem(f"limits.{name}", "", f"must be one of {sorted(known)}", "mend the name or take it out")


def _texts(raw: Mapping[str, Any]) -> Iterator[Problem]:
    languages = _array(_table(raw.get("campaign")).get("languages")) or list(wording.LANGUAGES)
    for language in languages:
        if isinstance(language, str) and language not in wording.LANGUAGES:
            rule = f"messages are written in {list(wording.LANGUAGES)}"
            yield Problem("campaign.languages", repr(language), rule, "choose among them")
    for language, texts in _table(raw.get("texts")).items():
        if language not in languages:
            yield Problem(f"texts.{language}", "", f"must be one of {languages}", "add it to campaign.languages")
        for name, text in _table(texts).items():
            yield from _text(f"texts.{language}.{name}", name, text)


def _text(place: str, name: str, text: object) -> Iterator[Problem]:
    if name not in wording.PLACEHOLDERS:
        yield Problem(place, "", f"must be one of {sorted(wording.PLACEHOLDERS)}", "mend the name")
        return
    if not isinstance(text, str):
        return
    try:
        shown = wording.placeholders(text)
    except ValueError as error:
        yield Problem(place, repr(text[:40]), str(error), "write names in braces: {pin}")
        return
    if unknown := sorted(shown - wording.PLACEHOLDERS[name]):
        rule = f"may show only {sorted(wording.PLACEHOLDERS[name])}"
        yield Problem(place, str(unknown), rule, "take the others out")
    if "pin" in wording.PLACEHOLDERS[name] - shown:
        yield Problem(place, repr(text[:40]), "must show {pin}", "put {pin} into the text")
