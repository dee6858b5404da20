"""The paths that mem0ai 2.2.1's `MemoryClient` asks, and those of its older ones that ask for the same.

What it can ask for and memx does not have is answered with 501, which says so.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from fastapi import APIRouter, Query, Request

from memx_server.gate import decoded
from memx_server.house import Here, There, Who
from memx_server.mem0 import bodies, work
from memx_server.problems import Problem
from memx_server.replaying import once

router = APIRouter(tags=["mem0"])
Answer = dict[str, Any]
_PAGE: Final = 100

_ABSENT: Final = {
    "/v1/feedback/": "feedback",
    "/v1/exports/": "exports by a schema; POST /memx/v1/export has everything",
    "/v1/exports/get/": "exports by a schema; POST /memx/v1/export has everything",
    "/v1/summary/": "summaries",
    "/v2/entities/user/{name}/profile/": "profiles",
    "/v2/profiles/jobs/": "profiles",
    "/v2/profiles/jobs/{job}/": "profiles",
    "/v2/profiles/settings/": "profiles",
    "/api/v1/orgs/{rest:path}": "organisations and projects: a key opens one namespace",
    "/api/v1/webhooks/{rest:path}": "webhooks",
}


@router.get("/v1/ping/")
async def ping(who: Who) -> Answer:
    """Whether the key opens something; a namespace is a project of mem0's, whose client needs to be told of one."""
    project = hashlib.sha256((who.namespace or "").encode()).hexdigest()[:16]
    return {"status": "ok", "org_id": "memx", "project_id": project, "user_email": None}


@router.post("/v3/memories/add/")
@router.post("/v1/memories/", include_in_schema=False)
async def add(request: Request, body: bodies.Add, there: There, here: Here, who: Who) -> Any:  # noqa: ANN401  # an answer, or a repeated one
    """Learns from messages."""
    return await once(request, here, who, body, lambda: work.add(there, body))


@router.post("/v3/memories/")
@router.post("/v2/memories/", include_in_schema=False)
async def get_all(
    body: bodies.List,
    there: There,
    page: int | None = Query(None),
    page_size: int | None = Query(None),
) -> Answer:
    """All memories, newest first, a page at a time."""
    number, size = page or body.page or 1, page_size or body.page_size or _PAGE
    return await work.listed(there, body, page=number, size=size, path="/v3/memories/")


@router.post("/v3/memories/search/")
@router.post("/v2/memories/search/", include_in_schema=False)
@router.post("/v1/memories/search/", include_in_schema=False)
async def search(body: bodies.Search, there: There) -> Answer:
    """The memories that are nearest to a query."""
    return await work.search(there, body)


@router.delete("/v1/memories/")
async def delete_all(
    there: There,
    user_id: str | None = Query(None),
    agent_id: str | None = Query(None),
    run_id: str | None = Query(None),
    app_id: str | None = Query(None),
    filters: str | None = Query(None),
) -> Answer:
    """Deletes all memories of a scope."""
    if app_id is not None:
        raise Problem(422, "app_id: memx has users, agents and runs")
    return await work.delete_all(there, {"user_id": user_id, "agent_id": agent_id, "run_id": run_id}, filters)


@router.get("/v1/memories/{memory_id}/")
async def get(memory_id: str, there: There) -> Answer:
    """One memory."""
    return await work.get(there, decoded(memory_id))


@router.put("/v1/memories/{memory_id}/")
async def update(memory_id: str, body: bodies.Update, there: There) -> Answer:
    """Changes one memory."""
    return await work.update(there, decoded(memory_id), body)


@router.delete("/v1/memories/{memory_id}/")
async def delete(memory_id: str, there: There) -> Answer:
    """Deletes one memory. What it superseded is its own past, and goes with it."""
    return await work.delete(there, decoded(memory_id))


@router.get("/v1/memories/{memory_id}/history/")
async def history(memory_id: str, there: There) -> list[Answer]:
    """Every change of one memory, oldest first."""
    return await work.history(there, decoded(memory_id))


@router.get("/v1/entities/")
async def entities(there: There) -> Answer:
    """Users, agents and runs of which something is remembered."""
    found = await work.entities(there)
    return work.paged(found, page=1, size=max(1, len(found)), path="/v1/entities/")


@router.delete("/v2/entities/{kind}/{name}/")
async def delete_entity(kind: str, name: str, there: There) -> Answer:
    """Erases everything of a user, an agent or a run, for good; of one that is not there, nothing."""
    return await work.delete_entity(there, decoded(kind), decoded(name))


@router.put("/v1/batch/")
async def batch_update(body: bodies.BatchUpdate, there: There) -> Answer:
    """Changes several memories."""
    return await work.update_several(there, body.memories)


@router.delete("/v1/batch/")
async def batch_delete(body: bodies.BatchDelete, there: There) -> Answer:
    """Deletes several memories."""
    return await work.delete_several(there, body.memories)


def _absent(what: str) -> Any:  # noqa: ANN401  # a route
    async def answer() -> None:
        raise Problem(501, f"memx has no {what}")

    return answer


for _path, _what in _ABSENT.items():
    router.add_api_route(
        _path, _absent(_what), methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False
    )
