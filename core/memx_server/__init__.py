"""memx as a service: mem0's REST interface, and memx's own, over HTTP.

    memx_server.serve(database="memx.db")

A key opens one namespace, and nothing is answered without one. mem0's own client works unmodified; so does
`memx_client`, which offers all that `memx_core.Memory` does. A room of its own: it sees the core, and nothing
in the core sees it.
"""

from __future__ import annotations

from importlib import import_module

try:
    for _name in ("fastapi", "prometheus_client", "uvicorn"):
        import_module(_name)
except ImportError as error:
    raise ImportError('memx_server needs FastAPI and uvicorn: pip install "memx-core[server]"') from error

from memx_server.app import create_app
from memx_server.inspecting import inspect
from memx_server.keys import KeyInfo, Keys, NewKey
from memx_server.serving import serve
from memx_server.settings import Limits

__all__ = ["KeyInfo", "Keys", "Limits", "NewKey", "create_app", "inspect", "serve"]
