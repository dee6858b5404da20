"""Memory for several programs: a server, a key for each application, and a client that stands where a `Memory` does.

Run it with `.venv/bin/python cookbook/server_and_client.py`. It starts a server here, works offline, and leaves
nothing behind. In earnest the server is `memx serve`, and keys are made by `memx keys create`.
"""

from __future__ import annotations

import multiprocessing
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from memx_client import MemoryClient
from memx_core import MemoryNotFoundError, ScopedMemory
from memx_server import Keys, serve

ALICE = "alice"


def main() -> None:
    """Two applications on one server, and what each of them knows."""
    with TemporaryDirectory() as folder, running(Path(folder) / "memx.db") as (url, keys):
        shop, clinic = (keys.create(name).key for name in ("shop", "clinic"))

        with MemoryClient(url, api_key=shop) as memory:  # from here on it is a `Memory`
            alice = memory.scoped(user_id=ALICE)
            talk(alice)
            moved = look_back(alice)
            change = alice.undo(moved)[0]
            print(f"\nTaken back: {change.old_text!r} is {change.new_text!r} again")

        with MemoryClient(url, api_key=clinic) as other:
            print(
                f"\nThe clinic's key opens another memory: it knows {len(other.get_all(user_id=ALICE))} things of Alice"
            )
            try:
                other.history("whatever it is called")
            except MemoryNotFoundError as error:  # raised by the server, and here again as what it is
                print(f"and what is not there is {type(error).__name__}")

        by_hand(url, shop)


def talk(alice: ScopedMemory) -> None:
    """What is said is learned on the server, by whatever model it was started with; here by rules."""
    for said in ("I live in Bergen.", "I'm allergic to peanuts.", "I moved to Oslo last week."):
        result = alice.add(said)
        print(f"{said}\n  -> {', '.join(f'{change.event} {change.new_text!r}' for change in result.changes)}")
    print(f"\n{alice.recall('Where could she have dinner?')}")


def look_back(alice: ScopedMemory) -> str:
    """Why it knows where she lives, and the call that it was learned by."""
    home = alice.search("Where does she live?", limit=1)[0].memory
    why = alice.why(home.id)
    print(f"\n{home.text}, because she said {why.quotes[-1]!r}")
    return why.operation_id


def by_hand(url: str, key: str) -> None:
    """Any program can ask: a method's name in the path, its arguments as JSON."""
    asked = {"query": "food", "user_id": ALICE, "limit": 1}
    answer = httpx.post(f"{url}/memx/v1/search", json=asked, headers={"Authorization": f"Bearer {key}"})
    print(f"\nPOST /memx/v1/search\n  -> {answer.json()[0]['memory']['text']}")
    refused = httpx.post(f"{url}/memx/v1/search", json=asked)
    print(f"without a key\n  -> {refused.status_code} {refused.json()['title']}")


@contextmanager
def running(database: Path) -> Iterator[tuple[str, Keys]]:
    """A server, as long as the block lasts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with closing(Keys(database)) as keys:
        settings = {"database": str(database), "port": port, "log_level": "warning"}
        server = multiprocessing.get_context("spawn").Process(target=serve, kwargs=settings)
        server.start()
        try:
            url = f"http://127.0.0.1:{port}"
            await_ready(url, server)
            yield url, keys
        finally:
            server.terminate()  # it finishes what it is at, and leaves the rest to whoever opens the database next
            server.join()


def await_ready(url: str, server: multiprocessing.process.BaseProcess) -> None:
    """Waits until it answers."""
    while server.is_alive():
        try:
            if httpx.get(f"{url}/health/ready").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)


if __name__ == "__main__":
    main()
