"""The rules that every registry keeps: inherit them, give two fixtures, and every rule is a test.

Each test's docstring cites the number of its rule, R1 to R5; what an adapter gives no fixture for is skipped by name.

::

    class TestMine(RegistryContract):
        @pytest.fixture
        def registry(self):
            return MyRegistry(...)

        @pytest.fixture
        def holder(self):                     # a claim that it confirms, and of whom
            return "health-worker", "5051150014"

        @pytest.fixture
        def down(self):                       # one that cannot be reached
            return MyRegistry("http://127.0.0.1:9")

Failures are readable once a ``conftest.py`` says ``pytest.register_assert_rewrite("crs_core.testing")``.
"""
# ruff: noqa: S101 - a contract asserts

import pytest

from crs_core.errors import AdapterFault
from crs_core.ports.registry import Answer, Registry

__all__ = ["RegistryContract"]

_NOBODY = "0000000000"


class RegistryContract:
    """Everything that is asked of a registry; see the module."""

    @pytest.fixture
    def registry(self) -> Registry:
        """What is under test."""
        raise NotImplementedError("give a fixture registry")

    @pytest.fixture
    def holder(self) -> tuple[str, str]:
        """A claim that it confirms, and the insured number of whom it confirms it, digits only."""
        raise NotImplementedError("give a fixture holder")

    @pytest.fixture
    def down(self) -> Registry:
        """One that cannot be reached."""
        pytest.skip("no fixture down: nothing says what happens when the registry cannot be reached")

    def test_a_claim_of_its_holder_is_confirmed(self, registry: Registry, holder: tuple[str, str]) -> None:
        """R1: and again when it is asked again."""
        assert [registry.verify(*holder) for _ in range(2)] == [Answer.CONFIRMED] * 2

    def test_nobody_else_holds_it(self, registry: Registry, holder: tuple[str, str]) -> None:
        """R2: a number that it does not know is denied, or it cannot tell."""
        assert registry.verify(holder[0], _NOBODY) in {Answer.DENIED, Answer.UNKNOWN}

    def test_its_holder_has_no_other_claim(self, registry: Registry, holder: tuple[str, str]) -> None:
        """R3: a claim that it has never heard of is no fault."""
        assert registry.verify("no-such-claim", holder[1]) in {Answer.DENIED, Answer.UNKNOWN}

    def test_whatever_cannot_be_reached_is_a_fault(self, down: Registry, holder: tuple[str, str]) -> None:
        """R4: an `AdapterFault`, so that it is asked again later; no error of a library, and no denial."""
        with pytest.raises(AdapterFault):
            down.verify(*holder)

    def test_a_fault_tells_nobodys_number(self, down: Registry, holder: tuple[str, str]) -> None:
        """R5: nor does the cause that is chained to it."""
        with pytest.raises(AdapterFault) as caught:
            down.verify(*holder)

        assert holder[1] not in f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"
