"""What all citizens share: the portal, the time of day, chance, and which sites are popular."""

import random
from collections.abc import Callable

from attrs import define, field

import crs_core as crs
from crs_adapters.simulation.czechia_2021.agenda import Agenda
from crs_adapters.simulation.czechia_2021.recorder import Recorder
from crs_core.domain.sites import OpenSite
from crs_core.domain.time import add_days

__all__ = ["MORNING", "Town"]

MORNING = 7 * 60
_NIGHT = 22 * 60
_LIST_SECONDS = 300  # for how long a list of sites is shown as it was


@define
class Town:
    """What all citizens share.

    Attributes:
        popularity: Seats by site: the more, the more people choose it.
        pin_waits: Seconds from each first request for a control PIN to its message.
    """

    desk: crs.CitizenDesk
    agenda: Agenda
    recorder: Recorder
    chance: random.Random
    popularity: dict[str, int]
    pin_waits: list[float] = field(factory=list, repr=False)
    _lists: dict[str | None, tuple[OpenSite, ...]] = field(factory=dict, repr=False)

    def sites(self, region: str | None) -> tuple[OpenSite, ...]:
        """Open sites as the portal's page lists them, a few minutes old at most, as the list says itself."""
        kept = self._lists.get(region)
        if not kept or (self.agenda.now() - kept[0].as_of).total_seconds() >= _LIST_SECONDS:
            kept = self._lists[region] = self.recorder.call(self.desk.sites, region)
        return kept

    def soon(self, median: float, action: Callable[[], None]) -> None:
        """Notes what a person does after about so many seconds, rarely much later."""
        self.agenda.after(median * self.chance.lognormvariate(0, 0.5), action)

    def when_awake(self, seconds: float, action: Callable[[], None]) -> None:
        """Notes what a person does after so many seconds, or the morning after."""

        def wake() -> None:
            minute = (self.agenda.now() - self.agenda.moment(self.agenda.day(), 0)).total_seconds() / 60
            if MORNING <= minute < _NIGHT:
                action()
            else:
                day = add_days(self.agenda.day(), int(minute >= _NIGHT))
                self.agenda.at(self.agenda.moment(day, MORNING + self.chance.random() * 240), action)

        self.agenda.after(seconds, wake)
