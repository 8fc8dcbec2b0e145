"""A campaign from a TOML file: every fault of the file at once, each with its place, rule and remedy."""

import re
import tomllib
from collections.abc import Callable
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import cattrs
import pendulum
from attrs import Attribute, field, fields, frozen
from cattrs.gen import make_dict_structure_fn, make_mapping_structure_fn

from crs_core.composition import campaign_checks
from crs_core.composition.faults import Fault, problems_of
from crs_core.domain.campaign import (
    Access,
    Budget,
    CalendarCheckRule,
    Campaign,
    ControlPinRule,
    Eligibility,
    Interval,
    InvitationRule,
    Limits,
    NoShowRule,
    Place,
    Priority,
    PriorityGroup,
    Product,
    ReplanRule,
    ResponseRule,
    Sending,
    StockRule,
)
from crs_core.domain.inputs import has_controls, shown
from crs_core.domain.order import AgeMeaning, Order
from crs_core.domain.rules import Dated, always
from crs_core.domain.time import Day, Instant, midnight, parse_instant, utc
from crs_core.errors import CampaignInvalid, Problem

__all__ = ["load_campaign", "read_campaign"]

V = TypeVar("V")

_LONGEST = 200
_LARGEST = 10**9
_LEAST_SHARE, _WHOLE = 10, 100  # per cent; ten invitations a seat are the most
_FIRST_YEAR, _LAST_YEAR = 2000, 2199


def load_campaign(path: str | Path) -> Campaign:
    """The campaign that a TOML file declares.

    Raises:
        CampaignInvalid: Every fault of the file.
    """
    try:
        file = Path(path)
        text = file.read_text(encoding="utf-8")
    except (OSError, TypeError, ValueError) as error:
        rule = f"cannot be read as UTF-8 text ({type(error).__name__})"
        raise CampaignInvalid([Problem("path", shown(str(path)), rule, "give the path of a TOML file")]) from None
    return read_campaign(text, name=file.name)


def read_campaign(text: str, *, name: str = "campaign.toml") -> Campaign:
    """The campaign that TOML text declares.

    Args:
        name: What to call the text in errors.

    Raises:
        CampaignInvalid: Every fault of the text.
    """
    raw = _toml(text, name)
    zone, problems = campaign_checks.zone_of(raw)
    problems += campaign_checks.across(raw, lambda value: _moment(value, zone))
    try:
        file = _converter(zone).structure(raw, _File)
    except Exception as error:  # noqa: BLE001 - whatever it is, the file is at fault
        raise CampaignInvalid(_in_order(problems + problems_of(error))) from None
    if problems:
        raise CampaignInvalid(_in_order(problems))
    return _campaign(file)


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        text.encode()
        return tomllib.loads(text)
    except (AttributeError, ValueError, RecursionError) as error:
        rule = f"is not TOML: {error}"
        raise CampaignInvalid([Problem(name, "", rule, "mend the line that it names")]) from None


def _in_order(problems: list[Problem]) -> list[Problem]:
    return list(dict.fromkeys(problems))


_PREFIX = re.compile(r"\+[1-9]\d{0,6}", re.ASCII)
_Rule = Callable[[Any], None]
"""Returns, or raises a `Fault`. It stands in the metadata of a field, so that the fault of one hides no other's."""


def _rule(holds: Callable[[Any], bool], rule: str, remedy: str) -> dict[str, _Rule]:
    def check(value: object) -> None:
        if value is not None and not holds(value):
            raise Fault(rule, remedy, value)

    return {"rule": check}


def _between(least: int, most: int) -> dict[str, _Rule]:
    return _rule(lambda number: least <= number <= most, f"must be {least} to {most}", "choose a number between")


_named = _rule(
    lambda text: 0 < len(text.strip()) == len(text) <= _LONGEST and not has_controls(text),
    f"must be a name of 1 to {_LONGEST} characters, without spaces around it and control characters",
    "name it",
)
_line = _rule(
    lambda text: len(text) <= _LONGEST and not has_controls(text),
    f"must be one line of at most {_LONGEST} characters, without control characters",
    "shorten it, or leave the characters out",
)


@frozen
class _Head:
    name: str = field(metadata=_named)
    zone: str
    languages: tuple[str, ...] = field(
        default=("cs", "en"),
        metadata=_rule(bool, "must name at least one language", "write languages = ['cs', 'en']"),
    )
    phones: tuple[str, ...] = field(
        default=("+420",),
        metadata=_rule(
            lambda prefixes: prefixes and all(_PREFIX.fullmatch(each) for each in prefixes),
            "must be prefixes such as '+420'",
            "write a plus and one to seven digits",
        ),
    )
    claims: frozenset[str] = frozenset()
    lottery_seed: str = field(default="", metadata=_line)


@frozen
class _Access:
    since: Instant
    mode: Access


@frozen
class _MayRegister:
    since: Instant
    minimum_age: int | None = field(default=None, metadata=_between(0, 130))
    claims: frozenset[str] = frozenset()
    age: AgeMeaning = AgeMeaning.BIRTHDAY


@frozen
class _Group:
    name: str = field(default="", metadata=_line)
    score: int | None = field(default=None, metadata=_between(0, 1_000_000))
    minimum_age: int | None = field(default=None, metadata=_between(0, 130))
    maximum_age: int | None = field(default=None, metadata=_between(0, 130))
    claims: frozenset[str] = frozenset()
    opens: Day | None = None


@frozen
class _Priority:
    since: Instant
    groups: tuple[_Group, ...] = field(metadata=_rule(bool, "must name a group", "write groups = [{}] for everybody"))
    age: AgeMeaning = AgeMeaning.BIRTHDAY
    then: Order = Order.AGE


@frozen
class _Stock:
    since: Instant
    count: StockRule


def _falls(percent: tuple[tuple[int, ...], ...]) -> bool:
    if not percent or any(len(pair) != 2 for pair in percent):  # noqa: PLR2004
        return False
    days, shares = zip(*percent, strict=True)
    rising = days[0] == 0 and all(first < second for first, second in pairwise(days))
    falling = all(_WHOLE >= first >= second >= 0 for first, second in pairwise((*shares, 0)))
    return rising and falling and shares[0] >= _LEAST_SHARE


@frozen
class _Response:
    since: Instant
    percent: tuple[tuple[int, ...], ...] = field(
        metadata=_rule(
            _falls,
            f"must be pairs of [days, percent]: days rise from 0, percents fall from {_LEAST_SHARE}..{_WHOLE}",
            "write, for example, percent = [[0, 60], [3, 20], [7, 0]]",
        )
    )


@frozen
class _CalendarCheck:
    since: Instant
    stranded_share: float = field(metadata=_rule(lambda share: 0 <= share <= 1, "must be 0 to 1", "write, say, 0.2"))


@frozen
class _ControlPin:
    since: Instant
    digits: int = field(default=6, metadata=_between(6, 9))
    life_minutes: int = field(default=10, metadata=_between(1, 10))
    sends: int = field(default=5, metadata=_between(1, 20))
    wait_seconds: int = field(default=60, metadata=_between(0, 3600))
    good_minutes: int = field(default=120, metadata=_between(1, 24 * 60))


@frozen
class _Invitation:
    since: Instant
    digits: int = field(default=8, metadata=_between(6, 9))
    term_hours: int | None = field(default=None, metadata=_between(1, 24 * 365))
    reminders_hours: tuple[int, ...] = field(
        default=(),
        metadata=_rule(
            lambda hours: all(0 < first < second for first, second in pairwise((*hours, 24 * 365 + 1))),
            f"must rise, from 1 to {24 * 365} hours after hand-off",
            "write, for example, reminders_hours = [24, 48]",
        ),
    )
    on_expiry: str = field(
        default="return",
        metadata=_rule(lambda text: text in {"return", "lapse"}, "must be 'return' or 'lapse'", "choose one"),
    )


@frozen
class _NoShow:
    since: Instant
    dose: str = field(
        default="returned",
        metadata=_rule(lambda text: text in {"returned", "wasted"}, "must be 'returned' or 'wasted'", "choose one"),
    )
    registration: str = field(
        default="return",
        metadata=_rule(lambda text: text in {"return", "lapse"}, "must be 'return' or 'lapse'", "choose one"),
    )


@frozen
class _Replan:
    since: Instant
    notice_days: int = field(default=1, metadata=_between(0, 60))


@frozen
class _Interval:
    since: Instant
    days: tuple[int, ...] = field(
        metadata=_rule(
            lambda days: len(days) == 2 and 1 <= days[0] <= days[1] <= 400,  # noqa: PLR2004
            "must be [earliest, latest], 1 <= earliest <= latest <= 400 calendar days",
            "write, for example, days = [21, 28]",
        )
    )


@frozen
class _Product:
    doses: int = field(metadata=_between(1, 3))
    interval: tuple[_Interval, ...] = ()


@frozen
class _Site:
    id: str = field(
        metadata=_rule(
            lambda text: 0 < len(text) <= 64 and all(each.isalnum() or each in "-_." for each in text),  # noqa: PLR2004
            "must have 1 to 64 letters, digits, '-', '_' or '.'",
            "choose a short id",
        )
    )
    name: str = field(metadata=_named)
    region: str = field(default="", metadata=_line)
    address: str = field(default="", metadata=_line)


@frozen
class _Budget:
    most: int = field(metadata=_between(1, 10_000_000))
    minutes: int = field(metadata=_between(1, 60 * 24 * 366))


@frozen
class _Sending:
    per_second: int = field(default=20, metadata=_between(1, 100_000))
    attempts: int = field(default=8, metadata=_between(1, 100))
    backoff_seconds: int = field(default=30, metadata=_between(1, 3600))
    lease_seconds: int = field(default=120, metadata=_between(5, 3600))


@frozen
class _File:
    campaign: _Head
    access: tuple[_Access, ...]
    may_register: tuple[_MayRegister, ...]
    products: dict[str, _Product]
    sites: tuple[_Site, ...]
    priority: tuple[_Priority, ...] = ()
    stock: tuple[_Stock, ...] = ()
    response: tuple[_Response, ...] = ()
    calendar_check: tuple[_CalendarCheck, ...] = ()
    control_pin: tuple[_ControlPin, ...] = ()
    invitation: tuple[_Invitation, ...] = ()
    no_show: tuple[_NoShow, ...] = ()
    replan: tuple[_Replan, ...] = ()
    limits: dict[str, _Budget] = field(factory=dict)
    sending: _Sending = _Sending()
    texts: dict[str, dict[str, str]] = field(factory=dict)


_DATED = (
    _Access,
    _MayRegister,
    _Priority,
    _Stock,
    _CalendarCheck,
    _Response,
    _ControlPin,
    _Invitation,
    _NoShow,
    _Replan,
    _Interval,
)
_TABLES = (*_DATED, _Head, _Group, _Product, _Site, _Budget, _Sending, _File)


def _converter(zone: str) -> cattrs.Converter:
    """A strict converter: nothing is guessed, an unknown name is a fault, a moment is read in the campaign's zone."""
    converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=True)
    for kind, name in ((str, "text"), (int, "a whole number"), (bool, "true or false")):
        converter.register_structure_hook(kind, _exactly(kind, name))
    converter.register_structure_hook(float, lambda value, _: _number(value))
    converter.register_structure_hook(Day, lambda value, _: _day(value))
    converter.register_structure_hook(Instant, lambda value, _: _moment(value, zone))
    for kinds in (Access, StockRule, AgeMeaning, Order):
        converter.register_structure_hook(kinds, _choice(kinds))
    converter.register_structure_hook_factory(
        lambda kind: getattr(kind, "__origin__", None) is dict,
        lambda kind: _table(make_mapping_structure_fn(kind, converter, dict, detailed_validation=True)),
    )
    converter.register_structure_hook_func(
        lambda kind: getattr(kind, "__origin__", None) in (tuple, frozenset), _array(converter)
    )
    for table in _TABLES:
        structure = _structure(table, converter)
        converter.register_structure_hook(table, _table(structure))
    return converter


def _structure(table: type, converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    overrides: dict[str, Any] = {
        each.name: _ruled(each, converter) for each in fields(table) if "rule" in each.metadata
    }
    if table in _DATED:  # "from" is no name for an attribute in Python
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


def _moment(value: object, zone: str) -> Instant:
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


def _campaign(file: _File) -> Campaign:
    return Campaign(
        name=file.campaign.name,
        zone=file.campaign.zone,
        languages=file.campaign.languages,
        phones=file.campaign.phones,
        claims=file.campaign.claims,
        lottery_seed=file.campaign.lottery_seed,
        products=tuple(_product(name, product) for name, product in file.products.items()),
        places=tuple(Place(site.id, site.name, site.region, site.address) for site in file.sites),
        access=_dated(file.access, lambda step: step.mode, Access.INVITATION),
        may_register=_dated(
            file.may_register, lambda step: Eligibility(step.minimum_age, step.claims, step.age), Eligibility(None)
        ),
        priority=_dated(file.priority, _priority, Priority()),
        stock=_dated(file.stock, lambda step: step.count, StockRule.IGNORED),
        response=_dated(file.response, _response, ResponseRule()),
        calendar_check=_dated(
            file.calendar_check, lambda step: CalendarCheckRule(step.stranded_share), CalendarCheckRule()
        ),
        control_pin=_dated(file.control_pin, _control_pin, ControlPinRule()),
        invitation=_dated(file.invitation, _invitation, InvitationRule()),
        no_show=_dated(file.no_show, lambda step: NoShowRule(step.dose, step.registration), NoShowRule()),
        replan=_dated(file.replan, lambda step: ReplanRule(step.notice_days), ReplanRule()),
        limits=Limits(**{name: Budget(budget.most, budget.minutes) for name, budget in file.limits.items()}),
        sending=Sending(
            file.sending.per_second, file.sending.attempts, file.sending.backoff_seconds, file.sending.lease_seconds
        ),
        texts=file.texts,
    )


def _dated(steps: tuple[Any, ...], value: Callable[[Any], V], otherwise: V) -> Dated[V]:
    if not steps:
        return always(otherwise)
    return Dated(tuple(sorted(((step.since, value(step)) for step in steps), key=lambda pair: pair[0])))


def _priority(step: _Priority) -> Priority:
    """Without scores the order of the groups is the order of calling; half of them with scores is a fault."""
    groups = [
        PriorityGroup(each.minimum_age, each.claims, each.score or 0, each.maximum_age, each.opens, each.name)
        for each in step.groups
    ]
    if step.groups[0].score is None:
        return Priority.in_order(*groups, age=step.age, then=step.then)
    return Priority(tuple(groups), step.age, step.then)


def _response(step: _Response) -> ResponseRule:
    return ResponseRule(tuple((days, share) for days, share in step.percent))


def _control_pin(step: _ControlPin) -> ControlPinRule:
    return ControlPinRule(step.digits, step.life_minutes, step.sends, step.wait_seconds, step.good_minutes)


def _invitation(step: _Invitation) -> InvitationRule:
    return InvitationRule(step.digits, step.term_hours, step.reminders_hours, step.on_expiry)


def _product(name: str, product: _Product) -> Product:
    if not product.interval:
        return Product(name, product.doses)
    return Product(name, product.doses, _dated(product.interval, lambda step: Interval(*step.days), Interval(1, 1)))
