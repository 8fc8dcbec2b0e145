"""People who hold a reservation are re-planned after a cut: as few as can be lose a seat, then as few as can be move.

(What is minimised, what is proven when, and by which oracle it is held: docs/explanation/replanning.md.)
"""

from crs_core.domain.replanning.decision import Decision, decide, products_short

__all__ = ["Decision", "decide", "products_short"]
