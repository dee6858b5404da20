"""The page names what there is."""

from __future__ import annotations

from pathlib import Path

from memx_cli.options import COMMON
from tests.cli.test_machines import commands

PAGE = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")


def test_every_command_is_on_the_page() -> None:
    assert all(f"| `memx {name}" in PAGE for name in commands())


def test_every_common_option_and_its_variable_is_on_the_page() -> None:
    for name in COMMON:
        assert f"`--{name}`" in PAGE
        assert name == "json" or f"`MEMX_{name.upper()}`" in PAGE
