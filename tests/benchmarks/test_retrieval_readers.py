"""Made-up conversations in the formats of three data sets."""

import json
from datetime import UTC, datetime

import pytest

from benchmarks.retrieval.cases import Fact, Question, of_users
from benchmarks.retrieval.readers import read

LOCOMO = {
    "sample_id": "conv-0",
    "conversation": {
        "speaker_a": "Rosa",
        "speaker_b": "Milo",
        "session_10_date_time": "12:05 am on 3 June, 2024",
        "session_10": [{"speaker": "Rosa", "dia_id": "D10:1", "text": "The kiln exploded."}],
        "session_2_date_time": "1:56 pm on 8 May, 2024",
        "session_2": [
            {"speaker": "Rosa", "dia_id": "D2:1", "text": "I bought a kiln."},
            {"speaker": "Milo", "dia_id": "D2:2", "text": "What for?", "blip_caption": "an oven"},
        ],
        "session_11_date_time": "1:00 pm on 4 June, 2024",
    },
    "observation": {
        "session_2_observation": {"Rosa": [["Rosa owns a kiln.", "D2:1"]]},
        "session_10_observation": {"Rosa": [["Rosa's kiln exploded.", ["D10:1", "D2:1"]], ["Rosa is.", ""]]},
    },
    "qa": [
        {"question": "When did it explode?", "answer": 2024, "evidence": ["D2:1; D10:01"], "category": 2},
        {"question": "What did Milo buy?", "adversarial_answer": "a kiln", "evidence": ["D2:1"], "category": 5},
        {"question": "Why?", "answer": "heat", "evidence": [], "category": 3},
        {"question": "Where?", "answer": "home", "evidence": ["D7:1"], "category": 1},
    ],
}
LONGMEMEVAL = {
    "question_id": "q1",
    "question_type": "multi-session",
    "question": "Which two instruments?",
    "answer": "lute and harp",
    "question_date": "2023/06/01 (Thu) 10:00",
    "haystack_session_ids": ["s2", "s1"],
    "haystack_dates": ["2023/05/21 (Sun) 10:30", "2023/05/20 (Sat) 02:21"],
    "haystack_sessions": [
        [{"role": "user", "content": "A harp came.", "has_answer": True}, {"role": "assistant", "content": " "}],
        [
            {"role": "user", "content": "I bought a lute.", "has_answer": True},
            {"role": "assistant", "content": "Nice.", "has_answer": False},
        ],
    ],
    "answer_session_ids": ["s1", "s2"],
}
CHAT = [
    {
        "batch_number": 1,
        "time_anchor": None,
        "turns": [
            [
                {"role": "user", "id": 0, "time_anchor": "March-15-2024", "content": "I plan a pond. ->-> 1,1"},
                {"role": "assistant", "id": 1, "content": "How deep?"},
            ],
            [{"role": "user", "id": 2, "content": "Two metres."}],
        ],
    }
]
PROBING = {
    "abstention": [{"question": "Which fish?", "ideal_response": "unknown"}],
    "knowledge_update": [{"question": "How deep?", "answer": "2 m", "source_chat_ids": {"old": [1], "new": [2, 99]}}],
}


def written(path, content):
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_locomo_is_read_in_order_with_what_could_be_known_by_then(tmp_path):
    (conversation,) = read(written(tmp_path / "locomo.json", [LOCOMO]))
    first, second, third = conversation.turns
    assert [turn.id for turn in conversation.turns] == ["D2:1", "D2:2", "D10:1"]
    assert (first.speaker, first.role, second.role) == ("Rosa", "user", "assistant")
    assert second.text == "What for?"
    assert first.said_at == datetime(2024, 5, 8, 13, 56, tzinfo=UTC)
    assert third.said_at == datetime(2024, 6, 3, 0, 5, tzinfo=UTC)
    assert first.facts == (Fact("Rosa owns a kiln.", "Rosa", frozenset({"D2:1"})),)
    assert third.facts == (Fact("Rosa's kiln exploded.", "Rosa", frozenset({"D2:1", "D10:1"})),)


def test_locomo_asks_what_has_an_answer_and_evidence(tmp_path):
    (conversation,) = read(written(tmp_path / "locomo.json", [LOCOMO]))
    assert conversation.questions == (
        Question("When did it explode?", "2024", "temporal", frozenset({"D2:1", "D10:1"})),
    )


def test_longmemeval_is_read_in_the_order_of_its_dates(tmp_path):
    (conversation,) = read(written(tmp_path / "longmemeval.json", [LONGMEMEVAL]))
    assert [turn.text for turn in conversation.turns] == ["I bought a lute.", "Nice.", "A harp came."]
    assert conversation.turns[0].said_at == datetime(2023, 5, 20, 2, 21, tzinfo=UTC)
    (question,) = conversation.questions
    assert question.evidence == {conversation.turns[0].id, conversation.turns[2].id}
    assert (question.category, question.answer) == ("multi-session", "lute and harp")


@pytest.mark.parametrize("change", [{"question_id": "q1_abs"}, {"haystack_sessions": [[], []]}])
def test_longmemeval_asks_nothing_without_evidence(tmp_path, change):
    (conversation,) = read(written(tmp_path / "longmemeval.json", [LONGMEMEVAL | change]))
    assert conversation.questions == ()


def test_beam_is_read_from_a_folder(tmp_path):
    folder = tmp_path / "100K" / "7"
    (folder / "probing_questions").mkdir(parents=True)
    written(folder / "chat.json", CHAT)
    written(folder / "probing_questions" / "probing_questions.json", PROBING)
    (conversation,) = read(tmp_path)
    assert conversation.name == "7"
    assert [(turn.id, turn.text) for turn in conversation.turns] == [
        ("0", "I plan a pond."), ("1", "How deep?"), ("2", "Two metres.")
    ]  # fmt: skip
    assert {turn.said_at for turn in conversation.turns} == {datetime(2024, 3, 15, tzinfo=UTC)}
    assert conversation.questions == (Question("How deep?", "2 m", "knowledge_update", frozenset({"1", "2"})),)


def test_beam_is_read_from_rows_whose_questions_are_written_as_in_python(tmp_path):
    row = {"conversation_id": "7", "chat": [batch["turns"] for batch in CHAT], "probing_questions": repr(PROBING)}
    (conversation,) = read(written(tmp_path / "beam.json", [row]))
    assert [turn.id for turn in conversation.turns] == ["0", "1", "2"]
    assert [question.evidence for question in conversation.questions] == [{"1", "2"}]


def test_what_users_said_has_only_evidence_of_users(tmp_path):
    row = {"conversation_id": "7", "chat": CHAT, "probing_questions": PROBING}
    (conversation,) = map(of_users, read(written(tmp_path / "beam.json", [row])))
    assert [turn.id for turn in conversation.turns] == ["0", "2"]
    assert [question.evidence for question in conversation.questions] == [{"2"}]


def test_every_question_of_locomo_is_read_with_the_wrong_answer_of_adversarial_ones(tmp_path):
    (conversation,) = read(written(tmp_path / "locomo.json", [LOCOMO]), every=True)
    assert [one.category for one in conversation.questions] == ["temporal", "adversarial", "open-domain", "multi-hop"]
    adversarial = conversation.questions[1]
    assert (adversarial.answer, adversarial.unanswerable) == ("a kiln", True)
    assert not any(one.unanswerable for one in conversation.questions if one != adversarial)


def test_every_question_of_longmemeval_is_read_with_its_time(tmp_path):
    rows = [LONGMEMEVAL, LONGMEMEVAL | {"question_id": "q1_abs", "answer": "No harp was mentioned."}]
    first, second = (one.questions[0] for one in read(written(tmp_path / "longmemeval.json", rows), every=True))
    assert (first.unanswerable, first.asked_at) == (False, datetime(2023, 6, 1, 10, 0, tzinfo=UTC))
    assert (second.unanswerable, second.category) == (True, "multi-session")


def test_every_question_of_beam_is_read_with_its_rubric(tmp_path):
    rubric = ["Says that no fish was named."]
    probing = PROBING | {"abstention": [{"question": "Which fish?", "ideal_response": "unknown", "rubric": rubric}]}
    row = {"conversation_id": "7", "chat": CHAT, "probing_questions": probing}
    (conversation,) = read(written(tmp_path / "beam.json", [row]), every=True)
    first, second = conversation.questions
    assert (first.unanswerable, first.rubric) == (True, tuple(rubric))
    assert (second.unanswerable, second.rubric) == (False, ())


def test_another_file_is_refused_with_what_would_be_read(tmp_path):
    with pytest.raises(ValueError, match="neither of LoCoMo"):
        read(written(tmp_path / "other.json", [{"turns": []}]))
    with pytest.raises(ValueError, match=r"holds no chat\.json"):
        read(tmp_path)
