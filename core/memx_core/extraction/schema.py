"""The shape that the model is asked to answer in.

Flat, every field required, no unions and no defaults: what the strictest structured-output modes
accept. "Nothing" is an empty string, an empty list, or -1. Handles are the numbers of the
prompt, never ids.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class MemoryOperation(BaseModel):
    """One change to the known facts."""

    model_config = ConfigDict(extra="forbid")

    event: Literal["ADD", "UPDATE", "DELETE", "NONE", "CONFLICT"]
    text: str = Field(description="The fact, in the language of its speaker; empty for DELETE and NONE.")
    target: int = Field(description="Number of the known fact that is meant; -1 for ADD.")
    messages: list[int] = Field(description="Numbers of the messages that say so.")
    quote: str = Field(description="Words copied from one of those messages.")
    when: str = Field(description="The time expression exactly as said; empty if there is none.")
    subject: str = Field(description="Name of whom or what the fact is about.")
    slot: str = Field(description="The attribute that the fact fills.")
    reason: str = Field(description="Why, in a few words.")


class MemoryOperations(BaseModel):
    """What to change in the known facts; an empty list when nothing is worth knowing."""

    model_config = ConfigDict(extra="forbid")

    operations: list[MemoryOperation]
