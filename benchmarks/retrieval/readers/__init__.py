"""Files of three public data sets. None is shipped: the user brings them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.retrieval.cases import Conversation
from benchmarks.retrieval.readers import beam, locomo, longmemeval

__all__ = ["beam", "locomo", "longmemeval", "read"]


def read(path: Path, *, every: bool = False) -> list[Conversation]:
    """The conversations in `path`: a JSON file, or a folder of BEAM's.

    Args:
        path: Where they are.
        every: Also questions without evidence: above all those that cannot be answered.

    Raises:
        ValueError: If it is none of the three formats.
    """
    if path.is_dir():
        return beam.folder(path, every=every)
    raw = json.loads(path.read_text(encoding="utf-8"))
    rows: list[Mapping[str, Any]] = raw if isinstance(raw, list) else [raw]
    if rows and "qa" in rows[0] and "conversation" in rows[0]:
        return [locomo.conversation(row, every=every) for row in rows]
    if rows and "haystack_sessions" in rows[0]:
        return [longmemeval.conversation(row, every=every) for row in rows]
    if rows and "probing_questions" in rows[0]:
        return [
            beam.conversation(str(row["conversation_id"]), row["chat"], row["probing_questions"], every=every)
            for row in rows
        ]
    raise ValueError(f"{path} is neither of LoCoMo (`qa`), LongMemEval (`haystack_sessions`) nor BEAM (a folder)")
