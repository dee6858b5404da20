"""`python -m benchmarks.live` from end to end, on the real `ChatOpenAI` and `OpenAIEmbeddings`."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import Counter

import pytest

from tests.benchmarks.test_retrieval_readers import LONGMEMEVAL
from tests.openai_server import OpenAIServer, Reply, Status

pytest.importorskip("langchain_openai", reason="langchain-openai is not installed")

from tests.benchmarks.live_run import LOCOMO, Live, played, role, tagged

MEMX, FULL, NOTHING = ("--row", "memx"), ("--row", "full-context"), ("--row", "no-memory")


@pytest.fixture
def live(openai_server: OpenAIServer, tmp_path, monkeypatch, capsys):
    return Live(openai_server, tmp_path, monkeypatch, capsys)


def cells(printed, row):
    """The cells of the line that begins with these."""
    (line,) = [line for line in printed.splitlines() if line.startswith(f"| {row} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


# What is asked -----------------------------------------------------------------------------------


def test_rows_differ_by_what_the_answerer_knows(live):
    printed = live.run()
    assert cells(printed, "memx | all")[2:4] == ["2", "100.0"]
    assert cells(printed, "full-context | all")[2:4] == ["2", "100.0"]
    assert cells(printed, "no-memory | all")[2:4] == ["2", "0.0"]
    assert cells(printed, "no-memory | adversarial")[2:4] == ["1", "100.0"]
    memx, full, nothing = (tagged(prompt, "known") for prompt in live.asked("answerer")[::3])
    assert "Rosa bought a kiln" in memx
    assert full.splitlines() == [
        "[8 May 2024]", "Rosa: I bought a kiln.", "Milo: I repair a boat in Bergen.", "",
        "[3 June 2024]", "Rosa: The kiln exploded.",
    ]  # fmt: skip
    assert nothing == "(nothing)"


def test_what_a_row_costs_is_told_by_role_and_in_money(live):
    def script(asked):
        answer = played(asked)
        text = answer if isinstance(answer, str) else json.dumps(answer)
        return Reply(text, usage={"extractor": (500, 40), "answerer": (300, 2), "judge": (90, 10)}[role(asked)])

    live.plays(script)
    printed = live.run(*MEMX, *NOTHING, "--price", "extractor=2/10", "--price", "answerer=1/5", "--price", "judge=4")
    # Two pieces are learned from: 2 · (500·2 + 40·10); three are answered, and judged: 3 · (300 + 2·5 + 90·4).
    memx = cells(printed.split("lost pieces")[1], "memx")
    assert memx[1] == "1,000 + 80"
    assert memx[3:5] == ["300 + 2", "90 + 10"]
    assert memx[9:] == ["0.0048", "0.0011", "0"]
    assert cells(printed.split("lost pieces")[1], "no-memory")[9:] == ["0.0020", "0.0011", "0"]


def test_a_full_context_keeps_to_its_window(live):
    live.run(*FULL, "--window", "12")
    assert tagged(live.asked("answerer")[0], "known") == "[3 June 2024]\nRosa: The kiln exploded."


def test_other_systems_are_rows_too_and_all_embed_with_the_live_embedder(live):
    embedder = ["--embedder", "openai:text-embedding-3-small", "--set", f"embedder.base_url={live.server.url}"]
    offline = ["--set", "embedder.check_embedding_ctx_length=false"]
    printed = live.run(*MEMX, "--row", "dense-turns", *embedder, *offline)
    assert cells(printed, "memx | all")[3] == cells(printed, "dense-turns | all")[3] == "100.0"
    asked = [asked.texts for asked in live.server.embeddings]
    assert [len(texts) for texts in asked[-4:]] == [3, 1, 1, 1]
    assert "Rosa: The kiln exploded." in str(asked[:-4])


def test_a_sample_is_the_same_each_time(live):
    live.run(*NOTHING, "--limit", "2", "--seed", "3")
    first = live.asked("answerer")
    live.journal.unlink()
    live.run(*NOTHING, "--limit", "2", "--seed", "3")
    assert len(first) == 2
    assert live.asked("answerer") == first * 2


def test_several_calls_at_a_time_come_to_the_same(live):
    alone = live.run(*FULL, *NOTHING)
    live.journal.unlink()
    beside = live.run(*FULL, *NOTHING, "--concurrency", "6")
    assert alone.split("| row |")[1] == beside.split("| row |")[1]


# The judges --------------------------------------------------------------------------------------


def test_longmemeval_is_judged_by_type_and_by_abstention(live):
    untold = {"question_id": "q2_abs", "question": "Which drum?", "answer": "No drum was mentioned."}
    update = {"question_id": "q3", "question_type": "knowledge-update"}
    live.given(LONGMEMEVAL, LONGMEMEVAL | untold, LONGMEMEVAL | update)
    live.plays(lambda asked: "You never told me." if role(asked) == "answerer" else verdict_of(asked))

    def verdict_of(asked):
        return json.dumps({"verdict": "right" if "cannot be answered" in asked.prompt else "wrong"})

    printed = live.run(*FULL)
    assert cells(printed, "full-context | all")[2:4] == ["3", "33.3"]
    assert cells(printed, "full-context | multi-session")[2:4] == ["2", "50.0"]
    assert cells(printed, "full-context | abstention")[2:4] == ["1", "100.0"]
    assert cells(printed, "full-context | knowledge-update")[2:4] == ["1", "0.0"]
    assert "how things were before" in live.asked("judge")[2]
    assert "Today is Thursday, 01 June 2023, 10:00." in live.asked("answerer")[0]


def test_beam_is_judged_point_by_point_and_events_by_their_order(live):
    probing = {
        "knowledge_update": [{"question": "How deep?", "answer": "2 m", "rubric": ["says 2 m", "says since when"]}],
        "event_ordering": [{"question": "In which order?", "answer": "…", "rubric": ["pond", "fish", "ducks"]}],
        "abstention": [{"question": "Which fish?", "ideal_response": "unknown", "rubric": ["says it is unknown"]}],
    }
    turns = [{"role": "user", "id": 0, "content": "I plan a pond."}]
    live.given({"conversation_id": "7", "chat": [turns], "probing_questions": probing})

    def script(asked):
        if role(asked) == "answerer":
            return "a pond\n\nducks\nfish" if "order" in asked.prompt else "2 m"
        if "<lines>" in asked.prompt:
            return "[1, 3, 2]"
        scores = {"says 2 m": 1, "says since when": 0.5, "pond": 1, "fish": 1, "ducks": 1, "says it is unknown": 0}
        return json.dumps({"reason": "so", "score": scores[tagged(asked.prompt, "point")]})

    live.plays(script)
    printed = live.run(*FULL)
    assert cells(printed, "full-context | knowledge_update")[3] == "75.0"
    assert cells(printed, "full-context | event_ordering")[3] == "66.7"  # one of three pairs is turned: τ = ⅓
    assert cells(printed, "full-context | event_ordering")[5] == "100.0"
    assert cells(printed, "full-context | abstention")[3] == "0.0"
    assert cells(printed, "full-context | all")[3] == "47.2"
    (lines,) = [tagged(prompt, "lines") for prompt in live.asked("judge") if "<lines>" in prompt]
    assert lines.splitlines() == ["1. a pond", "2. ducks", "3. fish"]


def test_a_judge_that_cannot_be_read_is_asked_again_and_then_told_of(live):
    odd = Counter[str]()

    def script(asked):
        question = tagged(asked.prompt, "question")
        if role(asked) != "judge":
            return played(asked)
        odd[question] += 1
        return "Well…" if question == "Where is the boat?" or odd[question] == 1 else played(asked)

    live.plays(script)
    printed = live.run(*FULL)
    assert list(odd.values()) == [2, 2, 2]
    assert "could not be read" in live.asked("judge")[1]
    assert cells(printed, "full-context | single-hop")[3] == "50.0"
    assert cells(printed, "full-context | all")[-1] == "1"
    live.run(*FULL)
    assert list(odd.values()) == [2, 2, 2]


def test_an_empty_answer_is_wrong_and_no_judge_is_asked(live):
    live.plays(lambda _: Reply(""))
    printed = live.run(*FULL)
    assert cells(printed, "full-context | all")[3] == "0.0"
    assert cells(printed, "full-context | adversarial")[3] == "0.0"
    assert live.asked("judge") == []


# Going on ----------------------------------------------------------------------------------------


def test_a_run_interrupted_at_every_call_goes_on_and_asks_nothing_twice(live):
    calls = Counter[str]()

    def script(asked):
        calls["in this run"] += 1
        if calls["in this run"] == 2:
            signal.pthread_kill(threading.main_thread().ident or os.getpid(), signal.SIGINT)
        return played(asked)

    whole = live.run(*MEMX)
    once = Counter(asked.prompt for asked in live.server.chats)
    live.journal.unlink()
    live.journal.with_suffix(".stores").joinpath("0.db").unlink()
    live.server.requests.clear()
    live.plays(script)
    runs = 0
    while True:
        calls.clear()
        runs += 1
        try:
            printed = live.run(*MEMX)
            break
        except SystemExit as ended:
            assert "interrupted" in str(ended.code)  # noqa: PT017  # the run that ends well is the last
    assert runs == once.total() == 8
    # The call that is interrupted is the only one that is made again.
    assert Counter(asked.prompt for asked in live.server.chats).total() == 2 * once.total() - 1
    assert set(Counter(asked.prompt for asked in live.server.chats).values()) <= {1, 2}
    assert printed.split("| row |")[1] == whole.split("| row |")[1]


def test_a_run_that_is_through_asks_nothing_more_and_rows_may_be_added(live):
    first = live.run(*MEMX)
    asked = len(live.server.requests)
    assert live.run(*MEMX) == first
    assert len(live.server.requests) == asked
    live.run(*MEMX, *NOTHING)
    assert len(live.server.requests) == asked + 6
    kept = live.journal.read_bytes() + live.journal.with_suffix(".stores").joinpath("0.db").read_bytes()
    assert b"gpt-5-mini" in kept
    assert b"sk-secret" not in kept


def test_a_journal_of_other_settings_is_refused_with_the_difference(live):
    live.run(*NOTHING)
    with pytest.raises(SystemExit, match="budget was 1000 and is 500"):
        live.run(*NOTHING, "--budget", "500")
    with pytest.raises(SystemExit, match=r"judge was 'openai:gpt-5-mini' and is 'openai:gpt-5'"):
        live.run(*NOTHING, "--judge", "openai:gpt-5")
    live.given(LOCOMO | {"qa": []})
    with pytest.raises(SystemExit, match="data was"):
        live.run(*NOTHING)


def test_a_memory_whose_database_is_gone_is_refused(live):
    live.run(*MEMX, "--limit", "1")
    live.journal.with_suffix(".stores").joinpath("0.db").unlink()
    kept = [line for line in live.journal.read_text().splitlines() if "answer" not in line or "settings" in line]
    live.journal.write_text("\n".join(kept) + "\n")
    with pytest.raises(SystemExit, match=r"0\.db is gone"):
        live.run(*MEMX, "--limit", "1")


# Failures ----------------------------------------------------------------------------------------


def test_what_failed_is_told_and_alone_tried_again(live):
    live.server.fails("chat", None, None, Status(500))  # the second answer
    told = live.fails(*FULL)
    assert "failed: full-context, conv-0: OpenAI" in told
    assert "(1 question)" in told
    done = len(live.server.chats)
    printed = live.run(*FULL)
    assert len(live.server.chats) == done + 2
    assert cells(printed, "full-context | all")[2:4] == ["2", "100.0"]


def test_an_extractor_that_failed_learns_the_rest_the_next_time(live):
    live.server.fails("chat", None, Status(500))  # the second piece
    told = live.fails(*MEMX)
    assert "(3 questions)" in told
    assert live.asked("answerer") == []
    printed = live.run(*MEMX)
    assert ["bought a kiln" in tagged_turns for tagged_turns in live.asked("extractor")].count(True) >= 1
    assert len(live.asked("extractor")) == 3
    assert cells(printed, "memx | all")[2:4] == ["2", "100.0"]
    assert cells(printed.split("lost pieces")[1], "memx")[-1] == "0"


def test_an_extractor_that_cannot_be_read_costs_its_piece_and_is_told_of(live):
    live.plays(lambda asked: "I would rather not." if role(asked) == "extractor" else played(asked))
    printed = live.run(*MEMX)
    assert cells(printed.split("lost pieces")[1], "memx")[-1] == "2"
    assert cells(printed, "memx | all")[3] == "100.0"  # the turns are found as they were said


def test_too_many_failures_in_a_row_end_the_run(live):
    questions = [
        {"question": f"Where is boat {n}?", "answer": "Bergen", "evidence": [], "category": 4} for n in range(8)
    ]
    live.given(LOCOMO | {"qa": questions})
    live.server.down("chat", Status(500))
    told = live.fails(*NOTHING)
    assert "3 questions were not asked" in told
    assert len(live.server.chats) == 5


# The command -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--set", "judge.api_key=sk-1"], "secrets belong in the environment"),
        (["--set", "jury.temperature=0"], "write ROLE.NAME=VALUE"),
        (["--price", "judge=cheap"], "write ROLE=ASKED/ANSWERED"),
        (["--limit", "0"], "0 is no number from 1"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_asked(live, capsys, given, says):
    with pytest.raises(SystemExit):
        live.run(*given)
    assert says in capsys.readouterr().err
    assert not live.journal.exists()


def test_without_a_model_it_says_which_is_missing(live, capsys):
    with pytest.raises(SystemExit):
        live.run(models={"answerer": "openai:gpt-5-mini"})
    assert "--extractor, --judge: which model?" in capsys.readouterr().err


def test_a_model_that_cannot_be_made_is_named(live):
    with pytest.raises(SystemExit, match="'nobody:model'"):
        live.run(*NOTHING, models={"answerer": "nobody:model", "judge": "openai:gpt-5-mini"})
