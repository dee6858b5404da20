"""How well a memory finds again what was said: `python -m benchmarks.retrieval PATH …`.

The questions come from LoCoMo, LongMemEval or BEAM, whose files the user brings along (`readers`).
A system under test is told the turns of one conversation at a time (`systems`), and its hits are
held against the turns that the question's author names as evidence (`metrics`). No model is asked
anywhere: what an answerer would make of the hits is not measured here.
"""
