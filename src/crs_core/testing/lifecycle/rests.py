"""The model of maintenance: spans in which nothing ages."""

from attrs import define, field

from crs_core.domain.time import Instant, later, to_micros

__all__ = ["Rests"]


@define
class Rests:
    """Spans that do not overlap, from the first instant (included) to the second (excluded)."""

    spans: list[tuple[Instant, Instant]] = field(factory=list)

    def after(self, begin: Instant, *, hours: float = 0, minutes: float = 0) -> Instant:
        """When so much time has passed in which nothing rests: longer by what rests until then, and again."""
        end = plain = later(begin, minutes=60 * hours + minutes)
        while True:
            rested = sum(_shared((begin, end), span) for span in self.spans) / 1_000_000
            longer = later(plain, seconds=rested)
            if longer == end:
                return end
            end = longer


def _shared(first: tuple[Instant, Instant], second: tuple[Instant, Instant]) -> int:
    start, end = max(first[0], second[0]), min(first[1], second[1])
    return max(0, to_micros(end) - to_micros(start))
