"""What the answerer and the judge are asked: the data sets' own protocols, in our words.

LoCoMo asks for a short phrase and judges generously, as mem0's paper does; LongMemEval judges by the
type of question; BEAM judges point by point of a rubric. Each is one message to the model. What a
conversation or a model said stands between tags.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from benchmarks.retrieval.cases import Question

_ANSWER = {
    "locomo": """Two people have been talking for months. What is known of it, each part with its date, is in <known>.
Answer the question about them from that alone, with a short phrase of at most six words, in the words of what was said.
Work out when things happened: give the day, month or year instead of "yesterday" or "last week", which count from the
date of what was said. Where two parts disagree, the later one holds. Keep apart who said what.
If it is not told, answer exactly: No information available""",
    "longmemeval": """You are the assistant of a user with whom you have talked before. What is known of those chats,
each part with its date, is in <known>.
Answer the user's question from what bears on it there, and let your answer fit what you know of the user.
Where two parts disagree, the later one holds. If it is not told, say so.""",
    "beam": """A user and an assistant have worked together for a long time. What is known of it is in <known>.
Answer the user's question from that alone and not from what you know otherwise: directly, and without explaining how
you found it. If you are asked for several things in an order, write one a line and nothing else.
If it is not told, say so.""",
}
_JUDGE = "You judge whether an answer to a question is right."
_ENDING = """Give your reason in one sentence. Answer with a JSON object and nothing else:
{"reason": "…", "verdict": "right"} or {"reason": "…", "verdict": "wrong"}"""
AGAIN = "\n\nYour last answer could not be read. Answer with the JSON object alone, in exactly the form asked for."

_LOCOMO = """The question is about what two people know of each other from their talks. The right answer is
usually short, the given one may be longer: be generous, and find it right if it means the same thing.
Of a time it is right if it means the same date or period, whatever its form, also where it is told by another
("the Friday before 22 May")."""
_LOCOMO_UNTOLD = """The conversation does not tell what is asked: the question says something of one person that
belongs to the other, or that never happened. The answer is right if it says that this is not known or not told, or
corrects what the question takes for granted. It is wrong if it answers as if it were so, as the tempting answer
does."""
_CONTAINS = """The given answer is right if it holds the right answer, says the same in other words, or has all the
steps that lead to it. It is wrong if it holds only a part of what is needed."""
_LONGMEMEVAL = {
    "temporal-reasoning": f"""{_CONTAINS}
A number of days, weeks or months that is off by one is right, too.""",
    "knowledge-update": f"""{_CONTAINS}
If it also tells how things were before, it is right as long as it gives the right answer as what holds now.""",
    "single-session-preference": """What stands as the right answer describes what a personal answer should make use
of. The given answer is right if it remembers and uses what it knows of this user correctly; it need not meet every
point.""",
}
_LONGMEMEVAL_UNTOLD = """The question cannot be answered; what stands as the right answer explains why. The given
answer is right if it recognises that: it says that this is not known, or that something else is known but not what is
asked."""
_POINT = """You check one point of an answer to a question: whether it does what the point demands.
A point may demand something or forbid it ("no", "not", "avoid"). An answer that does not deal with the question meets
no point, not even one that forbids. Go by the meaning: other words, other forms of numbers, dates and names are as
good, and more than was demanded does no harm.
1 is for a point that is wholly met, 0.5 for one that is met in part, 0 for one that is missing, wrong or broken."""
_POINT_ENDING = """Give your reason in one sentence. Answer with a JSON object and nothing else:
{"reason": "…", "score": 1}, with a score of 1, 0.5 or 0"""
_ORDER = """Below are events, and the lines of an answer. Say of each line which event it tells, by its number, or 0
if it tells none of them. No event belongs to two lines.
Answer with a JSON list of numbers and nothing else, one for each line, such as [2, 0, 1]"""


def answering(benchmark: str, question: Question, known: str) -> str:
    """For the answerer."""
    today = f"Today is {question.asked_at:%A, %d %B %Y, %H:%M}.\n" if question.asked_at else ""
    parts = [_ANSWER[benchmark], _tagged("known", known or "(nothing)"), f"{today}Question: {question.text}\nAnswer:"]
    return "\n\n".join(parts)


def judging(benchmark: str, question: Question, answer: str) -> str:
    """For the judge: LoCoMo's and LongMemEval's questions, right or wrong."""
    tempting = benchmark == "locomo" and question.unanswerable
    parts = [
        _JUDGE,
        _rule(benchmark, question),
        _tagged("question", question.text),
        _tagged("tempting_answer" if tempting else "right_answer", question.answer),
        _tagged("given_answer", answer),
        _ENDING,
    ]
    return "\n\n".join(parts)


def _rule(benchmark: str, question: Question) -> str:
    if benchmark == "locomo":
        return _LOCOMO_UNTOLD if question.unanswerable else _LOCOMO
    if question.unanswerable:
        return _LONGMEMEVAL_UNTOLD
    return _LONGMEMEVAL.get(question.category, _CONTAINS)


def judging_point(question: Question, point: str, answer: str) -> str:
    """For the judge: one point of BEAM's rubric."""
    parts = [
        _POINT,
        _tagged("question", question.text),
        _tagged("point", point),
        _tagged("given_answer", answer),
        _POINT_ENDING,
    ]
    return "\n\n".join(parts)


def matching(events: Sequence[str], lines: Sequence[str]) -> str:
    """For the judge: which of BEAM's events each line of an answer tells."""
    return "\n\n".join([_ORDER, _tagged("events", _numbered(events)), _tagged("lines", _numbered(lines))])


def fingerprint() -> str:
    """Changes whenever a prompt does."""
    texts = [_ANSWER, _JUDGE, _ENDING, AGAIN, _LOCOMO, _LOCOMO_UNTOLD, _CONTAINS, _LONGMEMEVAL, _LONGMEMEVAL_UNTOLD]
    texts += [_POINT, _POINT_ENDING, _ORDER]
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:16]


def _numbered(texts: Sequence[str]) -> str:
    return "\n".join(f"{number}. {text}" for number, text in enumerate(texts, 1))


def _tagged(tag: str, text: str) -> str:
    return f"<{tag}>\n{text.strip()}\n</{tag}>"
