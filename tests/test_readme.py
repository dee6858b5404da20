"""What the README shows, runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def run(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("code", BLOCKS, ids=[block.strip().splitlines()[0] for block in BLOCKS])
def test_every_block_of_the_readme_runs(code: str, tmp_path: Path) -> None:
    run(code, tmp_path)


def test_the_first_ten_lines_do_what_they_say(tmp_path: Path) -> None:
    first, *block = run(BLOCKS[0], tmp_path).splitlines()
    assert "Oslo" in first
    assert "Bergen" not in first
    assert any("vegetarian" in line for line in block)


def test_the_picture_of_the_datas_way_is_there() -> None:
    assert "```mermaid" in README.read_text(encoding="utf-8")
