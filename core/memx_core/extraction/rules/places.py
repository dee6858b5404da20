"""Where somebody lives, and what counts as a place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from memx_core.extraction.rules.clauses import Clause
from memx_core.extraction.rules.phrases import cut, key, listed, said, timed
from memx_core.extraction.rules.rule import Claim, Match, Rule
from memx_core.extraction.rules.vocabulary import COUNTRIES

_NOWHERE = re.compile(
    r"(?:fear|denial|hope|hell|heaven|peace|sin|luxury|poverty|style|it|that|this|here|there|them|tears|constant|different|another|same|"
    r"work|school|home|scratch|experience|memory|bed|time|me|you|what|where|management|hr|qa|pr|sales|accounting|support|"
    r"around|abroad|upstairs|downstairs|nearby|linux|windows|mac|macos|android|ios|iphone|python|java|rust|go|golang|typescript|javascript|react|vue|angular|svelte|aws|azure|gcp|"
    r"kubernetes|docker|postgres(?:ql)?|mysql|mongodb|sqlite|redis|kafka|slack|teams|discord|notion|gmail|outlook|github|gitlab|vs ?code|vim|"
    r"emacs|chrome|firefox|safari|next\.?js|node|django|flask|excel|twitter|facebook|instagram|tiktok|reddit|youtube|twitch|production|prod|"
    r"staging|(?:the )?cloud|page|line|chapter|step|phase|version|plan b|coffee|ramen|caffeine|cloud nine|"
    r"the (?:moment|past|present|future|now|same|middle|dark|real|new|next|other|back|front|field|area|industry|trash|team|office)|"
    r"an? (?:bubble|dream|world|lie|simulation|cave|different|new (?:team|role|company|job|project|job)|big family|large family|loving|religious|"
    r"happy|meeting|hurry|mess)|my|his|her|their|your|our)\b|it$",
    re.IGNORECASE,
)
_NO_TOWN = re.compile(r"an?\b|town\b|college\b|university\b|google\b", re.IGNORECASE)
_END = re.compile(
    r"\s+(?:(?:and|with|for|since|but|because|to|from|when|while|where|which|who|after|before|until|now|again|as|so|at the moment|these days|"
    r"on (?:holiday|vacation|business|an?|my|our|the)|full[- ]time|part[- ]time|currently|alone|together|by myself|on my own|all my|my whole|i|we)\b.*|\(.*)$",
    re.IGNORECASE,
)
_ON = re.compile(
    r"the (?:.* )?(?:floor|coast|island|outskirts|edge|farm|beach|campus|hill|mountain|river|lake|sea|ocean|water|park|border)\b|an? (?:farm|boat|island|hill|houseboat)\b|"
    r"campus\b|(?-i:[A-Z])",
    re.IGNORECASE,
)
_AND_PLACES = re.compile(
    r"\b(trinidad|bosnia|antigua|newcastle|brighton|tyne) (and|upon) (tobago|herzegovina|barbuda|tyne|hove|wear)", re.I
)


def place(words: str, *, loose: bool = False) -> str | None:
    """The place that `words` begin with, as typed; `None` if they name none. `loose` takes "a small village" too."""
    text = _AND_PLACES.sub(r"\1_\2_\3", words)
    text = _END.sub("", cut(text)).replace("_", " ").strip(" ,.'")
    text = _with_region(text)
    if not text or len(text) > 60 or not re.search(r"[^\W\d]", text):
        return None
    if _NOWHERE.match(text) or (_NO_TOWN.match(text) and not loose):
        return None
    return said(text)


def _with_region(text: str) -> str:
    """All of "Oslo, Norway", but only the town of "Oslo, the best city"."""
    parts = text.split(",")
    kept = parts[0]
    for part in parts[1:3]:
        if not re.match(r"\s*(?-i:[A-Z])[\w.' -]*$", part) and part.strip().lower() not in COUNTRIES:
            break
        kept += f",{part}"
    return kept.strip()


def is_country(where: str) -> bool:
    """Whether `where` is a country, and not a town in one."""
    return where.lower().removeprefix("the ") in COUNTRIES


def _is_dwelling(where: str) -> bool:
    """Whether `where` is "the suburbs" rather than "the Hague"."""
    return re.match(r"the [a-z]", where) is not None and not is_country(where)


def _home_slot(where: str) -> str:
    return "home.country" if is_country(where) else "home"


def _lives(match: Match, clause: Clause) -> Iterator[Claim]:
    how, where = match["how"].lower(), match["where"]
    if how in {"on", "by"} and not _ON.match(where):
        return
    yield from _home(how, where, clause)
    together = re.search(r"\bwith (?P<who>(?:my|an?|our|two|three|four|\d) .+)", where, re.IGNORECASE)
    if together and clause.truth == "yes":
        yield from _with(together["who"])


def _lives_since(match: Match, clause: Clause) -> Iterator[Claim]:
    yield from _home("in", match["where"], clause)


def _home(how: str, words: str, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(words, clause)
    if re.match(r"\d+ [\w ]*(?:street|st|road|rd|avenue|ave|lane|drive|way|close|court|square)\b", rest, re.IGNORECASE):
        yield Claim("address", f"{{I}} lives at {said(cut(rest))}", value=cut(rest).lower())
    elif (found := place(rest)) and not _is_dwelling(found):
        slot = _home_slot(found)
        past = clause.truth == "past"
        text = f"{{I}} {'used to live' if past else 'lives'} {how} {found}"
        yield Claim(slot, text, value=found.lower(), when=when, replaces=() if past else (f"plan.{key(found)}",))
    elif re.match(r"(?:an? |the )", rest, re.IGNORECASE) and (kind := place(rest, loose=True)):
        yield Claim("housing", f"{{I}} lives {how} {kind}", value=kind.lower(), when=when)
        inner = re.search(r"\bin (?P<where>(?-i:[A-Z]).+)$", rest)
        if inner and (town := place(inner["where"])):
            yield Claim(_home_slot(town), f"{{I}} lives in {town}", value=town.lower(), when=when)


def _lived(match: Match, clause: Clause) -> Iterator[Claim]:
    if clause.fronted.lower().startswith("since"):
        yield from _home("in", match["where"], clause)
        return
    rest, when = timed(match["where"], clause)
    for item in listed(rest):
        found = place(item)
        if found is None:
            return
        yield Claim(f"past.home.{found.lower()}", f"{{I}} used to live in {found}", value=found.lower(), when=when)


def _used_to_live(match: Match, clause: Clause) -> Iterator[Claim]:
    """Ends what is known, and keeps that it was so."""
    for claim in _home(match["how"].lower(), match["where"], clause):
        yield Claim(claim.slot, "", claim.value, retracts=True)
        if clause.truth == "past":
            yield Claim(f"past.{claim.slot}.{claim.value}", claim.text, claim.value, claim.when)


def _moved(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["where"], clause)
    if found := place(rest):
        slot = _home_slot(found)
        others = (f"plan.{key(found)}", *(("home",) if slot == "home.country" else ()))
        yield Claim(slot, f"{{I}} lives in {found}", value=found.lower(), when=when, replaces=others)
        source = re.search(r"\bfrom (?P<source>.+)", rest, re.IGNORECASE)
        if source and (left := place(source["source"])):
            yield Claim(f"past.home.{left.lower()}", f"{{I}} used to live in {left}", value=left.lower())
    elif re.match(
        r"an? (?:new |bigger |smaller |larger )?(?:flat|apartment|house|place|home|city|town|village|neighbou?rhood)",
        rest,
        re.I,
    ):
        what = cut(rest)
        yield Claim("housing", f"{{I}} moved to {said(what)}", value=what.lower(), when=when)


def _moved_from(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["source"], clause)
    towards = re.search(r"\bto (?P<where>.+)", rest, re.IGNORECASE)
    if towards and (found := place(towards["where"])):
        yield Claim(_home_slot(found), f"{{I}} lives in {found}", value=found.lower(), when=when)
    if left := place(rest):
        yield Claim(f"past.home.{left.lower()}", f"{{I}} moved from {left}", value=left.lower(), when=when)


def _lives_with(match: Match, clause: Clause) -> Iterator[Claim]:
    who = re.sub(r"^(?:together )?with ", "", cut(match["who"]), flags=re.IGNORECASE)
    inner = re.search(r"\s(?:in|near|outside) (?P<where>(?-i:[A-Z]).+)$", who)
    if inner and (town := place(inner["where"])):
        yield Claim(_home_slot(town), f"{{I}} lives in {town}", value=town.lower())
    if re.match(r"(?:alone|by myself|on my own|together)\b", who, re.IGNORECASE):
        yield Claim("household", f"{{I}} lives {said(who)}", value=who.lower())
    else:
        yield from _with(who[: inner.start()] if inner else who)


def _with(who: str) -> Iterator[Claim]:
    who = re.sub(r"\s+(?:in|near|at|on)\s.*$", "", cut(who))
    if who and not re.match(r"(?:it|that|this|the (?:fact|pain|consequences)|them|him|her)\b", who, re.IGNORECASE):
        yield Claim("household", f"{{I}} lives with {said(who)}", value=who.lower())


def _address(match: Match, _: Clause) -> Iterator[Claim]:
    where = match["where"].strip(" .")
    yield Claim("address", f"{{my}} address is {said(where)}", value=where.lower())


_HOW = r"(?P<how>in|at|near|outside(?: of)?|just outside(?: of)?|close to|not far from|by|on)"

RULES = (
    Rule(r"i live (?P<who>(?:with |alone|by myself|on my own|together with ).*)", _lives_with),
    Rule(
        rf"i (?:live|reside|live and work|work and live|am living|am based|am located|am residing|stay) {_HOW} (?P<where>.+)",
        _lives,
        _used_to_live,
    ),
    Rule(r"i am based (?P<how>out of) (?P<where>.+)", _lives, _used_to_live),
    Rule(
        r"i have (?:lived|been living|been based|been) in (?P<where>.+? (?:for|since) .+|.+? (?:all|most of|my whole) .*(?:life|years).*)",
        _lives_since,
    ),
    Rule(r"i (?:have )?(?:lived|was living|have been living) in (?P<where>.+)", _lived),
    Rule(
        r"i (?:moved|relocated|emigrated|immigrated|moved house|went back|moved back|moved over|moved out|settled(?: down)?) (?:to|into|in) (?P<where>.+)",
        _moved,
    ),
    Rule(r"i (?:moved|relocated|emigrated) (?:here |over |away |back )?from (?P<source>.+)", _moved_from),
    Rule(r"my (?:home|house|flat|apartment|place) is (?P<how>in|near|at|outside) (?P<where>.+)", _lives),
    Rule(r"my (?:home |postal |mailing |street )?address is (?P<where>.+)", _address),
    Rule(r"i live (?P<who>alone|by myself|on my own|together)\b.*", _lives_with),
)
