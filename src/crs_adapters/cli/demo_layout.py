"""How the pages of ``crs demo`` look: headings, and tables that fit into 80 columns."""

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = ["head", "table_of"]


def head(console: Console, text: str) -> None:
    """A heading, after an empty line."""
    console.print(Text(f"\n{text}", style="bold"))


def table_of(*columns: str, left: int = 1) -> Table:
    """A table whose first columns are text and whose others are numbers."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for number, name in enumerate(columns):
        table.add_column(name, justify="left" if number < left else "right", overflow="fold")
    return table
