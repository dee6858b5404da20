"""What somebody likes, prefers and does for pleasure.

Most "I like ..." in a chat is about the chat ("I like that idea", "I love it!"), so whatever points
at something said before is no taste.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from memx_core.extraction.rules.clauses import Clause
from memx_core.extraction.rules.persons import conjugated
from memx_core.extraction.rules.phrases import cut, key, listed, said, timed
from memx_core.extraction.rules.rule import Claim, Match, Rule, nothing, retraction
from memx_core.extraction.rules.vocabulary import INSTRUMENTS_AND_GAMES, words

_POINTING = re.compile(
    r"\b(?:it|its|that|this|these|those|they|them|their|he|she|him|her|his|you|your|yours|u|here|there|what|how|when|where|why|who|"
    r"whom|if|whether|one|ones|both|everything|anything|something|nothing|everyone|anyone|someone|nobody|all of|none|some of|"
    r"most of|stuff|thing|things|idea|ideas|sound of|look of|looks|way|ways|option|version|answer|answers|response|suggestions?|"
    r"approach|concept|design|feature|first|second|latter|former|same|so far|example|part|point|fact|vibe|vibes|news|photos?|pics?|"
    r"pictures?|shot|post|link|article|question|recommendation|hearing|seeing how|knowing|each other)\b",
    re.IGNORECASE,
)
_THE = re.compile(
    r"the (?:(?-i:[A-Z])|beach|sea|ocean|mountains?|outdoors|snow|rain|sun|cold|heat|theat(?:re|er)|opera|gym|forest|woods|countryside|city|"
    r"night|summer|winter|autumn|spring|desert|water|violin|piano|guitar|colou?r|smell of \w+|taste of \w+|stars|arts|wilderness|"
    r"internet|circus|zoo|library|dark|country|north|south)",
    re.IGNORECASE,
)
_STATED = re.compile(
    r"\b(?:is|are|was|were|am|has|have|had|brings?|makes?|gives?|will|would|can|could|helps?|isn't|aren't)\b",
    re.IGNORECASE,
)
_MINE = re.compile(r"(?:my|our) (?:job|work|career|life in|city|town|neighbou?rhood)\b", re.IGNORECASE)
_TO = re.compile(
    r"to (?:think|know|say|see|ask|thank|point|add|start by|make sure|use|be able|hear|keep|get|have|note|believe|call|do)\b",
    re.I,
)
_FREE = r"in my (?:free|spare|leisure) time,?|for fun,?|on weekends,?|at the weekend,?|to relax,?"


def taste(item: str) -> str | None:
    """The thing liked, or `None` if it points at something said before or is no thing at all."""
    item = cut(item)
    if not item or len(item) > 60 or len(item.split()) > 8 or _POINTING.search(item) or _STATED.search(item):
        return None
    if _TO.match(item) or re.search(r"(?:^|\s)(?:to|such|everywhere|few|a|an|the|of|with)$", item, re.IGNORECASE):
        return None
    if re.match(r"the\b", item, re.IGNORECASE) and not _THE.match(item):
        return None
    if re.match(r"(?:my|our)\b", item, re.IGNORECASE) and not _MINE.match(item):
        return None
    if not re.search(r"[^\W\d_]{2}", item) or re.match(
        r"(?:and|or|but|of|so|too|very|not|no|as|is|was|a|an|i|we|me|us)\b(?! \w)", item, re.IGNORECASE
    ):
        return None
    return said(item)


def tastes(text: str) -> list[str]:
    """The things of a list, up to the first that is none."""
    text = re.sub(r"\s+(?:more than|better than|rather than|over)\b.*$", "", cut(text), flags=re.IGNORECASE)
    found: list[str] = []
    items = list(listed(re.sub(r"^both\s+", "", text, flags=re.IGNORECASE)))
    if len(items) > 1 and re.match(r"\w+ing\s", items[0]) and not all(re.match(r"\w+ing\b", item) for item in items):
        items = [text]  # "Improving education and health": one thing, of two parts.
    for item in items:
        thing = taste(item)
        if thing is None:
            break
        found.append(thing)
    return found


_NO_PASTIME = words("am have do was will would can need want get")
_LIKES = {"love": "loves", "adore": "loves", "enjoy": "enjoys", "like": "likes", "hate": "hates"}


def _likes(match: Match, clause: Clause) -> Iterator[Claim]:
    how = match["how"].lower()
    for thing in tastes(match["what"]):
        yield _liking(thing, _LIKES.get(how, "likes"))


def _liking(thing: str, verb: str) -> Claim:
    name = key(re.sub(r"^to ", "", thing))
    return Claim(f"like.{name}", f"{{I}} {verb} {thing}", replaces=(f"dislike.{name}",))


def _dislikes(match: Match, clause: Clause) -> Iterator[Claim]:
    strong = match["how"].lower() in {"hate", "detest", "loathe", "despise"}
    for thing in tastes(match["what"]):
        yield _disliking(thing, "hates" if strong else "dislikes")


def _not_liking(match: Match, clause: Clause) -> Iterator[Claim]:
    for thing in tastes(match["what"]):
        liking = _disliking(thing, "does not like")
        yield liking if clause.truth != "past" else retraction(_liking(thing, "likes"))


def _not_disliking(match: Match, clause: Clause) -> Iterator[Claim]:
    for thing in tastes(match["what"]):
        yield Claim(f"dislike.{key(thing)}", "", retracts=True)


def _disliking(thing: str, verb: str) -> Claim:
    name = key(re.sub(r"^to ", "", thing))
    return Claim(f"dislike.{name}", f"{{I}} {verb} {thing}", replaces=(f"like.{name}",))


def _prefers(match: Match, _: Clause) -> Iterator[Claim]:
    what = cut(match["what"])
    first = re.split(r"\s+(?:to|over|rather than|instead of|than)\s+", what)[0]
    if taste(first) and len(what) < 80 and not _POINTING.search(what):
        yield Claim(f"prefer.{key(first)}", f"{{I}} prefers {said(what)}", value=first.lower())


def _favourite(match: Match, _: Clause) -> Iterator[Claim]:
    thing, what = match["thing"].strip(), cut(match["what"])
    spelled = match["spelled"].lower()
    if taste(what) and not _POINTING.search(thing) and len(thing.split()) <= 5:
        verb = "are" if match["verb"].lower() == "are" else "is"
        yield Claim(f"favorite.{key(thing)}", f"{{my}} {spelled} {said(thing)} {verb} {said(what)}", value=what.lower())


def _my_favourite(match: Match, clause: Clause) -> Iterator[Claim]:
    what = taste(match["what"])
    if what and clause.truth == "yes" and not re.match(r"(?:not|today|now|yes|no)\b", what, re.IGNORECASE):
        thing = match["thing"].strip()
        yield Claim(
            f"favorite.{key(thing)}", f"{{my}} {match['spelled'].lower()} {said(thing)} is {what}", value=what.lower()
        )


def _plays(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, _ = timed(match["what"], clause)
    for item in listed(cut(rest)):
        found = re.match(
            rf"(?:the |some |a (?:lot of|bit of|little) )?(?P<what>{INSTRUMENTS_AND_GAMES})\b", item, re.IGNORECASE
        )
        if found is None:
            return
        yield Claim(f"hobby.{key(found['what'])}", f"{{I}} plays {said(found[0])}", value=found["what"].lower())


def _hobbies(match: Match, _: Clause) -> Iterator[Claim]:
    for thing in tastes(match["what"]):
        yield Claim(f"hobby.{key(thing)}", f"{{my}} hobbies include {thing}", value=thing.lower())


def _does(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["what"], clause)
    verb = {"do": "does", "collect": "collects", "practice": "practices", "practise": "practises"}[
        match["verb"].lower()
    ]
    for item in listed(cut(rest)):
        thing = taste(re.sub(r"\s+(?:every|each|once|twice|on|for|with|at)\b.*$", "", item))
        if thing is None or (verb == "does" and not _ACTIVITY.fullmatch(thing)):
            return
        yield Claim(f"hobby.{key(thing)}", f"{{I}} {verb} {thing}", value=thing.lower(), when=when)


def _learns(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["what"], clause)
    thing = taste(cut(re.sub(r"\s+(?:for|since|with|at|on|in|from)\b.*$", "", rest)))
    if thing and not re.match(
        r"(?:a lot|a ton|loads|tons|so much|more|about|new|from|to (?:be|live|love|deal|cope|accept|let))\b",
        thing,
        re.IGNORECASE,
    ):
        yield Claim(
            f"hobby.{key(re.sub('^(?:how )?to (?:play )?', '', thing))}",
            f"{{I}} is learning {thing}",
            value=thing.lower(),
            when=when,
        )


def _takes_up(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["what"], clause)
    thing = taste(cut(rest, narrow=True))
    if (thing and thing.endswith("ing")) or (thing and _ACTIVITY.fullmatch(thing)):
        yield Claim(
            f"hobby.{key(thing)}",
            f"{{I}} {match['how'].lower()} {thing} {said(when)}".strip(),
            value=thing.lower(),
            when=when,
        )


def _free_time(match: Match, _: Clause) -> Iterator[Claim]:
    verb, what = match["verb"].lower(), cut(match["what"])
    if verb in _LIKES:
        yield from (_liking(thing, _LIKES[verb]) for thing in tastes(what))
    elif verb not in _NO_PASTIME and not _POINTING.search(what) and len(what) < 80:
        text = f"In their free time {{I}} {conjugated(verb)} {said(what)}".strip()
        yield Claim(f"hobby.{key(f'{verb} {what}')}", text, value=what.lower())


_ACTIVITY = re.compile(
    r"(?:\w+ )?(?:yoga|pilates|crossfit|judo|karate|taekwondo|jiu[- ]jitsu|bjj|boxing|kickboxing|martial arts|ballet|gymnastics|pottery|"
    r"ceramics|woodworking|carpentry|calligraphy|origami|photography|triathlons?|marathons?|improv|stand-up|theat(?:re|er)|ballroom|salsa|"
    r"tai chi|weightlifting|parkour|crossword puzzles|crosswords|puzzles|volunteer work|charity work|meditation|knitting|crochet|"
    r"painting|gardening|running|swimming|climbing|cycling|surfing|sailing|skiing|snowboarding|hiking|baking|cooking|drawing|singing|"
    r"dancing|fencing|archery|golf|tennis|chess|rowing|birdwatching|fishing)",
    re.IGNORECASE,
)
_LIKE_VERBS = r"like|love|enjoy|adore"

RULES = (
    Rule(rf"(?:{_FREE}) i (?:(?:like|love|enjoy) to )?(?P<verb>[a-z]+)(?P<what>.*)", _free_time),
    Rule(rf"i (?P<how>{_LIKE_VERBS}) (?P<what>.+)", _likes, _not_liking),
    Rule(r"i am (?:(?:a |an )?(?:(?:big|huge|massive|great|real|avid|lifelong|total) )*fan of|into|fond of|keen on|obsessed with|passionate about|crazy about|"
         r"interested in(?! (?:buying|learning|hearing|knowing|getting|finding|trying|seeing|having|working|using|doing|applying|joining|booking|renting|going|making)\b)|addicted to|in love with) (?P<how>)(?P<what>.+)", _likes, _not_liking),
    Rule(r"i am (?:a |an )?(?:(?:big|huge|massive|great|real|avid|lifelong|total|die-hard) )*(?P<how>)(?P<what>[\w-]+(?: [\w-]+)?) (?:fan|supporter|lover|enthusiast|buff|nerd|geek|junkie|fanatic)", _likes, _not_liking),
    Rule(r"i (?P<how>hate|dislike|detest|loathe|despise) (?P<what>.+)", _dislikes, _not_disliking),
    Rule(r"i can (?P<how>)(?:stand|bear) (?P<what>.+)", nothing, _dislikes),
    Rule(r"i care (?P<how>)(?:for|about) (?P<what>.+)", nothing, _not_liking),
    Rule(r"i prefer (?P<what>.+)", _prefers),
    Rule(r"my (?:all[- ]time |absolute |current |number one )?(?P<spelled>fav(?:ou?rite|e)?) (?P<thing>[\w' -]{2,40}?) (?P<verb>is|are|has always been|will always be) (?P<what>.+)", _favourite),
    Rule(r"(?P<what>[^,]{2,60}?) (?:is|are) my (?:all[- ]time |absolute |current )?(?P<spelled>fav(?:ou?rite|e)?) (?P<thing>[\w' -]{2,40})", _my_favourite),
    Rule(r"i (?:play|can play|have (?:played|been playing)|am playing) (?P<what>.+)", _plays),
    Rule(r"i (?P<how>started|took up|got into) (?P<what>(?!to |the |my |a |an |with |using |working|looking|thinking|getting|having|seeing|dating|going|being|doing|feeling|noticing)[\w -]+)", _takes_up),
    Rule(r"my (?:main |favou?rite |biggest )?(?:hobby|hobbies|pastimes?|interests?|passions?) (?:is|are|include|includes) (?P<what>.+)", _hobbies),
    Rule(r"i (?P<verb>do|collect|practi[cs]e) (?P<what>.+)", _does),
    Rule(r"i (?:am learning|have been learning|started learning|started to learn) (?P<what>.+)", _learns),
)  # fmt: skip
