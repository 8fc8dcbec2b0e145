"""The invariants, proved after the fact: what is stored is read whole and held against itself."""

from collections import Counter
from collections.abc import Iterator

from crs_core.domain import lottery
from crs_core.domain.campaign import Access
from crs_core.domain.control_pin import Challenge
from crs_core.domain.ledger import Account, AccountKind, Balance, State
from crs_core.domain.messages import Message, Purpose
from crs_core.domain.order import Order
from crs_core.domain.people import Person
from crs_core.domain.registration import Gate, Registration, is_duplicate, is_live
from crs_core.domain.reservations import Reservation, kept_interval, units
from crs_core.domain.sites import Site
from crs_core.domain.time import Day
from crs_core.office.commands import Office
from crs_core.ports.storage import View
from crs_core.rounds import release_audit
from crs_core.rounds.violations import Violation

__all__ = ["Violation", "audit"]


def audit(office: Office) -> tuple[Violation, ...]:
    """See `OperationsDesk.audit`."""
    with office.storage.read() as view:
        registrations = {each.id: each for each in view.scan(Registration)}
        made = list(view.scan(Reservation))
        active = [each for each in made if each.cancelled_at is None]
        return (
            *_reservations(registrations, active),
            *_people(view, registrations),
            *_tickets(office, registrations),
            *_accounts(office, view, registrations, made),
            *_messages(view, registrations),
            *release_audit.violations(view, registrations),
        )


def _reservations(registrations: dict[str, Registration], active: list[Reservation]) -> Iterator[Violation]:
    holders = Counter(each.registration_id for each in active)
    for each in active:
        holder = registrations.get(each.registration_id)
        if not kept_interval(each):
            yield Violation(2, each.id, "its doses are not all there, in order, within the interval of its day")
        if holder is None or holder.reservation_id != each.id:
            yield Violation(3, each.id, "its registration does not hold it")
        if holders[each.registration_id] > 1:
            yield Violation(3, each.id, "its registration holds more than one active reservation")
        if each.access == Access.INVITATION.value and not each.invitation:
            yield Violation(3, each.id, "it was made without an invitation")
    names = {each.id for each in active}
    for registration in registrations.values():
        if registration.reservation_id is not None and registration.reservation_id not in names:
            yield Violation(6, registration.id, "it was told of a reservation that is not there")


def _people(view: View, registrations: dict[str, Registration]) -> Iterator[Violation]:
    people = {each.insured_number: each for each in view.scan(Person)}
    live = Counter(each.insured_number for each in registrations.values() if is_live(each))
    phones = Counter((each.insured_number, each.phone) for each in registrations.values() if not each.withdrawn_at)
    for each in registrations.values():
        if each.withdrawn_at is not None:
            continue
        person = people.get(each.insured_number, Person(each.insured_number))
        if live[each.insured_number] > 1:
            yield Violation(7, each.id, "its person has more than one live registration")
        if is_live(each) and person.registration_id != each.id:
            yield Violation(7, each.id, "its person does not know it")
        if is_duplicate(each) and each.id not in person.others:
            yield Violation(7, each.id, "it is blocked, and its person does not know it")
        if each.blocks and (each.reservation_id is not None or each.gate is Gate.INVITED):
            yield Violation(7, each.id, "it is blocked, and invited or reserved")
        if phones[each.insured_number, each.phone] > 1:
            yield Violation(7, each.id, "its person has another registration with the same phone")


def _tickets(office: Office, registrations: dict[str, Registration]) -> Iterator[Violation]:
    """Where some step of the order is a lottery, every ticket is drawn again."""
    if all(declared.then is not Order.LOTTERY for declared in office.campaign.priority):
        return
    for registration in registrations.values():
        if registration.ticket != lottery.ticket(office.keyring, office.campaign.lottery_seed, registration.person):
            yield Violation(5, registration.id, "its lottery ticket is not the one that its person drew")


def _accounts(
    office: Office, view: View, registrations: dict[str, Registration], made: list[Reservation]
) -> Iterator[Violation]:
    taken = Counter(unit for each in made for unit in units(each))
    waiting = Counter(
        (each.site_id, each.invitation.unanswered_since)
        for each in registrations.values()
        if each.gate is Gate.INVITED and each.reservation_id is None and each.withdrawn_at is None and each.invitation
    )
    sites = {place.id: Site(place.id) for place in office.campaign.places} | {each.id: each for each in view.scan(Site)}
    for site_id, site in sorted(sites.items()):
        accounts = dict(view.accounts(site_id))
        yield from _deliveries(site, accounts)
        yield from _balances(accounts, taken)
        yield from _invitations(site_id, accounts, waiting)
        yield from _sums(accounts)
    for account, state in sorted(taken, key=lambda unit: (unit[0], unit[1].value)):
        yield Violation(10, str(account), f"{taken[account, state]} {state.value}, but there is no such account")


def _deliveries(site: Site, accounts: dict[Account, Balance]) -> Iterator[Violation]:
    """No delivery has more doses than come, beside those that it is short of until a re-plan."""
    for note in site.deliveries:
        account = Account(site.id, AccountKind.DELIVERY, note.id, note.day)
        total = accounts.get(account, Balance()).total
        if total != note.coming + note.short:
            yield Violation(1, str(account), f"{total} counted, {note.coming} come and it is short of {note.short}")


def _balances(accounts: dict[Account, Balance], taken: Counter[tuple[Account, State]]) -> Iterator[Violation]:
    for account, balance in accounts.items():
        if min(balance.free, balance.held, balance.reserved, balance.given, balance.wasted) < 0:
            yield Violation(1, str(account), f"{balance} holds less than nothing")
        if account.kind != AccountKind.INVITED:
            counted = ((State.RESERVED, balance.reserved), (State.GIVEN, balance.given), (State.WASTED, balance.wasted))
            for state, number in counted:
                found = taken.pop((account, state), 0)
                if number != found:
                    yield Violation(10, str(account), f"{number} counted, {found} {state.value}")


def _invitations(
    site_id: str, accounts: dict[Account, Balance], waiting: Counter[tuple[str, Day]]
) -> Iterator[Violation]:
    for account, balance in accounts.items():
        number = waiting.get((site_id, account.day), 0)
        if account.kind == AccountKind.INVITED and balance.held != number:
            yield Violation(4, str(account), f"{balance.held} counted, {number} invitations unanswered")


def _sums(accounts: dict[Account, Balance]) -> Iterator[Violation]:
    """A day is the sum of its slots."""
    sums: dict[Account, tuple[int, int]] = {}
    for account, balance in accounts.items():
        if account.kind == AccountKind.SLOT:
            day = Account(account.site_id, AccountKind.DAY, account.series, account.day)
            free, total = sums.get(day, (0, 0))
            sums[day] = (free + balance.free, total + balance.total)
    for day, (free, total) in sums.items():
        balance = accounts.get(day, Balance())
        if (balance.free, balance.total) != (free, total):
            yield Violation(10, str(day), f"{balance.free} of {balance.total} free, its slots {free} of {total}")


def _messages(view: View, registrations: dict[str, Registration]) -> Iterator[Violation]:
    """Nobody waits for a message that is not owed any more."""
    owed: dict[str, Message] = {message.id: message for message in view.owed()}
    invited = {message.subject for message in owed.values() if message.purpose is Purpose.INVITATION}
    for challenge in view.scan(Challenge):
        if challenge.unsent is not None and challenge.unsent not in owed and challenge.used_at is None:
            yield Violation(6, challenge.id, "it waits for a message that is neither owed nor settled")
    for registration in registrations.values():
        invitation = registration.invitation
        waits = registration.gate is Gate.INVITED and registration.reservation_id is None
        if not waits or registration.withdrawn_at is not None or invitation is None:
            continue
        if invitation.handed_off_at is None and registration.id not in invited:
            yield Violation(6, registration.id, "its invitation is neither owed nor sent")
