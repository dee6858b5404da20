"""What mem0's client sends. What is not named here is refused: better heard than overlooked."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str | int, Field(union_mode="left_to_right")]
Object = dict[str, Any]


class _Body(BaseModel):
    """Names that change nothing here are taken, as older clients send them."""

    model_config = ConfigDict(extra="forbid", strict=True)

    version: Any = None
    output_format: Any = None
    org_id: Any = None
    project_id: Any = None


class Ids(_Body):
    """Whose."""

    user_id: Id | None = None
    agent_id: Id | None = None
    run_id: Id | None = None
    filters: Object | None = None

    @property
    def given(self) -> dict[str, str | int]:
        """The ids that stand beside the filters."""
        ids = {"user_id": self.user_id, "agent_id": self.agent_id, "run_id": self.run_id}
        return {name: value for name, value in ids.items() if value is not None}


class Add(Ids):
    """Of `add`."""

    messages: str | Object | list[Object]
    metadata: Object | None = None
    infer: bool | None = None
    timestamp: int | float | str | None = None
    expiration_date: str | None = None
    custom_instructions: str | None = None
    async_mode: Any = None
    enable_graph: Any = None


class List(Ids):
    """Of `get_all`."""

    show_expired: bool | None = None
    latest_only: Any = None
    page: int | None = None
    page_size: int | None = None


class Search(Ids):
    """Of `search`."""

    query: str
    top_k: int | None = None
    limit: int | None = None
    threshold: float | None = None
    fields: list[str] | None = None
    show_expired: bool | None = None
    reference_date: str | int | None = None
    rerank: Any = None
    keyword_search: Any = None
    latest_only: Any = None


class Update(_Body):
    """Of `update`."""

    text: str | None = None
    metadata: Object | None = None
    expiration_date: str | None = None


class OneUpdate(_Body):
    """One of `batch_update`."""

    memory_id: str
    text: str | None = None
    metadata: Object | None = None


class BatchUpdate(_Body):
    """Of `batch_update`."""

    memories: list[OneUpdate] = Field(min_length=1, max_length=1_000)


class OneDelete(_Body):
    """One of `batch_delete`."""

    memory_id: str


class BatchDelete(_Body):
    """Of `batch_delete`."""

    memories: list[OneDelete] = Field(min_length=1, max_length=1_000)
