"""Model answers in the shape that memx asks for."""

from __future__ import annotations

from typing import Any


def operation(event: str, text: str = "", **fields: Any) -> dict[str, Any]:
    blank = {"target": -1, "messages": [0], "quote": "", "when": "", "subject": "", "slot": "", "reason": "said so"}
    return {"event": event, "text": text, **blank, **fields}


def answer(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"operations": list(operations)}


def adds(*texts: str, **fields: Any) -> dict[str, Any]:
    return answer(*(operation("ADD", text, **fields) for text in texts))


def updates(target: int, text: str, **fields: Any) -> dict[str, Any]:
    return answer(operation("UPDATE", text, target=target, **fields))


def deletes(target: int, quote: str) -> dict[str, Any]:
    return answer(operation("DELETE", target=target, quote=quote))


NOTHING = answer()
