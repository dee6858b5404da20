"""Whether a text gives orders instead of saying what is: another role's words, or orders to a model.

This is no claim to detect attacks: memories are rendered as data and have no authority. It only
keeps what is plainly no fact from being stored, and later read again, as one.
"""

from __future__ import annotations

import re

_ROLE = r"\W*(?:system|developer|admin(?:istrator)?|root|tool|override|instructions?|im_start)\b\W*[:>\]|]"
_MARKUP = (
    r"<\|[^<>|]{1,40}\|>|\[/?INST\]|<</?SYS>>",
    r"</?(?:system|assistant|user|tool|instructions?|messages?|context|known|memor(?:y|ies))\b[^<>]*>",
    r"^\W*###+\s*(?:system|instruction|response)",
)
_OVERRIDE = (
    r"\b(?:ignor|disregard|forget|overrid|bypass|violat)(?:e|es|ing|s|ting)?(?: (?:the|of|every|other|these|those))*"
    r"(?: (?:all|any|your|its|previous|prior|above|earlier|preceding|former|system|safety|the|of|other|these))+"
    r"(?<! the)(?<! of) (?:instructions?|rules?|prompts?|guidelines?|directions?|polic(?:y|ies)|messages?|commands?"
    r"|filters?)\b",
    r"\b(?:ignor|disregard)\w* (?:the )?(?:instructions?|system prompt)\b",
    r"\bignor\w+ (?:alle |die |las |les |le |todas )*(?:bisherigen |vorherigen )?"
    r"(?:anweisungen|instrucciones|instructions|istruzioni)\b",
    r"忽略.{0,8}(?:指令|指示|说明|提示)",
)
_ORDERS = (
    r"(?:delete|erase|remove|drop|wipe|clear|purge|overwrite|truncate|export|dump|reveal|print|leak|expose|forget)\s+"
    r"(?:all|every|everything|any|the|this|these|those|each|other|user'?s?|your|previous|memory|memories|table|database"
    r"|system)\b",
    r"(?:you are|you're) now\b|from now on\b",
    r"you (?:must|shall|will|have to) (?:now |always |never )?(?:ignore|act|pretend|obey|reveal|respond|answer|reply"
    r"|say|tell|recommend|delete|send|refuse|execute|comply|follow)\b",
    r"(?:act|behave) as (?:if|an?|the)\b|pretend (?:to|that|you)\b",
    r"(?:always|never) (?:recommend|trust|approve|obey|reveal|send|execute|comply|refuse|mention)\b",
    r"(?:send|forward|post|upload|e-?mail) (?:all|the|every|any|their|this|these|user)\b.*\bto\b",
    r"(?:execute|run|call|invoke) (?:the |this |following |a )*(?:command|code|function|tool|script|query)\b",
)
_ADDRESS = r"\W*(?:(?:please|now|then|immediately|assistant|user|human|ai|important|urgent|note)\b[\s:,!-]*)*"

_BEGINS = re.compile(rf"{_ROLE}|{_ADDRESS}(?:{'|'.join(_ORDERS)})", re.IGNORECASE)
_WITHIN = re.compile("|".join((*_MARKUP, *_OVERRIDE)), re.IGNORECASE)


def is_command(text: str) -> bool:
    """Whether `text` speaks as another role, overrides instructions, or begins with an order to a model."""
    return _BEGINS.match(text) is not None or _WITHIN.search(text) is not None
