"""Importing the core stays light, in a fresh interpreter."""

import subprocess
import sys

import pytest

HEAVY = {"asyncio", "sqlite3", "sqlalchemy", "numpy", "pytest", "hypothesis", "crs_adapters", "cyclopts", "rich"}


@pytest.mark.parametrize("module", ["crs_core"])
def test_import_loads_nothing_heavy(module: str) -> None:
    """import-linter does not see importlib.import_module; an interpreter does."""
    command = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-Ic", command], capture_output=True, text=True, check=True).stdout.split()

    assert module in loaded
    assert HEAVY.isdisjoint(loaded)
