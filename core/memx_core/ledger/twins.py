"""Memories of one address that say the same: only one of them has the text's fingerprint.

`update` by hand and what brings old versions back may make a twin; nobody else can, since a text
that is known by its fingerprint becomes evidence. When the one that has it goes, another gets it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, bindparam, or_, select, update

from memx_core import addresses
from memx_core.ledger.steps import Step
from memx_core.ledger.tables import memories, versions
from memx_core.ledger.values import Write
from memx_core.text import fingerprint

# Built once: building a statement costs more than running it.
_HOLDER = select(memories.c.seq).where(
    memories.c.address == bindparam("of"),
    memories.c.fingerprint == bindparam("text"),
    memories.c.seq != bindparam("me"),
)
_TWINS = (
    select(memories.c.seq, versions.c.text)
    .join(versions, and_(versions.c.memory == memories.c.seq, versions.c.version == memories.c.head))
    .where(
        memories.c.address == bindparam("of"),
        memories.c.alive,
        memories.c.fingerprint.is_(None),
        or_(
            versions.c.expires_at.is_(None), versions.c.expires_at > bindparam("now", type_=versions.c.expires_at.type)
        ),
    )
    .order_by(memories.c.seq)
)
_INHERIT = update(memories).where(memories.c.seq == bindparam("heir")).values(fingerprint=bindparam("text"))


def is_twin(connection: Connection, request: Write, step: Step) -> bool:
    """Whether another living memory has the text's fingerprint."""
    if not request.twins:
        return False
    of = addresses.digest(request.namespace, request.scope)
    values = {"of": of, "text": fingerprint(step.operation.text), "me": step.memory}
    return connection.execute(_HOLDER, values).first() is not None


def inherit(connection: Connection, request: Write, steps: Sequence[Step]) -> None:
    """Gives the fingerprints that `steps` left, and took not up again, to a twin that is left."""
    left = {
        step.head.fingerprint
        for step in steps
        if step.head is not None and not step.operation.ended and step.head.fingerprint is not None
    }
    left -= {fingerprint(step.operation.text) for step in steps if step.operation.event != "DELETE"}
    if not left:
        return
    of = addresses.digest(request.namespace, request.scope)
    for seq, text in connection.execute(_TWINS, {"of": of, "now": request.at}).all():
        mark = fingerprint(text)
        if mark in left:
            left.remove(mark)
            connection.execute(_INHERIT, {"heir": seq, "text": mark})
