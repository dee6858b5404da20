"""What a run came to, as Markdown: scores by category with their intervals, and what they cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from benchmarks.live import scoring
from benchmarks.live.models import ROLES
from benchmarks.live.run import Entry, Outcome, Result
from benchmarks.retrieval.readers.locomo import ADVERSARIAL

ALL, ABSTENTION = "all", "abstention"
_MEASURES = ("F1", "phrase", "points")


@dataclass(frozen=True, slots=True)
class Price:
    """Money for a million tokens, asked and answered."""

    asked: float
    answered: float = 0.0


def scores(result: Result) -> Iterator[str]:
    """A table for each data set: in per cent, with 95 % intervals of what the judge says."""
    for benchmark in dict.fromkeys(one.benchmark for one in result.outcomes):
        some = [one for one in result.outcomes if one.benchmark == benchmark]
        measures = [name for name in _MEASURES if any(name in one.scores for one in some)]
        yield f"{benchmark}, in per cent"
        yield ""
        yield f"| row | category | questions | judge | 95 % | {''.join(f'{name} | ' for name in measures)}not read |"
        yield f"|---|---|---:|---:|---:|{'---:|' * (len(measures) + 1)}"
        for name in dict.fromkeys(one.row for one in some):
            for kind, asked in _groups([one for one in some if one.row == name]).items():
                yield f"| {name} | {kind} | {_cells(asked, measures)} |"
        yield ""


def _groups(outcomes: Sequence[Outcome]) -> Mapping[str, Sequence[Outcome]]:
    """By category. Adversarial questions of LoCoMo count in none but their own, as in the papers."""
    counted = [one for one in outcomes if one.question.category != ADVERSARIAL]
    groups: dict[str, Sequence[Outcome]] = {ALL: counted} if counted else {}
    for kind in sorted({one.question.category for one in outcomes}):
        groups[kind] = [one for one in outcomes if one.question.category == kind]
    if any(one.benchmark == "longmemeval" for one in outcomes):
        groups[ABSTENTION] = [one for one in outcomes if one.question.unanswerable]
    return {kind: some for kind, some in groups.items() if some}


def _cells(asked: Sequence[Outcome], measures: Sequence[str]) -> str:
    judged = [one.scores["judge"] for one in asked]
    low, high = scoring.interval(judged)
    cells = [str(len(asked)), _percent(fmean(judged)), f"{_percent(low)}–{_percent(high)}"]  # noqa: RUF001  # a span
    for name in measures:
        values = [one.scores[name] for one in asked if name in one.scores]
        cells.append(_percent(fmean(values)) if values else "")
    return " | ".join([*cells, str(sum(one.odd for one in asked))])


def _percent(part: float) -> str:
    return f"{100 * part:.1f}"


def costs(result: Result, prices: Mapping[str, Price]) -> Iterator[str]:
    """What each row cost: tokens by role, time, and money where there are prices."""
    money = " money | of it the judge |" if prices else ""
    yield "| row | extractor, tokens | embedder, tokens | answerer, tokens a question | judge, tokens a question |" + (
        f" context, tokens | taking in, s | recall, ms | answer, s |{money} lost pieces |"
    )
    yield f"|---|{'---:|' * (11 if prices else 9)}"
    for name in dict.fromkeys(one.row for one in result.outcomes):
        yield f"| {name} | {' | '.join(_costs(name, result, prices))} |"


def _costs(name: str, result: Result, prices: Mapping[str, Price]) -> Iterator[str]:
    some = [one for one in result.outcomes if one.row == name]
    learned = result.learned.get(name, [])
    answered = [one.answered for one in some]
    spent = {
        "extractor": _tokens(learned),
        "embedder": (_sum([*learned, *answered], "embedded_tokens"), 0.0),
        "answerer": _tokens(answered),
        "judge": _tokens([entry for one in some for entry in one.judged]),
    }
    yield _pair(spent["extractor"])
    yield f"{spent['embedder'][0]:,.0f}"
    for role in ("answerer", "judge"):
        asked, said = spent[role]
        yield _pair((asked / len(some), said / len(some)))
    yield f"{fmean(entry['context_tokens'] for entry in answered):,.0f}"
    yield f"{_sum(learned, 'seconds'):,.1f}"
    yield f"{1000 * median(entry['recall_seconds'] for entry in answered):,.1f}"
    yield f"{median(entry['seconds'] for entry in answered):,.2f}"
    if prices:
        paid = {role: _money(spent[role], prices[role]) for role in ROLES if role in prices}
        yield f"{sum(paid.values()):,.4f}"
        yield f"{paid['judge']:,.4f}" if "judge" in paid else ""
    yield f"{_sum(learned, 'lost'):.0f}"


def _tokens(entries: Sequence[Entry]) -> tuple[float, float]:
    return _sum(entries, "input_tokens"), _sum(entries, "output_tokens")


def _sum(entries: Sequence[Entry], name: str) -> float:
    return sum(float(entry.get(name, 0)) for entry in entries)


def _pair(tokens: tuple[float, float]) -> str:
    return f"{tokens[0]:,.0f} + {tokens[1]:,.0f}"


def _money(tokens: tuple[float, float], price: Price) -> float:
    return (tokens[0] * price.asked + tokens[1] * price.answered) / 1e6
