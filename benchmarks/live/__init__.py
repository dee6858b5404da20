"""Questions answered by a live model from what a memory recalls: `python -m benchmarks.live PATH …`.

LoCoMo, LongMemEval or BEAM from end to end: an extractor learns from the turns, an answerer answers
from a row's context (`rows`), a judge says whether that is right (`prompts`, `verdicts`). Any chat
model of LangChain's will do for each. Every answer of a model goes into a journal at once, so a run
that was interrupted goes on where it stopped and asks nothing twice.
"""
