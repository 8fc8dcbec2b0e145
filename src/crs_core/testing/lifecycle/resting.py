"""What operators change under way: the rules, and an hour in which nobody is served."""
# ruff: noqa: S101 - a kit asserts

from collections.abc import Callable

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.stateful import rule

from crs_core.composition.system import System
from crs_core.domain.maintenance import Maintenance
from crs_core.domain.rules import Dated
from crs_core.domain.terms import InvitationRule
from crs_core.domain.time import later
from crs_core.errors import Busy
from crs_core.testing.lifecycle import town
from crs_core.testing.lifecycle.play import Play

__all__ = ["RestingRules"]

_REFUSED: tuple[Callable[[System], object], ...] = (
    lambda system: system.citizen.request_control_pin(town.PHONES[0], source="198.51.100.1"),
    lambda system: system.citizen.verify_phone("any", "000000"),
    lambda system: system.citizen.enter("400101001", "00000000", source="198.51.100.1"),
    lambda system: system.citizen.remind_pin("400101001"),
    lambda system: system.citizen.offers("any"),
    lambda system: system.site(town.SITES[0]).open(),
    lambda system: system.site(town.SITES[0]).release(),
)


class RestingRules(Play):
    """Amendments and maintenance."""

    @rule(hours=st.sampled_from([1, 3, 20]))
    def rests(self, hours: int) -> None:
        """Maintenance from now on: everybody is told when to come back, and meanwhile nothing happens."""
        start, end = self.now, later(self.now, hours=hours)
        window = self.ask(lambda system: system.operations.announce_maintenance(start, end))
        assert window == Maintenance(start, end)
        self.model.rests.spans.append((start, end))
        self.clock.move(minutes=59)
        for call in _REFUSED:
            outcome = self.world.ask(call)
            assert isinstance(outcome.error, Busy)
            assert (outcome.error.code, outcome.error.retry_at) == ("maintenance", end)
        sent = self.ask(lambda system: system.operations.dispatch())
        assert (sent.sent, sent.put_off, sent.dead, sent.retry_at) == (0, 0, 0, end)
        tick = self.ask(lambda system: system.operations.tick())
        assert (tick.reminded, tick.ended, tick.duplicates, tick.asked) == (0, 0, 0, 0)
        released = self.ask(lambda system: system.operations.release_all())
        assert all((each.invited, each.held_by) == ((), "maintenance") for each in released)
        self.look()
        self.clock.set(end)

    @rule(terms=st.sampled_from(town.TERMS))
    def amends_the_terms(self, terms: InvitationRule) -> None:
        """From now on invitations have another term, until the next step; those made keep theirs."""
        before = self.model.campaign
        past = [step for step in before.invitation.steps if step[0] < self.now]
        coming = [step for step in before.invitation.steps if step[0] > self.now]
        after = evolve(before, invitation=Dated((*past, (self.now, terms), *coming)))
        self.model.version += after != before
        assert self.ask(lambda system: system.operations.amend(after)) == self.model.version
        self.model.amend(after)
        self.look()
