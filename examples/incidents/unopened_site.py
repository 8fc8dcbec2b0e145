"""I4: sites could be chosen that were not vaccinating yet.

The list of sites came from another register, whose parameters were wrong: people registered for places that had no
calendar and no vaccine, and waited there.

Source: the operator's report of 20 January 2021 (wrong site parameters in another register).

    python -m examples.incidents.unopened_site
"""

import random
import sys
from collections.abc import Iterator, Sequence

from attrs import frozen

import crs_core as crs

from .screen import Incident, Rule, play
from .town import Town, calendars, citizen, open_town

OPEN = ("one", "two", "three")
UNLINKED = ("four", "five")  # first doses are there, second ones are not
EMPTY = ("six", "seven")  # nothing is there
PAUSED = ("eight",)  # opened, and closed again
ALL = (*OPEN, *UNLINKED, *EMPTY, *PAUSED)
CROWD = 40

_TOML = """
[campaign]
name = "incident-4"
zone = "Europe/Prague"
languages = ["en"]
phones = ["+420"]

[[access]]
from = 2021-01-15
mode = "invitation"

[[may_register]]
from = 2021-01-15
minimum_age = 80

[products.comirnaty]
doses = 2
[[products.comirnaty.interval]]
from = 2021-01-15
days = [21, 28]
"""


@frozen
class End:
    """How it ended.

    Attributes:
        offered: Sites that people could choose and that were not vaccinating.
        waiting: People who registered for one of those.
        invited: People invited to one of those.
        opened: Sites that opened without calendars that fit together.
        missing: Sites that vaccinate and could not be chosen.
        told: What somebody read who had kept the form of a site that has closed since.
    """

    offered: int
    waiting: int
    invited: int
    opened: int
    missing: int
    told: str = ""


def old() -> End:
    """The portal shows whatever the other register calls a vaccination site."""
    register = dict.fromkeys(ALL, True)
    listed = [site for site, vaccinates in register.items() if vaccinates]
    chosen = [_choice(listed, number) for number in range(1, CROWD + 1)]
    wrong = set(listed) - set(OPEN)
    waiting, unready = sum(site in wrong for site in chosen), len(UNLINKED) + len(EMPTY)
    return End(len(wrong), waiting, invited=0, opened=unready, missing=len(set(OPEN) - set(listed)))


def ours() -> End:
    """A site is open by its own state and its passed checks, and nothing else is offered."""
    with open_town(campaign=crs.read_campaign(_TOML + "".join(_of_site(name) for name in ALL))) as town:
        kept_form, opened = _furnish(town)
        listed = [site.id for site in town.desk.sites()]
        wrong = set(listed) - set(OPEN)
        waiting = 0
        for number in range(1, CROWD + 1):
            site_id = _choice(listed, number)
            town.register(citizen(number), site_id)
            waiting += site_id in wrong
        releases = town.system.operations.release_all()
        invited = sum(len(each.invited) for each in releases if each.site_id not in OPEN)
        told = _registers(town, kept_form)
        return End(len(wrong), waiting + (not told), invited, opened, len(set(OPEN) - set(listed)), told)


def _of_site(name: str) -> str:
    return f'\n[[sites]]\nid = "{name}"\nname = "Poliklinika Vzorov {name.title()}"\n'


def _choice(listed: Sequence[str], number: int) -> str:
    return random.Random(number).choice(listed)  # noqa: S311 - replayed on purpose


def _furnish(town: Town) -> tuple[str, int]:
    """Every site publishes what it has and asks to open; the one that closes again, and how many should not have."""
    opened = 0
    for name in ALL:
        site = town.system.site(name)
        published = [] if name in EMPTY else calendars(CROWD)
        site.publish(published[:1] if name in UNLINKED else published)
        try:
            site.open()
        except crs.Refused:
            continue
        opened += name in UNLINKED + EMPTY
    [paused] = PAUSED
    town.system.site(paused).close()
    return paused, opened


def _registers(town: Town, site_id: str) -> str:
    """What somebody reads who chose a site before it closed; nothing where it is accepted."""
    try:
        town.register(citizen(CROWD + 1), site_id)
    except crs.Refused as refusal:
        return crs.refusal_text(refusal, "en")
    return ""


def story(end: End) -> Iterator[str]:
    """What a form from before says."""
    yield f"Whoever still has the form of a site that has closed since reads: “{end.told}”"


INCIDENT = Incident(
    number="I4",
    title="Sites could be chosen that were not vaccinating yet",
    history=(
        f"Of {len(ALL)} sites {len(OPEN)} vaccinate; {len(UNLINKED)} have no second doses, {len(EMPTY)} nothing at "
        f"all, and one has closed again. Another register calls all of them vaccination sites. {CROWD} people come."
    ),
    old_way="the list of sites is that of the other register.",
    our_way="a site is offered while it is open; it opens by its own act, and only if its calendars pass.",
    old=old,
    ours=ours,
    rules=(
        Rule(text="sites offered that do not vaccinate", figure=lambda end: end.offered, most=0),
        Rule(text="people who wait at one of those", figure=lambda end: end.waiting, most=0),
        Rule(text="people invited to one of those", figure=lambda end: end.invited, most=0),
        Rule(text="sites opened without calendars that fit together", figure=lambda end: end.opened, most=0),
        Rule(text="sites that vaccinate and are not offered", figure=lambda end: end.missing, most=0),
    ),
    story=story,
)

if __name__ == "__main__":
    sys.exit(play(INCIDENT))
