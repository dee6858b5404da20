"""What the README and the pages beside it show, runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = sorted((ROOT / "docs").glob("*.md"))


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


BLOCKS = blocks(README)
OF_PAGES = [pytest.param(block, id=f"{page.stem}-{at}") for page in PAGES for at, block in enumerate(blocks(page), 1)]


def run(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("code", BLOCKS, ids=[block.strip().splitlines()[0] for block in BLOCKS])
def test_every_block_of_the_readme_runs(code: str, tmp_path: Path) -> None:
    run(code, tmp_path)


@pytest.mark.parametrize("code", OF_PAGES)
def test_every_block_of_a_page_runs(code: str, tmp_path: Path) -> None:
    run(code, tmp_path)


def test_every_page_is_named_in_the_readme() -> None:
    readme = README.read_text(encoding="utf-8")
    assert PAGES
    assert all(f"(docs/{page.name})" in readme for page in PAGES)


def test_every_page_is_in_the_index_and_links_lead_somewhere() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    assert all(f"({page.name})" in index for page in PAGES if page.name != "README.md")
    for page in (README, *PAGES):
        links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
        assert [link for link in links if not (page.parent / link).exists()] == [], page


def test_the_first_ten_lines_do_what_they_say(tmp_path: Path) -> None:
    first, *block = run(BLOCKS[0], tmp_path).splitlines()
    assert "Oslo" in first
    assert "Bergen" not in first
    assert any("vegetarian" in line for line in block)


def test_the_picture_of_the_datas_way_is_there() -> None:
    assert "```mermaid" in README.read_text(encoding="utf-8")
