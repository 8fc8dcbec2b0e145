"""What ``crs demo`` says in sentences."""

import re

from crs_adapters.simulation.czechia_2021.dates import FIRST_DAY, HORIZON_DAYS, OPERATOR, OPERATORS_DAY, SWITCH_DAY
from crs_adapters.simulation.czechia_2021.outcome import Outcome, SiteAnswer
from crs_adapters.simulation.czechia_2021.staging import Stage
from crs_core.domain.time import Day

__all__ = ["explained", "masked", "story"]

_PIN = re.compile(r"(\bPIN2?\b\D*)\d{6,9}", re.ASCII)
_REASONS = {
    "outstanding_invitations": "each unanswered invitation holds a place. The next one goes out when one is answered "
    "or its 72 hours end, when somebody cancels, or when the site publishes more.",
    "no_free_pair": "no free first dose there has a free second one 21 to 28 days later. The next invitation goes out "
    "when the site publishes more or somebody cancels.",
    "queue_empty": "everybody who waits there has been invited.",
    "site_closed": "the site is closed.",
    "immediate_access": "nobody is invited under immediate access.",
}


def masked(text: str) -> str:
    """A message without its PIN.

    >>> masked("Ockovani: kontrolni PIN je 123456. Plati 10 minut.")
    'Ockovani: kontrolni PIN je ******. Plati 10 minut.'
    """
    return _PIN.sub(r"\g<1>******", text)


def explained(site: SiteAnswer) -> str:
    """Why the site with the longest queue invites nobody else now."""
    release = site.release
    unanswered = "1 invitation is" if release.outstanding == 1 else f"{release.outstanding or 'no'} invitations are"
    return (
        f"{site.name} ({site.region}) has the longest queue: {site.waiting:,} of the people played. "
        f"Both doses are free for {release.people or 'none'} of them, and {unanswered} unanswered, so it would call "
        f"{len(release.invited) or 'nobody'} now: {_REASONS.get(release.held_by, release.held_by)}"
    )


def story(outcome: Outcome, stage: Stage) -> str:
    """The whole, for somebody who has read nothing else."""
    scale = stage.scale
    rows = {row.day: row for row in outcome.days}
    first, known = rows[FIRST_DAY], rows[OPERATORS_DAY]
    end = outcome.days[-1]
    invited = sum(row.invited for row in outcome.days)
    answered = end.reservations - rows[Day.fromordinal(SWITCH_DAY.toordinal() - 1)].reservations

    def scaled(number: int) -> str:
        return f"{number * scale:,}"

    return (
        "On 15 January 2021 people of 80 and more could register for vaccination and hunt for seats at once: "
        f"{scaled(first.registered)} registered that day, {scaled(first.reserved)} of them found a first and a second "
        f"dose, the fastest first. By the 20th {scaled(known.reservations)} of {scaled(known.registrations)} held a "
        f"reservation; the operator reported {OPERATOR[1]:,} of {OPERATOR[0]:,}. In the night to the 22nd the hunt "
        "ended: since then nobody reserves without an invitation, and it goes to the oldest who wait at a site, when a "
        f"seat for both doses is free there. {scaled(invited)} invitations brought {scaled(answered)} reservations "
        f"more by 12 February; {scaled(end.waiting)} people were still waiting.\n\n"
        f"Chosen to fit: sites publish first doses {HORIZON_DAYS} days ahead, so that the 20th comes near the "
        "operator's figures. Invented: names, numbers, the hours of the day, who looks where and who answers when "
        "(60 of 100 answer a first invitation). From open data: how many registered, of what age and in which region, "
        "and how many seats there were; all that came of it follows from the library's own rules."
    )
