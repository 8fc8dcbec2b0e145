"""Amending a campaign: which one is in force, and what no amendment may do to what exists already.

What was in force stays on record, as invitations, reservations and releases were made by it: an amendment adds steps
from now on. A site, a product and a count of doses that somebody may already have stay too.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from attrs import fields, frozen

from crs_core.domain.campaign import Campaign
from crs_core.domain.inputs import shown
from crs_core.domain.maintenance import Maintenance
from crs_core.domain.plans import Key
from crs_core.domain.rules import Dated
from crs_core.domain.sites import Site
from crs_core.domain.time import Instant
from crs_core.errors import Problem

__all__ = ["IN_FORCE", "Amendment", "InForce", "changed", "faults", "key_of"]

_FIXED = ("name", "zone", "lottery_seed")


@frozen
class InForce:
    """What every process asks before each command; small, as it is read so often.

    Attributes:
        version: Of the campaign; 0 is the one that each process was opened with.
        pauses: Every maintenance announced, in order.
    """

    version: int = 0
    pauses: tuple[Maintenance, ...] = ()
    id: str = "campaign"


IN_FORCE = Key(InForce, "campaign")


@frozen
class Amendment:
    """A campaign as it was amended; who did it stands in the journal.

    Attributes:
        id: Its version, from 1, as text.
        at: When it came into force.
    """

    id: str
    campaign: Campaign
    at: Instant


def key_of(version: int) -> Key[Amendment]:
    """The key of the amendment of a version."""
    return Key(Amendment, str(version))


def changed(old: Campaign, new: Campaign) -> tuple[str, ...]:
    """The tables that differ between two campaigns."""
    names = (attribute.name for attribute in fields(Campaign) if attribute.init)
    return tuple(name for name in names if getattr(old, name) != getattr(new, name))


def faults(old: Campaign, new: Campaign, sites: Iterable[Site], now: Instant) -> Iterator[Problem]:
    """Everything that a new campaign would do to what exists.

    Args:
        sites: Every site of which something is stored.
    """
    for name in _FIXED:
        if getattr(old, name) != getattr(new, name):
            value, rule = shown(getattr(new, name)), f"must stay {shown(getattr(old, name))}"
            yield Problem(f"campaign.{name}", value, rule, "write the old one, or open another campaign")
    used = list(sites)
    yield from _places(new, used)
    yield from _products(old, new, used, now)
    for name in (attribute.name for attribute in fields(Campaign) if attribute.init):
        before, after = getattr(old, name), getattr(new, name)
        if isinstance(before, Dated):
            yield from _past(name, before, after, now)


def _places(new: Campaign, used: list[Site]) -> Iterator[Problem]:
    kept = {place.id for place in new.places}
    for site in used:
        if site.id not in kept:
            yield Problem("sites", shown(site.id), "this site is in use", "keep it, and close it instead")


def _products(old: Campaign, new: Campaign, used: list[Site], now: Instant) -> Iterator[Problem]:
    """Those of calendars and deliveries stay, with as many doses and the intervals that reservations were made by."""
    in_use = {head.product for site in used for head in site.calendars}
    in_use |= {note.product for site in used for note in site.deliveries}
    named = {product.name: product for product in new.products}
    for product in old.products:
        after = named.get(product.name)
        if product.name not in in_use:
            continue
        if after is None or after.doses != product.doses:
            rule = f"this product is in use with {product.doses} doses"
            yield Problem(f"products.{product.name}", "" if after is None else str(after.doses), rule, "keep it")
        elif product.interval is not None and after.interval is not None:
            yield from _past(f"products.{product.name}.interval", product.interval, after.interval, now)


def _past(name: str, old: Dated[Any], new: Dated[Any], now: Instant) -> Iterator[Problem]:
    """Where a dated rule would have been another before now: the first such moment."""
    moments = sorted({since for since, _ in (*old.steps, *new.steps) if since < now})
    for moment in moments:
        if old.at(moment) != new.at(moment):
            rule = "what was in force before now stays on record"
            remedy = "keep the steps so far, the first one too, and add one from now on"
            yield Problem(name, moment.isoformat(timespec="seconds"), rule, remedy)
            return
