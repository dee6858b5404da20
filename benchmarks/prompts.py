"""What every prompt of `add` sends to a model, whatever is said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from pydantic import BaseModel

from benchmarks import costs, samples
from benchmarks.peers import counting
from memx_core import Completion, Message


class _Listening:
    """Finds nothing, and keeps what it is sent."""

    def __init__(self) -> None:
        self.prompts: list[str] = []
        self.schemas: set[str] = set()

    def complete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        self.prompts.append("\n".join(message.content for message in messages))
        self.schemas.add(json.dumps(schema.model_json_schema()))
        return Completion(data={"operations": []})


def sending() -> Iterator[str]:
    """Tokens of what three prompts about other things have in common, and of the schema beside it."""
    model = _Listening()
    with costs.filled(scopes=3, each=20, llm=model) as memory:
        for at, said in enumerate(samples.facts(3, seed=5)):
            memory.add(said, user_id=f"user-{at}")
    (schema,) = model.schemas
    fixed = counting.tokens(counting.always(model.prompts))
    yield f"{fixed:,} tokens in each prompt, {counting.tokens(schema):,} of the schema ({counting.ENCODING})"
