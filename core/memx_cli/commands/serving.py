"""Memories for other programs: `serve`, and the keys that open them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from memx_cli import moments, plain
from memx_cli.desk import Desk
from memx_core.errors import InvalidInputError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from memx_core.ports import AsyncEmbedder, Embedder
    from memx_server import KeyInfo

_OURS = (None, "local", "hashing")
KeysAt = Annotated[str | None, Option("--keys", help="The database that holds the keys, if not --database.")]


def serve(
    desk: Desk,
    host: Annotated[str, Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, Option(help="The port to listen on.")] = 8765,
    workers: Annotated[int, Option(help="Processes.")] = 1,
    no_auth: Annotated[bool, Option("--no-auth", help="Ask for no key; only on a loopback address.")] = False,
    keys: KeysAt = None,
    log_level: Annotated[str, Option("--log-level", help="debug, info, warning or error.")] = "info",
) -> None:
    """Serve memories over HTTP, until Ctrl-C."""
    from memx_server import serve

    if not no_auth and not _any_key(keys or desk.database):
        desk.note("memx: there is no key yet, so nobody is let in: memx keys create")
    serve(
        database=desk.database,
        host=host,
        port=port,
        workers=workers,
        no_auth=no_auth,
        keys=keys,
        model=desk.model,
        embedder=_embedder(desk),
        index=desk.index,
        index_key=os.environ.get("QDRANT_API_KEY"),
        log_level=log_level,
    )


def _embedder(desk: Desk) -> str | Embedder | AsyncEmbedder:
    """LangChain's by its name, so that several processes can each make it."""
    from memx_cli import opening

    return opening.embedder(desk) if desk.embedder in _OURS else str(desk.embedder)


def _any_key(database: str) -> bool:
    from memx_server import Keys

    with closing(Keys(database)) as keys:
        return any(key.revoked_at is None for key in keys.list())


# Keys -----------------------------------------------------------------------------------------


def create(
    desk: Desk,
    name: Annotated[str, Option(help="Whose it is, for people.")] = "",
    admin: Annotated[bool, Option("--admin", help="For metrics and keys instead of memories.")] = False,
    keys: KeysAt = None,
) -> None:
    """Make a key for the memories of --namespace; it is shown this once."""
    from rich.text import Text

    from memx_server import Keys

    with closing(Keys(keys or desk.database)) as kept:
        made = kept.create_admin(name=name) if admin else kept.create(desk.namespace, name=name)
    desk.answer({"key": made.key, "info": made.info}, lambda: [Text(made.key)])
    if not desk.json:
        opens = "metrics and keys" if admin else f"namespace {desk.namespace!r}"
        desk.note(f"it opens {opens}, and cannot be shown again; to take it back: memx keys revoke {made.info.id}")


def list_(desk: Desk, keys: KeysAt = None) -> None:
    """The keys there are, without what opens anything."""
    from memx_cli import opening, showing
    from memx_server import Keys

    opening.check_there(keys or desk.database)
    with closing(Keys(keys or desk.database)) as kept:
        found = kept.list()
    desk.answer(found, lambda: [_shown(found) if found else showing.dim("there is no key")])


def _shown(found: Sequence[KeyInfo]) -> RenderableType:
    from rich.text import Text

    from memx_cli import showing

    return showing.Rows(
        [
            (
                Text(key.id, style="cyan"),
                showing.dim(moments.minute(key.created_at)),
                Text("admin" if key.admin else plain.line(key.namespace)),
                Text(plain.line(key.name)),
                showing.dim("" if key.revoked_at is None else f"revoked {moments.ago(key.revoked_at)}"),
            )
            for key in found
        ]
    )


def revoke(
    desk: Desk, key: Annotated[str, Argument(help="The key's id, as keys list shows it.")], keys: KeysAt = None
) -> None:
    """Take a key back."""
    from memx_cli import opening, showing
    from memx_server import Keys

    opening.check_there(keys or desk.database)
    with closing(Keys(keys or desk.database)) as kept:
        revoked = kept.revoke(key)
    if not revoked:
        raise InvalidInputError(f"there is no key {key!r} that opens anything")
    desk.answer({"revoked": key}, lambda: [showing.title("it opens nothing any more")])
