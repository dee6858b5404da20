"""The pictures are drawn from the files that the runs write."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from benchmarks.plots.__main__ import draw, main
from benchmarks.plots.drawing import PICTURES

ROOT = Path(__file__).parents[2]


def at_size(seconds: float) -> dict[str, Any]:
    return {name: {each: {"cpu": [seconds] * 3} for each in ("search", "learn")} for name in ("memx", "mem0")}


def kept(folder: Path) -> Path:
    nothing, some = {"calls": 0.0, "tokens": 0.0}, {"calls": 1.0, "tokens": 8_000.0}
    turns = {"memx": {"on_path": nothing, "off_path": some}, "mem0": {"on_path": some, "off_path": nothing}}
    found = {"evidence@300": 0.5, "evidence@1000": 0.75, "recall@10": 0.8}
    without = {"memx-turns, as it is": {"all": found}, "memx-turns, no time": {"all": {"recall@10": 0.7}}}
    files = {
        "peers.json": {"sizes": {"1000": at_size(0.001), "10000": at_size(0.01)}, "turns": turns},
        "retrieval.json": {"means": {"memx-both": {"all": found}, "bm25-turns": {"all": found}}},
        "ablation.json": {"means": without},
    }
    for name, figures in files.items():
        (folder / name).write_text(json.dumps(figures), encoding="utf-8")
    return folder


def test_each_picture_is_drawn_and_the_same_figures_draw_the_same(tmp_path: Path) -> None:
    results = kept(tmp_path)
    once, again = draw(results, tmp_path / "once"), draw(results, tmp_path / "again")
    assert [path.stem for path in once] == list(PICTURES)
    for path, other in zip(once, again, strict=True):
        assert ElementTree.parse(path).getroot().tag.endswith("svg")
        assert path.read_bytes() == other.read_bytes()


def test_what_was_not_measured_is_not_drawn_and_is_named(tmp_path: Path, capsys: Any) -> None:
    main(["--results", str(tmp_path), "--to", str(tmp_path / "pictures")])
    assert not list((tmp_path / "pictures").iterdir())
    assert "ablation.json, peers.json, retrieval.json" in capsys.readouterr().out


def test_the_pictures_of_the_readme_are_drawn_from_figures_that_are_there() -> None:
    shown = re.findall(r"\(docs/images/([\w-]+)\.svg\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert shown
    for name in shown:
        assert (ROOT / "docs" / "images" / f"{name}.svg").exists()
        assert (ROOT / "benchmarks" / "results" / PICTURES[name].figures).exists()
