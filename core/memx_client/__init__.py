"""A memory that is on a server (`memx_server`), with the methods of `memx_core.Memory`.

    memory = MemoryClient("https://memory.example.org", api_key="memx_…")

Whatever takes a `Memory` takes it too: middleware, retrievers, histories, tools, in either framework.
"""

from __future__ import annotations

try:
    import httpx as _  # noqa: F401  # Only asked whether it is there.
except ImportError as error:
    raise ImportError('memx_client needs httpx: pip install "memx-core[client]"') from error

from memx_client.client import MemoryClient
from memx_client.errors import ServerError, UnauthorizedError, UnreachableError

__all__ = ["MemoryClient", "ServerError", "UnauthorizedError", "UnreachableError"]
