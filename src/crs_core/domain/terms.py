"""The term of an invitation: how long its PIN2 lets somebody reserve, when they are reminded, and what follows.

Everything is data, so that a ministry's next rule is a change of the campaign file. The rules of 2021 were: until
reserved; 72 hours, then back to the queue; three windows of three days with reminders before and at their ends, then
the registration lapses; nine reminders. `InvitationRule` holds each of them, and many that nobody has wanted yet.

Sources: the operator's report of 20 January 2021, point 5, for the first; the ministry's announcements of February,
March and August 2021 for the others.
"""

import enum
from itertools import accumulate

from attrs import field, frozen

__all__ = ["CountsFrom", "InvitationRule", "Stretch", "Then", "Window"]


class Then(enum.Enum):
    """What follows at the end of a window: the next one, the queue with its seniority, or no invitation any more."""

    NEXT = "next"
    RETURN = "return"
    LAPSE = "lapse"


class CountsFrom(enum.Enum):
    """When a window begins: when the gateway has the message, or when it says that the phone has."""

    HAND_OFF = "hand_off"
    DELIVERY = "delivery"


@frozen
class Window:
    """One span of a term.

    Attributes:
        hours: Its length; None: until reserved, which only the last window may be.
        reminders_hours: When, after it begins, the citizen is reminded; rising. One at the very end is for a window
            that another follows, as the other ends have messages of their own.
        then: What follows at its end.
    """

    hours: int | None = None
    reminders_hours: tuple[int, ...] = ()
    then: Then = Then.RETURN


@frozen
class Stretch:
    """What one invitation opens: windows that follow one another without a break, in hours since its beginning.

    Attributes:
        hours: Its length; None: until reserved.
        then: `Then.RETURN` or `Then.LAPSE`.
        resumes: The window with which the next invitation goes on; None where that has a term of its own.
    """

    hours: int | None
    reminders_hours: tuple[int, ...]
    then: Then
    resumes: int | None = None


@frozen
class InvitationRule:
    """PIN2 and the term of an invitation. Anchor: the invitation, which keeps it whatever the campaign says later.

    Attributes:
        digits: Length of PIN2; its anchor is the registration.
        windows: In order, at least one. A later invitation goes on with the next one where the last one ended by
            `Then.RETURN` and was not the last of all.
        counts_from: By `CountsFrom.DELIVERY` a window counts from the delivery report of its invitation, and from the
            hand-off until one comes, so that an invitation whose report is lost ends too.

    >>> march = InvitationRule(windows=(Window(72, (48, 72), Then.NEXT), Window(72, (48,), Then.LAPSE)))
    >>> march.stretch(0)
    Stretch(hours=144, reminders_hours=(48, 72, 120), then=<Then.LAPSE: 'lapse'>, resumes=None)
    """

    digits: int = 8
    windows: tuple[Window, ...] = field(default=(Window(),))
    counts_from: CountsFrom = CountsFrom.HAND_OFF

    @windows.validator
    def _check(self, _attribute: object, windows: tuple[Window, ...]) -> None:
        if not windows:
            raise ValueError("windows=(): a term has at least one window; give Window() for until reserved")
        if any(window.hours is None for window in windows[:-1]):
            raise ValueError("windows: only the last one may have no end; give the others hours")
        if windows[-1].then is Then.NEXT or any(window.then is Then.LAPSE for window in windows[:-1]):
            raise ValueError("windows: no window follows the last, and none follows a lapse; mend what follows each")

    def stretch(self, first: int) -> Stretch:
        """What an invitation opens that begins with a window: that one and those that follow it without a break."""
        last = next(place for place in range(first, len(self.windows)) if self.windows[place].then is not Then.NEXT)
        opened, end = self.windows[first : last + 1], self.windows[last]
        *begins, length = accumulate((window.hours or 0 for window in opened), initial=0)
        begun = zip(begins, opened, strict=True)
        reminders = tuple(begin + hours for begin, window in begun for hours in window.reminders_hours)
        goes_on = end.then is Then.RETURN and last + 1 < len(self.windows)
        return Stretch(None if end.hours is None else length, reminders, end.then, last + 1 if goes_on else None)
