"""The commands that come with crs, as an ordinary plugin."""

from collections.abc import Iterable

from crs_core.composition.hookspecs import CliCommand, hookimpl

__all__ = ["crs_register_commands"]


@hookimpl
def crs_register_commands() -> Iterable[CliCommand]:
    """``demo`` and ``doctor``."""
    from crs_adapters.cli.demo import demo  # noqa: PLC0415 - paid for on first use
    from crs_adapters.cli.doctor import doctor  # noqa: PLC0415 - paid for on first use

    return [CliCommand("demo", demo), CliCommand("doctor", doctor)]
