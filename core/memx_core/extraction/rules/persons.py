"""From the first person to the third: "I love my job" becomes "Alice loves their job".

A statement is kept with two blanks, `{I}` and `{my}`, for the name and its possessive; `filled`
puts them in once the speaker's name is known.
"""

from __future__ import annotations

import re
from functools import cache

from memx_core.extraction.rules.vocabulary import words

_OTHERS = {
    "i am": "they are", "i'm": "they are", "im": "they are", "i was": "they were", "i've": "they have",
    "i'll": "they will", "i'd": "they would", "i": "they", "me": "them", "my": "their", "mine": "theirs",
    "myself": "themselves", "we": "they", "we're": "they are", "we've": "they have", "we'll": "they will", "us": "them",
    "our": "their", "ours": "theirs", "ourselves": "themselves", "am": "are",
}  # fmt: skip
_IRREGULAR = {"have": "has", "do": "does", "go": "goes", "am": "is", "are": "is", "be": "is", "were": "was"}
_UNCHANGED = words(
    "can could will would may might must shall should was had did went got came saw took made met bought left began "
    "flew drove ran won lost broke told said gave found spent wrote sold built felt thought taught became kept held "
    "ate drank slept swam sang grew knew wore chose paid sent heard fell caught brought stood understood rode woke "
    "put quit cut hit let set hurt has is does"
)
_ADVERBS = r"(?:(?:always|usually|often|never|really|also|just|still|only|actually|now|sometimes|currently) )*"
_LEADING = re.compile(
    rf"^(?:i|we)(?P<short>'m|'ve|'d|'ll|'re)?\s+(?P<adverbs>{_ADVERBS})(?P<verb>[\w']+)", re.IGNORECASE
)
_SHORT = {"'m": "is", "'re": "is", "'ve": "has", "'ll": "will", "'d": "would"}
_NEGATED = {"don't": "does not", "dont": "does not", "can't": "cannot", "cant": "cannot", "won't": "will not"}


@cache
def _first_persons() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(sorted(_OTHERS, key=len, reverse=True))})\b(?!')", re.IGNORECASE)


def others(words: str) -> str:
    """`words` as somebody else would say them of the speaker: "my parents" is "their parents"."""
    return _first_persons().sub(lambda match: _OTHERS[" ".join(match[0].lower().split())], words)


def third_person(statement: str) -> str:
    """A whole statement in the third person, with `{I}` and `{my}` left blank."""
    statement = statement.strip().replace("{", "(").replace("}", ")")
    if leading := _LEADING.match(statement):
        return f"{{I}} {leading['adverbs']}{_verb(leading)}{others(statement[leading.end() :])}"
    if re.match(r"(?:my|our)\b", statement, re.IGNORECASE):
        return "{my}" + others(statement.split(maxsplit=1)[1].join([" ", ""])) if " " in statement else statement
    first = re.search(r"\b(?:my|me)\b", statement, re.IGNORECASE)
    if first:
        blank = "{my}" if first[0].lower() == "my" else "{I}"
        statement = f"{others(statement[: first.start()])}{blank}{others(statement[first.end() :])}"
    else:
        statement = others(statement)
    return statement[:1].upper() + statement[1:]


def filled(text: str, name: str) -> str:
    """`text` about the person called `name`."""
    possessive = f"{name}'" if name.endswith("s") else f"{name}'s"
    return text.replace("{my}", possessive).replace("{I}", name)


def conjugated(verb: str) -> str:
    """A verb in the third person singular; one in the past stays as it is."""
    low = verb.lower()
    if low in _IRREGULAR:
        return _IRREGULAR[low]
    if low in _UNCHANGED or (low.endswith("ed") and low not in {"need", "feed", "breed", "speed", "bleed", "exceed"}):
        return low
    if low.endswith("y") and low[-2:-1] not in "aeiou":
        return low[:-1] + "ies"
    return low + ("es" if low.endswith(("s", "x", "z", "ch", "sh", "o")) else "s")


def _verb(leading: re.Match[str]) -> str:
    verb = leading["verb"]
    if leading["short"]:
        return f"{_SHORT[leading['short'].lower()]} {verb}"
    return _NEGATED.get(verb.lower()) or conjugated(verb)
