"""memx's own routes: `POST /memx/v1/<method>`, one for each method of `Memory`, with its arguments as the body.

No id and no text is in a path or a query, which proxies and logs keep.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from memx_core import Plan, wire
from memx_core.memory import Memory
from memx_server.house import Here, There, Who
from memx_server.problems import Problem
from memx_server.requests import body

PREFIX = "/memx/v1"
_FILES = frozenset({"export", "load", "backfill"})
_KEYED = frozenset({"add", "plan"})
"""Calls whose idempotency key the ledger keeps."""
_LONGEST_KEY = 1_000
Handler = Callable[..., Awaitable[Response]]


def router() -> APIRouter:
    """All of them."""
    made = APIRouter(prefix=PREFIX, tags=["memx"])
    for call in wire.calls().values():
        if call.name not in _FILES:
            made.add_api_route(
                f"/{call.name}",
                _handler(call),
                methods=["POST"],
                name=call.name,
                summary=call.about,
                response_class=Response,
                responses={200: {"model": wire.sent_type(call), "description": "What the method returns."}},
            )
    return made


def _handler(call: wire.Call) -> Handler:
    model = body(call)

    async def answer(
        request: Request,
        arguments: BaseModel,
        there: There,
        here: Here,
        who: Who,
    ) -> Response:
        given = {name: getattr(arguments, name) for name in arguments.model_fields_set}
        once = idempotency_key(request)
        if call.name in _KEYED and once is not None and given.get("key") is None:
            given["key"] = once

        async def work() -> Response:
            return Response(wire.answer(call, await _called(there, call, given)), media_type="application/json")

        if once is None or not call.writes:
            return await work()
        digest = hashlib.sha256(json.dumps([call.name, arguments.model_dump(mode="json")]).encode()).digest()
        return await here.replays.once(who.id, once, digest, work)

    answer.__annotations__["arguments"] = model
    return answer


def idempotency_key(request: Request) -> str | None:
    """What the request says that it is the same as.

    Raises:
        Problem: If it is too long to be kept.
    """
    said = request.headers.get("idempotency-key")
    if said is not None and not 0 < len(said) <= _LONGEST_KEY:
        raise Problem(422, f"Idempotency-Key must have 1 to {_LONGEST_KEY:,} characters")
    return said


async def _called(there: Memory, call: wire.Call, given: dict[str, Any]) -> Any:  # noqa: ANN401  # whatever it returns
    method: Callable[..., Awaitable[Any]] = getattr(there, f"a{call.name}")
    several = given.pop("operation_ids", ())
    if "plan" in given:
        given["plan"] = Plan.from_json(json.dumps(given["plan"]))
    positional = [given.pop(each.name) for each in call.arguments if each.required and each.name in given]
    return await method(*several, *positional, **given)
