"""Runs the frameworks' tests on their oldest and newest versions: `make test-matrix [ARGS="floor latest"]`.

Each environment is a venv in `.matrix/`, brought up to date by pip each time. Options for pytest go
into `PYTEST_ADDOPTS`. The end is a table; the exit status is 1 if anything failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from tests.matrix.environments import ENVIRONMENTS, Environment

ROOT = Path(__file__).parents[2]
PLACE = ROOT / ".matrix"
SHOWN = ("langchain-core", "langchain", "langgraph", "langchain-openai", "openai", "llama-index-core", "pydantic")
COLUMNS = ("environment", *SHOWN, "passed", "failed", "skipped", "seconds")
VERSIONS = """
from importlib.metadata import PackageNotFoundError, version
for name in {names!r}:
    try:
        print(version(name))
    except PackageNotFoundError:
        print("-")
"""


class Outcome(NamedTuple):
    """What became of one environment."""

    row: tuple[str, ...]
    good: bool


def main() -> int:
    """Runs what is named, or everything."""
    wanted = sys.argv[1:] or list(ENVIRONMENTS)
    if unknown := set(wanted) - set(ENVIRONMENTS):
        raise SystemExit(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(ENVIRONMENTS)}")
    outcomes = [outcome(name, ENVIRONMENTS[name]) for name in wanted]
    print(table([COLUMNS, *(each.row for each in outcomes)]))
    return 0 if all(each.good for each in outcomes) else 1


def outcome(name: str, environment: Environment) -> Outcome:
    """Installs and runs one environment; what cannot be installed has failed."""
    started, home = time.monotonic(), PLACE / name
    print(f"\n{name}: {environment.about}", flush=True)
    try:
        python = installed(home, environment)
    except subprocess.CalledProcessError:
        return Outcome((name, *("?" for _ in SHOWN), "-", "not installed", "-", "-"), good=False)
    passed, failed, skipped = tested(home, python, environment)
    counts = (str(passed), str(failed), str(skipped), f"{time.monotonic() - started:.0f}")
    return Outcome((name, *versions(python), *counts), good=not failed and passed > 0)


def installed(home: Path, environment: Environment) -> Path:
    """The interpreter of an environment that has what it is meant to have, each package as new as it may be.

    Raises:
        subprocess.CalledProcessError: If there is no such set of packages.
    """
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not python.exists():
        venv.create(home, clear=True, with_pip=True)
    options = ["--quiet", "--disable-pip-version-check", "--upgrade", "--upgrade-strategy", "eager"]
    subprocess.run([python, "-m", "pip", "install", *options, *environment.packages], cwd=ROOT, check=True)
    return python


def tested(home: Path, python: Path, environment: Environment) -> tuple[int, int, int]:
    """How many tests passed, failed and were skipped; a run that reports nothing is one that failed."""
    report = home / "report.xml"
    report.unlink(missing_ok=True)
    options = ["--quiet", "-p", "no:cacheprovider", f"--junitxml={report}"]
    subprocess.run([python, "-m", "pytest", *options, *environment.tests], cwd=ROOT, check=False)
    suite = ElementTree.parse(report).find("testsuite") if report.exists() else None
    if suite is None:
        return 0, 1, 0
    total, failures, errors, skipped = (int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped"))
    return total - failures - errors - skipped, failures + errors, skipped


def versions(python: Path) -> list[str]:
    """What is installed there of the packages that are shown; `-` for none."""
    command = [python, "-c", VERSIONS.format(names=SHOWN)]
    shown: str = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return shown.split()


def table(rows: list[tuple[str, ...]]) -> str:
    """The rows, in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(["", *(line.rstrip() for line in lines)])


if __name__ == "__main__":
    sys.exit(main())
