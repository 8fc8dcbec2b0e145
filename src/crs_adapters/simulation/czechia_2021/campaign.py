"""The campaign of the play: the rules of the example's file, with the sites of the play in place of the file's own."""

import re
from collections.abc import Iterable
from pathlib import Path

from crs_adapters.simulation.czechia_2021.sites import PlannedSite
from crs_core.errors import AdapterFault

__all__ = ["compose"]

_SITES = "\n[[sites]]\n"
_RATE = re.compile(r"^per_second = (\d+)$", re.MULTILINE)


def compose(rules: Path, sites: Iterable[PlannedSite], scale: int) -> str:
    """A whole campaign file: the rules of a file, its gateway as much slower as people are fewer, and these sites.

    Raises:
        AdapterFault: The file of the example is not there or not as it was.
    """
    try:
        text = rules.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _changed(rules, type(error).__name__) from error
    head, found, _ = text.partition(_SITES)
    rate = _RATE.search(head)
    if not found or rate is None:
        raise _changed(rules, "it has no [[sites]] or no per_second")
    slower = max(1, round(int(rate[1]) / scale))
    head = _RATE.sub(f"per_second = {slower}", head)
    return head + "".join(_site(site) for site in sites)


def _site(site: PlannedSite) -> str:
    lines = [f"{name} = {_quoted(getattr(site, name))}\n" for name in ("id", "name", "region", "address")]
    return _SITES + "".join(lines)


def _quoted(text: str) -> str:
    """A basic string of TOML."""
    plain = text.strip().replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(each if each.isprintable() else " " for each in plain) + '"'


def _changed(rules: Path, why: str) -> AdapterFault:
    return AdapterFault("example_unreadable", f"file={rules}: {why}", remedy="restore the file of the example")
