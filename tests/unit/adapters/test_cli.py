"""The command line: what it prints, how it ends, and what it needs."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from crs_adapters.cli import main

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "czechia-2021" / "campaign.toml"

COMMAND = """
import crs_core as crs


def greet(name: str) -> None:
    "Greet somebody."
    print(f"Good day, {name}.")


@crs.hookimpl
def crs_register_commands():
    return [crs.CliCommand("greet", greet)]
"""
REFUSING = COMMAND.replace(
    'print(f"Good day, {name}.")', 'raise crs.Refused("not_today", f"name={name}: we are closed", remedy="come again")'
)
BROKEN = "raise RuntimeError('no good')"


def python(code: str, *, path: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """Runs code in a fresh interpreter, with a folder of further distributions on its path."""
    folders = [str(path)] if path else []
    folders += [os.environ["PYTHONPATH"]] if "PYTHONPATH" in os.environ else []
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(folders), "COLUMNS": "80"}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=environment | {"PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def crs(*arguments: str, path: Path) -> "subprocess.CompletedProcess[str]":
    return python(f"import sys; from crs_adapters.cli import main; sys.exit(main({list(arguments)!r}))", path=path)


def distribution(folder: Path, code: str, name: str = "greeting") -> Path:
    """A folder with an installed distribution whose one module is a plugin."""
    (folder / f"crs_{name}.py").write_text(code)
    info = folder / f"crs_{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: crs-{name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[crs]\n{name} = crs_{name}\n")
    return folder


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"{version('crs')}\n"


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    first = capsys.readouterr().out
    assert main(["--help"]) == 0
    second = capsys.readouterr().out

    assert first == second
    assert all(f"│ {name} " in second for name in ("demo", "doctor"))


def test_help_of_the_demo_names_its_environment(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "env var: SCALE" in shown
    assert "env var: CRS_DATA" in shown


@pytest.mark.parametrize(
    "arguments",
    [["nope"], ["demo", "--scale", "many"], ["demo", "--scale", "0"], ["demo", "--nope"], ["doctor", "a", "b"]],
    ids=" ".join,
)
def test_arguments_that_make_no_command_end_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "Error" in told.err


def test_a_plugin_brings_a_command(tmp_path: Path) -> None:
    run = crs("greet", "Vzorov", path=distribution(tmp_path, COMMAND))

    assert (run.returncode, run.stdout, run.stderr) == (0, "Good day, Vzorov.\n", "")


def test_a_refusal_is_told_without_a_traceback(tmp_path: Path) -> None:
    run = crs("greet", "Vzorov", path=distribution(tmp_path, REFUSING))

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.splitlines() == ["not_today", "  name=Vzorov: we are closed", "  come again"]


def test_two_commands_of_one_name_are_told_and_ours_still_run(tmp_path: Path) -> None:
    run = crs("--version", path=distribution(tmp_path, COMMAND.replace('"greet"', '"demo"')))

    assert (run.returncode, run.stdout) == (0, f"{version('crs')}\n")
    assert run.stderr.startswith("plugin_clash\n  plugin=")


def test_the_doctor_names_a_broken_plugin(tmp_path: Path) -> None:
    distribution(tmp_path, BROKEN, "faulty")
    run = crs("doctor", path=distribution(tmp_path, COMMAND))
    lines = run.stdout.splitlines()

    assert run.returncode == 1
    assert "FAULT  faulty              crs_faulty: RuntimeError: no good" in next(
        line for line in lines if "faulty" in line
    )
    assert any(line.split() == ["ok", "greeting", "command", "greet"] for line in lines)
    assert "1 fault(s)." in lines


def test_the_doctor_names_a_clash(tmp_path: Path) -> None:
    distribution(tmp_path, COMMAND, "again")
    run = crs("doctor", path=distribution(tmp_path, COMMAND))

    assert run.returncode == 1
    assert "FAULT  together" in run.stdout


@pytest.mark.parametrize("library", ["cyclopts", "rich"])
def test_a_missing_extra_says_what_to_install(library: str) -> None:
    run = python(f"import sys; sys.modules[{library!r}] = None; from crs_adapters.cli import main; sys.exit(main([]))")

    assert run.returncode == 1
    assert run.stderr == f"crs: the command line needs {library}: pip install 'crs[cli]'\n"


def test_an_error_of_our_own_is_no_missing_extra() -> None:
    run = python("import sys; sys.modules['attrs'] = None; from crs_adapters.cli import main; main([])")

    assert run.returncode == 1
    assert "ModuleNotFoundError" in run.stderr


def test_importing_the_plugin_loads_no_command_line() -> None:
    run = python("import crs_adapters.cli, crs_adapters.cli.plugin, sys; print(*sys.modules)")

    assert run.returncode == 0
    assert not {"cyclopts", "rich", "sqlalchemy"} & set(run.stdout.split())


def test_the_doctor_finds_what_is_here(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["doctor", "--folder", str(tmp_path)]) == 0
    told = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["ok", "storage-memory", "storage", "memory:"] in told
    assert ["ok", "cli", "command", "demo,", "command", "doctor"] in told
    assert ["ok", "crs", version("crs")] in told
    assert any(line[1:2] == ["sqlalchemy"] for line in told)
    assert any(line[1:3] == ["PostgreSQL", "server"] for line in told)
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_cannot_write_where_nothing_is(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["doctor", "--folder", str(tmp_path / "nowhere")]) == 1
    assert "FAULT  writing here" in capsys.readouterr().out


def test_the_doctor_finds_the_example_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", str(EXAMPLE)]) == 0
    assert "czechia-2021" in capsys.readouterr().out


def test_the_doctor_lists_every_fault_of_a_campaign(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    file = tmp_path / "campaign.toml"
    file.write_text(
        EXAMPLE.read_text(encoding="utf-8")
        .replace('"Europe/Prague"', '"Europe/Vzorov"')
        .replace('mode = "immediate"', 'mode = "lottery"'),
        encoding="utf-8",
    )

    assert main(["doctor", str(file)]) == 1
    told = capsys.readouterr().out
    assert "campaign.zone" in told
    assert "access[0].mode" in told
    assert "'lottery'" in told
    assert "2 fault(s)." in told


def test_the_doctor_says_that_a_file_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["doctor", str(tmp_path / "nowhere.toml")]) == 1
    assert "1 fault(s)." in capsys.readouterr().out
