"""What an agent's memory tools do and say, whatever framework calls them.

A model names a memory by the start of its id and never says whose it is: that is fixed in the handle.
Every tool answers with a text for the model, also when something fails that the model can do
something about, or should go on without; a program's own mistakes are raised.
"""

from __future__ import annotations

from memx_core.toolbox.aliases import Unusable, short
from memx_core.toolbox.arguments import ForgetInput, SaveInput, SearchInput, UpdateInput
from memx_core.toolbox.describing import FORGET, SAVE, SEARCH, UPDATE, Described
from memx_core.toolbox.tools import (
    NOTHING,
    aforget,
    asave,
    asearch,
    aupdate,
    forget,
    save,
    search,
    update,
)

__all__ = [
    "FORGET",
    "NOTHING",
    "SAVE",
    "SEARCH",
    "UPDATE",
    "Described",
    "ForgetInput",
    "SaveInput",
    "SearchInput",
    "Unusable",
    "UpdateInput",
    "aforget",
    "asave",
    "asearch",
    "aupdate",
    "forget",
    "save",
    "search",
    "short",
    "update",
]
