"""Where every call at a desk comes in: with the campaign in force now, and turned away during maintenance."""

from attrs import define, evolve, field

from crs_core.domain.amendments import IN_FORCE, InForce, key_of
from crs_core.domain.maintenance import refuse_during
from crs_core.office.commands import Office
from crs_core.ports.storage import View

__all__ = ["Reception", "as_in_force"]


def as_in_force(office: Office, view: View, found: InForce) -> Office:
    """An office with what is stored as in force, in place of what it had."""
    if found.version == office.version:
        return evolve(office, pauses=found.pauses)
    amended = view.get(key_of(found.version))
    campaign = office.campaign if amended is None else amended.value.campaign
    return evolve(office, campaign=campaign, version=found.version, pauses=found.pauses)


@define
class Reception:
    """Gives each call an office that does not change under it.

    One small row is read each time, so that an amendment by any process of a shared storage holds for all of them from
    their next call on; the campaign itself is read once a version.
    """

    _office: Office
    _known: InForce = field(init=False, factory=InForce)

    def look(self) -> Office:
        """The office, for what only reads and for those who run the system."""
        with self._office.storage.read() as view:
            stored = view.get(IN_FORCE)
            if stored is None or stored.value == self._known:
                return self._office
            office = as_in_force(self._office, view, stored.value)
        self._office, self._known = office, stored.value
        return office

    def serve(self) -> Office:
        """The office, for citizens and sites.

        Raises:
            Busy: ``maintenance``, with its end as `retry_at`.
        """
        office = self.look()
        refuse_during(office.pauses, office.now())
        return office
