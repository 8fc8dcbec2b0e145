"""What an audit finds."""

from attrs import frozen

__all__ = ["Violation"]


@frozen
class Violation:
    """A broken invariant.

    Attributes:
        invariant: Its number in the design's list, 1 to 10.
        where: The site, registration or account, by id.
    """

    invariant: int
    where: str
    message: str

    def __str__(self) -> str:
        return f"invariant {self.invariant} at {self.where}: {self.message}"
