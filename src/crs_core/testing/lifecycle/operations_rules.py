"""What operators do, and what time does."""
# ruff: noqa: S101 - a kit asserts

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from crs_core.domain.messages import Purpose
from crs_core.rounds.release import Release
from crs_core.testing.invented import Invented
from crs_core.testing.lifecycle.model import Letter, about
from crs_core.testing.lifecycle.people import Registered
from crs_core.testing.lifecycle.resting import RestingRules
from crs_core.testing.lifecycle.site_rules import SiteRules
from crs_core.testing.vendors import Conduct

__all__ = ["OperationsRules"]

_WAITS = [{"minutes": 1}, {"minutes": 11}, {"minutes": 50}, {"hours": 5}, {"days": 1}, {"days": 2}, {"days": 4}]
_GOOD = st.just(Conduct.TAKES)


class OperationsRules(RestingRules, SiteRules):
    """The operations' desk, and the clock."""

    @rule(span=st.sampled_from(_WAITS), ticks=st.booleans())
    def time_passes(self, span: dict[str, int], ticks: bool) -> None:  # noqa: FBT001
        """From a minute to days, with a round of the clock or without; a night of the changing clocks is among them."""
        self.clock.move(**span)
        if ticks:
            self.ticks()

    @rule(script=st.lists(_GOOD | _GOOD | st.sampled_from(Conduct), max_size=5), limit=st.sampled_from([1, 3, 500]))
    def dispatches(self, script: list[Conduct], limit: int) -> None:
        """A round of sending, to a gateway that may fail, lose its answer, refuse, or see the sender die."""
        self.dispatch(script, limit)

    def releases_everywhere(self) -> None:
        """A round of invitations at every open site, and the messages leave."""
        for site in sorted(self.model.seats.open):
            self.finds_lost_seats(site)
        turns = {site: self.next_in_turn(site) for site in sorted(self.model.seats.open)}
        released: tuple[Release, ...] = self.ask(lambda system: system.operations.release_all())
        assert [(each.site_id, list(each.invited)) for each in released] == [
            (site, names) for site, (names, _, _) in turns.items()
        ]
        self.look(*(letter for names, _, _ in turns.values() for letter in self.invites(names)))
        self.dispatch()

    def ticks(self) -> None:
        """Reminders and ends of terms; afterwards the headline table is what happened."""
        reminded, ended, letters = 0, 0, self.contending.due(self.now)
        for one in self.model.people.all.values():
            while one.wakes is not None and one.wakes <= self.now:
                if one.ends is not None and one.ends <= self.now:
                    letters.append(self._ends(one))
                    ended += 1
                else:
                    one.reminded = sum(moment <= self.now for moment in one.reminders)
                    reminded += 1
                    letters.append(about(Purpose.PIN_REMINDER, one))
        tick = self.ask(lambda system: system.operations.tick())
        assert (tick.reminded, tick.ended) == (reminded, ended)
        self.look(*letters)
        self.model.counts(self.ask(lambda system: system.operations.statistics()))
        again = self.ask(lambda system: system.operations.tick())
        assert (again.reminded, again.ended, again.counted) == (0, 0, 0)

    def _ends(self, one: Registered) -> Letter:
        lapses = one.ends_now()
        self.model.happens(self.now, "lapsed" if lapses else "returned")
        return about(Purpose.INVITATION_LAPSED if lapses else Purpose.INVITATION_ENDED, one)

    @rule()
    def a_calm_night(self) -> None:
        """Three hours in which the gateway works: whoever is owed a message has got it, or it is void."""
        self.clock.move(hours=3)
        self.dispatch()
        assert self.model.letters == {}
        for one in self.model.people.all.values():
            if one.is_invited or (one.reservation is not None and not one.withdrawn):
                told = one.pin2 is not None or (one.id, one.generation) in self.model.untold
                assert told, "invited, and never told"
            assert one.handed is not None or not one.is_invited

    @rule(days=st.sampled_from([1, 2, 3, 5]))
    def days_pass(self, days: int) -> None:
        """Days on which the rounds run as they should: messages, windows, invitations, messages."""
        for _ in range(days):
            self.clock.move(days=1)
            self.dispatch()
            self.ticks()
            self.releases_everywhere()

    @precondition(lambda self: self.model.people.all)
    @rule(data=st.data(), twice=st.booleans())
    def settles_a_duplicate(self, data: st.DataObject, twice: bool) -> None:  # noqa: FBT001
        """The office has seen a card: one registration counts, the others of the person end."""
        one = data.draw(st.sampled_from(list(self.model.people.all.values())), label="registration")
        code = "withdrawn" if one.withdrawn else ""
        self.command(
            lambda system, key: system.operations.settle_duplicate(one.id, idempotency_key=key),
            code,
            twice=twice and not code,
        )
        self.look(*([] if code else self.contending.settles(one, self.now)))

    @precondition(lambda self: self.model.people.all)
    @rule(data=st.data(), really=st.sampled_from([False, False, True]))
    def erases_somebody(self, data: st.DataObject, really: bool) -> None:  # noqa: FBT001
        """A person is erased, now and then; once more finds nothing of them."""
        if not really:
            return
        person = data.draw(st.sampled_from([each.person for each in self.model.people.all.values()]), label="person")
        self.erases(person)

    def erases(self, person: Invented) -> None:
        """A person is erased."""
        number = person.insured_number
        found = self.contending.erases(person, self.now)
        assert self.ask(lambda system: system.operations.erase(number)).registrations == found
        assert self.ask(lambda system: system.operations.erase(number)).registrations == 0
        self.look()

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def repeats_a_command(self, data: st.DataObject) -> None:
        """A command sent once more, however late, answers the same and does nothing; its key serves no other.

        A token among its arguments may have expired meanwhile.
        """
        call, key, answer = data.draw(st.sampled_from(self.kept), label="command")
        outcome = self.world.ask(lambda system: call(system, key))
        assert outcome.code == "token_expired" or (outcome.code, outcome.value) == ("", answer)
        self.ask(lambda system: system.citizen.remind_pin("400101001", idempotency_key=key), "idempotency_key_reused")
        self.look()
