"""The page's files, and what a browser is told about them.

They are the same for everybody and need no key. What a browser may do with them is the promise: run no script
but these, ask no other host, show them in nobody's frame, and make no markup of a text (`trusted-types`).
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from fastapi import APIRouter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

PATH: Final = "/inspect"
_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_POLICY: Final = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cache-Control": "no-cache",
    }
)


def pages() -> dict[str, ASGIApp]:
    """The page by its path, to be mounted; it lets in everybody."""
    known = _files()

    async def page(request: Request) -> Response:
        return _response(known, "index.html")

    async def file(request: Request) -> Response:
        return _response(known, request.path_params["name"])

    made = Starlette(routes=[Route("/", page), Route("/{name}", file)])
    made.router.redirect_slashes = False  # it would lead to whatever `Host` says
    return {PATH: made}


def entrance() -> APIRouter:
    """A route for who leaves out the last slash, on which the addresses of the page's files rest."""
    made = APIRouter(include_in_schema=False)

    @made.get(PATH)
    async def enter() -> Response:
        return RedirectResponse(f"{PATH.rpartition('/')[2]}/", 308, dict(HEADERS))

    return made


def _files() -> Mapping[str, bytes]:
    """All of them, by name: whatever else is asked for is not there."""
    folder = files("memx_inspector") / "assets"
    return {each.name: each.read_bytes() for each in folder.iterdir() if _kind(each.name) in _TYPES}


def _kind(name: str) -> str:
    return name.rpartition(".")[2]


def _response(known: Mapping[str, bytes], name: str) -> Response:
    if name not in known:
        return PlainTextResponse("there is nothing under this path\n", 404, dict(HEADERS))
    return Response(known[name], headers={**HEADERS, "Content-Type": _TYPES[_kind(name)]})
