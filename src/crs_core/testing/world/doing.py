"""How people do things: under a key, once more where the power failed, and what they may never be shown."""

from collections.abc import Callable
from typing import TypeVar

from attrs import define, field

from crs_core.errors import AdapterFault, Busy, Conflict, CrsError
from crs_core.testing.vendors import PowerCut
from crs_core.testing.world.truths import Broken

__all__ = ["Doer", "nothing"]

T = TypeVar("T")


def nothing(_: object) -> None:
    """What somebody makes of an answer that they do not need."""


@define
class Doer:
    """Somebody who gives commands.

    Attributes:
        name: As the story calls them.
        say: Tells the story what they did and what came of it.
        twice: Whether the next command is sent twice, as by a button that is pressed twice.
        again: What is sent once more, with its key, as nobody knows whether it was done.
    """

    name: str
    say: Callable[[str], None]
    twice: bool = field(default=False, init=False)
    again: Callable[[], None] | None = field(default=None, init=False)
    _keys: int = field(default=0, init=False)

    def does(
        self,
        words: str,
        call: Callable[[str], T],
        then: Callable[[T], None] = nothing,
        refused: Callable[[CrsError], None] = nothing,
    ) -> None:
        """Gives a command under a key of its own.

        Raises:
            Broken: It was shown a fault, or the same key gave two answers.
        """
        self._keys += 1
        key = f"{self.name} {self._keys}"
        twice, self.twice = self.twice, False

        def send() -> None:
            try:
                answer = call(key)
                if twice and call(key) != answer:
                    raise Broken("not_once", f"{self.name} {words}: the same key gave two answers")
            except PowerCut:
                self.say(f"{self.name} {words}: the power fails")
                self.again = send
            except (AdapterFault, Busy, Conflict) as error:
                raise Broken("fault_shown", f"{self.name} {words}: {type(error).__name__} {error.code}") from error
            except CrsError as refusal:
                self.say(f"{self.name} {words}: {refusal.code}")
                refused(refusal)
            else:
                self.say(f"{self.name} {words}{', twice' if twice else ''}")
                then(answer)

        send()

    def sends_again(self) -> bool:
        """Sends once more what broke off; whether there was anything."""
        again, self.again = self.again, None
        if again is not None:
            again()
        return again is not None
