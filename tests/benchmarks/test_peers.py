"""The comparison with the peers: its processes on tiny sizes, and the sums in its tables."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.peers import counting, driving, summary
from benchmarks.peers.__main__ import main
from benchmarks.peers.contenders import CONTENDERS, ENVIRONMENTS
from benchmarks.peers.processes import PeerError, Process
from benchmarks.peers.stand_ins import DIMENSIONS, Facts, Words
from benchmarks.peers.working import Worker


def measured(seconds: float) -> dict[str, list[float]]:
    return {"cpu": [seconds] * 4, "wall": [2 * seconds] * 4}


def figures() -> dict[str, Any]:
    """Of a run in which mem0 took four times what memx took, and could not load the most."""
    loaded = {"kilobytes": 2_000, "seconds": 1.0, "threads": 1, "disk": 1_024_000}
    ours = {**loaded, "search": measured(0.001), "learn": measured(0.01)}
    theirs = {**loaded, "search": measured(0.004), "learn": measured(0.04)}
    nothing = {"calls": 0.0, "tokens": 0.0}
    turn = {
        "cpu": [0.01, 0.03],
        "wall": [0.02, 0.02],
        "later": 0.0,
        "on_path": nothing,
        "off_path": nothing,
        "static": 0,
    }
    asked = {**turn, "cpu": [0.04, 0.04], "on_path": {"calls": 1.0, "tokens": 8_000.4}, "static": 7_606}
    return {
        "missing": {"langmem": "no network\nand more"},
        "import": {"memx": [[0.5, 2048.0], [0.7, 2048.0]], "mem0": [[1.0, 4096.0]]},
        "sizes": {"1000": {"memx": ours, "mem0": theirs}, "10000": {"memx": ours}},
        "skipped": {"1000": {}, "10000": {"mem0": "loading 1,000 took 100 s"}},
        "turns": {"memx": turn, "mem0": asked},
        "others": {"memx": {"search": {"10": measured(0.001), "1000": measured(0.0012)}}},
    }


def cells(lines: list[str], row: str, *, of: str) -> list[str]:
    """The cells of one row of the table whose first words are `of`."""
    start = next(at for at, line in enumerate(lines) if line.startswith(f"| {of}"))
    found = next(line for line in lines[start:] if line.startswith(f"| {row} |"))
    return [cell.strip() for cell in found.strip("|").split("|")]


def test_each_contender_is_set_beside_memx_by_medians() -> None:
    lines = summary.tables(figures())
    assert cells(lines, "mem0", of="search") == ["mem0", "4.00 (4.00-4.00), 4.0 times", "not loaded"]
    assert cells(lines, "memx", of="search")[1:] == ["1.00 (1.00-1.00), 1.0 times"] * 2
    assert summary.ratio([1.0, 9.0, 2.0], [1.0, 1.0, 50.0]) == 2.0


def test_a_turn_is_told_with_its_calls_its_tokens_and_what_it_is_in_the_mean() -> None:
    lines = summary.tables(figures())
    assert cells(lines, "mem0", of="a turn")[1:4] == ["1.00 / 8,000", "-", "40.0 (2.0)"]
    assert cells(lines, "memx", of="a turn")[1:3] == ["-", "-"]


def test_what_is_not_there_or_was_not_loaded_is_said() -> None:
    lines = summary.tables(figures())
    assert "- langmem is not there: no network" in lines
    assert "- mem0 was not asked to load more: loading 1,000 took 100 s" in lines


def test_a_run_that_was_stopped_tells_what_it_has() -> None:
    stopped = {**figures(), "sizes": {}, "skipped": {}, "others": {}, "missing": {}}
    lines = summary.tables(stopped)
    assert cells(lines, "mem0", of="a turn")[1] == "1.00 / 8,000"
    assert not [line for line in lines if line.startswith(("| search", "| growth", "| KB held"))]


def test_growth_and_what_is_held_are_told() -> None:
    lines = summary.tables(figures())
    assert cells(lines, "memx", of="growth")[3].startswith("1.20 (")
    assert cells(lines, "memx", of="KB held")[1:] == ["2.0 / 1.0", "0.2 / 0.1", "1"]


def test_quartiles_of_one_figure_are_that_figure() -> None:
    assert summary.spread([3.0]) == (3.0, 3.0, 3.0)
    assert summary.spread([1.0, 2.0, 3.0]) == (1.0, 2.0, 3.0)


def test_what_every_prompt_has_is_its_beginning_and_its_end() -> None:
    assert counting.always(["rules: a, answer", "rules: bb, answer"]) == "rules: , answer"
    assert counting.always(["the same", "the same"]) == "the same"
    assert counting.always(["alone"]) == ""


def test_tokens_are_counted_without_fetching_anything() -> None:
    assert counting.tokens("hello world") == 2


def test_the_stand_in_finds_shared_words_and_never_repeats_a_fact() -> None:
    words, facts = Words(), Facts()
    near, far = words.embed_documents(["Ada likes the violin", "Bo lost a kettle"]) @ words.embed_query("the violin")
    assert near > 0.5 > far
    assert len(words.numbers("")) == DIMENSIONS
    found = facts.found("one") + facts.found("another")
    assert len(set(found)) == 4
    assert facts.prompts == ["one", "another"]


def test_every_contender_has_an_environment_that_pins_what_it_stands_for() -> None:
    for of in CONTENDERS.values():
        if of.environment:
            pinned = {package.partition("==")[0] for package in ENVIRONMENTS[of.environment] if "==" in package}
            assert {*of.distributions} <= pinned


@pytest.mark.parametrize("name", ["langgraph", "llama-index facts"])
def test_a_contender_does_what_it_says(name: str, tmp_path: Path) -> None:
    worker = Worker(name, tmp_path)
    worker.load(scopes=2, each=20)
    for operation in {*driving.OPERATIONS} & {*worker.does()}:
        taken = worker.measure(operation, runs=2, seconds=30.0)
        assert len(taken["cpu"]) == len(taken["wall"]) == 2
    assert len(worker.turns(count=3, before=2)["wall"]) == 3
    worker.close()


def test_memx_in_a_process_of_its_own_learns_off_the_path() -> None:
    with Process("memx", Path(sys.executable)) as process:
        assert process.ask("load", scopes=2, each=20)["threads"] >= 1
        for operation in driving.OPERATIONS:
            assert len(process.ask("measure", what=operation, runs=2, seconds=30.0)["cpu"]) == 2
        answer = process.ask("turns", count=3, before=0)
        assert answer["on_path"] == []
        assert answer["off_path"]
        assert process.ask("disk") > 0
        with pytest.raises(PeerError, match="no_such_call"):
            process.ask("no_such_call")


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="Linux can say where a process runs")
def test_all_run_on_one_core() -> None:
    with Process("memx", Path(sys.executable)) as one, Process("langgraph", Path(sys.executable)) as other:
        (core,), (same,) = (os.sched_getaffinity(process.pid) for process in (one, other))
        assert core == same


def test_a_process_that_ends_is_told_of() -> None:
    nothing = shutil.which("false")
    assert nothing is not None
    with pytest.raises(PeerError, match="its process ended"):
        Process("memx", Path(nothing))


def test_a_part_measured_again_leaves_the_others_as_they_were(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "peers.json"
    file.write_text(json.dumps({**figures(), "versions": {"mem0ai": "2.2.1"}}), encoding="utf-8")
    main(
        [
            "--only",
            "memx",
            "--parts",
            "import",
            "sizes",
            "--sizes",
            "20",
            "--rounds",
            "1",
            "--json",
            str(file),
            "--into",
        ]
    )
    written = json.loads(file.read_text(encoding="utf-8"))
    assert [*written["sizes"]] == ["1000", "10000", "20"]
    assert [*written["sizes"]["20"]] == [*written["import"]] == ["memx"]
    assert written["turns"] == figures()["turns"]
    assert {*written["versions"]} == {"mem0ai", "memx-core"}
    assert [*written["measured"]] == ["import", "sizes 20"]
    shown = capsys.readouterr().out
    assert f"sizes 20: {written['measured']['sizes 20']['commit']} at " in shown


def test_what_is_kept_needs_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--into"])
    assert "--json" in capsys.readouterr().err


def test_growth_is_measured_beside_few_others_and_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driving, "OTHERS", (2, 3))
    monkeypatch.setattr(driving, "EACH", 20)
    found = driving.run(["memx"], [20], parts=["others"], rounds=1)
    assert found["sizes"] == found["import"] == {}
    beside = found["others"]["memx"]
    assert [*beside] == ["search", "learn", "put"]
    assert all([*of] == ["2", "3"] for of in beside.values())
