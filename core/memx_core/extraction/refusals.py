"""Whether a text is a model declining to answer, and not an answer.

A refusal speaks of the model itself in its first words, so a fact about a person ("Ana cannot
eat nuts") is none. Languages are those that models decline in most.
"""

from __future__ import annotations

import re

LONGEST = 600
"""Characters of the longest refusal; what is longer has something to say."""

_UNABLE = (
    r"(?:cannot|can ?not|can't|could ?n't|wo ?n't|will not|do not|don't|must not|not able|unable|not allowed"
    r"|not permitted|not comfortable|(?:must|have to) (?:respectfully )?decline|decline|refuse)"
)
_TASKS = (
    r"(?:assist|help|comply|process|provide|fulfil+|complete|answer|respond|extract|store|save|record|modify|delete"
    r"|access|engage|generate|handle|do (?:that|this|so)|feel comfortable|continue with (?:this|that))"
)
_REFUSALS = (
    rf"(?:(?:i'm |i am |we're |we are )?(?:very |so |really )?(?:sorry|afraid)|unfortunately"
    rf"|(?:i |we |my )?apologi[sz]e?s?)\b[^.]{{0,60}}?\b(?:i|we)(?:'m| am|'re| are)? {_UNABLE}\b",
    r"as an? (?:ai|artificial intelligence|(?:ai |large )?(?:language )?model|(?:ai )?assistant)\W+(?:i|we)\b",
    rf"(?:i|we)(?:'m| am|'re| are)? (?:really |simply |currently )?{_UNABLE}\b(?=[^.]{{0,40}}\b{_TASKS}\b|\W*$)",
    r"(?:this|that|the|your) (?:request|content|conversation)\b[^.]{0,40}\b(?:violates|goes against)\b",
    # German, French, Spanish, Italian, Portuguese
    r"(?:es )?tut mir (?:sehr )?leid\b.{0,40}\b(?:ich|kann)\b",
    r"ich kann (?:dir |ihnen )?(?:dabei|das|diese[rmn]?) .{0,40}nicht\b",
    r"(?:je suis )?désolée?\b.{0,20}\bje\b|je ne peux pas (?:vous |t')?(?:aid|trait|répond|accéd)",
    r"lo siento\b.{0,20}\bno puedo\b|no puedo (?:ayudar|cumplir|procesar)",
    r"mi dispiace\b.{0,20}\bnon posso\b|(?:desculpe|sinto muito)\b.{0,20}\bnão posso\b",
    # Chinese, Japanese, Korean, Russian
    r"(?:很)?抱歉.{0,6}我|对不起.{0,6}我.{0,4}[无不]|申し訳(?:あり|ござ)|죄송(?:합|하)",
    r"извините.{0,6}я не могу",
)
_REFUSAL = re.compile("|".join(_REFUSALS))


def is_refusal(text: str) -> bool:
    """Whether `text` as a whole declines: it begins with that, and is not long."""
    if len(text) > LONGEST:
        return False
    return _REFUSAL.match(" ".join(text.lower().replace("\u2019", "'").split()).lstrip("\"'*_>- ")) is not None
