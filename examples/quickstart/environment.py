"""Texts, days and times as people read them, for the templates."""

import re
import secrets
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pendulum
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

import crs_core as crs

__all__ = ["TEXTS", "environment"]

HERE = Path(__file__).parent
TEXTS: Mapping[str, Mapping[str, Any]] = tomllib.loads((HERE / "texts.toml").read_text(encoding="utf-8"))


def environment(desk: crs.CitizenDesk, campaign: crs.Campaign) -> Environment:
    """What the templates may use beside the page: sites, texts, days, times, rules; a missing name is an error."""
    found = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined)
    found.trim_blocks = found.lstrip_blocks = True
    found.globals.update(
        sites=desk.sites,
        maintenance=desk.maintenance,
        place=campaign.place,
        at=at,
        fresh_key=lambda: secrets.token_urlsafe(16),
    )
    found.globals["restarts"] = lambda what: getattr(campaign.corrections.at(pendulum.now("UTC")), what) == "restarts"
    found.filters.update(day=day, long=long, short=short, local=local, moment=moment, reason=reason, clock=clock)
    found.filters["phone"] = phone
    found.globals["zone"] = ZoneInfo(campaign.zone)
    found.globals["languages"] = [(name, TEXTS[name]["language"]) for name in campaign.languages if name in TEXTS]
    return found


def at(day: date, minute: int) -> datetime:
    """The local time of a dose."""
    return datetime.combine(day, time(minute // 60, minute % 60))


@pass_context
def day(context: Context, value: date, form: str = "day") -> str:
    """A day with its weekday: ``pondělí 25. ledna 2021``."""
    t = context["t"]
    parts = {"weekday": t["weekdays"][value.weekday()], "month": t["months"][value.month - 1]}
    return str(t[form]).format(day=value.day, year=value.year, **parts)


@pass_context
def long(context: Context, value: datetime | str, form: str = "day") -> str:
    """A local time with its day; of a text that is none, nothing."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return ""
    return str(context["t"]["day_time"]).format(day=day(context, found, form), time=clock(found))


@pass_context
def short(context: Context, value: datetime) -> str:
    """A local time with its day, without the weekday and the year."""
    return long(context, value, "day_bare")


@pass_context
def local(context: Context, value: datetime) -> datetime:
    """An instant on the clocks of the campaign."""
    zone: ZoneInfo = context["zone"]
    return value.astimezone(zone)


@pass_context
def moment(context: Context, value: datetime) -> str:
    """An instant on the clocks of the campaign; with its day, unless that is today."""
    found = local(context, value)
    today = datetime.now(found.tzinfo).date()
    return clock(found) if found.date() == today else long(context, found)


def phone(text: str) -> str:
    """A number as people read it, in threes; of another form, as it was typed."""
    digits = "".join(text.split())
    return "\N{NO-BREAK SPACE}".join(re.findall("...", digits)) if re.fullmatch(r"\d{9}", digits) else text


def clock(value: datetime) -> str:
    """The time on the clock: ``9:30``."""
    return f"{value.hour}:{value.minute:02d}"


@pass_context
def reason(context: Context, code: str) -> str:
    """What a code of a journey or of offers says to a citizen."""
    own = context["t"]["reasons"].get(code)
    return str(own) if own else crs.refusal_text(crs.CrsError(code, ""), context["language"])
