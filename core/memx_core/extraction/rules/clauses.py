"""The normal form of a clause, which is all that the rules ever see.

Contractions are written out, "we" and "our" become "I" and "my", adverbs go, and so does every
negation: it is noted on the clause instead. A rule thus always matches the positive statement,
and a "not" can never be overlooked by one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, TypeAlias

from memx_core.extraction.rules.openings import opened
from memx_core.extraction.rules.sentences import Piece
from memx_core.extraction.rules.vocabulary import words

Truth: TypeAlias = Literal["yes", "no", "ended", "past"]

_CONTRACTIONS = {
    "im": "i am", "ive": "i have", "i'm": "i am", "i've": "i have", "i'd": "i would", "i'll": "i will",
    "we're": "we are", "we've": "we have", "we'd": "we would", "we'll": "we will",
    "dont": "do not", "doesnt": "does not", "didnt": "did not", "cant": "can not", "cannot": "can not", "isnt": "is not",
    "arent": "are not", "wasnt": "was not", "havent": "have not", "hasnt": "has not", "wont": "will not",
    "can't": "can not", "won't": "will not", "ain't": "am not", "gonna": "going to", "wanna": "want to", "gotta": "have to",
    "it's": "it is", "that's": "that is",
}  # fmt: skip
_SKIPPED = words(
    "really just actually currently now still already recently also always usually often absolutely totally "
    "definitely honestly mostly mainly only even finally originally personally basically kinda super truly "
    "particularly especially certainly happily officially secretly simply quite so very too lately newly proudly "
    "obviously generally normally naturally typically regularly incredibly extremely severely deathly highly fully "
    "completely passionately then as well luckily sadly unfortunately nowadays eventually successfully"
)
_DOUBTED = words(
    "probably maybe perhaps possibly almost nearly hardly barely rarely seldom once supposedly would could should "
    "might may must shall technically apparently sorta"
)
# "I don't always eat meat" denies nothing.
_PARTLY = words("only just always usually often mostly mainly generally normally typically regularly fully completely")
_TRUTHS: dict[str, Truth] = {"ended": "ended", "denial": "no", "former": "past"}
_AUXILIARIES = {"am": "am", "are": "am", "was": "was", "were": "was", "have": "have", "will": "will", "can": "can"}
_PARTICIPLES = (
    "moved|relocated|started|quit|stopped|adopted|bought|joined|retired|graduated|turned|decided|switched|changed|given up|"
    "left|lost|sold|broken|finished|settled|booked|signed|cancelled|canceled|got(?= (?:married|engaged|divorced|promoted))"
)


@dataclass(frozen=True, slots=True)
class Clause:
    """One statement in its normal form.

    Attributes:
        text: What the rules match: "i live in Oslo", "my dog is called Rex".
        quote: The words as they stand in the message.
        message: Handle of the message.
        truth: `yes`; `no` for "I don't"; `ended` for "no longer"; `past` for "I used to".
        also: Said beside something else: "I also work as ...".
        now: Said to be so now, or again.
        conditional: Its sentence has an "if".
        noted: The author asked to remember it.
        said: The statement as said, without its lead-ins.
        fronted: A time that was said before the subject.
    """

    text: str
    quote: str
    message: int
    truth: Truth = "yes"
    also: bool = False
    now: bool = False
    conditional: bool = False
    noted: bool = False
    said: str = ""
    fronted: str = ""


_TAIL = re.compile(
    r"[\s,]+(?P<word>any ?more|any longer|again|now|right now|at the moment|currently|these days|nowadays|at present|too|"
    r"as well|though|tho|btw|by the way|lol|(?:ha)+|actually|anyways?|please|you know|honestly|already|so far|thanks|"
    r"thank you|cheers|xd|after all|in case you (?:were )?wonder(?:ing|ed)?|for now)[\s.!,)]*$",
    re.IGNORECASE,
)
_NOW = {"again", "now", "rightnow", "atthemoment", "currently", "thesedays", "nowadays", "atpresent"}
_PERFECT = re.compile(rf"^i have ({_PARTICIPLES})\b", re.IGNORECASE)
_DENIED = re.compile(r"\b(?P<verb>(?:is|are|was|has|have|do|does|can) )?(?P<word>not|no longer|never) ")
_MID_ADVERBS = re.compile(
    r" (?:just|recently|also|now|currently|really|still|actually|always|already|only|both) (?=\w)"
)
_NONE_OF = re.compile(r"^i (have|eat|drink|speak|own|like|smoke) no (?!longer\b)", re.IGNORECASE)
_GIVEN_UP = re.compile(r"i (?:am done |stopped |quit |gave up |am off )(?P<verb>\w+ing)\b(?P<rest>.*)", re.IGNORECASE)
_EMPHASISED = words("love like enjoy have eat prefer live work speak play drink smoke want own")


def read(piece: Piece, message: int, quote: str) -> list[Clause]:
    """The clauses that `piece` comes to: none if nothing is stated, several if a verb form is unclear."""
    start = opened(" ".join(piece.text.split()))
    text = _contracted().sub(_written_out, start.text).strip(" .,!")
    clause = Clause(
        text=text,
        quote=quote,
        message=message,
        now=start.now,
        conditional=piece.conditional,
        noted=start.noted or piece.noted,
        said=start.text,
        fronted=start.fronted,
    )
    subject = text[:3].lower()
    if subject.startswith(("i ", "we ")):
        return _of_speaker(clause) or ([replace(clause, text="")] if clause.noted else [])
    return [_of_theirs(clause)] if subject in {"my ", "our"} else [_trimmed(clause)]


@cache
def _contracted() -> re.Pattern[str]:
    words = "|".join(sorted(map(re.escape, _CONTRACTIONS), key=len, reverse=True))
    is_ = r"(?<=\w)'s(?= (?:called|named|an?|\d+|from|in|not|now|allergic|getting|the|my|on|vegan|vegetarian|pregnant|spelled)\b)"
    is_ += r"|(?<=\bname)'s\b|(?<=birthday)'s\b|(?<=hometown)'s\b|(?<=address)'s\b|(?<=email)'s\b"
    return re.compile(rf"\b(?:{words})(?![\w'])|(?<=\w)n't\b|{is_}|(?<=\w)'re\b|(?<=\w)'ve\b", re.IGNORECASE)


def _written_out(match: re.Match[str]) -> str:
    found = match[0].lower()
    return _CONTRACTIONS.get(found) or {"n't": " not", "'s": " is", "'re": " are", "'ve": " have"}[found]


def _trimmed(clause: Clause) -> Clause:
    """Without "any more", "now", "too", ... at the end."""
    while tail := _TAIL.search(clause.text):
        word = tail["word"].lower().replace(" ", "")
        clause = replace(clause, text=clause.text[: tail.start()])
        if word in {"anymore", "anylonger", "afterall"} and clause.truth == "no":
            clause = replace(clause, truth="ended")
        clause = replace(clause, now=clause.now or word in _NOW, also=clause.also or word in {"too", "aswell"})
    return clause


def _of_speaker(clause: Clause) -> list[Clause]:
    """The plain verb of "I have never really been", with what "never" says noted on the clause."""
    spoken, auxiliary, at = clause.text.split(), "", 1
    while at < len(spoken):
        word, following = (each.lower().strip(",") for each in (*spoken[at : at + 2], "")[:2])
        role = _role(word, following)
        if role == "doubt" or (clause.truth == "no" and word in _PARTLY):
            return []
        if role == "auxiliary" and not auxiliary:
            auxiliary = f"{_AUXILIARIES[word]} "
        elif role in _TRUTHS:
            clause = replace(clause, truth=_TRUTHS[role])
        elif role == "adverb":
            clause = replace(clause, also=clause.also or word in {"also", "too"}, now=clause.now or word in _NOW)
        else:
            break
        at += 1
    return _verb_forms(_trimmed(replace(clause, text=f"i {auxiliary}{' '.join(spoken[at:])}")))


def _role(word: str, following: str) -> str:
    """What a word between subject and verb does there; empty if it is the verb."""
    if word in _DOUBTED or (word == "did" and following == "not"):
        return "doubt"
    if word == "no" and following == "longer":
        return "ended"
    if word in {"not", "never"}:
        return "denial"
    if word in {"previously", "formerly"}:
        return "former"
    if word == "longer" or word in _SKIPPED or (word == "do" and (following == "not" or following in _EMPHASISED)):
        return "adverb"
    return "auxiliary" if word in _AUXILIARIES else ""


def _verb_forms(clause: Clause) -> list[Clause]:
    """The simple verb behind "have moved", "used to live" and "stopped eating"."""
    text = _PERFECT.sub(r"i \1", clause.text)
    if _NONE_OF.match(text):
        return [replace(clause, text=_NONE_OF.sub(r"i \1 ", text), truth="no")]
    text = re.sub(r"^i have got (?=(?:an?|my|the|two|three|no|some|\d)\b)", "i have ", text)
    if text.startswith("i used to "):
        text = re.sub(r"^i used to (?:be\b)?", lambda match: "i am" if match[0].endswith("be") else "i ", text)
        return [replace(clause, text=text, truth="past")]
    given_up = _GIVEN_UP.fullmatch(text)
    if given_up is None or clause.truth != "yes":
        return [replace(clause, text=text)]
    bases = _bases(given_up["verb"])
    return [
        replace(clause, text=text),
        *(replace(clause, text=f"i {base}{given_up['rest']}", truth="ended") for base in bases),
    ]


def _bases(gerund: str) -> list[str]:
    """What "living" and "running" may come from: "live", "liv"; "runn", "runne", "run"."""
    stem = gerund[: -len("ing")]
    doubled = [stem[:-1]] if len(stem) > 2 and stem[-1] == stem[-2] else []
    return [stem, f"{stem}e", *doubled]


def _of_theirs(clause: Clause) -> Clause:
    """The same of "our son is no longer in school": "my son is in school", ended."""
    text = re.sub(r"^our\b", "my", clause.text, flags=re.IGNORECASE)
    head, rest = text[:80], text[80:]
    if denied := _DENIED.search(head):
        kept = denied["verb"] if denied["verb"] in {"is ", "are ", "was ", "has ", "have "} else ""
        head = head[: denied.start()] + kept + head[denied.end() :]
        clause = replace(clause, truth="ended" if denied["word"] == "no longer" else "no")
    return _trimmed(replace(clause, text=_MID_ADVERBS.sub(" ", head) + rest))
