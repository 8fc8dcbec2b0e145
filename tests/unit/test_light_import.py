"""Importing the core stays light, in a fresh interpreter."""

import subprocess
import sys

import pytest

HEAVY = {
    *("asyncio", "sqlite3", "sqlalchemy", "numpy", "pytest", "hypothesis", "crs_adapters", "cyclopts", "rich"),
    *("segno", "smtplib", "ssl", "typst"),
}


@pytest.mark.parametrize("module", ["crs_core"])
def test_import_loads_nothing_heavy(module: str) -> None:
    """import-linter does not see importlib.import_module; an interpreter does."""
    command = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-Ic", command], capture_output=True, text=True, check=True).stdout.split()

    assert module in loaded
    assert HEAVY.isdisjoint(loaded)


def test_a_confirmation_is_paid_for_on_first_use() -> None:
    """Opening finds every plugin, and with typst: and smtp: closed neither is loaded; nor is typst before a sheet."""
    command = (
        "import sys, crs_core as crs\n"
        "keys = {'k': b'an invented key of 32 bytes ....'}\n"
        "crs.open_system(crs.example_campaign(), keys=keys, confirmation='typst:')\n"
        "print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-Ic", command], capture_output=True, text=True, check=True).stdout.split()

    assert "crs_adapters.confirmation.sheet" in loaded
    assert {"segno", "smtplib", "typst"}.isdisjoint(loaded)
