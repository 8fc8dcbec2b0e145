"""What a gateway reports of messages that it took."""

from datetime import datetime

from crs_core.domain import gate, inputs
from crs_core.domain.messages import Message, Purpose
from crs_core.domain.people import mask
from crs_core.domain.plans import Key, Plan, Put
from crs_core.domain.registration import Registration
from crs_core.domain.time import Instant, utc
from crs_core.errors import NotFound
from crs_core.office.commands import Command, Office
from crs_core.ports.storage import Work

__all__ = ["delivered"]


def delivered(office: Office, message_id: str, at: datetime | None, *, actor: str, idempotency_key: str | None) -> bool:
    """See `OperationsDesk.delivered`."""
    inputs.require(
        inputs.of_text("message_id", message_id, least=1), None if at is None else inputs.of_moment("at", at)
    )
    message = _message(office, message_id)
    key = Key(Registration, message.subject)

    def decide(work: Work, now: Instant) -> Plan[bool]:
        stored = None if message.purpose is not Purpose.INVITATION else work.get(key)
        if stored is None:
            return Plan(False)
        after = gate.delivered(stored.value, message_id, now if at is None else utc(at), now)
        if after == stored.value:
            return Plan(False)
        note = office.note(now, "invitation_delivered", person=after.person, site_id=after.site_id, message=message_id)
        return Plan(True, (Put(key, after, stored.version),), journal=(note,))

    arguments = {"message": message_id, "at": "" if at is None else at.isoformat()}
    return office.run(Command("delivered", actor, arguments, bool, decide, (key,), idempotency_key))


def _message(office: Office, message_id: str) -> Message:
    with office.storage.read() as view:
        found = view.message(message_id)
    if found is None:
        text = f"message={mask(message_id)}: there is none"
        raise NotFound("unknown_message", text, remedy="report it to the system that sent it")
    return found
