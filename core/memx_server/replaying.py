"""A request that says what it is the same as, and its answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from memx_server.house import House
from memx_server.keys import KeyInfo
from memx_server.problems import Problem

_LONGEST = 1_000


def idempotency_key(request: Request) -> str | None:
    """What the request says that it is the same as.

    Raises:
        Problem: If it cannot be kept.
    """
    said = request.headers.get("idempotency-key")
    if said is not None and not 0 < len(said) <= _LONGEST:
        raise Problem(422, f"Idempotency-Key must have 1 to {_LONGEST:,} characters")
    return said


async def once(
    request: Request, here: House, who: KeyInfo, body: BaseModel, work: Callable[[], Awaitable[Any]]
) -> Response:
    """What `work` comes to; or has come to, if this is a request that came before."""

    async def answered() -> Response:
        made = await work()
        return made if isinstance(made, Response) else JSONResponse(made)

    key = idempotency_key(request)
    if key is None:
        return await answered()
    asked = json.dumps([request.url.path, body.model_dump(mode="json", exclude_unset=True)], sort_keys=True)
    return await here.replays.once(who.id, key, hashlib.sha256(asked.encode()).digest(), answered)
