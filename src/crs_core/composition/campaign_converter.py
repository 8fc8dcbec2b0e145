"""A strict reading of TOML: nothing is guessed, an unknown name is a fault, a moment is read in the campaign's zone."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import cattrs
import pendulum
from attrs import Attribute, fields
from cattrs.gen import make_dict_structure_fn, make_mapping_structure_fn

from crs_core.composition.campaign_tables import DATED, TABLES
from crs_core.composition.faults import Fault
from crs_core.domain.campaign import Access, StockRule
from crs_core.domain.order import AgeMeaning, Order
from crs_core.domain.terms import CountsFrom, Then
from crs_core.domain.time import Day, Instant, midnight, parse_instant, utc

__all__ = ["converter_of", "moment"]

_LARGEST = 10**9
_FIRST_YEAR, _LAST_YEAR = 2000, 2199


def converter_of(zone: str) -> cattrs.Converter:
    """A converter to the tables of a campaign file, of a zone; a value that breaks a rule raises a `Fault`."""
    converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=True)
    for kind, name in ((str, "text"), (int, "a whole number"), (bool, "true or false")):
        converter.register_structure_hook(kind, _exactly(kind, name))
    converter.register_structure_hook(float, lambda value, _: _number(value))
    converter.register_structure_hook(Day, lambda value, _: _day(value))
    converter.register_structure_hook(Instant, lambda value, _: moment(value, zone))
    for kinds in (Access, StockRule, AgeMeaning, Order, Then, CountsFrom):
        converter.register_structure_hook(kinds, _choice(kinds))
    converter.register_structure_hook_factory(
        lambda kind: getattr(kind, "__origin__", None) is dict,
        lambda kind: _table(make_mapping_structure_fn(kind, converter, dict, detailed_validation=True)),
    )
    converter.register_structure_hook_func(
        lambda kind: getattr(kind, "__origin__", None) in (tuple, frozenset), _array(converter)
    )
    for table in TABLES:
        structure = _structure(table, converter)
        converter.register_structure_hook(table, _table(structure))
    return converter


def _structure(table: type, converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    overrides: dict[str, Any] = {
        each.name: _ruled(each, converter) for each in fields(table) if "rule" in each.metadata
    }
    if table in DATED:  # "from" is no name for an attribute in Python
        overrides["since"] = cattrs.override(rename="from")
    return make_dict_structure_fn(table, converter, _cattrs_forbid_extra_keys=True, **overrides)


def _ruled(attribute: "Attribute[Any]", converter: cattrs.Converter) -> Any:
    def hook(value: object, kind: Any) -> object:
        found = converter.structure(value, kind)
        attribute.metadata["rule"](found)
        return found

    return cattrs.override(struct_hook=hook)


def _table(structure: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def hook(value: object, kind: object) -> object:
        if not isinstance(value, dict):
            raise Fault("must be a table", "write it as [name] or {…}", value)
        return structure(value, kind)

    return hook


def _array(converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    def hook(value: object, kind: Any) -> object:
        if not isinstance(value, list):
            raise Fault("must be an array", "write it as [ … ], or each entry under [[name]]", value)
        found = converter.structure(value, list[kind.__args__[0]])
        return kind.__origin__(found)

    return hook


def _exactly(kind: type, name: str) -> Callable[[Any, Any], Any]:
    def hook(value: object, _: object) -> object:
        if type(value) is not kind:
            raise Fault(f"must be {name}", f"write {name}", value)
        return value

    return hook


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _LARGEST:
        raise Fault("must be a number", "write a number such as 0.2", value)
    return float(value)


def _choice(kinds: Any) -> Callable[[Any, Any], Any]:
    names = [each.value for each in kinds]

    def hook(value: object, _: object) -> object:
        if value not in names:
            raise Fault(f"must be one of {names}", "choose one of them", value)
        return kinds(value)

    return hook


def moment(value: object, zone: str) -> Instant:
    """The instant that a day or a moment of the file means; without an offset it is wall-clock time in the zone.

    Raises:
        Fault: It is neither, or lies outside the years that a campaign may have.
    """
    example = f"write, for example, {_FIRST_YEAR + 21}-01-22T00:00:00"
    try:
        found = _instant(value, zone)
    except TypeError:
        raise Fault("must be a day or a moment", example, value) from None
    except (ValueError, OverflowError) as error:
        raise Fault(str(error), example, value) from None
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise Fault(f"must lie in the years {_FIRST_YEAR} to {_LAST_YEAR}", example, value)
    return found


def _day(value: object) -> Day:
    example = f"write, for example, {_FIRST_YEAR + 21}-01-26"
    if isinstance(value, datetime) or not isinstance(value, date):
        raise Fault("must be a day without a time", example, value)
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise Fault(f"must lie in the years {_FIRST_YEAR} to {_LAST_YEAR}", example, value)
    return value


def _instant(value: object, zone: str) -> Instant:
    if isinstance(value, datetime):
        return utc(value if value.tzinfo else pendulum.instance(value, tz=zone))
    if isinstance(value, date):
        return midnight(value, zone)
    if isinstance(value, str):
        return parse_instant(value, zone)
    raise TypeError
