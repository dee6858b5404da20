"""Every error as `application/problem+json` (RFC 9457), and which status goes with which error of memx's.

What a model, an embedder or a driver raised may quote what was said, or hold a key: of those only the kind is told.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request

from memx_core import errors, wire

MEDIA_TYPE = "application/problem+json"
RETRY_SOON = 2
"""Seconds after which it is worth asking again."""
_MOST = 20
_LONGEST = 200
_LOG = logging.getLogger("memx_server")

_STATUS: tuple[tuple[type[errors.MemxError], int], ...] = (
    (errors.InvalidInputError, 422),
    (errors.EmbeddingMismatchError, 503),
    (errors.MemoryNotFoundError, 404),
    (errors.PlanConflictError, 409),
    (errors.BudgetExceededError, 429),
    (errors.ExtractionError, 502),
    (errors.ProviderError, 502),
    (errors.LedgerError, 503),
    (errors.IndexUnavailableError, 503),
)


_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "error": {"type": "string", "description": "The error of memx's that was raised."},
    },
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": "A problem.", "content": {MEDIA_TYPE: {"schema": _SCHEMA}}} for status in ("4XX", "5XX")
}
"""What every route may answer beside what it says."""


class Problem(Exception):
    """An answer that is a problem; raised where it is found."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **facts: Any) -> None:  # noqa: ANN401  # any JSON
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.facts = facts

    def response(self) -> JSONResponse:
        """What is sent."""
        title = HTTPStatus(self.status).phrase
        content = {"type": "about:blank", "title": title, "status": self.status, "detail": self.detail, **self.facts}
        return JSONResponse(content, self.status, self.headers, MEDIA_TYPE)


def of(error: BaseException) -> Problem:
    """The problem that tells of an error, with the facts by which a client can raise the same one."""
    match error:
        case Problem():
            return error
        case errors.MemxError():
            return _of_memx(error)
        case RequestValidationError():
            return _of_validation(error)
        case HTTPException():
            return Problem(error.status_code, str(error.detail), headers=error.headers)
        case NotImplementedError():
            return Problem(501, str(error))
        case _:
            _LOG.error("a request failed with %s", kind(error), exc_info=None)
            return Problem(500, f"the server failed with {kind(error)}", error=kind(error))


def kind(error: BaseException) -> str:
    """What an error is, and nothing of what it says."""
    return type(error).__qualname__


def _of_memx(error: errors.MemxError) -> Problem:
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    facts = wire.error_facts(error)
    headers: dict[str, str] = {}
    if isinstance(error, errors.BudgetExceededError):
        headers["Retry-After"] = str(max(1, ceil(wire.seconds_until(error.resets_at))))
    elif status == 503:
        headers["Retry-After"] = str(RETRY_SOON)
    if status >= 500:
        _LOG.warning("a request failed with %s", kind(error))
    return Problem(status, str(error), headers=headers, **facts)


def _of_validation(error: RequestValidationError) -> Problem:
    """Where a request is wrong, without what stood there."""
    found = [(".".join(_place(part) for part in each["loc"]), str(each["msg"])) for each in error.errors()]
    where, message = found[0] if found else ("", "the request is not valid")
    told = [{"at": at, "message": said} for at, said in found[:_MOST]]
    return Problem(422, f"{where}: {message}" if where else message, errors=told)


def _place(part: object) -> str:
    return str(part)[:_LONGEST]


async def handle(request: Request, error: Exception) -> JSONResponse:
    """For FastAPI: any error as its problem."""
    return of(error).response()
