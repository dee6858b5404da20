"""What happened to somebody, if it is dated: "I ran a marathon in May"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from memx_core.extraction.rules.clauses import Clause
from memx_core.extraction.rules.phrases import cut, key, said, timed
from memx_core.extraction.rules.places import place
from memx_core.extraction.rules.rule import Claim, Match, Rule
from memx_core.extraction.rules.vocabulary import COUNTRIES

_DEEDS = (
    r"went|visited|travel?led|flew|drove|started|began|finished|completed|bought|sold|got|met|attended|ran|won|lost|broke|adopted|joined|"
    r"signed up|hosted|celebrated|passed|failed|painted|took|had|saw|launched|opened|published|applied|hiked|camped|climbed|volunteered|"
    r"donated|performed|gave|built|made|organi[sz]ed|read|planted|wrote|submitted|quit|created|became|ordered|found|enrolled|registered|"
    r"presented|competed|swam|cycled|biked|surfed|skied|baked|cooked|played|watched|explored|toured|spent|helped|taught|recorded|released|"
    r"proposed|renovated|repaired|redecorated|graduated|retired|received|earned|scored|designed|discovered|invited|stayed|caught|rescued|"
    r"lent|inherited|injured|underwent|recovered|auditioned|interviewed|debuted|sang|danced|tried"
)
_NO_EVENT = re.compile(
    r"(?:(?:to )?(?:it|that|this|these|those|them|you|him|her|one|some|something|everything|nothing|stuff|bed|sleep|back to you|"
    r"home|here|there|lost|stuck|confused|tired|up|out of bed|mad|sick|away with|the (?:error|same|following|file|code|message|bug|update|issue|"
    r"problem|app|server|answer))|an? (?:error|exception|bug|problem|issue|question|look|bit|chance|warning|crash|headache|nap|break|feeling|idea|"
    r"thought|great (?:day|time)|good (?:day|time)|rough|bad|hard))\b",
    re.IGNORECASE,
)
_HERE = re.compile(r"\b(?:you|your|yours|it|this|that)\b", re.IGNORECASE)


def _happened(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["rest"], clause)
    what = cut(match["rest"])
    dated = when or (match["verb"].lower() in {"visited", "went"} and _country(rest))
    if not dated or not cut(rest) or _NO_EVENT.match(rest) or _HERE.search(what) or len(what) > 150:
        return
    text = f"{{I}} {match['verb'].lower()} {said(what)}"
    if when and when.lower() not in text.lower():
        text += f" {said(when[:1].lower() + when[1:])}"
    where = _destination(match["verb"].lower(), rest)
    name = key(where) if where else "-".join(key(f"{match['verb']} {cut(rest)}").split("-")[:5])
    replaced = (f"plan.{name}",) if where else ()
    yield Claim(f"event.{name}", text, value=key(cut(rest)), when=when, beside=True, replaces=replaced)


def _destination(verb: str, rest: str) -> str | None:
    to = rest if verb == "visited" else re.sub(r"^(?:on (?:a|our|my) \w+ )?to ", "", rest)
    if verb != "visited" and to == rest:
        return None
    where = place(to)
    return where if where and where[0].isupper() else None


def _country(rest: str) -> bool:
    where = place(re.sub(r"^to ", "", rest))
    return bool(where) and (where or "").lower().removeprefix("the ") in COUNTRIES


RULES = (Rule(rf"i (?P<verb>{_DEEDS}) (?P<rest>.+)", _happened),)
