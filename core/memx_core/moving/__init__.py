"""Files that memories come from and go to; pure, but for the reading and writing of those files."""

from memx_core.moving.chatgpt import read_chatgpt
from memx_core.moving.conversations import Conversation
from memx_core.moving.reports import BackfillEstimate, BackfillReport, LoadReport

__all__ = ["BackfillEstimate", "BackfillReport", "Conversation", "LoadReport", "read_chatgpt"]
