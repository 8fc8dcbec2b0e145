"""The computed figures of January 2021: small CSV files that stand beside the campaign file of the example."""

import csv
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from attrs import field, frozen

from crs_core.domain.time import Day, parse_day
from crs_core.errors import AdapterFault

__all__ = ["DaySeats", "Figures", "example_folder", "read_figures"]

_EXAMPLE = "examples/czechia-2021"


@frozen
class DaySeats:
    """Seats of a region on one day.

    Attributes:
        sites: How many vaccination sites had first doses that day.
    """

    sites: int
    first_dose: int
    second_dose: int


@frozen
class Figures:
    """What is known of January 2021; regions by their NUTS code.

    Attributes:
        registrations: (seniors, health workers) by day, in order of day.
        shares: Share of each region in (seniors, health workers); each adds up to about 1.
        ages: People by region, then age in years.
        seats: By region, then day, in order of day.
        sites: Vaccination sites with first doses, by region.
    """

    registrations: dict[Day, tuple[int, int]]
    shares: dict[str, tuple[float, float]]
    ages: dict[str, dict[int, int]] = field(repr=False)
    seats: dict[str, dict[Day, DaySeats]] = field(repr=False)
    sites: dict[str, int]


def example_folder() -> Path:
    """The folder of the example: within the installed package, or of the checkout that the package is read from.

    Raises:
        AdapterFault: Neither is there.

    >>> sorted(path.name for path in example_folder().iterdir() if path.suffix == ".toml")
    ['campaign.toml']
    """
    inside = Path(str(files(__package__))) / "example"
    candidates = [inside, *(parent / _EXAMPLE for parent in inside.parents)]
    for folder in candidates:
        if (folder / "campaign.toml").is_file():
            return folder
    raise AdapterFault(
        "example_missing",
        f"folder={inside}: the example's campaign and figures are not there",
        remedy="install crs again, or run from a checkout",
    )


def read_figures(folder: Path) -> Figures:
    """The figures in a folder of CSV files.

    Raises:
        AdapterFault: A file is missing, or a line of it is not as it should be; the message names it.
    """
    shares = {
        row["region"]: (float(row["share"]), float(row["health_workers_share"]))
        for row in _rows(folder, "registrations_by_region", ("share", "health_workers_share"))
    }
    ages: dict[str, dict[int, int]] = {}
    for row in _rows(folder, "ages", ("age", "people")):
        ages.setdefault(row["region"], {})[int(row["age"])] = int(row["people"])
    seats: dict[str, dict[Day, DaySeats]] = {}
    for row in _rows(folder, "capacity", ("sites", "first_dose", "second_dose")):
        numbers = DaySeats(int(row["sites"]), int(row["first_dose"]), int(row["second_dose"]))
        seats.setdefault(row["region"], {})[parse_day(row["day"])] = numbers
    return Figures(
        registrations={
            parse_day(row["day"]): (int(row["seniors"]), int(row["health_workers"]))
            for row in _rows(folder, "registrations", ("seniors", "health_workers"))
        },
        shares=shares,
        ages=ages,
        seats=seats,
        sites={row["region"]: int(row["sites"]) for row in _rows(folder, "sites", ("sites",))},
    )


def _rows(folder: Path, name: str, numbers: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Lines of a file whose named columns are numbers, 0 or more."""
    path = folder / f"{name}.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            for row in reader:
                if any(float(row[column]) < 0 for column in numbers):
                    raise _unreadable(path, f"line {reader.line_num} has a number below 0")
                yield row
    except (OSError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise _unreadable(path, type(error).__name__) from error


def _unreadable(path: Path, why: str) -> AdapterFault:
    return AdapterFault("figures_unreadable", f"file={path}: {why}", remedy="restore the file of the example")
