"""What somebody eats and must not eat, and how they are: diet, allergies, health."""

from __future__ import annotations

import re
from collections.abc import Iterator

from memx_core.extraction.rules.clauses import Clause
from memx_core.extraction.rules.phrases import bare, cut, key, listed, said, timed
from memx_core.extraction.rules.rule import Claim, Match, Rule, nothing
from memx_core.extraction.rules.vocabulary import CONDITIONED, CONDITIONS, DIETS, FOOD_LIMITS

_NO_FOOD = re.compile(
    r"(?:it|that|this|them|these|those|there|out|here|at|in|on|with|much|anything|everything|something|enough|well|healthy|lunch|"
    r"dinner|breakfast|all|you|my|the|your|alone|together|late|before|after|when|like|to|up|so|too)\b",
    re.IGNORECASE,
)
_PROVISO = re.compile(r"\s+(?:at all|for|on|at|in|with|every|when|after|before|during|or anything)\b.*$", re.IGNORECASE)
_ANIMAL = re.compile(
    r"(?:red )?(?:meat|fish|seafood|dairy|eggs?|pork|beef|chicken|poultry|animal products|cheese)$", re.IGNORECASE
)


def _diet(match: Match, clause: Clause) -> Iterator[Claim]:
    _, when = timed(match["rest"], clause)
    diet = match["diet"].lower()
    article = (match["article"] or "").lower()
    verb = "eats" if clause.text.startswith("i eat ") else "is"
    yield Claim("diet", f"{{I}} {verb} {article}{diet}", value=diet, when=when)


def _on_diet(match: Match, clause: Clause) -> Iterator[Claim]:
    yield Claim("diet", f"{{I}} is on {match['diet'].lower()}", value=re.sub(r"^an? ", "", match["diet"].lower()))


def _limit(match: Match, clause: Clause) -> Iterator[Claim]:
    limit = match["limit"].lower()
    yield Claim(f"diet.{key(limit)}", f"{{I}} is {limit}", value=limit)


def _eats(match: Match, clause: Clause) -> Iterator[Claim]:
    """Only what tells something of a diet; "I eat oats" does not, "I eat meat again" ends one."""
    for food in _foods(match["what"]):
        if _ANIMAL.fullmatch(food) or clause.now:
            ended = (
                ("diet",)
                if _ANIMAL.fullmatch(food) and (clause.now or match["again"] or food.lower().endswith("meat"))
                else ()
            )
            yield Claim(
                f"diet.{key(food)}", f"{{I}} {match['verb'].lower()}s {said(food)}", value=food.lower(), replaces=ended
            )


def _avoids(match: Match, clause: Clause) -> Iterator[Claim]:
    verb = f"{'cannot' if match.groupdict().get('can') else 'does not'} {match['verb'].lower()}"
    what = cut(match["what"])
    proviso = _PROVISO.search(what)  # Not "coffee" at large, but "coffee after three".
    for food in _foods(match["what"]):
        text = f"{{I}} {verb} {said(food)} {said(proviso[0]) if proviso else ''}"
        ended = (f"like.{key(food)}",) if clause.truth == "ended" else ()
        yield Claim(f"diet.{key(food)}", " ".join(text.split()), value=food.lower(), replaces=ended)


def _gives_up(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["what"], clause)
    for food in _foods(rest):
        yield Claim(
            f"diet.{key(re.sub('^(?:eating|drinking) ', '', food))}",
            f"{{I}} gave up {said(food)}",
            value=food.lower(),
            when=when,
        )


def _foods(text: str) -> Iterator[str]:
    for item in listed(_PROVISO.sub("", cut(text))):
        if _NO_FOOD.match(item) or len(item.split()) > 4:
            return
        yield re.sub(r"^(?:any|much|a lot of|lots of|some|no)\s+", "", item, flags=re.IGNORECASE)


def _smokes(match: Match, clause: Clause) -> Iterator[Claim]:
    verb = {"smoke": "smokes", "drink": "drinks", "drive": "drives", "vape": "vapes"}[match["what"].lower()]
    yield Claim(f"habit.{match['what'].lower()}", f"{{I}} {verb}", value=verb)


def _smokes_not(match: Match, clause: Clause) -> Iterator[Claim]:
    what = match["what"].lower()
    yield Claim(f"habit.{what}", f"{{I}} does not {what}", value="not")


def _quit(match: Match, clause: Clause) -> Iterator[Claim]:
    _, when = timed(match["rest"], clause)
    what = match["what"].lower()
    base = {"smoking": "smoke", "drinking": "drink", "vaping": "vape"}[what]
    yield Claim(f"habit.{base}", f"{{I}} quit {what}", value="quit", when=when)


def _allergy(match: Match, clause: Clause) -> Iterator[Claim]:
    for item in listed(cut(match["what"])):
        thing = re.sub(r"^(?:both|all|most|some|certain) ", "", item, flags=re.IGNORECASE)
        if (
            re.match(
                r"(?:it|that|this|them|you|work|bullshit|stupidity|people|mondays|mornings|exercise|fun|commitment|drama)\b",
                thing,
                re.IGNORECASE,
            )
            or len(thing.split()) > 4
        ):
            return
        yield Claim(f"allergy.{key(thing)}", f"{{I}} is allergic to {said(thing)}", value=key(thing))


def _has_allergy(match: Match, _: Clause) -> Iterator[Claim]:
    for thing in listed(match["what"]):
        if thing.lower() in {"no", "any", "bad", "seasonal", "food", "many", "some", "a few", "several", "severe"}:
            return
        article = "an" if thing[0].lower() in "aeiou" else "a"
        yield Claim(f"allergy.{key(thing)}", f"{{I}} has {article} {said(thing)} allergy", value=key(thing))


def _no_allergies(match: Match, clause: Clause) -> Iterator[Claim]:
    if match["no"] or clause.truth == "no":
        yield Claim("allergy.none", "{I} has no allergies", value="no")


def _condition(match: Match, clause: Clause) -> Iterator[Claim]:
    what = match["what"]
    _, when = timed(match["rest"], clause)
    text = (
        f"{{I}} was diagnosed with {said(what)}"
        if "diagnosed" in clause.text.lower()[:25]
        else f"{{I}} has {said(what)}"
    )
    yield Claim(f"health.{key(what)}", text, value=bare(what).lower(), when=when)


def _diagnosed(match: Match, clause: Clause) -> Iterator[Claim]:
    rest, when = timed(match["what"], clause)
    what = cut(rest, narrow=True)
    if what:
        yield Claim(
            f"health.{key(what)}", f"{{I}} was diagnosed with {said(what)}", value=bare(what).lower(), when=when
        )


def _is_so(match: Match, clause: Clause) -> Iterator[Claim]:
    what = match["what"].lower()
    name = re.sub(r"^\d+ (?:weeks|months) |^an? (?:recovering )?", "", what).split()[0]
    yield Claim(f"health.{name}", f"{{I}} is {what}", value=what)


def _takes(match: Match, clause: Clause) -> Iterator[Claim]:
    what = cut(match["what"], narrow=True)
    if what and not re.match(r"(?:it|that|this|care|the|a|an|my|time|notes|part|you)\b", what, re.IGNORECASE):
        yield Claim(
            f"medication.{key(what)}",
            f"{{I}} takes {said(what)} for {said(cut(match['cause'], narrow=True))}",
            value=what.lower(),
        )


def _wears(match: Match, clause: Clause) -> Iterator[Claim]:
    yield Claim(f"health.{key(match['what'])}", f"{{I}} wears {match['what'].lower()}", value=match["what"].lower())


def _broke(match: Match, clause: Clause) -> Iterator[Claim]:
    _, when = timed(match["rest"], clause)
    text = f"{{I}} {match['how'].lower()} their {match['what'].lower()} {said(when)}".strip()
    yield Claim(f"health.{key(match['what'])}", text, value=match["what"].lower(), when=when)


def _tall(match: Match, _: Clause) -> Iterator[Claim]:
    yield Claim("height", f"{{I}} is {match['what'].lower()} tall", value=match["what"].lower())


_AFTER_CONDITION = r"(?:,.*| (?:and|since|for|from|but|so|which|that|after|diagnosed|as|now|again|in (?:both|my (?:left|right|back|knees?|hands?))|too)\b.*)?"
_LIMBS = r"(?:(?:left|right) )?(?:leg|arm|wrist|ankle|foot|toe|finger|hand|collarbone|rib|nose|hip|knee|elbow|shoulder|back|acl|hamstring|thumb)"

RULES = (
    Rule(rf"i (?:am|went|became|turned|have been|am going|am doing|have gone|have become) (?P<article>an? )?(?:strict |mostly |lifelong |fully |devout )*(?P<diet>{DIETS})(?![\w-])(?P<rest>.*)", _diet),
    Rule(r"i eat (?P<article>)(?P<diet>halal|kosher|vegan|vegetarian|keto|paleo|plant[- ]based)\b(?P<rest>.*)", _diet),
    Rule(r"i am on (?P<diet>an? [\w-]+(?: [\w-]+)? diet)\b.*", _on_diet),
    Rule(rf"i (?:am|have been|eat) (?:an? )?(?P<limit>{FOOD_LIMITS})(?![\w-]).*", _limit),
    Rule(r"i (?:(?P<again>started|began) )?(?P<verb>eat|drink)(?:ing)? (?P<what>.+)", _eats, _avoids),
    Rule(r"i (?P<can>can) (?P<verb>eat|drink|have) (?P<what>.+)", nothing, _avoids),
    Rule(r"i (?:gave up|am giving up|cut out|stopped eating|stopped drinking|quit eating) (?P<what>(?!on\b|my\b|the\b|trying|hope\b|smoking).+)", _gives_up),
    Rule(r"i (?:quit|stopped|gave up) (?P<what>smoking|drinking|vaping)\b(?P<rest>.*)", _quit),
    Rule(r"i (?P<what>smoke|vape|drink|drive)(?: alcohol| cigarettes)?(?:,.*)?", _smokes, _smokes_not),
    Rule(r"i am (?:(?:very|severely|deathly|highly|slightly|mildly) )?allergic to (?P<what>.+)", _allergy),
    Rule(r"i have (?P<no>no)? ?(?:known |food )?allergies", _no_allergies, _no_allergies),
    Rule(r"i have any (?P<no>)(?:known |food )?allergies", nothing, _no_allergies),
    Rule(r"i have (?:an? )?(?:(?:severe|serious|bad|mild|life-threatening|deadly|slight|strong) )*(?P<what>[\w ]{2,30}?) allerg(?:y|ies)\b.*", _has_allergy),
    Rule(r"i have (?P<no>no)? ?(?:known |food )?allergies", _no_allergies, _no_allergies),
    Rule(r"i have any (?P<no>)(?:known |food )?allergies", nothing, _no_allergies),
    Rule(r"i have (?:an? )?(?:(?:severe|serious|bad|mild) )*allerg(?:y|ies) to (?P<what>.+)", _allergy),
    Rule(r"i (?:was|got|have been) diagnosed with (?P<what>.+)", _diagnosed),
    Rule(rf"i (?:have|suffer from|live with|have had) (?:severe |mild |bad |terrible |chronic )?(?P<what>{CONDITIONS})(?P<rest>{_AFTER_CONDITION})", _condition),
    Rule(rf"i am (?P<what>{CONDITIONED})(?: with (?:a )?[\w ]{{2,20}})?(?:,.*| and .*| since .*| in .*)?", _is_so),
    Rule(r"i (?:take|am taking|am on) (?P<what>[\w ]{3,30}) for (?P<cause>(?:my |a |the )?[\w ]{3,40})", _takes),
    Rule(r"i wear (?P<what>glasses|contacts|contact lenses|a hearing aid|hearing aids)\b.*", _wears),
    Rule(rf"i (?P<how>broke|fractured|sprained|tore|injured|dislocated) my (?P<what>{_LIMBS})\b(?P<rest>.*)", _broke),
    Rule(r"i am (?P<what>\d(?:'|ft\b| feet| foot) ?\d{0,2}(?:\"|''|in| inches)?|1[.,]\d{2} ?m(?:eters?|etres?)?|\d{3} ?cm)(?: tall)?", _tall),
)  # fmt: skip
