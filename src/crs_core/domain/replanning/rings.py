"""A network with a flow in it, and the rings along which it can be made cheaper (Bellman and Ford's search)."""

from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise

from attrs import define, field

__all__ = ["Network"]

_Node = Hashable


@define
class _Arc:
    """What flows from a node to another: so much, of so much that may."""

    cost: int
    room: int = 0
    flow: int = 0


@define
class Network:
    """Arcs by their ends; arcs added twice between the same ends add up."""

    _arcs: dict[tuple[_Node, _Node], _Arc] = field(factory=dict)
    _onward: dict[_Node, dict[_Node, _Arc]] = field(factory=dict)

    def add(self, start: _Node, end: _Node, room: int, *, cost: int = 0) -> None:
        """So much more may flow from a node to another."""
        arc = self._arcs.get((start, end))
        if arc is None:
            arc = self._arcs[start, end] = _Arc(cost)
            self._onward.setdefault(start, {})[end] = arc
        arc.room += room

    def has(self, start: _Node) -> bool:
        """Whether any arc begins at a node."""
        return start in self._onward

    def push(self, path: Sequence[_Node]) -> None:
        """One more flows along a path."""
        for start, end in pairwise(path):
            self._arcs[start, end].flow += 1

    def flow(self, start: _Node, end: _Node) -> int:
        """How much flows from a node to another."""
        arc = self._arcs.get((start, end))
        return 0 if arc is None else arc.flow

    def take(self, start: _Node, end: _Node) -> bool:
        """Takes one off what flows from a node to another; whether there was any."""
        arc = self._arcs.get((start, end))
        if arc is None or arc.flow <= 0:
            return False
        arc.flow -= 1
        return True

    def onward(self, start: _Node, kind: str) -> Iterator[int]:
        """The days to which something flows from a node, of nodes of one kind."""
        for end, arc in self._onward.get(start, {}).items():
            if arc.flow > 0 and isinstance(end, tuple) and end[0] == kind:
                yield end[1]

    def cost(self) -> int:
        """What the whole flow costs."""
        return sum(arc.cost * arc.flow for arc in self._arcs.values())

    def settle(self, most: int) -> bool:
        """Follows rings that make the flow cheaper, at most so many; whether there is none left."""
        for _ in range(most):
            ring = self._ring()
            if ring is None:
                return True
            for arc, forward in ring:
                arc.flow += 1 if forward else -1
        return self._ring() is None

    def _ring(self) -> list[tuple[_Arc, bool]] | None:
        """A ring of exchanges that makes the flow cheaper, or None."""
        steps = [
            (start, end, arc.cost if forward else -arc.cost, arc, forward)
            for (tail, head), arc in self._arcs.items()
            for start, end, forward in ((tail, head, True), (head, tail, False))
            if (arc.flow < arc.room if forward else arc.flow > 0)
        ]
        costs: dict[_Node, int] = dict.fromkeys((node for ends in self._arcs for node in ends), 0)
        came: dict[_Node, tuple[_Node, _Arc, bool]] = {}
        for _ in range(len(costs) + 1):
            changed = False
            for start, end, cost, arc, forward in steps:
                if costs[start] + cost < costs[end]:
                    costs[end] = costs[start] + cost
                    came[end] = (start, arc, forward)
                    changed = True
            if not changed:
                return None
            found = _closed(came)
            if found is not None:
                return found
        return None


def _closed(came: dict[_Node, tuple[_Node, _Arc, bool]]) -> list[tuple[_Arc, bool]] | None:
    """A ring among the steps by which nodes were reached."""
    seen: dict[_Node, _Node] = {}
    for first in came:
        node = first
        while node in came and node not in seen:
            seen[node] = first
            node = came[node][0]
        if node in came and seen[node] == first:
            ring, at = [], node
            while True:
                start, arc, forward = came[at]
                ring.append((arc, forward))
                at = start
                if at == node:
                    return ring
    return None
