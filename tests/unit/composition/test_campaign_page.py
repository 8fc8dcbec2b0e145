"""The reference of the campaign file names every table, every key and every limit, with the limits as they are."""

import inspect
import re
from pathlib import Path

import attrs
import pytest

from crs_core.composition import campaign_tables
from crs_core.domain.campaign import Budget, Limits

FOLDER = Path(__file__).parents[3] / "docs" / "reference"
PAGE = (FOLDER / "campaign-file.md").read_text(encoding="utf-8")
PRIORITY = (FOLDER / "priority.md").read_text(encoding="utf-8")
TABLES = [
    each
    for each in vars(campaign_tables).values()
    if inspect.isclass(each) and attrs.has(each) and each.__module__ == campaign_tables.__name__
]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_every_key_of_a_table_stands_in_the_reference(table: type[attrs.AttrsInstance]) -> None:
    pages = PAGE + PRIORITY if table.__name__ == "GroupTable" else PAGE
    keys = [{"since": "from"}.get(each.name, each.name) for each in attrs.fields(table)]

    assert len(TABLES) > 20
    for key in keys:
        assert re.search(rf"\b{key}\b *=|\[\[?{key}\b|`{key}`|\.{key}\]", pages), key


def test_the_limits_of_the_reference_are_those_in_force() -> None:
    limits = Limits()
    listed = re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) \|", PAGE, re.MULTILINE)

    assert [name for name, _, _ in listed] == [each.name for each in attrs.fields(Limits)]
    for name, most, minutes in listed:
        assert getattr(limits, name) == Budget(int(most), int(minutes)), name
