"""Steps 1 and 2: a control PIN goes to a phone, and proves it."""

from collections.abc import Collection, Iterator

from attrs import evolve

from crs_core.domain import control_pin, inputs, one_time_code, tokens
from crs_core.domain.campaign import Budget, ControlPinRule
from crs_core.domain.control_pin import Challenge, Sent
from crs_core.domain.inputs import shown
from crs_core.domain.maintenance import deadline
from crs_core.domain.messages import Channel, Lane, Message, Purpose
from crs_core.domain.pacing import Departure
from crs_core.domain.people import mask, phone_number
from crs_core.domain.plans import Key, Plan, Put, Versioned
from crs_core.domain.time import Instant, later
from crs_core.domain.tokens import Unsigned
from crs_core.errors import InvalidInput, Problem, Refused
from crs_core.office.commands import Command, Office
from crs_core.office.queues import departure
from crs_core.ports.storage import BudgetUse, View, Work

__all__ = ["challenge_of", "check_pin", "of_source", "proved", "request_control_pin", "signed", "verify_phone"]

_HANDLE_HOURS = 24
_PROOF_MINUTES = 60


def request_control_pin(
    office: Office,
    phone: str,
    *,
    source: str,
    language: str | None,
    handle: str | None,
    actor: str,
    idempotency_key: str | None,
) -> Sent:
    """See `CitizenDesk.request_control_pin`."""
    inputs.require(inputs.of_text("source", source))
    number = _phone(office, phone)
    spoken = language or office.campaign.languages[0]
    _check_language(office, spoken)
    key = Key(Challenge, office.keyring.pseudonym("phone", number))
    queue = departure(office, Lane.INTERACTIVE, office.now())

    def decide(work: Work, now: Instant) -> Plan[Sent]:
        stored = work.get(key)
        challenge = control_pin.asked(
            None if stored is None else stored.value,
            phone_id=key.id,
            phone=number,
            key_id=office.keyring.active,
            language=spoken,
            rule=_rule(office, stored, now),
            now=now,
            pauses=office.pauses,
        )
        rule = office.campaign.control_pin.at(challenge.created_at)
        given = _kept_handle(office, handle, challenge, now)
        if challenge.unsent is not None or not _may_send(challenge, rule, now):
            return Plan(_sent(office, challenge, rule, given, queue, now))
        work.take(_send_budgets(office, key.id, source), now)
        message = _message(office, challenge, rule, now)
        challenge = evolve(challenge, unsent=message.id, expected_at=queue.leaves_at)
        return Plan(
            _sent(office, challenge, rule, given, queue, now),
            puts=(Put(key, challenge, 0 if stored is None else stored.version),),
            journal=(office.note(now, "control_pin_asked", person=key.id, generation=challenge.generation),),
            messages=(message,),
        )

    arguments = {"phone": number, "source": source, "language": spoken, "handle": handle or ""}
    return office.run(Command("request_control_pin", actor, arguments, Sent, decide, (key,), idempotency_key))


def _phone(office: Office, text: str) -> str:
    given: object = text
    if not isinstance(given, str):
        raise InvalidInput([Problem("phone", type(given).__name__, "must be text", "give the number as it was typed")])
    try:
        return phone_number(text, office.campaign.phones)
    except ValueError as error:
        raise InvalidInput([Problem("phone", mask(text), str(error), "type the number once more")]) from None


def _check_language(office: Office, language: str) -> None:
    if language not in office.campaign.languages:
        rule = f"must be one of {sorted(office.campaign.languages)}"
        raise InvalidInput([Problem("language", shown(language), rule, "choose one of them")])


def _rule(office: Office, stored: Versioned[Challenge] | None, now: Instant) -> ControlPinRule:
    return office.campaign.control_pin.at(now if stored is None else stored.value.created_at)


def _may_send(challenge: Challenge, rule: ControlPinRule, now: Instant) -> bool:
    return challenge.sends < rule.sends and control_pin.may_ask_at(challenge, rule, now) <= now


def _send_budgets(office: Office, phone_id: str, source: str) -> tuple[BudgetUse, ...]:
    limits = office.campaign.limits
    return (
        *of_source(office, "send", source, limits.pin_sends_source, "too_many_sends"),
        BudgetUse(f"send:phone:{phone_id}", limits.pin_sends_phone, "too_many_sends"),
        BudgetUse("send:overall", limits.pin_sends_overall, "too_many_sends"),
    )


def _message(office: Office, challenge: Challenge, rule: ControlPinRule, now: Instant) -> Message:
    return Message(
        id=office.chance.name(),
        lane=Lane.INTERACTIVE,
        channel=Channel.SMS,
        purpose=Purpose.CONTROL_PIN,
        recipient=challenge.phone,
        language=challenge.language,
        subject=challenge.id,
        person=f"{challenge.id}/{challenge.generation}",  # the message of an older PIN keeps nobody from this one
        created_at=now,
        due_at=now,
        good_until=later(now, minutes=rule.good_minutes),
        facts={"minutes": str(rule.life_minutes)},
    )


def _kept_handle(office: Office, handle: str | None, challenge: Challenge, now: Instant) -> str:
    """The handle given back, while it is one of this challenge; its budget of tries is not reset by asking again."""
    if handle is not None:
        try:
            facts = tokens.read(office.keyring, "handle", handle, now=now)
        except Refused:
            facts = {}
        if facts.get("c") == challenge.id and facts.get("g") == _generation(office, challenge, str(facts.get("n"))):
            return handle
    nonce = office.chance.name()
    facts = {"c": challenge.id, "g": _generation(office, challenge, nonce), "n": nonce}
    return tokens.sign(office.keyring, "handle", facts, until=later(now, hours=_HANDLE_HOURS))


def _generation(office: Office, challenge: Challenge, nonce: str) -> str:
    """Names the generation without its number, which would tell whether the phone has ever asked before."""
    return office.keyring.pseudonym("generation", f"{challenge.id}\x00{challenge.generation}\x00{nonce}")[:12]


def _sent(
    office: Office, challenge: Challenge, rule: ControlPinRule, handle: str, queue: Departure, now: Instant
) -> Sent:
    waiting = challenge.unsent is not None or challenge.handed_off_at is None
    expected = control_pin.expected_at(challenge, queue, now)
    after = later(expected, seconds=rule.wait_seconds) if waiting else control_pin.may_ask_at(challenge, rule, now)
    left = rule.sends - challenge.sends - waiting
    if left <= 0 and challenge.handed_off_at is not None:
        after = max(after, deadline(challenge.handed_off_at, 60 * rule.life_minutes, office.pauses))
    return Sent(handle, expected, after, max(0, left))


def verify_phone(office: Office, handle: str, pin: str, *, source: str, actor: str, idempotency_key: str | None) -> str:
    """See `CitizenDesk.verify_phone`."""
    inputs.require(inputs.of_text("source", source))
    now = office.now()
    facts = tokens.read(office.keyring, "handle", handle, now=now)
    key = Key(Challenge, str(facts["c"]))

    def decide(work: Work, now: Instant) -> Plan[Unsigned | None]:
        stored = work.get(key)
        rule = _rule(office, stored, now)
        check_pin("pin", pin, {rule.digits})
        left = work.take(_try_budgets(office, key.id, str(facts["n"]), source), now)
        if stored is None or not control_pin.is_live(stored.value, rule, now, office.pauses):
            return Plan(None, refusal=_expired())
        challenge = stored.value
        if facts["g"] != _generation(office, challenge, str(facts["n"])):
            return Plan(None, refusal=_expired())
        if not one_time_code.matches(control_pin.code_of(challenge, office.keyring, rule), pin):
            return Plan(None, refusal=_wrong(left[-2]))
        proof = {"c": challenge.id, "g": challenge.generation}
        return Plan(
            Unsigned("proof", proof, later(now, minutes=_PROOF_MINUTES)),
            puts=(Put(key, control_pin.used(challenge, now), stored.version),),
            journal=(office.note(now, "phone_proved", person=key.id),),
        )

    arguments = {"handle": handle, "pin": pin, "source": source}
    return signed(office, Command("verify_phone", actor, arguments, Unsigned, decide, (key,), idempotency_key))


def signed(office: Office, command: Command[Unsigned | None]) -> str:
    """The token that a command answers with: signed outside, so that none is kept under an idempotency key."""
    answer = office.run(command)
    return "" if answer is None else answer.signed(office.keyring)


def check_pin(place: str, pin: str, lengths: Collection[int]) -> None:
    """Returns where the text could be a PIN of one of these lengths.

    Raises:
        InvalidInput: It could not; no try is counted and the text is not repeated.
    """
    given: object = pin
    if not isinstance(given, str):
        raise InvalidInput([Problem(place, type(given).__name__, "must be text", "give the PIN as it was typed")])
    compact = "".join(pin.split()).replace("-", "")
    if not (compact.isascii() and compact.isdigit() and len(compact) in lengths):
        rule = f"a PIN here has {' or '.join(map(str, sorted(lengths)))} digits"
        raise InvalidInput([Problem(place, "…", rule, "copy it from the message")])


def of_source(office: Office, matter: str, source: str, budget: Budget, code: str) -> Iterator[BudgetUse]:
    """The budget of a source, by its pseudonym; none where the source is not known, as that is nobody's own."""
    if source:
        yield BudgetUse(f"{matter}:source:{office.keyring.pseudonym('source', source)}", budget, code)


def _try_budgets(office: Office, phone_id: str, nonce: str, source: str) -> tuple[BudgetUse, ...]:
    limits = office.campaign.limits
    return (
        *of_source(office, "try", source, limits.pin_tries_source, "too_many_tries"),
        BudgetUse(f"try:handle:{nonce}", limits.pin_tries_handle, "too_many_tries"),
        BudgetUse(f"try:phone:{phone_id}", limits.pin_tries_phone, "too_many_tries"),
    )


def _expired() -> Refused:
    return Refused("pin_expired", "this PIN has been used or has expired", remedy="ask for a new PIN")


def _wrong(left: int) -> Refused:
    return Refused(
        "wrong_pin", f"this is not the PIN; {left} tries are left", remedy="read the message again", left=left
    )


def proved(office: Office, proof: str, now: Instant) -> Key[Challenge]:
    """The challenge that a proof of a phone was given for.

    Raises:
        Refused: ``token_invalid`` or ``token_expired``.
    """
    return Key(Challenge, str(tokens.read(office.keyring, "proof", proof, now=now)["c"]))


def challenge_of(view: View, key: Key[Challenge]) -> Challenge:
    """The challenge that was proved.

    Raises:
        Refused: ``token_expired`` where it is no longer kept.
    """
    stored = view.get(key)
    if stored is None or not stored.value.phone:  # erased since
        raise Refused("token_expired", "the proof of the phone is gone", remedy="prove the phone again")
    return stored.value
