"""The built-in documents keep the contract, and the contract finds those that do not."""

from typing import Any

import pytest
from attrs import evolve

from crs_adapters.confirmation.documents import SheetAndEntry
from crs_adapters.confirmation.sheet import Sheet
from crs_core.domain.confirmation import Confirmation, Document
from crs_core.errors import AdapterFault
from crs_core.ports.confirmation import ConfirmationDocuments
from crs_core.testing.confirmation_contract import ConfirmationContract


class TestSheetAndEntry(ConfirmationContract):
    @pytest.fixture
    def documents(self) -> ConfirmationDocuments:
        return SheetAndEntry(Sheet())


class Careless:
    """Keeps every rule but the one that is broken on purpose."""

    def __init__(self, rule: str) -> None:
        self.rule = rule
        self.made = 0

    def render(self, confirmation: Confirmation) -> tuple[Document, ...]:
        self.made += 1
        if self.rule == "D5" and not confirmation.name.isascii():
            raise AdapterFault("no_font", f"name={confirmation.name}: there is no font for it")
        kind = "CANCEL" if confirmation.cancelled and self.rule != "D4" else "PUBLISH"
        of = "anybody" if self.rule == "D6" else confirmation.name
        text = f"METHOD:{kind} {of} {self.made if self.rule == 'D2' else ''}"
        name = "two words.ics" if self.rule == "D3" else "one.ics"
        document = Document(name, f"text/calendar; method={kind}", text.encode())
        return (evolve(document, content=b""),) if self.rule == "D1" else (document,)


RULES: dict[str, Any] = {
    "D1": lambda contract, careless: contract.test_every_language_has_documents(careless, "cs"),
    "D2": lambda contract, careless: contract.test_equal_confirmations_give_equal_bytes(careless),
    "D3": lambda contract, careless: contract.test_names_are_fit_for_every_folder(careless),
    "D4": lambda contract, careless: contract.test_of_a_cancelled_reservation_nothing_is_printed(careless),
    "D5": lambda contract, careless: contract.test_whatever_somebody_is_called(careless, "Žofie"),
    "D6": lambda contract, careless: contract.test_everybody_gets_their_own(careless),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_contract_finds_whoever_breaks_it(rule: str) -> None:
    RULES[rule](ConfirmationContract(), Careless(""))
    with pytest.raises(AssertionError):
        RULES[rule](ConfirmationContract(), Careless(rule))
