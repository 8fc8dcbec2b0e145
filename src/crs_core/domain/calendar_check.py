"""Checks the linked calendars of a site before it opens, and whenever its people ask.

A *structural* fault blocks the opening: a calendar that is missing or belongs to another product, that has no seats,
only past ones, or none within reach of any first dose. Where the calendars are linked but a later dose is short, the
first doses that cannot be completed are *stranded*: they are never offered nor counted, so up to the campaign's limit
they only warn. A lack of vaccine warns too: nobody is invited to it, and it may still come.

What was published counts for the structure, taken or not, so that a site that is well booked may close and open again;
what is free counts for the numbers.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import evolve, frozen

from crs_core.domain.campaign import Campaign
from crs_core.domain.findings import Finding, Severity, Span
from crs_core.domain.ledger import Account, AccountKind, Balance
from crs_core.domain.pairing import Shortage, Supply, bookable, doses_short, shortages
from crs_core.domain.sites import Site
from crs_core.domain.time import Day, Instant, day_of

__all__ = ["Finding", "Severity", "check", "published_seats"]

Seats = Mapping[str, Mapping[Day, int]]
"""Seats by calendar and day."""


def published_seats(accounts: Iterable[tuple[Account, Balance]]) -> Seats:
    """All seats of a site, free or taken, by calendar and day."""
    found: dict[str, dict[Day, int]] = {}
    for account, balance in accounts:
        if account.kind == AccountKind.DAY and balance.total:
            found.setdefault(account.series, {})[account.day] = balance.total
    return found


def check(
    site: Site, free: Mapping[str, Supply], published: Seats, campaign: Campaign, now: Instant
) -> tuple[Finding, ...]:
    """Every finding, those that block first, then by number stranded.

    Args:
        free: What is free from today on, by product; see `sites.supplies`.
        published: All seats, free or taken, past days too; see `published_seats`.
    """
    if not site.calendars:
        return (Finding("no_calendar", Severity.BLOCKS),)
    today = day_of(now, campaign.zone).toordinal()
    links = [_Links(name, supply, _heads(site, name), published, today) for name, supply in free.items()]
    limit = campaign.calendar_check.at(now).stranded_share
    nothing_ahead = not any(each.ahead(1) for each in links)
    found = [finding for each in links for finding in _findings(each, links, limit)]
    explained = {each.other for each in found}
    found = [each for each in found if each.code != "no_first_dose" or each.product not in explained]
    if nothing_ahead:
        found = [evolve(each, severity=Severity.BLOCKS) for each in found]
    return tuple(sorted(found, key=lambda each: (each.severity.value, -each.stranded)))


def _heads(site: Site, product: str) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for head in site.calendars:
        if head.product == product:
            found[head.dose] = (*found.get(head.dose, ()), head.name)
    return found


@frozen
class _Links:
    """The calendars of one product: names by dose, what is free, and what was published."""

    product: str
    supply: Supply
    names: Mapping[int, tuple[str, ...]]
    published: Seats
    today: int

    def seats(self, dose: int) -> dict[int, int]:
        """All seats of a dose by day, past ones too."""
        found: dict[int, int] = {}
        for name in self.names.get(dose, ()):
            for day, number in self.published.get(name, {}).items():
                found[day.toordinal()] = found.get(day.toordinal(), 0) + number
        return found

    def ahead(self, dose: int) -> dict[int, int]:
        """Those from today on."""
        return {day: number for day, number in self.seats(dose).items() if day >= self.today}

    @property
    def free(self) -> dict[int, int]:
        """Free first doses by day."""
        return {day: number for day, number in sorted(self.supply.seats[0].items()) if number > 0}

    def unserved(self, days: Iterable[int]) -> int:
        """The first later dose of which nothing was published within reach of dose-1 days; 0 if there is none."""
        return _unserved(self.supply, days, [self.ahead(dose + 1) for dose in range(len(self.supply.seats))])

    def why(self, dose: int) -> str:
        """The code of why a dose cannot be had at all."""
        if dose not in self.names:
            return "no_dose_calendar" if dose > 1 else "no_first_dose"
        if not self.seats(dose):
            return "no_seats"
        return "out_of_reach" if self.ahead(dose) else "seats_past"


def _findings(links: _Links, others: Sequence[_Links], limit: float) -> Iterator[Finding]:
    first = links.ahead(1)
    if not first:
        yield _not_begun(links)
    elif links.free and (dose := links.unserved(first)):
        yield _structural(links, others, dose)
    else:
        yield from _stranded(links, limit)
        yield from _without_vaccine(links)


def _not_begun(links: _Links) -> Finding:
    """A product without first doses from today on; it blocks only where no other one has any, see `check`."""
    code = links.why(1)
    dose = min(links.names) if code == "no_first_dose" else 1
    finding = Finding(code, Severity.WARNS, links.product, links.names[dose], dose)
    return _of_days(finding, links.seats(1)) if code == "seats_past" else finding


def _structural(links: _Links, others: Sequence[_Links], dose: int) -> Finding:
    """First doses of which none can be completed."""
    short = shortages(links.supply)
    finding = Finding(
        links.why(dose),
        Severity.BLOCKS,
        links.product,
        links.names.get(dose, ()),
        dose,
        seats=sum(links.free.values()),
        stranded=sum(each.stranded for each in short),
        remedies=_additions(short),
        interval=_interval(links.supply),
    )
    if finding.code == "seats_past":
        return _of_days(finding, links.seats(dose))
    finding = _of_days(finding, links.free)
    orphan = next((each for each in others if dose in each.names and 1 not in each.names), None)
    if finding.code == "no_dose_calendar" and orphan is not None:
        return evolve(finding, code="wrong_product", calendars=orphan.names[dose], other=orphan.product)
    return finding


def _of_days(finding: Finding, days: Iterable[int]) -> Finding:
    return evolve(finding, first_day=Day.fromordinal(min(days)), last_day=Day.fromordinal(max(days)))


def _stranded(links: _Links, limit: float) -> Iterator[Finding]:
    """First doses of which some cannot be completed, days that belong together in one finding each."""
    short = shortages(links.supply)
    share = sum(each.stranded for each in short) / sum(links.ahead(1).values())
    for each in short:
        empty = links.unserved(each.days)
        tight = [stage.dose for stage in each.bottlenecks if stage.days]
        doses = [empty] if empty else tight or [_unserved(links.supply, each.days, links.supply.seats)]
        yield Finding(
            "empty_window" if empty else "stranded_seats",
            Severity.BLOCKS if share > limit else Severity.WARNS,
            links.product,
            links.names[doses[0]],
            doses[0],
            Day.fromordinal(each.days[0]),
            Day.fromordinal(each.days[-1]),
            seats=each.seats,
            stranded=each.stranded,
            reach=tuple(_reach(links.supply, each, doses)),
            remedies=_additions([each]),
            share=(share, limit),
            interval=_interval(links.supply),
        )


def _unserved(supply: Supply, days: Iterable[int], seats: Sequence[Mapping[int, int]]) -> int:
    for dose, free in enumerate(seats[1:], start=2):
        days = {after for day in days for after in supply.reach(day) if free.get(after, 0) > 0}
        if not days:
            return dose
    return 0


def _reach(supply: Supply, short: Shortage, doses: Sequence[int]) -> Iterator[Span]:
    """For each of the doses, from when to when it is in reach, and how many seats are free there."""
    first, last = short.days[0], short.days[-1]
    for stage in short.bottlenecks:
        first, last = supply.reach(first).start, supply.reach(last).stop - 1
        if stage.dose in doses:
            yield Span(stage.dose, Day.fromordinal(first), Day.fromordinal(last), stage.seats)


def _without_vaccine(links: _Links) -> Iterator[Finding]:
    missing = doses_short(links.supply)
    if not missing:
        return
    people = bookable(evolve(links.supply, doses=None)) - bookable(links.supply)
    yield Finding(
        "doses_short",
        Severity.WARNS,
        links.product,
        first_day=Day.fromordinal(missing[0].day),
        last_day=Day.fromordinal(missing[-1].day),
        stranded=people,
        remedies=tuple(
            Span(0, Day.fromordinal(missing[0].day), Day.fromordinal(each.day), each.doses) for each in missing
        ),
    )


def _additions(short: Iterable[Shortage]) -> tuple[Span, ...]:
    found = (addition for each in short for addition in each.additions)
    return tuple(Span(each.dose, Day.fromordinal(each.first), Day.fromordinal(each.last), each.seats) for each in found)


def _interval(supply: Supply) -> tuple[int, int] | None:
    return None if supply.interval is None else (supply.interval.earliest, supply.interval.latest)
