"""A process of `faults.races`: does what its threads do."""

from __future__ import annotations

import json
import sys

from faults.races import work
from faults.speaking import learning
from memx_core import Memory
from memx_core.testing import FakeEmbedder, ScriptedLLM


def main() -> None:
    """`python -m faults.racing '[url, namespace, counter, name, size]'`."""
    url, namespace, counter, name, size = json.loads(sys.argv[1])
    with Memory(ScriptedLLM(default=learning), FakeEmbedder(64), url, namespace=namespace) as memory:
        work(memory, counter, name, size)


if __name__ == "__main__":
    main()
