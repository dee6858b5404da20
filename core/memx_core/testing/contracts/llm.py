"""What every chat model behind the port `LLM` promises."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from pydantic import BaseModel

from memx_core.ports import LLM, AsyncLLM, Completion
from memx_core.testing.calls import Colour
from memx_core.testing.contracts.colours import Coloured, in_tasks, in_threads
from memx_core.types import Message


class Home(BaseModel):
    """What the model is asked for."""

    person: str
    city: str


ANSWER = {"person": "Anna", "city": "Oslo"}
QUESTION = Message("user", f"Anna moved to Oslo. Answer with exactly this JSON object: {json.dumps(ANSWER)}")


class LLMContract(Coloured):
    """Subclass it and say how to make the model."""

    def make_llm(self, answer: str) -> LLM | AsyncLLM:
        """A model that gives `answer` to everything.

        A live model may ignore `answer`: it is asked for the very same in words.
        """
        raise NotImplementedError("make_llm returns the model to be tested")

    def test_the_answer_arrives(self, twin: Colour) -> None:
        """As text with the JSON in it, or parsed."""
        assert _read(_ask(self._llm(), [QUESTION], twin)) == ANSWER

    def test_tokens_are_whole_numbers(self, twin: Colour) -> None:
        """What the provider does not say is 0, never `None`."""
        usage = _ask(self._llm(), [QUESTION], twin).usage
        for tokens in (usage.input_tokens, usage.output_tokens):
            assert isinstance(tokens, int)
            assert tokens >= 0

    def test_every_role_and_script_is_understood(self, twin: Colour) -> None:
        """A conversation in any language, with names, reaches the model without an error."""
        chat = [
            Message("system", "Du antwortest nur mit JSON."),
            Message("user", "أين تعيش آنا؟ 🏠", name="Zoë"),
            Message("assistant", "わかりません。\u0000"),
            QUESTION,
        ]
        assert _read(_ask(self._llm(), chat, twin)) == ANSWER

    def test_the_messages_are_left_as_they_are(self, twin: Colour) -> None:
        """The caller's list is the caller's."""
        messages = [Message("system", "Answer in JSON."), QUESTION]
        _ask(self._llm(), messages, twin)
        assert messages == [Message("system", "Answer in JSON."), QUESTION]

    def test_calls_may_go_side_by_side(self, twin: Colour) -> None:
        """In threads, or in tasks on one loop; each gets its answer."""
        llm = self._llm()
        if twin == "sync":
            answers = in_threads(lambda: _blocking(llm).complete([QUESTION], Home), times=4)
        else:
            answers = in_tasks(lambda: _awaitable(llm).acomplete([QUESTION], Home), times=4)
        assert [_read(answer) for answer in answers] == [ANSWER] * 4

    def _llm(self) -> LLM | AsyncLLM:
        return self.make_llm(json.dumps(ANSWER))


def _ask(llm: LLM | AsyncLLM, messages: Sequence[Message], twin: Colour) -> Completion:
    if twin == "sync":
        return _blocking(llm).complete(messages, Home)
    return asyncio.run(_awaitable(llm).acomplete(messages, Home))


def _blocking(llm: LLM | AsyncLLM) -> LLM:
    assert isinstance(llm, LLM), f'{llm!r} has no `complete`; if that is right, write colours = ("async",)'
    return llm


def _awaitable(llm: LLM | AsyncLLM) -> AsyncLLM:
    assert isinstance(llm, AsyncLLM), f'{llm!r} has no `acomplete`; if that is right, write colours = ("sync",)'
    return llm


def _read(completion: Completion) -> object:
    """The answer as an object, whichever way it came."""
    if isinstance(completion.data, BaseModel):
        return completion.data.model_dump()
    if completion.data is not None:
        return completion.data
    text = completion.text or ""
    answer: object = json.loads(text[text.find("{") : text.rfind("}") + 1])
    return answer
