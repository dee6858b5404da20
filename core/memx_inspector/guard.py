"""Answers those only who call this process by the address that it listens on.

A page from elsewhere can have a browser send requests to this machine, and by a name of its own that leads here
(DNS rebinding) even read the answers. Neither gets past this: `Host` has to be ours, and `Origin`, which a browser
adds to what a page asks for, too.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class OwnAddress:
    """An application that only listens to its own address on the loopback.

    Args:
        app: What is behind.
        port: Where it listens.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "lifespan" and not self._is_own(Headers(scope=scope)):
            refused = PlainTextResponse("this address is not the inspector's own\n", 403)
            await refused(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_own(self, headers: Headers) -> bool:
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return False
        return not origins or origins == [f"http://{hosts[0].lower()}"]
