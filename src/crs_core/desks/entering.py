"""Step 5: the reservation is entered with PIN2; and PIN2 is sent once more to whoever lost it."""

from collections.abc import Iterable, Sequence

from attrs import frozen

from crs_core.desks.proving import challenge_of, check_pin, of_source, proved, signed
from crs_core.domain import duplicates, gate, inputs, invitation_pin, tokens
from crs_core.domain.campaign import Access
from crs_core.domain.insured_number import formed
from crs_core.domain.messages import Lane, Purpose
from crs_core.domain.people import Person
from crs_core.domain.plans import Key, Plan, Versioned
from crs_core.domain.registration import Registration
from crs_core.domain.time import Instant, later
from crs_core.domain.tokens import Unsigned
from crs_core.errors import InvalidInput, Problem, Refused
from crs_core.office.commands import Command, Office
from crs_core.office.letters import sms
from crs_core.office.persons import held
from crs_core.office.queues import departure
from crs_core.ports.storage import BudgetUse, View, Work

__all__ = ["Reminded", "enter", "entered", "entry_id", "locks_of", "number_of", "remind_pin"]

_ENTRY_MINUTES = 30
_LEAST_DERIVED = 2


@frozen
class Reminded:
    """The answer to a request for a reminder; the same whether the insured number is known or not.

    Attributes:
        expected_at: When a message, if one is owed, should have reached the gateway; in whole minutes from now, as
            the length of the queue to a fraction of a second would tell whether this very request has lengthened it.
    """

    expected_at: Instant


def enter(
    office: Office,
    insured_number: str,
    pin2: str,
    *,
    source: str,
    proof: str | None,
    actor: str,
    idempotency_key: str | None,
) -> str:
    """See `CitizenDesk.enter`."""
    inputs.require(inputs.of_text("source", source))
    number = _typed(office, insured_number, pin2)
    person = office.person(number)
    phone = None if proof is None else proved(office, proof, office.now())

    def decide(work: Work, now: Instant) -> Plan[Unsigned | None]:
        found = [each.value for each in held(work, person).all]
        has_phone = phone is not None and _is_of(found, challenge_of(work, phone).phone)
        tries = f"proved:{person}:{phone.id}" if phone is not None and has_phone else f"person:{person}"
        work.take(_budgets(office, tries, source), now)
        registration = _opened(office, found, pin2, now)
        if registration is None:
            remedy = "check both; a lost PIN can be sent once more"
            return Plan(
                None, refusal=Refused("wrong_pin2", "this insured number and PIN do not go together", remedy=remedy)
            )
        facts = {"r": registration.id, "g": registration.pin_generation}
        return Plan(Unsigned("entry", facts, later(now, minutes=_ENTRY_MINUTES)))

    arguments = {"insured_number": number, "pin": pin2, "source": source, "proof": proof or ""}
    return signed(office, Command("enter", actor, arguments, Unsigned, decide, (), idempotency_key))


def _typed(office: Office, insured_number: str, pin2: str) -> str:
    """The compact insured number of a form that could be right.

    Raises:
        InvalidInput: The faults of both fields together.
    """
    problems: list[Problem] = []
    try:
        check_pin("pin2", pin2, {rule.digits for rule in office.campaign.invitation})
    except InvalidInput as error:
        problems += error.problems
    try:
        number = number_of(insured_number)
    except InvalidInput as error:
        raise InvalidInput([*error.problems, *problems]) from None
    inputs.require(*problems)
    return number


def _is_of(registrations: Iterable[Registration], phone: str) -> bool:
    return any(each.phone == phone for each in registrations)


def _opened(office: Office, registrations: Sequence[Registration], pin2: str, now: Instant) -> Registration | None:
    """The registration of a person that PIN2 opens, blocked or not; as much is derived for a number that nobody has."""
    found = None
    nobody = [None] * (_LEAST_DERIVED - len(registrations))
    for each in (*registrations, *nobody):
        rule = office.campaign.invitation.at(now)
        digits = rule.digits if each is None else invitation_pin.digits(office.campaign, each)
        if invitation_pin.opens(each, pin2, office.keyring, digits):
            found = each
    return found


def number_of(text: str) -> str:
    """The compact insured number of a text that could be one.

    Raises:
        InvalidInput: It could not; the text is not repeated.
    """
    given: object = text
    if not isinstance(given, str):
        remedy = "give the number as it was typed"
        raise InvalidInput([Problem("insured_number", type(given).__name__, "must be text", remedy)])
    try:
        return formed(text)
    except ValueError as error:
        raise InvalidInput([Problem("insured_number", "…", str(error), "copy it from the insurance card")]) from None


def _budgets(office: Office, tries: str, source: str) -> tuple[BudgetUse, ...]:
    """Whoever has proved a phone of the registration is not kept out by the tries of others.

    Nor by those of another phone: whoever knows a number may have a duplicate of theirs wait, and so a phone of it too.
    """
    limits = office.campaign.limits
    return (
        *of_source(office, "enter", source, limits.entries_source, "too_many_tries"),
        BudgetUse(f"enter:{tries}", limits.entries_registration, "too_many_tries"),
    )


def entry_id(office: Office, entry: str, now: Instant) -> tuple[str, int]:
    """The registration and the PIN2 generation that an entry was given for.

    Raises:
        Refused: ``token_invalid`` or ``token_expired``.
    """
    facts = tokens.read(office.keyring, "entry", entry, now=now)
    return str(facts["r"]), int(facts["g"])


def locks_of(office: Office, registration_id: str) -> tuple[Key[Person], Key[Registration]]:
    """What a command locks that changes which registration of a person counts: the person first, in the one order.

    Whose a registration is never changes, so it is read beforehand; of none nobody is locked.
    """
    key = Key(Registration, registration_id)
    with office.storage.read() as view:
        stored = view.get(key)
    return Key(Person, "" if stored is None else stored.value.person), key


def entered(view: View, entry: tuple[str, int]) -> Versioned[Registration]:
    """The registration that was entered.

    Raises:
        Refused: ``token_expired`` where PIN2 has changed since, ``withdrawn`` where it has ended.
    """
    stored = view.get(Key(Registration, entry[0]))
    if stored is None or stored.value.pin_generation != entry[1]:
        raise Refused("token_expired", "the PIN has changed since", remedy="enter with the newest PIN", kind="entry")
    if stored.value.withdrawn_at is not None:
        raise Refused("withdrawn", "this registration was withdrawn", remedy="register again")
    return stored


def remind_pin(
    office: Office, insured_number: str, *, source: str, actor: str, idempotency_key: str | None
) -> Reminded:
    """See `CitizenDesk.remind_pin`."""
    inputs.require(inputs.of_text("source", source))
    number = number_of(insured_number)
    person = office.person(number)
    queue = departure(office, Lane.TRANSACTIONAL, office.now())

    def decide(work: Work, now: Instant) -> Plan[Reminded]:
        limits = office.campaign.limits
        uses = (
            *of_source(office, "remind", source, limits.reminders_source, "too_many_reminders"),
            BudgetUse(f"remind:person:{person}", limits.reminders_registration, "too_many_reminders"),
        )
        work.take(uses, now)
        waits = max(0.0, (queue.leaves_at - now).total_seconds())
        expected = later(now, minutes=1 + waits // 60)  # whole minutes, so that it tells of nobody
        found = [each.value for each in held(work, person).all if _has_pin(office, each.value, now)]
        return Plan(
            Reminded(expected),
            journal=(office.note(now, "pin_reminded", person=person),) if found else (),
            messages=tuple(sms(office, each, Purpose.PIN_REMINDER, now) for each in found),
        )

    arguments = {"insured_number": number, "source": source}
    return office.run(Command("remind_pin", actor, arguments, Reminded, decide, (), idempotency_key))


def _has_pin(office: Office, registration: Registration, now: Instant) -> bool:
    """Whether its phone was sent a PIN2 that opens something now; before an invitation there is none.

    A duplicate that waits under immediate access has one too: without it its phone would know that the number is known.
    """
    access = office.campaign.access.at(now)
    waits = access is Access.IMMEDIATE and duplicates.contends(registration)
    return registration.reservation_id is not None or waits or gate.is_open(registration, access, now, office.pauses)
