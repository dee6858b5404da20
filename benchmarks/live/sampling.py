"""Which questions are asked, the same each time, and a fingerprint of the data they come from."""

from __future__ import annotations

import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Sequence

from benchmarks.live.run import Case
from benchmarks.retrieval.cases import Conversation


def cases(conversations: Sequence[Conversation], *, limit: int | None, most: int | None, seed: int) -> list[Case]:
    """What is asked: all of it, or the same sample each time.

    Args:
        conversations: What there is.
        limit: Questions, drawn from all that are left.
        most: Conversations, drawn first.
        seed: Of both draws.
    """
    draw = random.Random(seed)
    asking = [number for number, one in enumerate(conversations) if one.questions]
    if most is not None and most < len(asking):
        asking = sorted(draw.sample(asking, most))
    places = [(number, question) for number in asking for question in range(len(conversations[number].questions))]
    if limit is not None and limit < len(places):
        places = sorted(draw.sample(places, limit))
    chosen: defaultdict[int, list[int]] = defaultdict(list)
    for number, question in places:
        chosen[number].append(question)
    return [
        Case(number, conversations[number], {one: conversations[number].questions[one] for one in questions})
        for number, questions in chosen.items()
    ]


def fingerprint(conversations: Sequence[Conversation]) -> str:
    """Changes whenever a turn or a question does."""
    digest = hashlib.sha256()
    for one in conversations:
        turns = [(turn.id, turn.session, turn.role, turn.speaker, turn.text, str(turn.said_at)) for turn in one.turns]
        asked = [(q.text, q.answer, q.category, q.unanswerable, str(q.asked_at), q.rubric) for q in one.questions]
        digest.update(json.dumps([one.benchmark, one.name, turns, asked]).encode())
    return digest.hexdigest()[:16]
