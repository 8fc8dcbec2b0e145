"""One visit to the portal with PIN2: a search for a seat, until there is one, none, or a refusal."""

from collections.abc import Callable, Sequence

from attrs import define, frozen

import crs_core as crs
from crs_adapters.simulation.czechia_2021.town import Town

__all__ = ["Found", "Visit"]

_OTHER_SITES = 4  # that one visit looks at in a region beside one's own
_MOST_TRIES = 6
_AGAIN = {"offer_taken", "offer_strands"}


@frozen
class Found:
    """What a visit ends with: one of these is called, once."""

    reservation: Callable[[crs.Reservation], None]
    nothing: Callable[[], None]
    refusal: Callable[[crs.CrsError], None]


@define
class Visit:
    """A search at one's own site, then at others of some regions; between seeing a seat and taking it, time passes.

    Attributes:
        site_id: One's own.
        regions: Where to look after that; none for those who are invited.
    """

    town: Town
    entry: crs.Entry
    site_id: str
    regions: Sequence[str]
    found: Found
    _tries: int = _MOST_TRIES

    def search(self) -> None:
        """The first seat that there is."""
        try:
            offer = self._look(None) or self._look_around()
        except crs.CrsError as refusal:
            self.found.refusal(refusal)
            return
        if offer is None:
            self.found.nothing()
        else:
            self.town.soon(75, lambda: self._take(offer))

    def _look(self, site: str | None) -> crs.Offer | None:
        """An offer of the first day that is still ahead, or None."""
        page = self.town.recorder.call(self.town.desk.offers, self.entry, site=site)
        today = self.town.agenda.day()
        if page.day == today:  # its morning may be past: rather tomorrow
            ahead = [day for day, _ in page.days if day > today]
            if not ahead:
                return None
            page = self.town.recorder.call(self.town.desk.offers, self.entry, site=site, day=ahead[0])
        return self.town.chance.choice(page.offers) if page.offers else None

    def _look_around(self) -> crs.Offer | None:
        for region in self.regions:
            others = [site.id for site in self.town.sites(region) if site.id != self.site_id]
            for site in self.town.chance.sample(others, min(_OTHER_SITES, len(others))):
                offer = self._look(site)
                if offer is not None:
                    return offer
        return None

    def _take(self, offer: crs.Offer) -> None:
        self._tries -= 1
        try:
            reservation = self.town.recorder.call(self.town.desk.reserve, self.entry, offer)
        except crs.CrsError as refusal:
            if refusal.code in _AGAIN and self._tries:
                self.search()
            else:
                self.found.refusal(refusal)
            return
        self.found.reservation(reservation)
