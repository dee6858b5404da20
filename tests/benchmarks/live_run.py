"""Runs of `benchmarks.live` against OpenAI's API on loopback, whose three roles are played by rules."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.live import __main__ as command
from tests.answers import NOTHING, adds
from tests.openai_server import Answer, Asked, OpenAIServer

MODELS = {"extractor": "openai:gpt-5-mini", "answerer": "openai:gpt-5-mini", "judge": "openai:gpt-5-mini"}
UNKNOWN = "No information available"

LOCOMO = {
    "sample_id": "conv-0",
    "conversation": {
        "speaker_a": "Rosa",
        "speaker_b": "Milo",
        "session_1_date_time": "1:56 pm on 8 May, 2024",
        "session_1": [
            {"speaker": "Rosa", "dia_id": "D1:1", "text": "I bought a kiln."},
            {"speaker": "Milo", "dia_id": "D1:2", "text": "I repair a boat in Bergen."},
        ],
        "session_2_date_time": "12:05 am on 3 June, 2024",
        "session_2": [{"speaker": "Rosa", "dia_id": "D2:1", "text": "The kiln exploded."}],
    },
    "qa": [
        {"question": "What did Rosa buy?", "answer": "a kiln", "evidence": ["D1:1"], "category": 4},
        {"question": "Where is the boat?", "answer": "Bergen", "evidence": ["D1:2"], "category": 4},
        {"question": "What did Milo buy?", "adversarial_answer": "a kiln", "evidence": ["D1:1"], "category": 5},
    ],
}
_SAID = {"What did Rosa buy?": "kiln", "Where is the boat?": "Bergen"}


def tagged(prompt: str, tag: str) -> str:
    """What stands between tags of a prompt."""
    found = re.search(rf"<{tag}>\n(.*?)\n</{tag}>", prompt, re.DOTALL)
    return found[1] if found else ""


def role(asked: Asked) -> str:
    if asked.wanted == "MemoryOperations":
        return "extractor"
    return "answerer" if "<known>" in asked.prompt else "judge"


def played(asked: Asked) -> Answer:
    """The extractor learns of the kiln, the answerer finds words in what is known, the judge compares words."""
    prompt = asked.prompt
    if role(asked) == "extractor":
        return adds("Rosa bought a kiln") if "I bought a kiln" in prompt else NOTHING
    if role(asked) == "answerer":
        word = next((word for question, word in _SAID.items() if question in prompt), "nowhere")
        return word if word in tagged(prompt, "known") else UNKNOWN
    given = tagged(prompt, "given_answer")
    right = given == UNKNOWN if "<tempting_answer>" in prompt else given in tagged(prompt, "right_answer")
    return json.dumps({"reason": "compared", "verdict": "right" if right else "wrong"})


class Live:
    """The command, on a server and in a folder.

    Attributes:
        journal: Where it writes.
    """

    def __init__(
        self, server: OpenAIServer, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.server, self.journal = server, folder / "live.jsonl"
        self._data, self._monkeypatch, self._capsys = folder / "data.json", monkeypatch, capsys
        monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
        self.given(LOCOMO)
        self.plays(played)

    def given(self, *rows: Any) -> None:
        """The data, in any of the three formats."""
        self._data.write_text(json.dumps(rows), encoding="utf-8")

    def plays(self, script: Callable[[Asked], Answer]) -> None:
        """How the models answer."""
        self.server.script = script

    def run(self, *arguments: str, models: dict[str, str] | None = None) -> str:
        """What it prints."""
        given = [str(self._data), "--journal", str(self.journal), "--embedder", "hashing"]
        for name, model in (MODELS if models is None else models).items():
            given += [f"--{name}", model, "--set", f"{name}.base_url={self.server.url}"]
            given += ["--set", f"{name}.max_retries=0"]
        self._monkeypatch.setattr(sys, "argv", ["live", *given, *arguments])
        command.main()
        return self._capsys.readouterr().out

    def fails(self, *arguments: str) -> str:
        """What it prints about failures, when its status is 1."""
        with pytest.raises(SystemExit) as ended:
            self.run(*arguments)
        assert ended.value.code == 1
        return self._capsys.readouterr().err

    def asked(self, wanted: str) -> list[str]:
        """The prompts that a role was given."""
        return [asked.prompt for asked in self.server.chats if role(asked) == wanted]

    def entries(self) -> dict[str, Any]:
        """The journal, by key."""
        lines = [json.loads(line) for line in self.journal.read_text(encoding="utf-8").splitlines()]
        return {line["key"]: line for line in lines[1:]}
