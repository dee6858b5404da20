"""When a client is left over from another event loop.

`langchain-openai`, for one, keeps one async client for the whole process, with connections bound to the loop
that opened them: an application with a loop for each task or each test gets an error on its second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SAYS = re.compile(r"event loop is closed|(bound|attached) to a different (event )?loop", re.IGNORECASE)


def of_another_loop(error: BaseException) -> bool:
    """Whether `error` comes of that: then the blocking colour, in a thread, still works.

    Clients say it as it is, or raise an error of their own from it, as OpenAI's do.
    """
    return any(isinstance(one, RuntimeError) and _SAYS.search(str(one)) is not None for one in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it was raised from, each once."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.__cause__
