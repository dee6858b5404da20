"""Ways to damage a row: what a bad disk, a stray script or another program could have left in a column."""

from __future__ import annotations

_TOO_LATE = 10**18  # microseconds: a year that no calendar has

DAMAGES = (
    """UPDATE memx_versions SET metadata = '{"k": '""",
    "UPDATE memx_versions SET metadata = x'ff00'",
    f"UPDATE memx_versions SET said_at = {_TOO_LATE}",
    f"UPDATE memx_versions SET recorded_at = -{_TOO_LATE}",
    "UPDATE memx_versions SET said_at = 'yesterday'",
    f"UPDATE memx_versions SET when_start = {_TOO_LATE}, when_end = 0, when_precision = 'day', when_phrase = 'x'",
    "UPDATE memx_versions SET when_start = 0, when_end = 0, when_precision = 'fortnight', when_phrase = 'x'",
    "UPDATE memx_versions SET text = x'ff00'",
    "UPDATE memx_versions SET status = 'lost'",
    "UPDATE memx_versions SET version = version + 5",
    "UPDATE memx_memories SET head = 77",
    "UPDATE memx_messages SET metadata = 'null and void'",
    "UPDATE memx_messages SET raw = '['",
    f"UPDATE memx_messages SET said_at = {_TOO_LATE}",
    "UPDATE memx_messages SET content = x'ff00'",
    "UPDATE memx_operations SET usage = '{'",
    """UPDATE memx_operations SET usage = '{"calls": "many"}'""",
    "UPDATE memx_operations SET warnings = '7'",
    f"UPDATE memx_operations SET at = {_TOO_LATE}",
    "UPDATE memx_jobs SET request = '{'",
    """UPDATE memx_jobs SET request = '{"instructions": 7, "metadata": []}'""",
    f"UPDATE memx_jobs SET created_at = {_TOO_LATE}",
    "UPDATE memx_jobs SET status = 'lost'",
    "UPDATE memx_costs SET calls = 'many'",
    "UPDATE memx_costs SET day = 'someday'",
)
"""Statements without their WHERE, for one person's rows."""
