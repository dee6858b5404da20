"""What goes wrong between a client and its server. What goes wrong behind the server is raised as memx's own errors.

MemxError
├── ServerError                            an answer that is none of memx's errors
│   └── UnauthorizedError (PermissionError)  no key, or one that opens nothing
└── UnreachableError (ConnectionError)     no answer, also after several tries
"""

from __future__ import annotations

from memx_core.errors import MemxError


class ServerError(MemxError):
    """The server refuses or fails, and it is none of memx's own errors.

    Attributes:
        status: Of the answer.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status

    def __reduce__(self) -> tuple[type[ServerError], tuple[str, int]]:
        return type(self), (str(self), self.status)


class UnauthorizedError(ServerError, PermissionError):
    """The server takes no key like this one, or wants one and was given none."""


class UnreachableError(MemxError, ConnectionError):
    """No answer came from the server; whether a write was done is not known, unless it is asked again."""
