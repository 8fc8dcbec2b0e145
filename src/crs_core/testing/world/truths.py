"""What must be true of every week, whoever did what when."""

from collections import Counter
from collections.abc import Iterable, Iterator

from crs_core.composition.system import System
from crs_core.domain.ledger import AccountKind
from crs_core.domain.messages import Message
from crs_core.domain.priority import group_of
from crs_core.domain.registration import Gate, Registration
from crs_core.domain.reservations import Reservation
from crs_core.domain.sites import Site
from crs_core.domain.time import Instant, day_of
from crs_core.ports.storage import Storage
from crs_core.rounds.release import Release
from crs_core.testing.world.storage import Letters
from crs_core.testing.world.vendors import Network

__all__ = ["Broken", "audited", "in_turn", "letters_accounted", "live", "seats_hold", "told_is_true"]


class Broken(AssertionError):
    """Something that must be true is not.

    Attributes:
        truth: Its short name, by which two stories are known to end alike.
    """

    def __init__(self, truth: str, message: str) -> None:
        super().__init__(truth, message)
        self.truth = truth

    def __str__(self) -> str:
        return f"{self.args[0]}: {self.args[1]}"


def audited(system: System) -> None:
    """The audit finds nothing."""
    for violation in system.operations.audit():
        raise Broken(f"invariant_{violation.invariant}", str(violation))


def live(storage: Storage) -> list[Registration]:
    """Every registration that was not withdrawn."""
    with storage.read() as view:
        return [each for each in view.scan(Registration) if each.withdrawn_at is None]


def in_turn(system: System, before: Iterable[Registration], released: Iterable[Release], now: Instant) -> None:
    """Nobody who could be called ranks before somebody who was: invariant 5, read from the declaration itself.

    Args:
        before: Who was registered when the release began.
    """
    declared, today = system.campaign.priority.at(now), day_of(now, system.campaign.zone)
    turns: dict[str, list[tuple[tuple[object, ...], str]]] = {}
    unanswered = Counter(each.site_id for each in before if each.gate is Gate.INVITED and each.reservation_id is None)
    for each in before:
        if not each.queued:
            continue
        group = group_of(declared, claims=each.claims, born=each.birth_date, today=today)
        if group is not None:
            order = (-group.score, each.birth_date, each.seniority, each.id)
            turns.setdefault(each.site_id, []).append((order, each.id))
    for release in released:
        first = [name for _, name in sorted(turns.get(release.site_id, []))[: len(release.invited)]]
        if list(release.invited) != first:
            message = f"at {release.site_id} {list(release.invited)} were called, and it was the turn of {first}"
            raise Broken("passed_over", message)
        outstanding = unanswered[release.site_id]
        if len(release.invited) > max(0, release.people - outstanding):
            message = f"{outstanding} and {len(release.invited)} are invited, {release.people} can be booked"
            raise Broken("invited_too_many", message)


def letters_accounted(letters: Letters, network: Network, counted: dict[tuple[str, str], int]) -> None:
    """Every message that was owed is handed over, or dead with its reason; and none said two things.

    Args:
        counted: Messages by (lane, state) as the storage counts them.
    """
    for message in letters.owed.values():
        raise Broken("still_owed", f"{_named(message)} is still owed after a night of calm")
    for reference in sorted(letters.sent - network.taken):
        raise Broken("sent_to_nobody", f"message {reference} stands as sent, and no gateway has taken it")
    for reference, reason in sorted(letters.dead.items()):
        if not reason:
            raise Broken("dead_without_reason", f"message {reference} was given up without a reason")
    for reference, said in sorted(network.texts.items()):
        if len(said) > 1:
            raise Broken("said_two_things", f"message {reference} was handed over with {len(said)} different texts")
    stored = Counter[str]()
    for (_, state), number in counted.items():
        stored[state] += number
    told = {"owed": len(letters.owed), "sent": len(letters.sent), "dead": len(letters.dead)}
    if +stored != +Counter(told):
        raise Broken("message_lost", f"the storage counts {dict(stored)}, owed and settled were {told}")


def _named(message: Message) -> str:
    return f"message {message.id} ({message.purpose.value}, tried {message.attempts} times)"


def seats_hold(storage: Storage, system: System) -> None:
    """No slot holds more people than seats, counted from the reservations themselves: invariant 1."""
    with storage.read() as view:
        taken = Counter(
            (each.site_id, dose.calendar, dose.day, dose.minute)
            for each in view.scan(Reservation)
            for dose in each.doses
            if each.cancelled_at is None and dose.held
        )
        seats = {
            (place.id, account.series, account.day, account.minute): balance.total
            for place in system.campaign.places
            for account, balance in view.accounts(place.id)
            if account.kind == AccountKind.SLOT
        }
        closed = {place.id for place in system.campaign.places} - {each.id for each in view.scan(Site)}
    for slot, number in sorted(taken.items()):
        if number > seats.get(slot, 0) or slot[0] in closed:
            raise Broken("oversold", f"slot {slot} holds {number} people and has {seats.get(slot, 0)} seats")


def told_is_true(storage: Storage, registrations: Iterable[str], reservations: Iterable[str]) -> Iterator[str]:
    """The ids, of those that people were told of, that are not there or not active."""
    with storage.read() as view:
        known = {each.id for each in view.scan(Registration) if each.withdrawn_at is None}
        held = {each.id for each in view.scan(Reservation) if each.cancelled_at is None}
    yield from (name for name in registrations if name not in known)
    yield from (name for name in reservations if name not in held)
