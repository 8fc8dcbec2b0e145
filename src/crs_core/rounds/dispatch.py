"""Messages owed leave, interactive before transactional before bulk.

PINs are derived here, at hand-off, and kept nowhere; so are the documents that an e-mail encloses.
Nothing is sent inside a transaction: a message is leased, handed over, and what became of it is committed. A crash in
between sends it again with the same reference and the same PIN.
A gateway that is down is left alone for a while, and costs no message its tries.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from attrs import evolve, frozen

from crs_core.domain import control_pin, duplicates, gate, invitation_pin, wording
from crs_core.domain.campaign import Access
from crs_core.domain.control_pin import Challenge
from crs_core.domain.ledger import Transfer
from crs_core.domain.maintenance import deadline, under_way
from crs_core.domain.messages import BY_EMAIL, Channel, Lane, Message, MessageState, Outcome, Purpose
from crs_core.domain.plans import JournalEntry, Key, Plan, Put
from crs_core.domain.registration import Gate, Registration
from crs_core.domain.reservations import Reservation
from crs_core.domain.time import Instant, later
from crs_core.errors import AdapterFault, CrsError, NotFound, Refused, Stale
from crs_core.office.adapters import spoken_to
from crs_core.office.commands import Office
from crs_core.office.letters import about, matter, of
from crs_core.ports.mail import Mail
from crs_core.ports.sms import Sms
from crs_core.ports.storage import View, Work
from crs_core.rounds.circuits import Circuits
from crs_core.rounds.enclosing import attached, confirmation_of, documents_of

__all__ = ["Dispatch", "dispatch"]

_LEASES = (((Lane.INTERACTIVE,), 1), ((Lane.TRANSACTIONAL, Lane.BULK), 50))
_LONGEST_PAUSE = 3600
_PIN_PURPOSES = {Purpose.REGISTERED, Purpose.INVITATION, Purpose.PIN_REMINDER}
_TELL_TIMES = {Purpose.RESERVED, Purpose.MOVED, Purpose.REPLANNED, Purpose.DOSE_LOST}
_CONFIRMATIONS = _TELL_TIMES | {BY_EMAIL[purpose] for purpose in _TELL_TIMES}
_MOVES_ON = {Purpose.INVITATION, Purpose.DUPLICATE}
_ENDED = {Gate.QUEUED: "returned", Gate.LAPSED: "lapsed"}
_TOO_LATE = "too_late"


@frozen
class Dispatch:
    """What a round of sending did: messages sent, put off for another try, and given up.

    Attributes:
        retry_at: The end of a maintenance under way, until which nothing is handed over; None otherwise.
    """

    sent: int = 0
    put_off: int = 0
    dead: int = 0
    retry_at: Instant | None = None

    def plus(self, outcomes: Iterable[Outcome]) -> "Dispatch":
        """This and some more outcomes."""
        states = [outcome.state for outcome in outcomes if outcome.tried]
        return Dispatch(
            self.sent + states.count(MessageState.SENT),
            self.put_off + states.count(MessageState.OWED),
            self.dead + states.count(MessageState.DEAD),
        )


def dispatch(office: Office, limit: int, *, actor: str) -> Dispatch:
    """See `OperationsDesk.dispatch`."""
    done = Dispatch()
    left = limit
    circuits = Circuits(office)
    while left > 0:
        now = office.now()
        rest = under_way(office.pauses, now)
        if rest is not None:
            return evolve(done, retry_at=rest.end)
        until = later(now, seconds=office.campaign.sending.at(now).lease_seconds)
        leased = _leased(office, circuits, left, now, until)
        if not leased:
            break
        outcomes = list(_hand_over_all(office, circuits, leased, until))
        _settle(office, circuits, leased[: len(outcomes)], outcomes, actor)
        done = done.plus(outcomes)
        left -= len(leased)
    return done


def _leased(office: Office, circuits: Circuits, left: int, now: Instant, until: Instant) -> Sequence[Message]:
    """The next to go: whoever waits at a page, or else a batch, behind which the next one waits at most."""
    channels = [channel for channel in Channel if circuits.may_try(channel, now)]
    for lanes, most in _LEASES:
        found = office.storage.lease(lanes, min(most, left), now=now, until=until, channels=channels)
        if found:
            return found
    return ()


def _hand_over_all(office: Office, circuits: Circuits, leased: Iterable[Message], until: Instant) -> Iterator[Outcome]:
    """What became of each message; given back where its gateway went down meanwhile.

    Those left when the lease ends are another dispatcher's, and nothing is said of them.
    """
    for message in leased:
        now = office.now()
        if now >= until:
            return
        if circuits.may_try(message.channel, now):
            yield _hand_over(office, circuits, message)
        else:
            yield Outcome(message.id, MessageState.OWED, now, counts=False)


def _hand_over(office: Office, circuits: Circuits, message: Message) -> Outcome:
    now = office.now()
    if _good_until(office, message) <= now:
        return Outcome(message.id, MessageState.DEAD, now, reason=_TOO_LATE)
    try:
        gateway_id = _send(office, circuits, _written(office, message))
    except Refused as refusal:
        return Outcome(message.id, MessageState.DEAD, now, reason=refusal.code)
    except (AdapterFault, NotFound) as fault:  # a key that is missing may be put back
        return _again(office, message, fault, now, down=circuits.down(message.channel))
    return Outcome(message.id, MessageState.SENT, office.now(), gateway_id=gateway_id)


def _written(office: Office, message: Message) -> Sms | Mail:
    """The message with its text, with the PIN where its template shows one, and with what an e-mail encloses."""
    with office.storage.read() as view:
        if message.purpose in _CONFIRMATIONS:
            _require_true(view, message)
        if message.purpose is Purpose.SEAT_LOST:
            _require_without(view, message)
        facts = {**message.facts, **_pin(office, view, message)}
        confirmed = confirmation_of(office, view, message)
    texts = office.campaign.texts.get(message.language, {})
    if confirmed is None:
        return Sms(message.id, message.recipient, wording.message(message.purpose, message.language, facts, texts)[1])
    if confirmed.email is None:
        raise Refused("superseded", "there is no e-mail address any more")
    documents = documents_of(office, confirmed, message)
    facts["attached"] = attached(confirmed, documents)
    subject, text = wording.message(message.purpose, message.language, facts, texts)
    return Mail(message.id, confirmed.email, subject, text, documents)


def _good_until(office: Office, message: Message) -> Instant:
    """Until when a message is worth sending, later by the maintenance since."""
    life = (message.good_until - message.created_at).total_seconds()
    return deadline(message.created_at, round(life), office.pauses)


def _send(office: Office, circuits: Circuits, written: Sms | Mail) -> str:
    if isinstance(written, Mail):
        with circuits.learning(Channel.EMAIL), spoken_to("mail", Refused):
            return _name(office.mail.send(written))
    with circuits.learning(Channel.SMS), spoken_to("sms", Refused):
        return _name(office.sms.send(written))


def _name(answer: object) -> str:
    """What a gateway calls a message; one that returns has taken it, whatever it answers."""
    return answer if isinstance(answer, str) else ""


def _again(office: Office, message: Message, fault: CrsError, now: Instant, *, down: bool) -> Outcome:
    """Another try after a pause that doubles and is never quite the same; the dead letters after the last.

    Where the gateway is down the try does not count, and the pause is only to let another message be the next tried.
    """
    sending = office.campaign.sending.at(now)
    if message.attempts >= sending.attempts and not down:
        return Outcome(message.id, MessageState.DEAD, now, reason=fault.code)
    doubled = 1 if down else 2 ** (message.attempts - 1)
    pause = min(sending.backoff_seconds * doubled, _LONGEST_PAUSE)
    due = later(now, seconds=pause * (0.5 + office.chance.fraction()))
    return Outcome(message.id, MessageState.OWED, now, due_at=due, reason=fault.code, counts=not down)


def _require_true(view: View, message: Message) -> None:
    """A confirmation of what has been moved or cancelled since goes to the dead letters."""
    registration = view.get(Key(Registration, message.subject))
    held = None if registration is None else view.get(Key(Reservation, registration.value.reservation_id or ""))
    if registration is None or held is None or message.person != matter(held.value, registration.value.person):
        raise Refused("superseded", "the reservation has changed since")


def _require_without(view: View, message: Message) -> None:
    """Who has another reservation by now has been told of that one."""
    registration = view.get(Key(Registration, message.subject))
    if registration is None or registration.value.reservation_id is not None:
        raise Refused("superseded", "there is another reservation since")


def _pin(office: Office, view: View, message: Message) -> dict[str, str]:
    if message.purpose is Purpose.CONTROL_PIN:
        challenge = view.get(Key(Challenge, message.subject))
        if challenge is None or challenge.value.unsent != message.id or challenge.value.used_at is not None:
            raise Refused("superseded", "the PIN of this message has been used")
        rule = office.campaign.control_pin.at(challenge.value.created_at)
        return {"pin": control_pin.code_of(challenge.value, office.keyring, rule)}
    if message.purpose not in _PIN_PURPOSES:
        return {}
    registration = view.get(Key(Registration, message.subject))
    if registration is None or not _still_owed(office, registration.value, message):
        raise Refused("superseded", "the registration has moved on since")
    digits = invitation_pin.digits(office.campaign, registration.value)
    return {"pin": invitation_pin.code_of(registration.value, office.keyring, digits)}


def _still_owed(office: Office, registration: Registration, message: Message) -> bool:
    """Whether the message still tells the truth: an invitation while its gate is open, PIN2 while it opens something.

    Whoever has a reservation by now is told it by a reminder alone; nobody by one of the phone or the site before a
    correction.
    """
    if registration.withdrawn_at is not None or message.person != of(registration, message.purpose):
        return False
    if message.purpose is Purpose.INVITATION:
        return registration.gate is Gate.INVITED and registration.reservation_id is None
    now = office.now()
    access = office.campaign.access.at(now)
    waits = access is Access.IMMEDIATE and duplicates.contends(registration)
    opens = waits or gate.is_open(registration, access, now, office.pauses)
    if message.purpose is Purpose.REGISTERED:
        return opens and registration.reservation_id is None
    return opens or registration.reservation_id is not None


def _settle(
    office: Office, circuits: Circuits, messages: Sequence[Message], outcomes: Sequence[Outcome], actor: str
) -> None:
    """Commits what became of leased messages, and what that means for challenges, invitations and circuits.

    What another round changes meanwhile is read again: messages that were handed over must be written down as such.
    """
    while True:
        with suppress(Stale):
            return _settle_once(office, circuits, messages, outcomes, actor)


def _settle_once(
    office: Office, circuits: Circuits, messages: Sequence[Message], outcomes: Sequence[Outcome], actor: str
) -> None:
    keys = [_key(message) for message in messages]
    with office.storage.write(timeout=office.write_timeout) as work:
        work.lock([*(key for key in keys if key is not None), *circuits.keys()])
        now = office.now()
        puts: dict[str, Put[Any]] = {}
        journal: list[JournalEntry] = []
        given_back: list[Transfer] = []
        for message, outcome in zip(messages, outcomes, strict=True):
            if not outcome.tried:
                continue
            ended = _after(office, work, message, outcome, puts, given_back)
            journal.append(_note(office, message, outcome))
            if ended is not None:
                facts = about(office, ended, now)
                kind = _ENDED[ended.gate]
                journal.append(office.note(now, kind, person=ended.person, site_id=ended.site_id, **facts))
        changed = (*puts.values(), *circuits.puts(work))
        plan = Plan(None, changed, tuple(given_back), tuple(journal), outcomes=tuple(outcomes))
        work.apply(plan, actor=actor, now=now)
    circuits.told()


def _key(message: Message) -> Key[Challenge] | Key[Registration] | None:
    if message.purpose is Purpose.CONTROL_PIN:
        return Key(Challenge, message.subject)
    return Key(Registration, message.subject) if message.purpose in _MOVES_ON else None


def _after(
    office: Office,
    work: Work,
    message: Message,
    outcome: Outcome,
    puts: dict[str, Put[Any]],
    given_back: list[Transfer],
) -> Registration | None:
    """Collects what an outcome means; the registration whose invitation ends by it, if one does."""
    if outcome.state is MessageState.OWED or _key(message) is None:
        return None
    if message.purpose is Purpose.CONTROL_PIN:
        put = _of_challenge(work, Key(Challenge, message.subject), message, outcome)
    elif message.purpose is Purpose.DUPLICATE:
        put = _of_notice(office, work, message, outcome)
    else:
        put = _of_invitation(work, Key(Registration, message.subject), message, outcome, given_back)
    if put is None:
        return None
    puts[message.subject] = put
    return put.value if isinstance(put.value, Registration) and put.value.gate in _ENDED else None


def _of_challenge(work: Work, key: Key[Challenge], message: Message, outcome: Outcome) -> Put[Any] | None:
    stored = work.get(key)
    if stored is None or stored.value.unsent != message.id:
        return None
    if outcome.state is MessageState.SENT:
        return Put(key, control_pin.handed_off(stored.value, outcome.at), stored.version)
    return Put(key, evolve(stored.value, unsent=None), stored.version)


def _of_notice(office: Office, work: Work, message: Message, outcome: Outcome) -> Put[Any] | None:
    """What the older phone has to object begins with the hand-off; where none comes about, the office decides."""
    key = Key(Registration, message.subject)
    stored = work.get(key)
    if stored is None or outcome.state is not MessageState.SENT:
        return None
    rule = office.campaign.duplicates.at(stored.value.registered_at)
    after = duplicates.handed_off(stored.value, message.person.split("/")[-1], rule, outcome.at)
    return None if after == stored.value else Put(key, after, stored.version)


def _of_invitation(
    work: Work, key: Key[Registration], message: Message, outcome: Outcome, given_back: list[Transfer]
) -> Put[Any] | None:
    """A window begins with the hand-off; an invitation that cannot be delivered holds no seat.

    A phone that takes no message is called no more; where it was the gateway that took none for too long, the citizen
    waits as before.
    """
    stored = work.get(key)
    if stored is None or stored.value.gate is not Gate.INVITED or stored.value.reservation_id is not None:
        return None
    if message.person != of(stored.value, message.purpose):
        return None
    if outcome.state is MessageState.SENT:
        return Put(key, gate.handed_off(stored.value, outcome.at, outcome.message_id), stored.version)
    given_back.extend(gate.no_longer_invited(stored.value))
    ended = gate.returned(stored.value) if outcome.reason == _TOO_LATE else gate.lapsed(stored.value)
    return Put(key, ended, stored.version)


def _note(office: Office, message: Message, outcome: Outcome) -> JournalEntry:
    kind = {MessageState.SENT: "message_sent", MessageState.DEAD: "message_dead"}.get(outcome.state, "message_put_off")
    person = message.person.split("/")[0]
    facts = {"purpose": message.purpose.value, "message": message.id}
    if outcome.reason:
        facts["reason"] = outcome.reason
    return office.note(outcome.at, kind, person=person, **facts)
