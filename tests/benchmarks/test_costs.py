"""What `make bench` prints, and that it draws."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import pytest

import benchmarks.__main__ as command
from benchmarks import prompts


def test_what_every_prompt_sends_is_counted_without_what_is_known_of_anybody() -> None:
    (line,) = prompts.sending()
    always, schema = (int(number.replace(",", "")) for number in re.findall(r"[\d,]+(?= (?:tokens|of the))", line))
    assert 500 < always <= 1_500
    assert 100 < schema < 1_000


def test_everything_is_measured_and_then_drawn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def weighing() -> Iterator[str]:
        """A feather."""
        yield "next to nothing"

    drawn: list[object] = []
    monkeypatch.setattr(command, "MEASURES", {"weight": weighing})
    monkeypatch.setattr(command, "plots", drawn.append)
    monkeypatch.setattr(sys, "argv", ["benchmarks", "weight"])
    command.main()
    assert not drawn
    monkeypatch.setattr(sys, "argv", ["benchmarks"])
    command.main()
    assert drawn == [[]]
    assert capsys.readouterr().out.count("weight: A feather.\n  next to nothing\n") == 2
