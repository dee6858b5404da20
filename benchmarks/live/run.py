"""A run: conversations taken in, questions answered and judged, each call of a model once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from statistics import fmean
from typing import Any, TypeAlias, TypeVar

from langchain_core.language_models import BaseChatModel

from benchmarks.live import models, prompts, scoring, verdicts
from benchmarks.live.journal import Journal
from benchmarks.live.knowing import Known
from benchmarks.retrieval.cases import Conversation, Question
from memx_core.text import estimate_tokens

Entry: TypeAlias = Mapping[str, Any]
T = TypeVar("T")
Task = TypeVar("Task")
PATIENCE = 5
"""So many failures one after another end a run: then it is not the question's fault."""
_ORDERING = "event_ordering"


@dataclass(frozen=True, slots=True)
class Case:
    """A conversation and what is asked of it in this run, each with its number in the data."""

    number: int
    conversation: Conversation
    questions: Mapping[int, Question]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a question went.

    Attributes:
        scores: By measure, in [0, 1]; `judge` is what counts.
        odd: Questions to the judge whose answer could not be read, not the second time either; they count as 0.
        answered: The answerer's entry in the journal.
        judged: The judge's entries.
    """

    row: str
    benchmark: str
    question: Question
    scores: Mapping[str, float]
    odd: int
    answered: Entry
    judged: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Failure:
    """A question that a model, an embedder or a row failed at; the next run tries it again."""

    row: str
    conversation: str
    question: str
    error: Exception


@dataclass(slots=True)
class Result:
    """What a run has come to.

    Attributes:
        learned: By row, the journal's entry of each conversation that was taken in.
        skipped: Questions that were not asked, as too much had failed.
    """

    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    failures: list[Failure] = field(default_factory=list[Failure])
    learned: dict[str, list[Entry]] = field(default_factory=dict[str, list[Entry]])
    skipped: int = 0


class Run:
    """What all its threads share.

    Args:
        chats: `answerer` and `judge`.
        journal: What was asked before, and is asked now.
        know: Of a row's name, a case and a key of the journal, what the answerer is given.
        tell: Is told when a row is through with a conversation.
        concurrency: Calls of models at the same time.
    """

    def __init__(
        self,
        chats: Mapping[str, BaseChatModel],
        journal: Journal,
        know: Callable[[str, Case, str], Known],
        *,
        tell: Callable[[str], None] = lambda _: None,
        concurrency: int = 1,
    ) -> None:
        self._chats, self._journal, self._know, self._tell = chats, journal, know, tell
        self._concurrency = concurrency
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._last: Exception | None = None
        self._in_a_row = 0

    def go(self, names: Sequence[str], cases: Sequence[Case]) -> Result:
        """Everything that was asked for, as far as it went."""
        result = Result()
        tasks = [(name, case) for name in names for case in cases]
        wide = max(1, min(self._concurrency, len(tasks)))
        deep = max(1, self._concurrency // wide)
        for found in self._spread(lambda task: self._conversation(*task, deep), tasks, wide):
            result.outcomes += [one for one in found if isinstance(one, Outcome)]
            result.failures += [one for one in found if isinstance(one, Failure)]
            result.skipped += found.count(None)
        for name, case in tasks:
            learned = self._journal.find(f"{name}/{case.number}/learned")
            if learned is not None:
                result.learned.setdefault(name, []).append(learned)
        return result

    def _spread(self, work: Callable[[Task], T], tasks: Sequence[Task], width: int) -> list[T]:
        if width == 1:
            return [work(task) for task in tasks]
        with ThreadPoolExecutor(width) as pool:
            try:
                return list(pool.map(work, tasks))
            except BaseException:
                self._over.set()  # what is at work ends with the call that it waits for
                raise

    def _conversation(self, name: str, case: Case, deep: int) -> list[Outcome | Failure | None]:
        known = self._know(name, case, f"{name}/{case.number}")
        try:
            found = self._spread(partial(self._tried, name, case, known), list(case.questions), deep)
        finally:
            known.close()
        done = sum(isinstance(one, Outcome) for one in found)
        self._tell(f"{name}, {case.conversation.name}: {done} of {len(found)} questions")
        return found

    def _tried(self, name: str, case: Case, known: Known, number: int) -> Outcome | Failure | None:
        """How one question went; `None` if the run is over."""
        if self._over.is_set():
            return None
        try:
            outcome = self._asked(name, case, known, number)
        except Exception as error:  # noqa: BLE001  # whatever a provider raises is told at the end, and tried again
            self._note(error)
            return Failure(name, case.conversation.name, case.questions[number].text, error)
        self._note(None)
        return outcome

    def _note(self, error: Exception | None) -> None:
        """Counts failures; a conversation that could not be taken in has one, however many questions it has."""
        with self._lock:
            if error is None:
                self._in_a_row = 0
            elif error is not self._last:
                self._in_a_row += 1
                self._last = error
            if self._in_a_row >= PATIENCE:
                self._over.set()

    def _asked(self, name: str, case: Case, known: Known, number: int) -> Outcome:
        question, benchmark = case.questions[number], case.conversation.benchmark
        key = f"{name}/{case.number}/{number}"
        answered = self._journal.find(f"{key}/answer") or self._answer(f"{key}/answer", benchmark, question, known)
        judge = _Judge(partial(self._ask, "judge"), key)
        scores = judge.scores(benchmark, question, str(answered["text"]))
        return Outcome(name, benchmark, question, scores, judge.odd, answered, judge.entries)

    def _answer(self, key: str, benchmark: str, question: Question, known: Known) -> Entry:
        recalled = known.recall(question.text)
        prompt = prompts.answering(benchmark, question, recalled.text)
        return self._ask(
            "answerer",
            key,
            prompt,
            recall_seconds=recalled.seconds,
            embedded_tokens=recalled.embedded_tokens,
            context_tokens=estimate_tokens(recalled.text),
        )

    def _ask(self, role: str, key: str, prompt: str, **noted: float) -> Entry:
        """A model's answer: the journal's, or else the model's own, which the journal has when this returns."""
        found = self._journal.find(key)
        if found is not None:
            return found
        said = models.ask(self._chats[role], prompt)
        return self._journal.write(
            key,
            text=said.text,
            input_tokens=said.input_tokens,
            output_tokens=said.output_tokens,
            seconds=said.seconds,
            **noted,
        )


class _Judge:
    """One question's judge.

    Attributes:
        odd: How many answers could not be read.
        entries: The journal's, of all answers.
    """

    def __init__(self, ask: Callable[[str, str], Entry], key: str) -> None:
        self._ask, self._key = ask, key
        self.odd = 0
        self.entries: list[Entry] = []

    def scores(self, benchmark: str, question: Question, answer: str) -> dict[str, float]:
        """By measure; an empty answer is wrong, and the judge is not asked."""
        scores = {"judge": self._judged(benchmark, question, answer) if answer else 0.0}
        if benchmark == "locomo" and question.unanswerable:
            scores["phrase"] = float(scoring.says_unknown(answer))
        elif benchmark == "locomo":
            scores["F1"] = scoring.f1(answer, question.answer, category=question.category)
        elif question.category == _ORDERING:
            # BEAM reports the order of events by their order alone; the points are told beside it.
            scores["points"], scores["judge"] = scores["judge"], self._ordered(question, answer)
        return scores

    def _judged(self, benchmark: str, question: Question, answer: str) -> float:
        if benchmark != "beam":
            right = self._read("judge", prompts.judging(benchmark, question, answer), verdicts.verdict)
            return float(right or False)
        points = question.rubric or (question.answer,)
        return fmean(
            self._read(f"judge/{number}", prompts.judging_point(question, point, answer), verdicts.score) or 0.0
            for number, point in enumerate(points)
        )

    def _ordered(self, question: Question, answer: str) -> float:
        events = question.rubric or (question.answer,)
        lines = [line for line in answer.splitlines() if line.strip()]
        if not lines:
            return 0.0
        read = partial(verdicts.places, lines=len(lines), events=len(events))
        places = self._read("order", prompts.matching(events, lines), read)
        return 0.0 if places is None else scoring.order(places, len(events))

    def _read(self, step: str, prompt: str, read: Callable[[str], T | None]) -> T | None:
        """What the judge says; it is asked a second time if that cannot be read."""
        for key, asked in ((step, prompt), (f"{step}/again", prompt + prompts.AGAIN)):
            entry = self._ask(f"{self._key}/{key}", asked)
            self.entries.append(entry)
            value = read(str(entry["text"]))
            if value is not None:
                return value
        self.odd += 1
        return None
