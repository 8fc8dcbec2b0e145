"""A campaign from a TOML file: every fault of the file at once, each with its place, rule and remedy."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from crs_core.composition import campaign_checks
from crs_core.composition.campaign_converter import converter_of, moment
from crs_core.composition.campaign_tables import (
    ClaimsTable,
    ControlPinTable,
    File,
    InvitationTable,
    PriorityTable,
    ProductTable,
    ResponseTable,
    SendingTable,
)
from crs_core.composition.faults import problems_of
from crs_core.domain.campaign import (
    Access,
    Budget,
    CalendarCheckRule,
    Campaign,
    ClaimsRule,
    ControlPinRule,
    CorrectionRule,
    DuplicateRule,
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
from crs_core.domain.inputs import shown
from crs_core.domain.rules import Dated, always
from crs_core.domain.terms import Then, Window
from crs_core.errors import CampaignInvalid, Problem

__all__ = ["load_campaign", "read_campaign"]

V = TypeVar("V")


def load_campaign(path: str | Path) -> Campaign:
    """The campaign that a TOML file declares; what may stand in it is the reference on the campaign file.

    Raises:
        CampaignInvalid: Every fault of the file; or that it cannot be read.

    >>> load_campaign("nowhere.toml")
    Traceback (most recent call last):
    crs_core.errors.CampaignInvalid: campaign_invalid: 1 fault(s) in the campaign:
      path='nowhere.toml': cannot be read as UTF-8 text (FileNotFoundError); give the path of a TOML file
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

    >>> import crs_core as crs
    >>> try:
    ...     crs.read_campaign('campaign = { name = "vzorov", zone = "Europe/Prag" }')
    ... except crs.CampaignInvalid as invalid:
    ...     [problem.place for problem in invalid.problems]
    ['campaign.zone', 'access', 'may_register', 'products', 'sites']
    """
    raw = _toml(text, name)
    zone, problems = campaign_checks.zone_of(raw)
    problems += campaign_checks.across(raw, lambda value: moment(value, zone))
    try:
        file = converter_of(zone).structure(raw, File)
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


def _campaign(file: File) -> Campaign:
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
        duplicates=_dated(
            file.duplicates, lambda step: DuplicateRule(step.frees, step.undisputed_hours), DuplicateRule()
        ),
        corrections=_dated(file.corrections, lambda step: CorrectionRule(step.details, step.site), CorrectionRule()),
        pending_claims=_dated(file.pending_claims, _claims, ClaimsRule()),
        replan=_dated(file.replan, lambda step: ReplanRule(step.notice_days), ReplanRule()),
        limits=Limits(**{name: Budget(budget.most, budget.minutes) for name, budget in file.limits.items()}),
        sending=_dated(file.sending, _sending, Sending()),
        texts=file.texts,
    )


def _dated(steps: tuple[Any, ...], value: Callable[[Any], V], otherwise: V) -> Dated[V]:
    if not steps:
        return always(otherwise)
    return Dated(tuple(sorted(((step.since, value(step)) for step in steps), key=lambda pair: pair[0])))


def _priority(step: PriorityTable) -> Priority:
    """Without scores the order of the groups is the order of calling; half of them with scores is a fault."""
    groups = [
        PriorityGroup(each.minimum_age, each.claims, each.score or 0, each.maximum_age, each.opens, each.name)
        for each in step.groups
    ]
    if step.groups[0].score is None:
        return Priority.in_order(*groups, age=step.age, then=step.then)
    return Priority(tuple(groups), step.age, step.then)


def _response(step: ResponseTable) -> ResponseRule:
    return ResponseRule(tuple((days, share) for days, share in step.percent), step.over_invitation)


def _claims(step: ClaimsTable) -> ClaimsRule:
    return ClaimsRule(step.unavailable, step.first_minutes, step.longest_minutes)


def _control_pin(step: ControlPinTable) -> ControlPinRule:
    return ControlPinRule(step.digits, step.life_minutes, step.sends, step.wait_seconds, step.good_minutes)


def _invitation(step: InvitationTable) -> InvitationRule:
    """Without another word a window is followed by the next one, and the last one by the queue."""
    last = len(step.windows) - 1
    windows = tuple(
        Window(each.hours, each.reminders_hours, each.then or (Then.NEXT if place < last else Then.RETURN))
        for place, each in enumerate(step.windows)
    )
    return InvitationRule(step.digits, windows or (Window(),), step.counts_from)


def _sending(step: SendingTable) -> Sending:
    return Sending(
        step.per_second, step.attempts, step.backoff_seconds, step.lease_seconds, pause_seconds=step.pause_seconds
    )


def _product(name: str, product: ProductTable) -> Product:
    if not product.interval:
        return Product(name, product.doses)
    return Product(name, product.doses, _dated(product.interval, lambda step: Interval(*step.days), Interval(1, 1)))
