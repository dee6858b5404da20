"""Whether the server lives, whether it can answer, and what it counted."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from memx_server import metrics
from memx_server.house import Here, admin
from memx_server.problems import Problem

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """How it is."""

    status: str = "ok"


@router.get("/health/live")
async def live() -> Health:
    """Answers as long as the process does."""
    return Health()


@router.get("/health/ready")
async def ready(here: Here) -> Health:
    """Answers with 200 if requests can be answered: the databases are there, and it is not stopping."""
    if here.stopping:
        raise Problem(503, "the server is stopping")
    if here.keys is not None:
        await asyncio.to_thread(here.keys.ping)
    for memory in here.memories.open:
        await memory.arevision(user_id="health")
    return Health()


@router.get(
    "/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}}, dependencies=[Depends(admin)]
)
async def shown(here: Here) -> Response:
    """What was counted, for Prometheus; with an admin key."""
    return Response(await asyncio.to_thread(here.metrics.shown), media_type=metrics.MEDIA_TYPE)
