"""The matrix tests what is declared."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.matrix.environments import ENVIRONMENTS

ROOT = Path(__file__).parents[2]


def test_every_floor_that_is_declared_is_one_that_is_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    doors = [*extras["langchain"], *extras["llama-index"]]
    floors = [re.match(r"([\w-]+)>=([\d.]+)", each) for each in doors]
    assert len(floors) == 5
    for floor in floors:
        assert floor is not None
        name, version = floor.groups()
        pins = [pin for each in ENVIRONMENTS.values() for pin in each.packages if pin.startswith(f"{name}==")]
        assert any(re.fullmatch(rf"{name}=={re.escape(version)}(\.0)*", pin) for pin in pins), pins


def test_what_an_environment_runs_is_there() -> None:
    for environment in ENVIRONMENTS.values():
        for test in environment.tests:
            assert (ROOT / test.partition("::")[0]).exists(), test


def test_the_suite_is_collected_without_pytest_xdist() -> None:
    """As in the environments that have little besides the oldest core."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:xdist", "-p", "no:cacheprovider"]
    done = subprocess.run([*command, "tests/test_house.py"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
