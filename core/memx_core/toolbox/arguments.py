"""What a model says when it calls a tool; whose memories are meant is not among it."""

from __future__ import annotations

from pydantic import BaseModel, Field

from memx_core.toolbox.describing import LIMIT, MEMORY, QUERY, TEXT, UPDATED_TEXT


class SearchInput(BaseModel):
    """What to look for."""

    query: str = Field(description=QUERY)
    limit: int = Field(default=5, ge=1, le=50, description=LIMIT)


class SaveInput(BaseModel):
    """What to remember."""

    text: str = Field(description=TEXT)


class UpdateInput(BaseModel):
    """What to change."""

    memory: str = Field(description=MEMORY)
    text: str = Field(description=UPDATED_TEXT)


class ForgetInput(BaseModel):
    """What to forget."""

    memory: str = Field(description=MEMORY)
