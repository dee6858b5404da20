"""Proper names in a text, by their capitals.

Leans to caution: a word that may be an ordinary one (the first of its sentence, a German noun,
a shout, a day) is not taken for a name, so that no fact is refused for a name it has not got.
Scripts without capitals have no names here.
"""

from __future__ import annotations

import re

from memx_core.text.words import STOP_WORDS, unaccented

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019.&-][^\W\d_]+)*")
_CLITIC = re.compile(r"['\u2019](?:s|re|ve|ll|d|m)$", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?:^|[.!?:;\u2026\n\"\u201c\u201d()\[\]*\u2022>]|\s-)\s*$")

_NO_NAMES = """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december spring summer autumn fall winter user users assistant speaker person mr mrs ms
    dr prof sir mom mum mama mommy mummy dad daddy papa grandma grandpa granny aunt uncle mother father sister brother
    god okay everyone everybody someone somebody nobody anyone anybody nothing everything husband wife partner boyfriend
    girlfriend son daughter child kid boss friend colleague neighbour neighbor roommate employer company family
    currently previously formerly recently always never often usually sometimes still yes hello dear
"""
_NOT_NAMES = frozenset(_NO_NAMES.split())
_TITLE = re.compile(r"\b(?:[DM]rs?|Ms|Prof|St)\.\s$")
# What only somebody does: "Rosa likes" names her even at the beginning of a sentence.
_OF_PEOPLE = """
    said says told thinks thought likes liked loves loved hates hated prefers enjoys enjoyed wants wanted lives lived
    works worked went moved plans owns bought married adopted grew studies studied
"""
_DEEDS = frozenset(_OF_PEOPLE.split())
_OF_GERMAN = """
    der das und ist ein eine einen einem einer ich mit seit für nicht auf im zum zur als wohnt arbeitet mag isst
    trinkt heißt sie er ihr ihre sein seine bei nach möchte wird haben sind keine kein zwei sich aus dem
"""
_GERMAN = frozenset(_OF_GERMAN.split())


def names(text: str) -> frozenset[str]:
    """Words of `text` that are surely proper names, lower-cased, each by itself.

    To see whether another text has one of them, use `mentioned`: it may be inflected there, or
    written without its capital.
    """
    words = list(_WORD.finditer(text))
    capitals = [_is_capitalised(word[0]) for word in words]
    if (
        _shouted(text)
        or _is_title(words, capitals)
        or not _GERMAN.isdisjoint(_plain(word[0]) for word in words if not word[0].isupper())
    ):
        return frozenset()
    return frozenset(
        _plain(word[0]) for i, word in enumerate(words) if capitals[i] and _is_name(text, words, capitals, i)
    )


def mentioned(name: str, text: str) -> bool:
    """Whether a word of `text` is `name`, give or take case, accents and its ending (`Moskva`, `Moskvu`)."""
    wanted = unaccented(_plain(name))
    shortest = len(wanted) if len(wanted) < 5 else max(4, len(wanted) - 2)
    return re.search(rf"(?<![^\W_]){re.escape(wanted[:shortest])}", unaccented(text.casefold())) is not None


def _is_name(text: str, words: list[re.Match[str]], capitals: list[bool], i: int) -> bool:
    """Whether the capitalised word `i` is a name, judged by where it stands and what follows."""
    if _is_common(words[i][0]):
        return False
    before = text[max(0, words[i].start() - 8) : words[i].start()]
    if _TITLE.search(before) or not _SENTENCE_END.search(before):
        return True
    if i + 1 == len(words) or text[words[i].end() : words[i + 1].start()] != " ":
        return False
    following = words[i + 1][0]
    return following in _DEEDS or (capitals[i + 1] and not _is_common(following))


def _is_common(word: str) -> bool:
    return _plain(word) in _NOT_NAMES or _plain(word) in STOP_WORDS


def _is_capitalised(word: str) -> bool:
    """`Oslo`, `McKay`, `NASA`; not `I`, not `TV`."""
    word = _CLITIC.sub("", word)
    return len(word) > 1 and word[0].isupper() and (not word.isupper() or len(word) > 3)


def _shouted(text: str) -> bool:
    """Whether `text` is in capitals: then they tell nothing."""
    letters = [character for character in text if character.isalpha()]
    return len(letters) > 12 and sum(map(str.isupper, letters)) * 2 > len(letters)


def _is_title(words: list[re.Match[str]], capitals: list[bool]) -> bool:
    """Whether the words are those of a title: all have capitals but for the smallest, and these tell nothing.

    "Rosa married Viktor Lind" has a verb without one, and is a sentence.
    """
    if len(capitals) < 2 or sum(capitals) * 3 <= len(capitals) * 2:
        return False
    small = (word[0] for word, is_capital in zip(words, capitals, strict=True) if not is_capital)
    return all(word.casefold() in STOP_WORDS for word in small)


def _plain(word: str) -> str:
    return _CLITIC.sub("", word).casefold()
