"""Whether a memory draws the right consequences of what is said: `python -m benchmarks.reconciliation`.

Conversations written for this (`scenarios/`, the format is in `reading`) say after each call which operations are
right. They are played through `Memory.add` with a proposer that costs nothing: the offline rules, or recorded answers
of a model (`recorded`), a good one's and a mediocre one's. With the rules extraction and reconciliation are measured
together; with recorded answers what reconciliation makes of a model's mistakes. The answers were written, not asked
for: they say what code can repair, and nothing about how good any model is.
"""
