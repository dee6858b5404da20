"""What the fakes remember of each call, and which colour it had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import BaseModel

from memx_core.types import Message

Colour: TypeAlias = Literal["sync", "async"]
"""Which of two twins was called."""

Purpose: TypeAlias = Literal["documents", "query"]
"""What texts were embedded as."""


@dataclass(frozen=True, slots=True)
class LLMCall:
    """One call of a model."""

    messages: tuple[Message, ...]
    schema: type[BaseModel]
    colour: Colour

    @property
    def prompt(self) -> str:
        """All that was said to the model, with an empty line between messages."""
        return "\n\n".join(message.content for message in self.messages)


@dataclass(frozen=True, slots=True)
class EmbedderCall:
    """One call of an embedder."""

    texts: tuple[str, ...]
    purpose: Purpose
    colour: Colour
