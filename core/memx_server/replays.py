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
from typing import Final, TypeAlias

from fastapi import Response

from memx_server.problems import Problem

_SECONDS: Final = 600.0
_BYTES: Final = 16_000_000
"""That all answers together may take; those that came first are let go of."""
_LARGEST: Final = 100_000
_Answer: TypeAlias = tuple[int, bytes, str | None]


@dataclass(slots=True)
class _Kept:
    digest: bytes
    until: float
    answer: asyncio.Future[_Answer]
    size: int = 0


class Replays:
    """What was answered lately.

    Args:
        clock: Seconds that only grow; for tests.
        most: Bytes that the answers may take.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = _BYTES) -> None:
        self._clock = clock
        self._most = most
        self._under_way: dict[tuple[str, str], _Kept] = {}
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._size = 0

    async def once(self, who: str, key: str, digest: bytes, work: Callable[[], Awaitable[Response]]) -> Response:
        """What `work` answers, or has answered this caller under this key.

        What fails is not kept: it may be tried again.

        Raises:
            Problem: If the key came with another request before, or the same request was under way and failed.
        """
        self._forget()
        known = self._under_way.get((who, key)) or self._kept.get((who, key))
        if known is not None:
            if known.digest != digest:
                raise Problem(422, "this Idempotency-Key came with another request before")
            status, body, media_type = await asyncio.shield(known.answer)
            return Response(body, status, {"Idempotency-Replayed": "true"}, media_type)
        mine = _Kept(digest, self._clock() + _SECONDS, asyncio.get_running_loop().create_future())
        self._under_way[who, key] = mine
        try:
            response = await work()
        except BaseException:
            mine.answer.set_exception(Problem(409, "the same request was under way, and failed: send it again"))
            mine.answer.exception()  # nobody need have waited for it
            raise
        finally:
            del self._under_way[who, key]
        body = bytes(response.body)
        mine.answer.set_result((response.status_code, body, response.media_type))
        if len(body) <= _LARGEST:
            mine.size = len(body) + len(key) + len(who)
            self._kept[who, key] = mine
            self._size += mine.size
        return response

    def _forget(self) -> None:
        """Lets go of what is old, and of what came first where all of it is too much."""
        now = self._clock()
        while self._kept:
            kept = next(iter(self._kept.values()))
            if kept.until > now and self._size <= self._most:
                return
            self._kept.popitem(last=False)
            self._size -= kept.size
