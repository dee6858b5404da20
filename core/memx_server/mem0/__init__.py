"""The REST interface that mem0ai's own client speaks, on `memx_core.mem0`, which has its names and answers already."""

from memx_server.mem0.routes import router

__all__ = ["router"]
