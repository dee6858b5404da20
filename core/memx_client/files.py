"""The methods that move files: the file is on this side, and its content goes over the wire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from os import PathLike
from typing import Any, TypeAlias

from memx_client.errors import ServerError
from memx_client.transport import Ask, Reply, Wire
from memx_core import Conversation, read_chatgpt, wire
from memx_core.errors import InvalidInputError
from memx_core.moving import files
from memx_core.moving.reports import LoadReport

Asking: TypeAlias = Callable[[Ask], Awaitable[Reply]]
_COUNT = "memx-memories"


async def export(io: Wire, given: Mapping[str, Any], ask: Asking) -> int:
    """Writes the file that the server sends, at once when it is complete; how many memories are in it."""
    arguments = {name: value for name, value in given.items() if name != "path"}
    file = files.replacing(files.path(given["path"]))
    sink = await io.call(file.__enter__)
    try:
        reply = await ask(Ask("/memx/v1/export", wire.packed(arguments), sink=sink))
    except BaseException as error:
        await io.call(file.__exit__, type(error), error, error.__traceback__)
        raise
    await io.call(file.__exit__, None, None, None)
    count = reply.headers.get(_COUNT, "")
    if not count.isdecimal():
        raise ServerError("the server does not say how many memories it sent", reply.status)
    return int(count)


async def load(call: wire.Call, given: Mapping[str, Any], ask: Asking) -> LoadReport:
    """Has the server take in a file. Loaded again it changes nothing, so it may be sent again."""
    if given.get("results") is not None:
        raise InvalidInputError("a server takes one file: load mem0's results, or its history where the memory is")
    arguments = {name: value for name, value in given.items() if name not in ("path", "results")}
    headers = {
        "Memx-Arguments": wire.packed(arguments).decode("ascii"),
        "Content-Type": "application/octet-stream",
    }
    reply = await ask(Ask("/memx/v1/load", file=files.path(given["path"]), headers=headers))
    report: LoadReport = wire.answered(call, reply.body)
    return report


async def conversations(io: Wire, given: object) -> object:
    """What is sent: the conversations themselves, also where a file was named."""
    return await io.call(_read, given) if isinstance(given, str | PathLike) else given  # pyright: ignore[reportUnknownArgumentType]  # a path of whatever


def _read(path: str | PathLike[Any]) -> list[Conversation]:
    return list(read_chatgpt(path))
