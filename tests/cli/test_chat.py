"""`memx chat`: it answers, learns, and goes on whatever a model does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.answers import NOTHING, adds
from tests.cli.conftest import Done, Run
from tests.openai_server import Asked, OpenAIServer, Reply, Status


def turns(done: Done) -> list[dict[str, Any]]:
    return [json.loads(line)["result"] for line in done.lines]


def test_offline_it_says_what_it_remembers_and_learns(memx: Run) -> None:
    done = memx("chat", stdin="I have a dog called Rex.\n\nWhat is my dog called?\n/quit\nnever said\n")
    assert done.lines == [
        "memx> Nothing comes to mind.",
        "+  User has a dog called Rex  (said so)",
        done.lines[2],
        "memx> I remember:",
        "- User has a dog called Rex",
    ]


def test_what_was_learned_last_can_be_taken_back(memx: Run) -> None:
    done = memx("chat", stdin="I have a dog.\nHello!\n/memories\n/undo\n/undo\n/memories\n/what\n")
    assert done.lines[-1] == "nothing is remembered yet"
    assert "there is nothing to undo" in done.err
    assert "/quit" in done.err


@pytest.fixture
def model(openai_server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> OpenAIServer:
    """A model that answers, and from which a home is learned."""
    pytest.importorskip("langchain_openai", reason="the extra `openai` is not installed")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-any")
    monkeypatch.setenv("OPENAI_BASE_URL", openai_server.url)
    monkeypatch.setenv("MEMX_MODEL", "openai:gpt-5-mini")

    def answer(asked: Asked) -> Reply:
        if "what you say" in asked.prompt:
            return Reply(json.dumps({"reply": "In Oslo." if "lives in Oslo" in asked.prompt else "\x1b[31mHello!"}))
        return Reply(json.dumps(adds("User lives in Oslo", quote="Oslo") if "Oslo" in asked.prompt else NOTHING))

    openai_server.script = answer
    return openai_server


def test_a_model_answers_with_what_is_remembered(memx: Run, model: OpenAIServer) -> None:
    first, second = turns(memx("chat", "--json", stdin="I moved to Oslo.\nWhere do I live?\n"))
    assert first["reply"] == "\x1b[31mHello!"
    assert [change["new_text"] for change in first["learned"]["changes"]] == ["User lives in Oslo"]
    assert second["reply"] == "In Oslo."
    prompt = [chat for chat in model.chats if "what you say" in chat.prompt][1]
    assert prompt.prompt.count("I moved to Oslo.") == 1  # as the turn before, and not recalled once more
    assert "\x1b" not in memx("chat", stdin="Hello!\n").out


def test_a_conversation_is_gone_on_with(memx: Run, model: OpenAIServer) -> None:
    memx("chat", "--session", "monday", stdin="I moved to Oslo.\n")
    memx("chat", "--session", "monday", stdin="And?\n")
    assert "I moved to Oslo." in [chat for chat in model.chats if "what you say" in chat.prompt][-1].prompt


def test_a_model_that_fails_ends_nothing(memx: Run, model: OpenAIServer) -> None:
    model.down("chat", Status(400, error={"message": "no"}))
    done = memx("chat", "--json", stdin="I moved to Oslo.\n")
    (turn,) = turns(done)
    assert turn["reply"] is None
    assert turn["learned"] is None
    assert len(done.err.splitlines()) == 2
    model.recover()
    assert memx("flush", "--json").result == {"waited": 1, "waiting": []}
