"""The inspector: a page on which a person sees all that is remembered, and why.

    memx_server.inspect(memory)  # or at a terminal: memx inspect

It is static files and one guard. What it shows, the page asks the server's own routes for, with a key; so
there is no second interface to look after, and the files themselves tell nobody anything.
"""

from __future__ import annotations

from importlib import import_module

try:
    import_module("fastapi")
except ImportError as error:
    raise ImportError('memx_inspector needs FastAPI: pip install "memx-core[server]"') from error

from memx_inspector.guard import OwnAddress
from memx_inspector.pages import PATH, entrance, pages

__all__ = ["PATH", "OwnAddress", "entrance", "pages"]
