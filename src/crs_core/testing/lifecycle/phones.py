"""The model of PIN1: what each phone was sent, and what still opens; and budgets of tries, counted by hand."""

from collections.abc import Iterable

from attrs import define, field

from crs_core.domain.campaign import Budget, Campaign
from crs_core.domain.time import Instant, later
from crs_core.testing.lifecycle.rests import Rests

__all__ = ["Budgets", "Handle", "Phones", "Pin", "Proof"]

_GOOD_MINUTES, _LIFE_MINUTES, _WAIT_SECONDS, _SENDS = 120, 10, 60, 5


@define
class Budgets:
    """Windows that open with their first use."""

    _used: dict[str, tuple[Instant, int]] = field(factory=dict)

    def take(self, uses: Iterable[tuple[str, Budget]], now: Instant, *, count: bool = True) -> list[int] | None:
        """What is left of each after one use more; None, and nothing counted, where one is used up."""
        after = dict(self._used)
        left = []
        for name, budget in uses:
            since, used = after.get(name, (now, 0))
            if now >= later(since, minutes=budget.minutes):
                since, used = now, 0
            if used >= budget.most:
                return None
            after[name] = (since, used + 1)
            left.append(budget.most - used - 1)
        if count:
            self._used = after
        return left


@define
class Pin:
    """One control PIN of a phone; `digits` as the citizen read them, None until a message came."""

    since: Instant
    rests: Rests = field(repr=False)
    sends: int = 0
    unsent: str | None = None
    handed: Instant | None = None
    used: bool = False
    digits: str | None = None

    def opens(self, now: Instant) -> bool:
        """Whether it still opens: unused, and not ten minutes after its last hand-off."""
        if self.used:
            return False
        if self.handed is None:
            return now < self.rests.after(self.since, minutes=_GOOD_MINUTES)
        return self.unsent is not None or now < self.rests.after(self.handed, minutes=_LIFE_MINUTES)

    def may_be_sent(self, now: Instant) -> bool:
        """Whether asking again sends it once more."""
        if self.unsent is not None or self.sends >= _SENDS:
            return False
        return self.handed is None or now >= later(self.handed, seconds=_WAIT_SECONDS)

    @property
    def sends_left(self) -> int:
        """How many more times it can be sent."""
        return max(0, _SENDS - self.sends - (self.unsent is not None))


@define
class Handle:
    """What names a request when its PIN is entered."""

    token: str = field(repr=False)
    phone: str
    pin: Pin = field(eq=False)
    until: Instant


@define
class Proof:
    """That somebody has proved a phone."""

    token: str = field(repr=False)
    phone: str
    until: Instant


@define
class Phones:
    """All phones: their PINs in order, the last one the one that counts."""

    campaign: Campaign
    budgets: Budgets
    rests: Rests
    pins: dict[str, list[Pin]] = field(factory=dict)
    forgotten: set[str] = field(factory=set)

    def last(self, phone: str) -> Pin | None:
        """The PIN that counts."""
        return self.pins[phone][-1] if self.pins.get(phone) else None

    def asked(self, phone: str, source: str, now: Instant) -> tuple[str, Pin | None, bool]:
        """The refusal or the PIN after a request, and whether a message is owed for it."""
        pin = self.last(phone)
        fresh = pin is None or not pin.opens(now)
        if pin is None or fresh:
            pin = Pin(now, self.rests)
        if not pin.may_be_sent(now):
            return "", pin, False
        limits = self.campaign.limits
        uses = [
            (f"send {source}", limits.pin_sends_source),
            (f"send {phone}", limits.pin_sends_phone),
            ("send", limits.pin_sends_overall),
        ]
        if self.budgets.take(uses, now) is None:
            return "too_many_sends", None, False
        if fresh:
            self.pins.setdefault(phone, []).append(pin)
            self.forgotten.discard(phone)
        return "", pin, True

    def forgets(self, phones: set[str]) -> None:
        """What was proved of these phones is good no more, until they ask again."""
        known = {phone for phone in phones if self.pins.get(phone)}
        for pin in (pin for phone in known for pin in self.pins[phone]):
            pin.used, pin.unsent = True, None
        self.forgotten |= known

    def tried(self, handle: Handle, digits: str, source: str, now: Instant) -> tuple[str, int]:
        """The refusal of a try, empty where it is right, and the tries left where it is wrong."""
        if now >= handle.until:
            return "token_expired", 0
        limits = self.campaign.limits
        left = self.budgets.take(
            [
                (f"try {source}", limits.pin_tries_source),
                (f"try {handle.token}", limits.pin_tries_handle),
                (f"try {handle.phone}", limits.pin_tries_phone),
            ],
            now,
        )
        if left is None:
            return "too_many_tries", 0
        pin = self.last(handle.phone)
        if pin is None or pin is not handle.pin or not pin.opens(now):
            return "pin_expired", 0
        if digits != pin.digits:
            return "wrong_pin", left[1]
        pin.used, pin.unsent = True, None
        return "", left[1]
