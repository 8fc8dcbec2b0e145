"""Accounts held against what people hold, and the figures that are told against both."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from crs_core.domain.ledger import Account, AccountKind, Balance, State
from crs_core.domain.registration import Gate, Registration, is_live
from crs_core.domain.reservations import Reservation, units
from crs_core.domain.sites import Site
from crs_core.domain.statistics import headline
from crs_core.domain.time import Day
from crs_core.office.commands import Office
from crs_core.office.letters import about
from crs_core.ports.storage import View
from crs_core.rounds.tick import tallies
from crs_core.rounds.violations import Violation

__all__ = ["told", "violations"]


def violations(
    view: View, sites: Mapping[str, Site], registrations: Iterable[Registration], made: Iterable[Reservation]
) -> Iterator[Violation]:
    """Broken invariants of seats, doses and unanswered invitations."""
    taken = Counter(unit for each in made for unit in units(each))
    waiting = Counter(
        (each.site_id, each.invitation.unanswered_since)
        for each in registrations
        if each.gate is Gate.INVITED and each.reservation_id is None and each.withdrawn_at is None and each.invitation
    )
    for site_id, site in sorted(sites.items()):
        accounts = dict(view.accounts(site_id))
        yield from _deliveries(site, accounts)
        yield from _calendars(site, accounts)
        yield from _balances(accounts, taken)
        yield from _invitations(site_id, accounts, waiting)
        yield from _sums(accounts)
    for account, state in sorted(taken, key=lambda unit: (unit[0], unit[1].value)):
        yield Violation(10, str(account), f"{taken[account, state]} {state.value}, but there is no such account")
    for (site_id, day), number in sorted(waiting.items()):
        yield Violation(4, site_id, f"{number} invitations unanswered since {day}, but there is no such account")


def _deliveries(site: Site, accounts: Mapping[Account, Balance]) -> Iterator[Violation]:
    """No delivery has more doses than come, beside those that it is short of until a re-plan."""
    known = set()
    for note in site.deliveries:
        account = Account(site.id, AccountKind.DELIVERY, note.id, note.day)
        known.add(account)
        total = accounts.get(account, Balance()).total
        if total != note.coming + note.short:
            yield Violation(1, str(account), f"{total} counted, {note.coming} come and it is short of {note.short}")
    for account, balance in accounts.items():
        if account.kind == AccountKind.DELIVERY and account not in known and balance.total:
            yield Violation(1, str(account), f"{balance.total} counted, but no such delivery was announced")


def _calendars(site: Site, accounts: Mapping[Account, Balance]) -> Iterator[Violation]:
    names = {head.name for head in site.calendars}
    for account, balance in accounts.items():
        if account.kind == AccountKind.SLOT and account.series not in names and balance.total:
            yield Violation(1, str(account), f"{balance.total} counted, but no such calendar was published")


def _balances(accounts: Mapping[Account, Balance], taken: Counter[tuple[Account, State]]) -> Iterator[Violation]:
    for account, balance in accounts.items():
        if min(balance.free, balance.held, balance.reserved, balance.given, balance.wasted) < 0:
            yield Violation(1, str(account), f"{balance} holds less than nothing")
        if account.kind == AccountKind.INVITED:
            continue
        if balance.held:
            yield Violation(10, str(account), f"{balance.held} held, and by nobody")
        counted = ((State.RESERVED, balance.reserved), (State.GIVEN, balance.given), (State.WASTED, balance.wasted))
        for state, number in counted:
            found = taken.pop((account, state), 0)
            if number != found:
                yield Violation(10, str(account), f"{number} counted, {found} {state.value}")


def _invitations(
    site_id: str, accounts: Mapping[Account, Balance], waiting: Counter[tuple[str, Day]]
) -> Iterator[Violation]:
    for account, balance in accounts.items():
        if account.kind == AccountKind.INVITED:
            number = waiting.pop((site_id, account.day), 0)
            if balance != Balance(held=number):
                yield Violation(4, str(account), f"{balance.held} counted, {number} invitations unanswered")


def _sums(accounts: Mapping[Account, Balance]) -> Iterator[Violation]:
    """A day is the sum of its slots."""
    sums = {account: (0, 0) for account in accounts if account.kind == AccountKind.DAY}
    for account, balance in accounts.items():
        if account.kind == AccountKind.SLOT:
            day = Account(account.site_id, AccountKind.DAY, account.series, account.day)
            free, total = sums.get(day, (0, 0))
            sums[day] = (free + balance.free, total + balance.total)
    for day, (free, total) in sums.items():
        balance = accounts.get(day, Balance())
        if (balance.free, balance.total) != (free, total):
            yield Violation(10, str(day), f"{balance.free} of {balance.total} free, its slots {free} of {total}")


def told(
    office: Office, view: View, registrations: Iterable[Registration], active: Sequence[Reservation]
) -> Iterator[Violation]:
    """Whoever the journal counts as registered, reserved or waiting, by site and age, is that, and nobody else."""
    now = office.now()
    found = headline(tallies(office, view.entries()), as_of=now)
    live = [each for each in registrations if is_live(each)]
    waiting = [each for each in live if each.reservation_id is None]
    last = found.days[-1] if found.days else None
    pairs: dict[str, tuple[object, object]] = {
        "registrations": (0 if last is None else last.registrations, len(live)),
        "reservations": (0 if last is None else last.reservations, len(active)),
        "waiting by site": (_some(found.waiting_by_site), _some(Counter(each.site_id for each in waiting))),
        "waiting by age": (
            _some(found.waiting_by_age),
            _some(Counter(str(about(office, each, now)["age"]) for each in waiting)),
        ),
    }
    for name, (counted, there) in pairs.items():
        if counted != there:
            yield Violation(10, name, f"{counted} by the journal, {there} are there")


def _some(figures: Mapping[str, int]) -> dict[str, int]:
    return {name: number for name, number in sorted(figures.items()) if number}
