"""What no memory may be, whoever said it: hollow, over-long, a secret, a refusal, a command."""

from __future__ import annotations

import re

from memx_core.extraction.refusals import is_refusal
from memx_core.reconciliation.commands import is_command
from memx_core.reconciliation.credentials import is_secret
from memx_core.reconciliation.outcome import shown
from memx_core.text import normal_form

_NOTHING = """
    string text str fact memory content value example placeholder none null nil undefined nan n/a na tbd todo unknown
    empty nothing
"""
_HOLLOW = frozenset(_NOTHING.split())
_INSTEAD = (
    # <fact 1>, [name of the city]
    r"[<\[{(][^<>\[\]{}()]{1,60}[>\]})]",
    r"(?:new |your |the |example )?(?:fact|memory|statement|item)s?(?: (?:number )?\d+| goes? here| here| text)?",
    r"(?:there (?:is|are) |the user (?:provided|shared) )?(?:no|nothing)\b(?: \w+){0,3}?"
    r" (?:facts?|information|memor(?:y|ies)|updates?|changes?|to (?:add|store|save|remember|extract|report))\b.*",
    r"(?:a|one|the) (?:(?:concise|clear|short|self-contained|brief|single|complete),? )+"
    r"(?:fact|statement|sentence|description|summary|title)\b.*",
    r"the fact, in the language of .*",
    r"lorem ipsum\b.*",
)
_WITHIN = (
    r"<[A-Z][A-Z_]{2,}[0-9A-Z_]*>",
    r"\{\{[^{}]*\}\}",
    r"\((?:max|min|maximum|minimum|at (?:most|least)|up to)\.? \d+ (?:words?|char(?:acter)?s?|tokens?|sentences?)\)",
)
_STANDS_FOR = re.compile("|".join(_INSTEAD))
_TEMPLATE = re.compile("|".join(_WITHIN))


def objection(text: str, *, longest: int) -> str | None:
    """Why `text` cannot be a memory, as `code: detail`; `None` if it can. A secret is not repeated."""
    if not text.strip():
        return "missing_text: an operation has no text to store"
    if is_secret(text):
        return "secret: a text with a password or a key in it was left out"
    if len(text) > longest:
        return f"too_long: {len(text)} characters, where {longest} are allowed; it begins with {shown(text)}"
    if is_placeholder(text):
        return f"placeholder: {shown(text)} stands for a fact and is none"
    if is_refusal(text):
        return f"refused: {shown(text)} declines, and is no fact"
    if is_command(text):
        return f"suspicious_instruction: {shown(text)} is a command, not a fact"
    return None


def is_placeholder(text: str) -> bool:
    """Whether `text` only stands where a fact should be."""
    form = normal_form(text)
    if form in _HOLLOW or not any(map(str.isalnum, text)):
        return True
    return any(map(_STANDS_FOR.fullmatch, (text.strip().lower(), form))) or _TEMPLATE.search(text) is not None
