"""What people say before they say something: greetings, "by the way", "last month", "remember that".

All of it is taken off, so that a clause begins with its subject; what it means for the clause is noted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from memx_core import time

_GREETED = (
    r"hi|hello|hey|hiya|yo|greetings|good (?:morning|evening|afternoon|day)|there|everyone|all right|alright|yes|yeah|yep|yup|"
    r"no(?! longer)|nope|nah|ok|okay|well|so|oh|ah|aw|wow|ha(?:ha)+|hehe|lol|hm+|u[mh]+|sure|cool|great|nice|awesome|sorry|thanks|thank you|"
    r"omg|right|anyways?|congrats|perfect"
)
_LINKED = (
    r"btw|by the way|actually|also|and|but|fyi|because|cause|since|as|although|though|plus|while|whereas|to be honest|"
    r"honestly|tbh|in fact|in case you forgot|you know|as you (?:may )?know|as (?:i|you) (?:said|mentioned)|like i said|i mean|"
    r"for (?:context|reference|the record|your information)|background|note|please note|luckily|fortunately|"
    r"unfortunately|sadly|personally|basically|of course|obviously|clearly|seriously|guess what|fun fact|update|"
    r"(?:a bit |something )?about me|quick intro|(?:good|bad|big) news|first(?: of all)?|second(?:ly)?|third(?:ly)?|lastly|"
    r"one more thing|another thing|besides|meanwhile|then|in general|generally|normally|usually|correction|just so you know|"
    r"so you know|the thing is|the truth is|my bad|if (?:it|that) (?:helps|matters)|relevant|context|note to self|ps|p\.s"
)
_OF_LATE = r"now|currently|nowadays|these days|at the moment|at present|right now|recently|finally|lately"
_TELLING = (
    r"(?:i|we)(?:'ve| have)?(?: also)? (?:already )?(?:told you|said|mentioned|have to say|must say|must admit|admit|should mention|"
    r"should add|forgot to (?:mention|say|tell you)|wanted to (?:mention|say|tell you)|want you to know|am happy to say|"
    r"'m happy to say|should tell you|realized|realised|learned|found out)|(?:you )?should know|it(?:'s| is) true|you know|"
    r"did i (?:mention|tell you)|let me tell you"
)
_POLITE = r"(?:(?:please|pls|can you|could you|would you|will you|kindly|i want you to|i'd like you to|i need you to|you should)[,\s]+)"
_ALSO = r"(?:(?:also|and|but|so|just|now|always)[,\s]+)*"
_FIRST_PERSON = r"(?:i|i'm|i've|im|my|our|we)\b"


@cache
def _lead_in() -> re.Pattern[str]:
    return re.compile(
        rf"(?:[-\u2013\u2022\xb7]+\s+|\d{{1,2}}[.)]\s+|\(|(?P<now>{_OF_LATE})\b[\s,:.!-]*"
        rf"|(?:{_GREETED}|{_LINKED})\b[\s,:.!-]*|(?:{_TELLING})\b[\s,:]*(?:that\b\s*)?)",
        re.IGNORECASE,
    )


@cache
def _remember() -> re.Pattern[str]:
    """An explicit "remember that" always counts; anything less only before the author's own affairs: advice does not."""
    mine = r"(?=(?:i|i'm|i've|im|my|we|our)\b)"
    return re.compile(
        rf"{_ALSO}{_POLITE}*{_ALSO}(?:(?:remember|memori[sz]e)(?: the fact)?(?:\s+that\b[:,]?\s+(?!time\b|day\b|one\b)|\s+this\s*:\s*|(?:\s*[:,])?\s+{mine}"
        r"|\s+(?=the .{2,60}\b(?:is|are)\b))"
        rf"|{_POLITE}(?:remember|don't forget)\s+(?=to\b)|remind me\s+(?=to\b|that\b)"
        rf"|(?:don't forget|do not forget|keep in mind|bear in mind|(?:make|take) a note|note down|note|write down|save)"
        rf"(?:\s+(?:that|of)\b[:,]?|\s*:)?\s+(?:(?=that\b)that\s+)?(?={_FIRST_PERSON}))",
        re.IGNORECASE,
    )


_SUBJECT = re.compile(r"(?:i|we|im|ive|my|our)\b", re.IGNORECASE)
_TIME_FIRST = re.compile(
    r"(?:in|on|at|last|next|this|since|for|during|early|late|back|yesterday|today|tomorrow|tonight|two|three|a|\d+)\b"
    r".{1,40}\b(?:i|we|my|our)\b",
    re.IGNORECASE,
)
_IMPLIED = re.compile(
    r"(?:(?:just|recently|finally) (?:moved|got|bought|adopted|quit|started|graduated|turned|became|finished|booked|retired|left)\b"
    r"|moved (?:to|back|from)\b|got (?:married|engaged|promoted|divorced|fired|laid off|a new|an? (?:dog|cat|puppy|kitten))\b|quit my\b|"
    r"started (?:a|my) new\b|bought a\b|adopted a\b|broke up\b|living in\b|working (?:as|at)\b|allergic to\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A clause without what was said before it.

    Attributes:
        text: The clause.
        fronted: The time said before it.
        now: It was said to be so now.
        noted: The author asked to remember it.
    """

    text: str
    fronted: str = ""
    now: bool = False
    noted: bool = False


def opened(text: str) -> Opened:
    """`text` without its lead-ins, and with the subject that was only implied."""
    fronted, now, noted = "", False, False
    for _ in range(8):
        if (
            not _SUBJECT.match(text)
            and _TIME_FIRST.match(text)
            and (front := time.spots(text[:60]))
            and not front[0][0]
        ):
            fronted, text = text[: front[0][1]], text[front[0][1] :].lstrip(" ,")
        elif not noted and (asked := _remember().match(text)):
            text, noted = text[asked.end() :], True
        elif lead := _lead_in().match(text):
            text, now = text[lead.end() :], now or bool(lead["now"])
        else:
            break
    return Opened(f"i {text}" if _IMPLIED.match(text) else text, fronted, now, noted)
