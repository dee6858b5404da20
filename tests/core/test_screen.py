"""What the screen refuses or changes is so before anything of it is stored, whichever way it comes."""

from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from memx_core import InvalidInputError, Memory, Message, ScreenedError
from memx_core.screens import SecretScreen
from memx_core.testing import FakeEmbedder, ScriptedLLM
from tests.answers import NOTHING, adds, answer, deletes, operation, updates
from tests.conftest import Door, MakeDoor

ADA = {"user_id": "ada"}
SECRET, NUMBER = "xyzzy-plugh", "555-0199"


def screen(text: str) -> str | None:
    """Refuses the secret, and strikes out the number."""
    return None if SECRET in text else text.replace(NUMBER, "[number]")


@pytest.fixture
def memory(make: MakeDoor, llm: ScriptedLLM) -> Door:
    return make(llm=llm, screen=screen)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memx.db"


def stored(path: Path) -> str:
    """Every value in the database."""
    with sqlite3.connect(path) as connection:
        return "\n".join(connection.iterdump())


def clean(path: Path) -> bool:
    return SECRET not in (dump := stored(path)) and NUMBER not in dump


@pytest.mark.parametrize("way", ["add", "verbatim", "later", "put"])
def test_a_message_is_screened_whichever_way_it_comes(memory: Door, llm: ScriptedLLM, path: Path, way: str) -> None:
    llm.queue(adds("Ada's number is [number]", quote="call me"))
    said = [Message("user", f"the word is {SECRET}"), Message("user", f"call me: {NUMBER}"), Message("user", "tea")]
    if way == "put":
        result = memory.put_messages("s", said, **ADA)
    else:
        result = memory.add(said, session_id="s", infer=way != "verbatim", wait=way != "later", **ADA)
    assert [warning.split(" and ")[0] for warning in result.warnings[:2]] == [
        "screened: message 1 was refused",
        "screened: message 2 was changed before it was kept",
    ]
    memory.flush()
    assert [message.content for message in memory.messages("s", **ADA)] == ["call me: [number]", "tea"]
    assert not any(SECRET in prompt or NUMBER in prompt for prompt in llm.prompts)
    assert len(memory.get_all(**ADA)) == (2 if way == "verbatim" else 1)
    assert clean(path)


def test_everything_beside_the_words_is_screened_too(memory: Door, llm: ScriptedLLM, path: Path) -> None:
    llm.queue(adds("Ada likes tea"))
    raw = {"kwargs": {"content": ["tea", SECRET]}}
    said = Message("user", "I like tea", name=SECRET, metadata={"own": SECRET, "phone": NUMBER}, raw=raw)
    result = memory.add([said], metadata={"k": [SECRET], "n": 1}, instructions=f"notice {NUMBER}", wait=False, **ADA)
    assert [warning.split(" ")[1] for warning in result.warnings if warning.startswith("screened")] == [
        "message",
        "metadata",
    ]
    memory.flush()
    (kept,) = memory.messages(None, **ADA)
    assert (kept.name, kept.metadata, kept.raw) == (None, {"n": 1, "phone": "[number]"}, None)
    assert "notice [number]" in llm.prompts[0]
    assert memory.get_all(**ADA)[0].metadata == {"n": 1}
    assert clean(path)


def test_when_every_message_is_refused_the_result_says_so(memory: Door, llm: ScriptedLLM) -> None:
    for options in ({}, {"infer": False}, {"wait": False}):
        result = memory.add(f"psst: {SECRET}", **options, **ADA)
        assert (result.status, result.changes) == ("done", ())
        assert result.warnings == ("screened: message 1 was refused and is not kept",)
    assert llm.calls == []
    assert memory.messages(None, **ADA) == []
    assert memory.pending(**ADA) == []


@pytest.mark.parametrize("wait", [True, False])
def test_what_only_the_model_says_is_screened_too(memory: Door, llm: ScriptedLLM, path: Path, wait: bool) -> None:
    fields: dict[str, Any] = {"quote": "tea", "reason": f"because {SECRET}"}
    kept = operation("ADD", "Ada likes tea", **fields)
    llm.queue(answer(operation("ADD", f"Ada said {SECRET} tea"), kept, operation("ADD", "x" * 1200 + SECRET)))
    result = memory.add(f"I like tea and {NUMBER}", wait=wait, **ADA)
    memory.flush()
    assert [item.text for item in memory.get_all(**ADA)] == ["Ada likes tea"]
    assert any("an ADD was refused" in each for each in result.warnings) == wait
    assert clean(path)


def test_a_target_that_may_not_be_kept_can_still_be_forgotten(make: MakeDoor, llm: ScriptedLLM) -> None:
    before = make(llm=llm)
    (change,) = before.add(f"Ada's word is {SECRET}", infer=False, **ADA).changes
    memory = make(llm=llm, screen=screen)
    llm.queue(deletes(0, "Please forget what Ada's word is"))
    (made,) = memory.add("Please forget what Ada's word is", **ADA).changes
    assert (made.event, made.memory_id) == ("DELETE", change.memory_id)
    memory.undo(made.operation_id)
    memory.delete(change.memory_id)
    assert memory.get(change.memory_id) is None


def test_two_memories_that_say_the_same_once_changed_are_one(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada calls 555-0199", "Ada calls [number]"))
    assert len(memory.add("I call [number] and 555-0199", **ADA).changes) == 1


def test_an_update_is_changed_or_refused_and_never_half_done(memory: Door, path: Path) -> None:
    (change,) = memory.add("Ada has a phone", infer=False, **ADA).changes
    assert memory.update(change.memory_id, f"Ada has {NUMBER}", metadata={"n": NUMBER}).text == "Ada has [number]"
    refused: list[dict[str, Any]] = [{"text": SECRET}, {"metadata": {"deep": [SECRET]}}, {"metadata": {SECRET: 1}}]
    for asked in [*refused, {"text": "fine", "reason": SECRET}]:
        with pytest.raises(ScreenedError) as caught:
            memory.update(change.memory_id, **asked)
        assert SECRET not in str(caught.value)
    assert [each.version for each in memory.history(change.memory_id)] == [1, 2]
    assert clean(path)


def test_a_reason_is_screened_by_every_call_that_takes_one(memory: Door, path: Path) -> None:
    result = memory.add("Ada has a phone", infer=False, **ADA)
    (change,) = result.changes
    memory.update(change.memory_id, "Ada has two phones")
    for call in (
        lambda why: memory.delete(change.memory_id, reason=why),
        lambda why: memory.revert(change.memory_id, to=1, reason=why),
        lambda why: memory.undo(result.operation_id, cascade=True, reason=why),
        lambda why: memory.reject("none", reason=why),
    ):
        with pytest.raises(ScreenedError):
            call(f"since {SECRET}")
    memory.delete(change.memory_id, reason=f"not {NUMBER}")
    assert memory.history(change.memory_id)[-1].reason == "not [number]"
    assert clean(path)


def test_a_plan_is_made_of_what_may_be_kept_and_applied_exactly_or_not_at_all(
    make: MakeDoor, llm: ScriptedLLM, path: Path
) -> None:
    memory = make(llm=llm, screen=screen)
    llm.queue(adds("Ada likes tea", quote="tea"))
    plan = memory.plan([f"word {SECRET}", f"tea, {NUMBER}"], **ADA)
    assert [message.content for message in plan.messages] == ["tea, [number]"]
    assert plan.warnings[0] == "screened: message 1 was refused and is not kept"
    assert memory.apply(plan).warnings[0] == plan.warnings[0]
    everything = memory.plan(SECRET, **ADA)
    assert memory.apply(everything).changes == ()
    other = make(llm=llm)
    for said, text in ((SECRET, "Ada likes tea"), ("tea", f"Ada is {SECRET}")):
        llm.queue(adds(text, quote="tea"))
        made = other.plan(f"tea and {said} {text}", **ADA)
        with pytest.raises(ScreenedError):
            memory.apply(made)
    assert clean(path)


def test_what_waits_to_be_approved_is_shown_to_the_screen_of_whoever_approves(make: MakeDoor, llm: ScriptedLLM) -> None:
    unscreened = make(llm=llm, policy="review")
    unscreened.add("Ada has a phone", infer=False, **ADA)
    llm.queue(updates(0, f"Ada has {NUMBER}"))
    unscreened.add(f"my phone is {NUMBER}", **ADA)
    (job,) = unscreened.pending(**ADA)
    with pytest.raises(ScreenedError):
        make(llm=llm, screen=screen).approve(job.id)
    assert len(unscreened.approve(job.id).changes) == 1


def test_backfill_learns_from_what_may_be_kept(memory: Door, llm: ScriptedLLM, path: Path) -> None:
    llm.queue(adds("Ada likes tea", quote="tea"))
    said = [{"role": "user", "content": f"psst {SECRET}"}, {"role": "user", "content": f"tea {NUMBER}"}]
    report = memory.backfill([said], progress=False, **ADA)
    assert [warning.split(":")[0] for warning in report.warnings] == ["screened", "screened"]
    assert [item.text for item in memory.get_all(**ADA)] == ["Ada likes tea"]
    assert clean(path)
    assert memory.backfill([said], progress=False, **ADA).skipped == 1


def test_what_fails_is_noted_with_its_job_as_far_as_it_may_be(memory: Door, llm: ScriptedLLM, path: Path) -> None:
    llm.queue(ConnectionError(f"no answer to {SECRET}"), ConnectionError(f"call {NUMBER}"))
    with pytest.raises(ConnectionError):
        memory.add("I like tea", **ADA)
    assert memory.pending(**ADA)[0].error == "ConnectionError"
    with pytest.raises(ConnectionError):
        memory.flush()
    assert memory.pending(**ADA)[0].error == "ConnectionError: call [number]"
    assert clean(path)


# --- files ----------------------------------------------------------------------------------


@pytest.fixture
def exported(make: MakeDoor, llm: ScriptedLLM, tmp_path: Path) -> Path:
    """Memories of which one once said the secret, one says the number and one neither; and their turns."""
    memory = make(llm=llm, database=tmp_path / "from.db", policy="review")
    (spoken,) = memory.add(f"Ada's word is {SECRET}", infer=False, session_id="s", **ADA).changes
    memory.update(spoken.memory_id, "Ada has a word")
    (called,) = memory.add(f"Ada calls {NUMBER}", infer=False, session_id="s", metadata={"n": NUMBER}, **ADA).changes
    llm.queue(adds("Ada likes tea", quote="tea"))
    memory.add("I like tea", session_id="s", **ADA)
    llm.queue(updates(0, f"Ada's other word is {SECRET}"))
    memory.add(f"a word: {SECRET}", session_id="s", **ADA)
    memory.add(f"later {NUMBER}", wait=False, instructions=f"not {SECRET}", session_id="later", **ADA)
    memory.update(called.memory_id, "Ada calls often", reason=SECRET)
    memory.revert(called.memory_id, to=1)
    assert memory.export(tmp_path / "all.jsonl", embeddings=True, **ADA) == 3
    return tmp_path / "all.jsonl"


@pytest.mark.parametrize("zipped", [False, True])
def test_a_file_is_taken_in_as_far_as_it_may_be_kept(
    make: MakeDoor, llm: ScriptedLLM, exported: Path, zipped: bool, path: Path
) -> None:
    if zipped:
        exported = Path(f"{exported}.gz")
        exported.write_bytes(gzip.compress(exported.with_suffix("").read_bytes()))
    memory = make(llm=llm, screen=screen)
    report = memory.load(exported)
    assert {item.text for item in memory.get_all(**ADA)} == {"Ada calls [number]", "Ada likes tea"}
    assert {warning.split(":")[0] for warning in report.warnings} == {"screened"}
    said = [message.content for message in memory.messages("s", **ADA)]
    assert said == ["Ada calls [number]", "I like tea"]
    (hit, *_) = memory.search("whom does Ada call [number]", **ADA)
    assert hit.memory.text == "Ada calls [number]"
    assert memory.why(hit.memory.id).memory.metadata == {"n": "[number]"}
    llm.queue(NOTHING)
    memory.flush()
    assert "later [number]" in llm.prompts[-1]
    assert clean(path)
    again = memory.load(exported)
    assert (again.memories, again.messages, again.operation_id) == (0, 0, None)


def test_memories_of_another_application_are_screened_too(make: MakeDoor, tmp_path: Path, path: Path) -> None:
    results = [{"id": str(n), "memory": text, "user_id": "ada"} for n, text in enumerate((SECRET, NUMBER, "tea"))]
    (tmp_path / "mem0.json").write_text(json.dumps({"results": results}))
    memory = make(screen=screen)
    memory.load(tmp_path / "mem0.json", format="mem0")
    assert {item.text for item in memory.get_all(**ADA)} == {"[number]", "tea"}
    assert clean(path)


# --- the screen itself ----------------------------------------------------------------------


def test_a_screen_that_fails_leaves_nothing_and_its_words_are_not_shown(make: MakeDoor, path: Path) -> None:
    def failing(text: str) -> str:
        raise RuntimeError(f"cannot read {text}")

    memory = make(screen=failing)
    for options in ({}, {"infer": False}, {"wait": False}):
        with pytest.raises(ScreenedError, match="RuntimeError") as caught:
            memory.add(SECRET, **options, **ADA)
        assert caught.value.__cause__ is None
        assert SECRET not in str(caught.value)
    assert memory.messages(None, **ADA) == []
    assert clean(path)


def test_a_screen_that_fails_at_a_memory_leaves_the_messages_to_be_learned_from(
    make: MakeDoor, llm: ScriptedLLM
) -> None:
    def failing(text: str) -> str:
        if "Ada" in text:
            raise RuntimeError(text)
        return text

    memory = make(llm=llm, screen=failing)
    llm.queue(adds("Ada likes tea"))
    with pytest.raises(ScreenedError):
        memory.add("I like tea", **ADA)
    assert len(memory.pending(**ADA)) == 1
    assert memory.pending(**ADA)[0].error == "ScreenedError: the screen failed with RuntimeError, so nothing was stored"


@pytest.mark.parametrize("answered", [True, 7, b"bytes"])
def test_an_answer_that_is_no_text_is_refused(make: MakeDoor, answered: object) -> None:
    with pytest.raises(ScreenedError, match=type(answered).__name__):
        make(screen=lambda text: answered).add("I like tea", infer=False, **ADA)


@pytest.mark.parametrize("answered", ["", "  \n"])
def test_a_blank_answer_refuses(make: MakeDoor, answered: str) -> None:
    assert make(screen=lambda text: answered).add("I like tea", infer=False, **ADA).changes == ()


def test_only_a_plain_function_is_a_screen(tmp_path: Path) -> None:
    async def waiting(text: str) -> str:
        return text

    for wrong in ("secrets", SecretScreen, waiting):
        with pytest.raises(InvalidInputError, match="screen="):
            Memory(embedder=FakeEmbedder(), database=tmp_path / "memx.db", screen=wrong)


# --- ready-made -----------------------------------------------------------------------------

KEYS = {
    "AKIA0123456789ABCDEF": "my key is {} and no other",
    "ghp_0123456789abcdefghijABCDEFGHIJ012345": "({})",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJub29yIn0.c2lnbmF0dXJl": "token={}, ok",
    "://noor:hunter2@": "postgres{}example.org/db",
    "xoxb-123456789012-123456789012-abcdefABCDEF": "{} is for Slack",
    "npm_0123456789abcdefghijABCDEFGHIJ012345": "//registry.example/:_authToken={}",
}


@pytest.mark.parametrize(("key", "around"), KEYS.items())
def test_keys_of_known_forms_are_struck_out(key: str, around: str) -> None:
    pytest.importorskip("detect_secrets", reason="the extra `secrets` is not installed")
    kept = SecretScreen()(around.format(key))
    assert kept is not None
    assert "[secret]" in kept
    assert not any(part in kept for part in key.replace("://", ".").split(".") if len(part) > 4)


def test_a_private_key_is_refused_and_sentences_are_left_alone() -> None:
    pytest.importorskip("detect_secrets", reason="the extra `secrets` is not installed")
    secrets = SecretScreen("***")
    assert secrets("-----BEGIN RSA PRIVATE KEY-----\nMIIE") is None
    for said in ("Ada: at 10:30 @noor", "see https://example.org:80/@ada", "12345678-1234-1234-1234-123456789012"):
        assert secrets(said) == said
    assert secrets("AKIA0123456789ABCDEF") == "***"
    assert secrets("***") == "***"
    assert "AKIA" not in repr(secrets)


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("detect_secrets", "detect_secrets.plugins", "detect_secrets.plugins.artifactory"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(ImportError, match=r"memx-core\[secrets\]"):
        SecretScreen()
