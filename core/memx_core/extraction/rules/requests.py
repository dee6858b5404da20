"""What a user asks of the memory itself: "remember that ...", "forget my address", "it's Marta, not Martha"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from memx_core.extraction.rules.clauses import Clause
from memx_core.extraction.rules.persons import third_person
from memx_core.extraction.rules.phrases import key
from memx_core.extraction.rules.rule import Claim, Match, Rule
from memx_core.extraction.rules.vocabulary import words

ANY = "*"
"""Slot of a claim that is about whatever mentions its value."""
STATEMENT = "***"
"""Slot of a claim whose value is a statement that is to go, to be read like any other."""
ALL = "**"
"""Slot of a claim that is about everything known of the speaker."""
CORRECTION = "correction"
"""Slot of a claim that puts its text in the place of its value, wherever that stands."""

_FORGET = (
    r"(?:(?:please|pls|can you|could you|would you|will you|now|just|i want you to|i'd like you to|i need you to)[, ]+)*"
    r"(?:forget|stop remembering|(?:delete|remove|erase)(?=.{1,80}\b(?:memory|memories|what you know|you know|you remember|remembered)\b))"
)
_SLOTS = {
    "address": ("address", "home"), "home address": ("address", "home"), "where i live": ("address", "home"), "home": ("home",),
    "phone number": ("phone",), "phone": ("phone",), "number": ("phone",), "email": ("email",), "email address": ("email",),
    "name": ("name",), "birthday": ("birthday",), "age": ("age",), "job": ("job", "employer"), "employer": ("employer",),
    "where i work": ("employer", "job"), "work": ("employer", "job"), "diet": ("diet",), "relationship": ("relationship", "partner"),
    "nickname": ("name.called",), "time zone": ("timezone",), "timezone": ("timezone",), "religion": ("religion",), "plans": ("plan",),
}  # fmt: skip
_EMPTY = words(
    "am a an the my our of in at to for about with is are was that this it i me and or on from any all what you know "
    "said told mention mentioned have has had your memory everything anything stuff thing things details info "
    "information please memories part"
)


def _forget(match: Match, _: Clause) -> Iterator[Claim]:
    what = re.sub(
        r"\s+(?:from|in) (?:your |the )?memor(?:y|ies)$|,? please$", "", match["what"].strip(" .!"), flags=re.IGNORECASE
    )
    plain = re.sub(r"^(?:that |about |my |our |all |the |fact )+", "", what.lower())
    if re.fullmatch(
        r"(?:everything|all|anything|all of it)(?: (?:that )?(?:you(?: have)? (?:know|remember|stored?|saved?|learned)(?: about)?|about|i (?:have )?(?:ever )?(?:told|said)(?: to)? you))?(?: me)?",
        plain,
    ):
        yield Claim(ALL, "", retracts=True)
        return
    for slot in _SLOTS.get(plain, ()):
        yield Claim(slot, "", retracts=True)
    if plain not in _SLOTS:
        statement = re.sub(r"^(?:about )?(?:the fact )?(?:that )?", "", what, flags=re.IGNORECASE)
        yield Claim(STATEMENT, statement, value=statement, retracts=True)
        yield from _forget_words(what)


def _forget_words(what: str) -> Iterator[Claim]:
    words = [word for word in re.findall(r"[\w'-]+", what.lower()) if word not in _EMPTY]
    if words:
        yield Claim(ANY, "", value=" ".join(words), retracts=True)


def _corrects(match: Match, _: Clause) -> Iterator[Claim]:
    right, wrong = match["right"], match["wrong"]
    if right.lower() != wrong.lower() or right != wrong:
        spelled = match.groupdict().get("spelled")
        yield Claim(CORRECTION, right, value=wrong, beside=bool(spelled))


def note(clause: Clause) -> list[Claim]:
    """What the author asked to remember, as a fact of its own if no rule has made one of it."""
    said = clause.said.strip(" .,!;:?")
    if len(said.split()) < 2:
        return []
    to_do = re.match(r"to (?P<deed>.+)", said, re.IGNORECASE)
    text = (
        f"{{I}} wants to be reminded {third_person(said)[0].lower()}{third_person(said)[1:]}"
        if to_do
        else third_person(said)
    )
    return [Claim("note", text[:500], value=key(said), beside=True)]


_WORD = r"[\w'-]+"
_TWO = rf"(?P<right>{_WORD}),? (?:and )?not (?P<wrong>{_WORD})"
_TURNED = rf"not (?P<wrong>{_WORD}),? (?:but |it is )?(?P<right>{_WORD})"

RULES = (
    Rule(rf"{_FORGET} (?P<what>(?:that|the fact|my|our|where i|i|we|i'm|i've|everything|all|about my|about (?-i:[A-Z])[\w'-]*|what (?:i|you)|the thing)\b.*)", _forget),
    Rule(rf"(?:it|that|(?:my|his|her|their) name|the name|that name) is (?:actually )?(?P<spelled>spelled|spelt|written) {_TWO}.*", _corrects),
    Rule(rf"(?:it|that|(?:my|his|her|their) name|the name|that name) is (?:actually )?(?P<spelled>spelled|spelt|written) {_TURNED}", _corrects),
    Rule(rf"(?:it|that|the name) is (?:actually )?{_TWO}", _corrects),
    Rule(rf"(?:it|that|the name) is (?:actually )?{_TURNED}", _corrects),
    Rule(rf"i meant? (?:to say )?{_TWO}", _corrects),
)  # fmt: skip
