"""The built-in registry keeps the contract, and the contract finds those that do not."""

from pathlib import Path
from typing import Any

import pytest

import crs_core as crs
from crs_adapters.registry.csv_file import CsvRegistry
from crs_core.ports.registry import Answer, Registry
from crs_core.testing.registry_contract import RegistryContract

HOLDER = ("health-worker", "5051150014")


class TestCsvRegistry(RegistryContract):
    @pytest.fixture
    def registry(self, tmp_path: Path) -> Registry:
        file = tmp_path / "registry.csv"
        file.write_text("insured_number,claim\n505115/0014,health-worker\n", encoding="utf-8")
        return CsvRegistry(file)

    @pytest.fixture
    def holder(self) -> tuple[str, str]:
        return HOLDER


class Careless:
    """Keeps every rule but the one that is broken on purpose."""

    def __init__(self, rule: str, *, down: bool) -> None:
        self.rule, self.down, self.asked = rule, down, 0

    def verify(self, claim: str, insured_number: str) -> Answer:
        self.asked += 1
        if self.down:
            if self.rule == "R4":
                return Answer.DENIED
            raise crs.AdapterFault("registry_away", f"number={insured_number if self.rule == 'R5' else '…'}")
        if self.rule == "R1" and self.asked > 1:
            return Answer.DENIED
        known = insured_number == HOLDER[1] or self.rule == "R2"
        return Answer.CONFIRMED if known and (claim == HOLDER[0] or self.rule == "R3") else Answer.DENIED


RULES: dict[str, Any] = {
    "R1": lambda contract, careless: contract.test_a_claim_of_its_holder_is_confirmed(careless, HOLDER),
    "R2": lambda contract, careless: contract.test_nobody_else_holds_it(careless, HOLDER),
    "R3": lambda contract, careless: contract.test_its_holder_has_no_other_claim(careless, HOLDER),
    "R4": lambda contract, careless: contract.test_whatever_cannot_be_reached_is_a_fault(careless, HOLDER),
    "R5": lambda contract, careless: contract.test_a_fault_tells_nobodys_number(careless, HOLDER),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_contract_finds_whoever_breaks_it(rule: str) -> None:
    down = rule in {"R4", "R5"}
    RULES[rule](RegistryContract(), Careless("", down=down))
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        RULES[rule](RegistryContract(), Careless(rule, down=down))
