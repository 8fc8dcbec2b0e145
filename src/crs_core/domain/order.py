"""The order of invitations as a campaign declares it: groups with scores, what age means, who goes first among equals.

Everything here is data of the campaign file. `priority` compiles it for a day, for storages to read.
"""

import enum

from attrs import evolve, frozen

from crs_core.domain.time import Day, age_on

__all__ = ["AgeMeaning", "Order", "Priority", "PriorityGroup"]


class AgeMeaning(enum.Enum):
    """What it means to be of an age on a day.

    BIRTHDAY: years completed by that day; whoever is born on 29 February completes theirs on 1 March in common years.
    YEAR: the age reached in that calendar year, whatever the birthday; so 29 February means nothing.

    >>> born, day = Day(1940, 12, 31), Day(2020, 1, 1)
    >>> AgeMeaning.BIRTHDAY.age(born, day), AgeMeaning.YEAR.age(born, day)
    (79, 80)
    """

    BIRTHDAY = "birthday"
    YEAR = "year"

    def age(self, born: Day, day: Day) -> int:
        """The age, in years, on a day."""
        return day.year - born.year if self is AgeMeaning.YEAR else age_on(born, day)


class Order(enum.Enum):
    """Who goes first among people of one rank; what is still equal goes by seniority, then by id.

    AGE: the older. SENIORITY: who has been registered longer. LOTTERY: who drew the lower ticket at registration.
    """

    AGE = "age"
    SENIORITY = "seniority"
    LOTTERY = "lottery"


@frozen
class PriorityGroup:
    """People called by one score: of an age in a range, and with one of some claims, where each is asked for.

    Attributes:
        minimum_age, maximum_age: Bounds of the age in years, both included; None is no bound.
        claims: One of them must be verified; empty asks for none.
        score: The higher is called first; a person has the highest of the open groups that take them.
        opens: The first day on which members may be invited; None is always.
        name: What people call it.
    """

    minimum_age: int | None = None
    claims: frozenset[str] = frozenset()
    score: int = 0
    maximum_age: int | None = None
    opens: Day | None = None
    name: str = ""

    def is_open(self, today: Day) -> bool:
        """Whether its members may be invited on a day."""
        return self.opens is None or self.opens <= today

    def takes(self, claims: frozenset[str], age: int) -> bool:
        """Whether somebody with these verified claims and of that age belongs to it, open or not."""
        old_enough = self.minimum_age is None or self.minimum_age <= age
        young_enough = self.maximum_age is None or age <= self.maximum_age
        return old_enough and young_enough and (not self.claims or bool(self.claims & claims))


@frozen
class Priority:
    """Who is invited before whom. Anchor: now.

    Attributes:
        groups: In any order; whom none takes is not invited.
        age: What the bounds of ages mean.
        then: Who goes first among those of one score.
    """

    groups: tuple[PriorityGroup, ...] = (PriorityGroup(),)
    age: AgeMeaning = AgeMeaning.BIRTHDAY
    then: Order = Order.AGE

    @classmethod
    def in_order(
        cls, *groups: PriorityGroup, age: AgeMeaning = AgeMeaning.BIRTHDAY, then: Order = Order.AGE
    ) -> "Priority":
        """The groups in the order given, the first called first: their scores fall from their number to 1.

        >>> [group.score for group in Priority.in_order(PriorityGroup(80), PriorityGroup()).groups]
        [2, 1]
        """
        scores = range(len(groups), 0, -1)
        return cls(tuple(evolve(group, score=score) for group, score in zip(groups, scores, strict=True)), age, then)
