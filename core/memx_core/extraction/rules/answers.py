"""Short answers to an assistant's question: "Where do you live?" "Oslo." states as much as a sentence."""

from __future__ import annotations

import re
from functools import cache

from memx_core.types import Message

_QUESTIONS = (
    (
        r"(?:what(?:'s| is) your name|what (?:should|can|may|shall) i call you|who am i (?:speaking|talking) (?:to|with))",
        "my name is {}",
    ),
    (r"where (?:do you (?:currently )?live|are you (?:based|located))", "i live in {}"),
    (r"where are you (?:originally )?from", "i am from {}"),
    (r"how old are you|what(?:'s| is) your age", "i am {}"),
    (r"what do you do(?: for (?:a living|work))?|what(?:'s| is) your (?:job|occupation|profession)", "i work as {}"),
    (r"where do you work|who do you work for", "i work at {}"),
    (r"when(?:'s| is) your birthday|when were you born", "my birthday is {}"),
    (r"what(?:'s| is) your favou?rite (?P<thing>[\w ]{2,30})", "my favorite {thing} is {}"),
    (
        r"(?:do you have any|any|have you got any) (?:food )?allergies|are you allergic to anything",
        "i am allergic to {}",
    ),
    (r"(?:do you (?:have|follow) any|any) (?:special )?(?:dietary|diet)\b[\w ]*", "i am {}"),
    (
        r"what(?:'s| is) your (?P<thing>dog|cat|wife|husband|partner|son|daughter|brother|sister)(?:'s name| called)",
        "my {thing} is called {}",
    ),
)
_NO_ANSWER = re.compile(
    r"(?:no|nope|nah|none|nothing|not|never|yes|yeah|yep|yup|why|what|who|how|where|when|i|i'm|im|my|we|it|that|this|there|skip|pass|rather|"
    r"prefer|maybe|sure|ok|okay|sorry|don't|guess|same|you|can|could|do|is|are|hm+|well|lol|haha|secret|private|depends|idk)\b",
    re.IGNORECASE,
)


@cache
def _asked() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple(
        (re.compile(rf"\b(?:{question})\s*\?[^?]*$", re.IGNORECASE), statement) for question, statement in _QUESTIONS
    )


def statement(before: Message | None, reply: Message) -> str | None:
    """The sentence that `reply` stands for, if it briefly answers what `before` asked."""
    words = reply.content.strip(" \n.!")
    if before is None or before.role != "assistant" or not words or len(words) > 60 or len(words.split()) > 6:
        return None
    if _NO_ANSWER.match(words) or re.search(r"[?\n]", words):
        return None
    question = before.content[-300:].replace("\u2019", "'")
    for pattern, template in _asked():
        if match := pattern.search(question):
            return template.format(words, **{name: value.strip() for name, value in match.groupdict().items()})
    return None
