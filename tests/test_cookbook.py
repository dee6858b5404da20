"""The cookbook does what it promises: every page, offline, as a reader would run it."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from memx_cli.story import story
from tests.answers import NOTHING, adds
from tests.openai_server import Asked, OpenAIServer, Reply

COOKBOOK = Path(__file__).parents[1] / "cookbook"
PAGES = sorted(page for page in COOKBOOK.glob("*.py") if not page.name.startswith("_"))
STORY = story()
TURNS = [turn for session in STORY["sessions"] for turn in session["turns"]]
# LlamaIndex looks at fields of pydantic's that are going to be renamed, and its own memory leaves connections open.
LLAMA_INDEX = ["-W", "ignore::DeprecationWarning", "-W", "ignore::ResourceWarning"]
Printed = Callable[[str], list[str]]
KEYS = re.compile("KEY|TOKEN|OPENAI|OLLAMA|COLOR|COLUMNS|LINES|PROXY", re.IGNORECASE)


def run(page: Path, folder: Path, **settings: str) -> str:
    """What a page prints when nobody sits at a terminal, no key is set, and any warning is an error."""
    env = {name: value for name, value in os.environ.items() if not KEYS.search(name)} | settings
    quiet = LLAMA_INDEX if "llama_index" in page.read_text(encoding="utf-8") else []
    command = [sys.executable, "-W", "error", *quiet, str(page)]
    done = subprocess.run(
        command, cwd=folder, env=env | {"PYTHONUTF8": "1"}, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Printed:
    """The lines that a page prints, run once; it leaves nothing behind."""

    @functools.cache
    def printed(name: str) -> list[str]:
        folder = tmp_path_factory.mktemp(name)
        lines = run(COOKBOOK / f"{name}.py", folder).splitlines()
        assert not list(folder.iterdir())
        return lines

    return printed


@pytest.fixture(scope="module")
def shown(printed: Printed) -> str:
    return "\n".join(printed("quickstart"))


def part(shown: str, title: str) -> str:
    """What stands between a title and the next one, without borders and line breaks."""
    after = shown[shown.index(title) + len(title) :]
    text = re.split(r"\n\n(?=\S)", after, maxsplit=1)[0]
    return " ".join(re.sub("[│─╭╮╰╯]", " ", text).split())


def learned_from(shown: str, said: str) -> str:
    """What is printed below a turn, up to the next one."""
    turns = re.split(r"^\d\d:\d\d  |\n\n", shown, flags=re.MULTILINE)
    (turn,) = [text for text in (" ".join(turn.split()) for turn in turns) if text.startswith(said)]
    return turn[len(said) :].strip()


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_page_runs_offline_and_leaves_nothing_behind(page: Path, printed: Printed) -> None:
    assert printed(page.stem)


def test_the_conversation_is_one_of_two_sessions_weeks_apart() -> None:
    first, second = STORY["sessions"]
    assert len(TURNS) >= 30
    assert all(earlier["at"] < later["at"] for earlier, later in pairwise(TURNS))
    assert second["turns"][0]["at"][:10] > first["turns"][-1]["at"][:10]


def test_it_says_who_proposes_and_who_embeds(shown: str) -> None:
    assert "Proposes: offline rules" in shown
    assert "Embeds:   bundled all-MiniLM-L6-v2" in shown


def test_it_fits_80_columns_of_plain_text(shown: str) -> None:
    assert max(map(len, shown.splitlines())) <= 80
    assert "\x1b" not in shown


def test_every_turn_is_shown_and_small_talk_teaches_nothing(shown: str) -> None:
    for turn in TURNS:
        assert learned_from(shown, turn["user"])
    for said in ("How's your day going?", "By the way, what's the difference", "lol fair enough", "Ferns it is."):
        (turn,) = [turn for turn in TURNS if turn["user"].startswith(said)]
        assert learned_from(shown, turn["user"]) == "(nothing learned)"


def test_a_wish_about_the_lottery_is_no_fact(shown: str) -> None:
    (wish,) = [turn["user"] for turn in TURNS if "lottery" in turn["user"]]
    assert learned_from(shown, wish) == "(nothing learned)"


def test_a_relative_date_is_resolved_against_the_evening_it_was_said(shown: str) -> None:
    (moved,) = [turn["user"] for turn in TURNS if "two weeks ago" in turn["user"]]
    assert "two weeks ago = week of 6 April 2026" in learned_from(shown, moved)


def test_the_new_city_supersedes_the_old_one(shown: str) -> None:
    (moved,) = [turn["user"] for turn in TURNS if "moved to Edinburgh" in turn["user"]]
    assert re.search(r"^~ .*Edinburgh.* was: .*(Headingley|Leeds)", learned_from(shown, moved))
    assert "Edinburgh" in part(shown, "What gave way")


def test_the_history_of_the_changed_fact_has_both_versions(shown: str) -> None:
    history = part(shown, "The history of one fact")
    (versions,) = re.findall(r"1 ADD (.*) 2 UPDATE (.*)", history)
    first, second = versions
    assert "23 April 2026" in first  # until then it held
    assert "3 March 2026" in first
    assert "3 March 2026" not in second


def test_the_search_puts_the_city_of_today_first(shown: str) -> None:
    hits = part(shown, "Search: Where does Daniel live")
    scores = [float(score) for score in re.findall(r" (\d\.\d\d) \d\.\d\d ", hits)]
    assert scores == sorted(scores, reverse=True)
    assert "Edinburgh" in hits
    assert "Headingley" not in hits


def test_the_block_keeps_to_its_budget_and_to_what_still_holds(shown: str) -> None:
    (size,) = re.findall(r"(\d+) of 200 tokens", shown)
    block = part(shown, "of 200 tokens")
    assert 50 < int(size) <= 200
    assert "allergic to peanuts" in block
    assert "hates coriander" in block
    assert "eats fish" in block


def test_what_was_retracted_is_not_in_the_block(shown: str) -> None:
    block = part(shown, "of 200 tokens")
    assert block.startswith("<memories>")
    assert "divorc" not in block


def test_what_was_retracted_is_forgotten_in_the_turn_that_asks_for_it(shown: str) -> None:
    (retraction,) = [turn["user"] for turn in TURNS if "Could you forget" in turn["user"]]
    assert learned_from(shown, retraction).startswith("- forgotten:")


def test_learning_cost_no_model_call(shown: str) -> None:
    assert f"{len(TURNS)} turns: 0 model calls, 0 + 0 tokens" in shown


# LangChain ---------------------------------------------------------------------------------------


def after(lines: list[str], start: str) -> str:
    """The line behind the one that begins so."""
    (at,) = [at for at, line in enumerate(lines) if line.startswith(start)]
    return lines[at + 1].strip()


def test_a_page_about_langchain_is_a_hundred_lines_at_most() -> None:
    pages = [page for page in PAGES if page.name.startswith("langchain_")]
    assert len(pages) == 6
    assert max(len(page.read_text(encoding="utf-8").splitlines()) for page in pages) <= 100


def test_every_page_stands_in_the_cookbooks_list() -> None:
    listed = re.findall(r"^\| \[(\w+\.py)\]", (COOKBOOK / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == [page.name for page in PAGES]


def test_the_agent_knows_on_thursday_what_was_said_on_monday(printed: Printed) -> None:
    lines = printed("langchain_agent")
    assert lines[0].startswith("Model: none")
    assert "allergic to peanuts" in after(lines, "alice, thursday: What am I allergic to?")
    assert after(lines, "bob, his first: What am I allergic to?") == "-> I don't know that yet."


def test_the_agents_memory_follows_a_move(printed: Printed) -> None:
    lines = printed("langchain_agent")
    now = lines[lines.index("What is remembered of Alice now:") :]
    assert "  User lives in Oslo" in now
    assert "  User lives in Bergen" not in now
    assert "  UPDATE: User lives in Bergen -> User lives in Oslo" in now
    assert "no user" in lines[-1]


def test_the_agents_tools_ask_for_no_user_and_change_what_they_found(printed: Printed) -> None:
    lines = printed("langchain_tools")
    assert lines[2:6] == [
        "search_memory(query, limit)",
        "save_memory(text)",
        "update_memory(memory, text)",
        "forget_memory(memory)",
    ]
    bobs = lines[lines.index("bob: What am I allergic to?") :]
    assert bobs[2] == "  -> Nothing is remembered about that."
    assert [line.split(":")[0].strip() for line in lines[-3:]] == ["ADD", "UPDATE", "DELETE"]


def test_the_retriever_feeds_a_chain_and_is_a_tool(printed: Printed) -> None:
    lines = printed("langchain_retriever")
    alices, bobs, looked_up = (line for line in lines if re.match("  (alice|bob): ", line))
    assert "peanuts" in alices
    for line in (bobs, looked_up):
        assert "Lisbon" in line
        assert "peanuts" not in line
    assert "look_up(query)" in printed("langchain_retriever")[lines.index("Tool:") + 1]
    assert "no user" in lines[-1]


def test_an_application_with_histories_does_after_one_line_what_it_did_before(printed: Printed) -> None:
    lines = printed("langchain_history")[2:]
    before, now = ([line[14:] for line in lines if line.startswith(name)] for name in ("before", "after"))
    assert before == now
    assert len(before) == 3
    assert "User is allergic to peanuts" in lines[-1]


def test_what_was_written_by_hand_stands_beside_what_is_written_now(printed: Printed) -> None:
    lines = printed("langchain_migrating")
    assert len([line for line in lines if line.startswith("BEFORE")]) == 2
    for old, new in (("save_context", "add_messages"), ("memory.search(said", "memory.recall(said")):
        assert any(old in line for line in lines)
        assert any(new in line.partition("|")[2] for line in lines)
    (learned,) = [line for line in lines if line.startswith("Learned from it")]
    assert "peanuts" in learned
    assert "Maja" in lines[-1]
    assert "Bergen" in lines[-1]


def test_nobody_is_mixed_up_in_a_batch(printed: Printed) -> None:
    *people, _, total = printed("langchain_batch")[2:]
    assert total == "4 ways, 12 people, 48 answers; nobody was mixed up"
    assert len(people) == 12
    homes = [set(re.findall(r"live[s]? in (\w+)", line)) for line in people]
    assert all(len(home) == 1 for home in homes)
    assert len(set.union(*homes)) == 12


# LlamaIndex --------------------------------------------------------------------------------------


def test_a_page_about_llama_index_is_a_hundred_lines_at_most() -> None:
    pages = [page for page in PAGES if page.name.startswith("llama_index_")]
    assert len(pages) == 5
    assert max(len(page.read_text(encoding="utf-8").splitlines()) for page in pages) <= 100


def test_a_chat_engine_knows_on_thursday_what_was_said_on_monday(printed: Printed) -> None:
    lines = printed("llama_index_chat")
    assert "User lives in Bergen" in after(lines, "alice, thursday: Where do I live?")
    assert after(lines, "bob, his first: Where do I live?") == "-> I don't know that yet."


def test_a_kept_context_goes_on_and_another_week_remembers(printed: Printed) -> None:
    lines = printed("llama_index_agent")
    monday = lines[lines.index("Monday's conversation:") + 1 : -2]
    assert [line.split(":")[0].strip() for line in monday] == ["user", "assistant"] * 2
    assert lines[-1] == "Next week: I remember: User is vegetarian."


def test_a_block_stands_beside_a_static_one(printed: Printed) -> None:
    prompt = printed("llama_index_block")
    assert "The canteen is closed on Fridays." in prompt
    assert any(line.endswith('"User is allergic to peanuts"') for line in prompt)


def test_the_nodes_feed_a_workflow_and_a_tool(printed: Printed) -> None:
    lines = printed("llama_index_retriever")
    (advice,) = [line for line in lines if line.startswith("Workflow: ")]
    assert "peanuts" in advice
    assert "Bergen" in lines[-1]


def test_each_question_is_judged_by_the_memory_that_answers_it(printed: Printed) -> None:
    *questions, hits, ranks = printed("llama_index_evaluation")
    assert len(questions) == 8
    assert float(hits.split()[1]) >= 0.75
    assert float(ranks.split()[1]) >= 0.6


def test_two_frameworks_show_one_conversation_and_the_same_ids(printed: Printed) -> None:
    lines = printed("two_frameworks")
    assert "peanuts" in after(lines, "LlamaIndex chat engine: What am I allergic to?")
    said = lines.index("One conversation, whichever of them is asked:")
    known = lines.index("The same memories, by the same ids:")
    assert len(lines[said + 1 : known - 1]) == 4
    assert len(lines[known + 1 :]) == 2


def test_a_client_stands_where_a_memory_does_and_a_key_opens_one_of_them(printed: Printed) -> None:
    lines = printed("server_and_client")
    assert after(lines, "I moved to Oslo last week.") == "-> UPDATE 'User lives in Oslo'"
    assert "Taken back: 'User lives in Oslo' is 'User lives in Bergen' again" in lines
    assert "The clinic's key opens another memory: it knows 0 things of Alice" in lines
    assert "peanuts" in after(lines, "POST /memx/v1/search")
    assert after(lines, "without a key") == "-> 401 Unauthorized"


# With a model ------------------------------------------------------------------------------------


def test_with_a_key_a_model_proposes_through_langchain(openai_server: OpenAIServer, tmp_path: Path) -> None:
    pytest.importorskip("langchain_openai", reason="the extra `openai` is not installed")
    beagle = json.dumps(adds("Daniel has a beagle", quote="our beagle"))
    openai_server.answers(Reply(beagle, usage=(1000, 10)))
    shown = run(COOKBOOK / "quickstart.py", tmp_path, OPENAI_API_KEY="sk-secret", OPENAI_BASE_URL=openai_server.url)
    assert "Proposes: LangChainLLM(ChatOpenAI(model=" in shown
    assert "Embeds:   LangChainEmbedder(OpenAIEmbeddings(model=" in shown
    assert shown.count("+  Daniel has a beagle") == 1
    assert f"{len(TURNS)} turns: {len(TURNS)} model calls, {1000 * len(TURNS):,} + {10 * len(TURNS):,} tokens" in shown
    assert "sk-secret" not in shown


def test_with_a_key_that_does_not_work_it_says_so_and_goes_on_offline(tmp_path: Path) -> None:
    pytest.importorskip("langchain_openai", reason="the extra `openai` is not installed")
    nobody = "http://127.0.0.1:9/v1"
    shown = run(COOKBOOK / "quickstart.py", tmp_path, OPENAI_API_KEY="sk-secret", OPENAI_BASE_URL=nobody)
    assert "OpenAI does not answer (APIConnectionError)." in shown
    assert "Proposes: offline rules" in shown


def test_with_a_key_a_page_about_langchain_asks_the_model(openai_server: OpenAIServer, tmp_path: Path) -> None:
    pytest.importorskip("langchain_openai", reason="the extra `openai` is not installed")

    def answer(asked: Asked) -> Reply:
        if asked.wanted:  # the memory asks what is worth knowing
            said = asked.prompt
            learned = (
                adds("User is allergic to peanuts", quote="peanuts") if "I'm allergic to peanuts" in said else NOTHING
            )
            learned = adds("User lives in Oslo", quote="I moved to Oslo") if "I moved to Oslo" in said else learned
            return Reply(json.dumps(learned))
        return Reply("To peanuts." if "User is allergic to peanuts" in asked.prompt else "I don't know.")

    openai_server.script = answer
    page = COOKBOOK / "langchain_agent.py"
    lines = run(page, tmp_path, OPENAI_API_KEY="sk-secret", OPENAI_BASE_URL=openai_server.url).splitlines()
    assert lines[0] == "Model: OpenAI"
    assert after(lines, "alice, thursday: What am I allergic to?") == "-> To peanuts."
    assert after(lines, "bob, his first: What am I allergic to?") == "-> I don't know."
    assert "sk-secret" not in "\n".join(lines)
