"""What a model is told of the tools before it calls one."""

from __future__ import annotations

from typing import NamedTuple


class Described(NamedTuple):
    """A tool's name, and what it is for."""

    name: str
    description: str


SEARCH = Described(
    "search_memory",
    "Search what is remembered about the user from earlier conversations: facts, preferences, plans, people. "
    "Use it before answering when the answer may depend on the user.",
)
SAVE = Described(
    "save_memory",
    "Remember a fact about the user for later conversations. Search first: if a memory says something else about "
    "the same thing, update that one instead.",
)
UPDATE = Described("update_memory", "Replace what a memory says with what is true now. Search for the memory first.")
FORGET = Described(
    "forget_memory", "Forget a memory, when the user asks for it or it was never true. Search for the memory first."
)

QUERY = "What to look for, as a question or in key words."
LIMIT = "How many memories to show at most."
TEXT = "One fact, as a sentence that can be understood by itself."
MEMORY = "The memory's short name, as the search shows it in [brackets]."
UPDATED_TEXT = "The fact as it is now, as a sentence that can be understood by itself."
