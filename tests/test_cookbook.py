"""The cookbook does what it promises: every page, offline, as a reader would run it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.answers import adds
from tests.openai_server import OpenAIServer, Reply

COOKBOOK = Path(__file__).parents[1] / "cookbook"
PAGES = sorted(COOKBOOK.glob("*.py"))
STORY = json.loads((COOKBOOK / "data" / "two_sessions.json").read_text(encoding="utf-8"))
TURNS = [turn for session in STORY["sessions"] for turn in session["turns"]]
KEYS = re.compile("KEY|TOKEN|OPENAI|OLLAMA|COLOR|COLUMNS|LINES|PROXY", re.IGNORECASE)


def run(page: Path, folder: Path, **settings: str) -> str:
    """What a page prints when nobody sits at a terminal, no key is set, and any warning is an error."""
    env = {name: value for name, value in os.environ.items() if not KEYS.search(name)} | settings
    command = [sys.executable, "-W", "error", str(page)]
    done = subprocess.run(
        command, cwd=folder, env=env | {"PYTHONUTF8": "1"}, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> str:
    return run(COOKBOOK / "quickstart.py", tmp_path_factory.mktemp("quickstart"))


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
def test_every_page_runs_offline_and_leaves_nothing_behind(page: Path, tmp_path: Path) -> None:
    assert run(page, tmp_path).strip()
    assert not list(tmp_path.iterdir())


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
