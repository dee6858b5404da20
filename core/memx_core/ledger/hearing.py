"""How much an index has heard of that is told what is written, and what it has not.

Nothing is noted with a write: the operations themselves, numbered and each with its scope, say
what is late. So it costs nothing where no index is told, and a crash between a write and the
telling of it leaves no gap.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from memx_core.ledger import lookups, rows
from memx_core.ledger.tables import hearings, operations
from memx_core.types import Scope

ANEW = ("rebuild",)
"""Operations after which all that an index holds is of another embedder."""
ANYWHERE = ("undo",)
"""Operations that may touch more than the scope that they name."""
ERASURES = ("erase", "reset")
"""Operations that name no ids, only the digest of what they removed."""
_MANY = 50  # scopes: from then on one reading of everything is quicker


@dataclass(frozen=True, slots=True)
class Late:
    """What an index is to be told.

    Attributes:
        since: Number of the last write that it is not about; 0: about everything, from the beginning.
        heard: Number of the last write that the index is known to have heard of.
        reached: Number of the newest write.
        scopes: Whose rows were written since.
        erased: Digests of the addresses that were erased since.
    """

    since: int
    heard: int
    reached: int
    scopes: tuple[Scope, ...] = ()
    erased: tuple[str, ...] = ()


def late(connection: Connection, namespace: str, since: int | None) -> Late:
    """What it has not heard of; with `since` also what was written between that and now."""
    known = told(connection, namespace)
    since = known if since is None else min(since, known)
    reached = lookups.revision(connection, namespace)
    if since in (0, reached):
        return Late(since, known, reached)
    c = operations.c
    columns = [c.kind, c.address, c.user_id, c.agent_id, c.run_id]
    made = connection.execute(select(*columns).distinct().where(c.namespace == namespace, c.seq > since)).all()
    if any(row.kind in ANEW for row in made):
        return Late(0, known, reached)
    erased = tuple(row.address for row in made if row.kind in ERASURES)
    scopes = tuple(dict.fromkeys(rows.scope_of(row) for row in made if row.kind not in ERASURES))
    everything = Scope() in scopes or len(scopes) > _MANY or any(row.kind in ANYWHERE for row in made)
    return Late(since, known, reached, (Scope(),) if everything else scopes, erased)


def told(connection: Connection, namespace: str) -> int:
    """Number of the last write that the index heard of."""
    statement = select(hearings.c.revision).where(hearings.c.namespace == namespace)
    return connection.execute(statement).scalar() or 0


def hear(connection: Connection, namespace: str, *, heard: int, reached: int) -> bool:
    """Notes that it heard of everything up to `reached`; False if somebody told it something else meanwhile."""
    if told(connection, namespace) != heard:
        return False
    forget(connection, namespace, reached)
    return True


def forget(connection: Connection, namespace: str, reached: int = 0) -> None:
    """Notes that it knows nothing from `reached` on, whatever it has heard."""
    statement = update(hearings).where(hearings.c.namespace == namespace).values(revision=reached)
    if not connection.execute(statement).rowcount:
        connection.execute(insert(hearings).values(namespace=namespace, revision=reached))
