"""Answers of writes that came with an `Idempotency-Key`: a retry gets the first one's, and nothing is done twice.

They are held for some minutes in this process and nowhere else. `add` keeps its key in the ledger beside, so
there a retry may also come later, or to another process.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from fastapi import Response

from memx_server.problems import Problem

_SECONDS: Final = 600.0
_MOST: Final = 2_000
_LARGEST: Final = 100_000


@dataclass(slots=True)
class _Kept:
    digest: bytes
    until: float
    answer: asyncio.Future[tuple[int, bytes, str | None]]


class Replays:
    """What was answered lately."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()

    async def once(self, who: str, key: str, digest: bytes, work: Callable[[], Awaitable[Response]]) -> Response:
        """What `work` answers, or has answered this caller under this key.

        What fails is not kept: it may be tried again.

        Raises:
            Problem: If the key came with another request before.
        """
        self._forget()
        known = self._kept.get((who, key))
        if known is not None:
            if known.digest != digest:
                raise Problem(422, "this Idempotency-Key came with another request before")
            status, body, media_type = await asyncio.shield(known.answer)
            return Response(body, status, {"Idempotency-Replayed": "true"}, media_type)
        mine = _Kept(digest, self._clock() + _SECONDS, asyncio.get_running_loop().create_future())
        self._kept[who, key] = mine
        try:
            response = await work()
        except BaseException as error:
            del self._kept[who, key]
            if not mine.answer.done():
                mine.answer.set_exception(Problem(409, "the same request was under way, and failed: send it again"))
                mine.answer.exception()  # nobody need have waited for it
            raise error
        mine.answer.set_result((response.status_code, bytes(response.body), response.media_type))
        if len(response.body) > _LARGEST:
            del self._kept[who, key]
        return response

    def _forget(self) -> None:
        now = self._clock()
        while self._kept:
            kept = next(iter(self._kept.values()))
            if kept.until > now and len(self._kept) < _MOST:
                return
            self._kept.popitem(last=False)
