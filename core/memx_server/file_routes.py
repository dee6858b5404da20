"""The methods that move files: what is taken out is sent, what is taken in is the body.

A file is never whole in memory. What `load` is told beside the file is a header of JSON, so that no id is in a query.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncGenerator
from typing import Annotated, Any, Final, Literal, TypeGuard

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from memx_core import wire
from memx_core.moving import Conversation, LoadReport
from memx_server.house import Here, There, Who
from memx_server.problems import Problem
from memx_server.replaying import once
from memx_server.requests import body

COUNT: Final = "Memx-Memories"
"""The header that tells how many memories are in an export."""
_JSONL: Final = "application/x-ndjson"
_PIECE: Final = 1 << 16
_CALLS = wire.calls()
_CONVERSATION: Final[TypeAdapter[Conversation]] = TypeAdapter(Conversation)

_Backfill: Any = body(_CALLS["backfill"])

router = APIRouter(prefix="/memx/v1", tags=["memx"])


async def export(arguments: BaseModel, there: There) -> StreamingResponse:
    """Everything of a scope, or without ids of all, as JSON lines."""
    given = _given(arguments)
    path = await asyncio.to_thread(_file)
    try:
        count = await there.aexport(path, **given)
    except BaseException:
        await asyncio.to_thread(os.unlink, path)
        raise
    return StreamingResponse(pieces(path), media_type=_JSONL, headers={COUNT: str(count)})


async def pieces(path: str) -> AsyncGenerator[bytes, None]:
    """What is in a file, which is gone afterwards, also where nobody waited for its end."""
    try:
        with await asyncio.to_thread(open, path, "rb") as file:
            while piece := await asyncio.to_thread(file.read, _PIECE):
                yield piece
    finally:
        await asyncio.to_thread(os.unlink, path)


export.__annotations__["arguments"] = body(_CALLS["export"])
router.add_api_route(
    "/export",
    export,
    methods=["POST"],
    summary=_CALLS["export"].about,
    response_class=Response,
    responses={200: {"content": {_JSONL: {}}, "description": "The file, as JSON lines."}},
)


def _given(arguments: BaseModel) -> dict[str, Any]:
    return {name: getattr(arguments, name) for name in arguments.model_fields_set}


class LoadArguments(BaseModel):
    """What `load` is told beside the file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    format: Literal["memx", "mem0", "chatgpt"] | None = None


@router.post(
    "/load",
    summary=_CALLS["load"].about,
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string"}}}}
    },
)
async def load(
    request: Request,
    there: There,
    memx_arguments: Annotated[str, Header(description="JSON: user_id, agent_id, run_id, format.")] = "{}",
) -> LoadReport:
    """Takes in a file, all of it or nothing."""
    try:
        given = LoadArguments.model_validate_json(memx_arguments).model_dump(exclude_unset=True)
    except ValidationError:
        raise Problem(422, "Memx-Arguments is no JSON of user_id, agent_id, run_id and format") from None
    path = await asyncio.to_thread(_file)
    try:
        await _received(request, path)
        return await there.aload(path, **given)
    finally:
        await asyncio.to_thread(os.unlink, path)


async def _received(request: Request, path: str) -> None:
    with await asyncio.to_thread(open, path, "wb") as file:
        async for piece in request.stream():
            await asyncio.to_thread(file.write, piece)
        await asyncio.to_thread(file.flush)


def _file() -> str:
    descriptor, path = tempfile.mkstemp(prefix="memx-", suffix=".jsonl")
    os.close(descriptor)
    return path


class BackfillBody(_Backfill):  # type: ignore[misc]  # made of the signature
    """Conversations: objects with `messages`, lists of messages, or messages that each name their session."""

    conversations: list[dict[str, Any] | list[dict[str, Any]]]


@router.post(
    "/backfill",
    summary=_CALLS["backfill"].about,
    response_class=Response,
    responses={200: {"model": wire.sent_type(_CALLS["backfill"]), "description": "What the method returns."}},
)
async def backfill(request: Request, arguments: BackfillBody, there: There, here: Here, who: Who) -> Response:
    """Learns from old conversations. One call takes no longer than any; asked again, it goes on where it was."""
    given = _given(arguments)
    given["conversations"] = [_conversation(each) for each in given["conversations"]]

    async def work() -> Response:
        method: Any = there.abackfill
        told = await method(given.pop("conversations"), progress=False, **given)
        return Response(wire.answer(_CALLS["backfill"], told), media_type="application/json")

    return await once(request, here, who, arguments, work)


def _conversation(value: Any) -> Any:  # noqa: ANN401  # a conversation, a list or a message
    if not _is_object(value) or "messages" not in value:
        return value
    try:
        return _CONVERSATION.validate_python(value)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise Problem(422, f"conversations: no conversation: {where}") from None


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)
