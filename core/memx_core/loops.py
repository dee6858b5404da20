"""When a client is left over from another event loop.

`langchain-openai`, for one, keeps one async client for the whole process, with connections bound to the loop
that opened them: an application with a loop for each task or each test gets an error on its second.
"""

from __future__ import annotations

import re

_SAYS = re.compile(r"event loop is closed|(bound|attached) to a different (event )?loop", re.IGNORECASE)


def of_another_loop(error: Exception) -> bool:
    """Whether `error` comes of that: then the blocking colour, in a thread, still works."""
    return isinstance(error, RuntimeError) and _SAYS.search(str(error)) is not None
