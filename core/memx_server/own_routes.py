"""memx's own routes: `POST /memx/v1/<method>`, one for each method of `Memory`, with its arguments as the body.

No id and no text is in a path or a query, which proxies and logs keep.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from memx_core import Plan, wire
from memx_core.memory import Memory
from memx_server.house import Here, There, Who
from memx_server.replaying import idempotency_key, once
from memx_server.requests import body

PREFIX = "/memx/v1"
_FILES = frozenset({"export", "load", "backfill"})
_KEYED = "add"
"""The call whose idempotency key the ledger keeps."""
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
        if call.name == _KEYED and given.get("key") is None:
            given["key"] = idempotency_key(request)

        async def work() -> Response:
            return Response(wire.answer(call, await _called(there, call, given)), media_type="application/json")

        return await once(request, here, who, arguments, work) if call.writes else await work()

    answer.__annotations__["arguments"] = model
    return answer


async def _called(there: Memory, call: wire.Call, given: dict[str, Any]) -> Any:  # noqa: ANN401  # whatever it returns
    method: Callable[..., Awaitable[Any]] = getattr(there, f"a{call.name}")
    several = given.pop("operation_ids", ())  # the methods take them one by one
    if "plan" in given:
        given["plan"] = Plan.from_json(json.dumps(given["plan"]))
    positional = [given.pop(each.name) for each in call.arguments if not each.named and each.name in given]
    return await method(*several, *positional, **given)
