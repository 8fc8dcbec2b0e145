"""People held against their registrations: one that counts, the others blocked and known."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from crs_core.domain import duplicates
from crs_core.domain.erasure import is_erased
from crs_core.domain.people import Person
from crs_core.domain.registration import Gate, Registration, is_duplicate, is_live
from crs_core.office.commands import Office
from crs_core.rounds.violations import Violation

__all__ = ["violations"]


def violations(
    office: Office, people: Sequence[Person], registrations: Mapping[str, Registration]
) -> Iterator[Violation]:
    """Broken invariants of who is registered."""
    by_number = {each.insured_number: each for each in people}
    standing = [each for each in registrations.values() if each.withdrawn_at is None]
    live = Counter(each.insured_number for each in standing if is_live(each))
    phones = Counter((each.insured_number, each.phone) for each in standing)
    for each in standing:
        if live[each.insured_number] > 1:
            yield Violation(7, each.id, "its person has more than one live registration")
        if phones[each.insured_number, each.phone] > 1:
            yield Violation(7, each.id, "its person has another registration with the same phone")
        yield from _known(each, by_number.get(each.insured_number, Person(each.insured_number)))
        yield from _itself(each)
    for each in registrations.values():
        if not is_erased(each) and each.person != office.person(each.insured_number):
            yield Violation(7, each.id, "its insured number is not that of its person")
    for person in people:
        yield from _names(person, registrations)


def _known(each: Registration, person: Person) -> Iterator[Violation]:
    if is_live(each) and person.registration_id != each.id:
        yield Violation(7, each.id, "its person does not know it")
    if is_duplicate(each) and each.id not in person.others:
        yield Violation(7, each.id, "it is blocked, and its person does not know it")


def _itself(each: Registration) -> Iterator[Violation]:
    if each.blocks and (each.reservation_id is not None or each.gate is Gate.INVITED):
        yield Violation(7, each.id, "it is blocked, and invited or reserved")
    if each.gate is Gate.INVITED and each.invitation is None:
        yield Violation(3, each.id, "its gate is open without an invitation")
    block = duplicates.block_of(each)
    if duplicates.is_open(each) and block is not None and not block.told and block.wakes_at is None:
        yield Violation(7, each.id, "it waits blocked, and nobody will tell the older phone")


def _names(person: Person, registrations: Mapping[str, Registration]) -> Iterator[Violation]:
    """What a person is known by is there, is theirs, and is what it is known as."""
    wanted = [(name, is_duplicate) for name in person.others]
    if person.registration_id is not None:
        wanted.append((person.registration_id, is_live))
    for name, is_such in wanted:
        found = registrations.get(name)
        theirs = found is not None and found.insured_number == person.insured_number
        if found is None or not theirs or found.withdrawn_at is not None or not is_such(found):
            yield Violation(7, name, "its person counts on it, but it has ended, stands otherwise or is not theirs")
