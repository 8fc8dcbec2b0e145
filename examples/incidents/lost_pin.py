"""I7: PIN2 lost or deleted.

The invitation with PIN2 was sent once. Whoever deleted it, or whose phone never got it, could not reserve, and could
not register again: the insured number was taken.

Source: the operator's report of 20 January 2021, point 5: PIN2 is valid until a reservation succeeds; a lost one stays
valid, and a reminder carries the same.

    python -m examples.incidents.lost_pin
"""

import hashlib
import random
import sys
from collections.abc import Iterator

from attrs import frozen

import crs_core as crs

from .screen import Incident, Rule, play
from .town import Town, calendars, citizen, open_town

PEOPLE = 30
LOST = range(1, PEOPLE + 1, 2)
PRESSES = 50


@frozen
class End:
    """How it ended.

    Attributes:
        lost: People who lost PIN2.
        entered: Those of them who entered in the end.
        changed: Reminders that carried another PIN2 than the invitation.
        dead: PIN2 of an invitation that no longer opened anything once a reminder had come.
        flood: Messages that one person got by asking `PRESSES` times within a minute.
        again: What such a person was told.
    """

    lost: int
    entered: int
    changed: int = 0
    dead: int = 0
    flood: int = 0
    again: str = ""


class SentOnce:
    """The old way: a random PIN2 goes out once, and only its digest is kept; an insured number registers once."""

    def __init__(self) -> None:
        self._digests: dict[str, str] = {}
        self._chance = random.Random(2021)  # noqa: S311 - replayed on purpose

    def register(self, insured_number: str) -> str | None:
        """PIN2 for the message; None where the insured number is taken."""
        if insured_number in self._digests:
            return None
        pin2 = f"{self._chance.randrange(10**8):08d}"
        self._digests[insured_number] = _digest(pin2)
        return pin2

    def enters(self, insured_number: str, pin2: str) -> bool:
        """Whether that PIN2 opens the registration."""
        return self._digests.get(insured_number) == _digest(pin2)


def _digest(pin2: str) -> str:
    return hashlib.sha256(pin2.encode()).hexdigest()


def old() -> End:
    """Everybody who lost PIN2 tries the one thing that is left: to register again."""
    crowd = [citizen(number) for number in range(1, PEOPLE + 1)]
    system = SentOnce()
    for each in crowd:
        system.register(each.insured_number)
    again = [(each, system.register(each.insured_number)) for each in (crowd[number - 1] for number in LOST)]
    entered = sum(pin2 is not None and system.enters(each.insured_number, pin2) for each, pin2 in again)
    return End(len(LOST), entered)


def ours() -> End:
    """The same PIN2 comes again to the phone of the registration, as often as the limits allow."""
    with open_town() as town:
        site = town.system.site("north")
        site.publish(calendars(PEOPLE))
        site.open()
        crowd = [citizen(number) for number in range(1, PEOPLE + 1)]
        for each in crowd:
            town.register(each)
        site.release()
        town.system.operations.dispatch()
        entered = changed = dead = 0
        for each in (crowd[number - 1] for number in LOST):
            town.desk.remind_pin(each.insured_number, source=each.source)
            town.system.operations.dispatch()
            invitation, reminder = town.pins(each)
            changed += reminder != invitation
            entered += _opens(town, each.insured_number, reminder, each.source)
            dead += not _opens(town, each.insured_number, invitation, each.source)
        return End(len(LOST), entered, changed, dead, *_impatient(town))


def _opens(town: Town, insured_number: str, pin2: str, source: str) -> bool:
    try:
        town.desk.enter(insured_number, pin2, source=source)
    except crs.Refused:
        return False
    return True


def _impatient(town: Town) -> tuple[int, str]:
    """Somebody who lost nothing asks again and again: how many messages come, and the refusal in the end."""
    each = citizen(2)
    before = len(town.post.texts(each.phone))
    again = ""
    for _ in range(PRESSES):
        town.clock.move(seconds=1)
        try:
            town.desk.remind_pin(each.insured_number, source=each.source)
        except crs.TooManyAttempts as refusal:
            again = crs.refusal_text(refusal, "en")
        town.system.operations.dispatch()
    return len(town.post.texts(each.phone)) - before, again


def story(end: End) -> Iterator[str]:
    """What the impatient one was told."""
    yield f"Whoever asks {PRESSES} times within a minute reads: “{end.again}”"
    yield "Nobody learns from a reminder whether an insured number is known: the answer is the same."


INCIDENT = Incident(
    number="I7",
    title="PIN2 lost or deleted",
    history=(
        "The message with PIN2 was sent once. Whoever deleted it, or never got it, could not reserve, and could not "
        "register again either: their insured number was taken."
    ),
    old_way="a random PIN2, sent once, of which only a digest is kept; one registration an insured number.",
    our_way="PIN2 is derived whenever a message leaves, so a reminder carries the same one; reminders have limits.",
    old=old,
    ours=ours,
    rules=(
        Rule(text=f"of {len(LOST)} who lost PIN2, entered in the end", figure=lambda end: end.entered, least=len(LOST)),
        Rule(text="reminders that carried another PIN2", figure=lambda end: end.changed, most=0),
        Rule(text="PIN2 of the invitation refused after a reminder", figure=lambda end: end.dead, most=0),
        Rule(text=f"messages to somebody who asks {PRESSES} times", figure=lambda end: end.flood, most=2),
    ),
    story=story,
)

if __name__ == "__main__":
    sys.exit(play(INCIDENT))
