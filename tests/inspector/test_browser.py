"""The inspector as a person uses it: in a real Chromium, against a real server on loopback."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from memx_core import Memory
from tests.inspector.browser import MISSING, browsing, chromium, inspected
from tests.inspector.seeding import HOSTILE, MANY, seeded

pytestmark = pytest.mark.skipif(chromium() is None, reason=MISSING)
MALLORY = quote("<b>mallory</b>")
VIEWS = (
    "owners",
    "memories?user=ada",
    "conversations?user=ada",
    "conversations?user=ada&session=moving",
    "search?user=ada&q=live",
    "changes?user=ada&since=1970-01-02T00:00:00Z",
    "review",
    "jobs",
    "usage?days=",
)


@dataclass
class Window:
    """A browser's window on the inspector, which notes what must not happen in it."""

    page: Page
    address: str
    memory: Memory
    wrong: list[str] = field(default_factory=list)

    def go(self, view: str) -> Page:
        self.page.goto(f"{self.address.partition('#')[0]}#/{view}")
        self.page.locator("main h1").wait_for()
        self.page.locator("[aria-busy], .loading").first.wait_for(state="detached")
        return self.page


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Browser, str, Memory]]:
    with ExitStack() as stack:
        memory = seeded(tmp_path_factory.mktemp("inspector") / "memx.db")
        address = stack.enter_context(inspected(memory))
        yield stack.enter_context(browsing()), address, memory


@pytest.fixture(scope="module")
def context(stage: tuple[Browser, str, Memory]) -> Iterator[BrowserContext]:
    made = stage[0].new_context(viewport={"width": 1100, "height": 800}, reduced_motion="reduce")
    yield made
    made.close()


@pytest.fixture(scope="module")
def _window(stage: tuple[Browser, str, Memory], context: BrowserContext) -> Window:
    _, address, memory = stage
    page = context.new_page()
    page.set_default_timeout(20_000)
    made = Window(page, address, memory)
    host = urlsplit(address).netloc
    page.on("console", lambda each: made.wrong.append(each.text) if each.type in ("error", "warning") else None)
    page.on("pageerror", lambda each: made.wrong.append(str(each)))
    page.on("dialog", lambda each: made.wrong.append(f"dialog {each.message}"))
    page.on("request", lambda each: made.wrong.append(each.url) if urlsplit(each.url).netloc != host else None)
    page.goto(address)
    return made


@pytest.fixture
def window(_window: Window) -> Iterator[Window]:
    """Reset to a desk's size and a light scheme; nothing may have gone wrong behind it."""
    _window.page.set_viewport_size({"width": 1100, "height": 800})
    _window.page.emulate_media(color_scheme="light")
    yield _window
    wrong, _window.wrong = _window.wrong, []
    assert wrong == []


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent"))


def test_the_key_leaves_the_address_at_once_and_stays_with_the_tab(window: Window):
    window.page.goto("about:blank")
    window.page.goto(window.address)
    window.page.locator(".rows .row").first.wait_for()
    assert "key" not in window.page.url
    assert window.page.evaluate("document.cookie") == ""
    assert window.page.evaluate("sessionStorage.getItem('memx-key')") == window.address.partition("#key=")[2]


def test_owners_come_by_the_page_and_are_looked_for(window: Window):
    page = window.go("owners")
    expect(page.locator(".rows .row")).to_have_count(50)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".rows .row")).to_have_count(MANY + 3)
    page.get_by_label("Id contains").fill("user-005")
    expect(page.locator(".rows .row")).to_have_count(10)
    assert "q=user-005" in page.url
    page.get_by_label("Id contains").fill("nobody like that")
    expect(page.locator(".empty")).to_be_visible()
    page.get_by_role("link", name="Agents").click()
    page.get_by_role("link", name="librarian").click()
    expect(page.locator("main h1")).to_have_text("Memories")
    expect(page.locator("#scope")).to_contain_text("librarian")
    page.go_back()
    expect(page.get_by_role("link", name="Agents")).to_have_attribute("aria-current", "page")


def test_memories_are_shown_by_status_and_by_their_words(window: Window):
    page = window.go("memories?user=ada")
    texts = page.locator(".rows .said")
    expect(texts.filter(has_text="lives in Oslo")).to_have_count(1)
    expect(texts.filter(has_text="lives in Bergen")).to_have_count(0)
    page.get_by_label("Which").select_option("superseded")
    expect(texts.filter(has_text="lives in Bergen")).to_have_count(1)
    page.get_by_label("Which").select_option("deleted")
    expect(page.locator(".row.deleted")).to_have_text([re.compile("Owes Grace 20 crowns")])
    expect(page.get_by_label("Text contains")).to_be_disabled()
    page.get_by_label("Which").select_option("all")
    page.get_by_label("Text contains").fill("LIVES IN")
    expect(page.locator(".rows .row")).to_have_count(2)
    page.reload()
    expect(page.locator(".rows .row")).to_have_count(2)  # the address keeps the view


def test_both_clocks_take_the_list_back(window: Window):
    page = window.go("memories?user=ada")
    page.get_by_text("Look back in time").click()
    before = window.memory.diff(min(each.created_at for each in window.memory.scopes()), user_id="ada")
    known = page.get_by_role("slider", name="Known at")
    known.focus()
    page.keyboard.press("Home")
    expect(page.locator(".empty")).to_have_text("Nothing was remembered here then.")
    assert "known=" in page.url
    page.get_by_role("button", name="Now").first.click()
    expect(page.locator(".told")).to_be_hidden()
    moved = next(each for each in before if each.event == "UPDATE")
    instant = moved.at.isoformat().replace("+00:00", "Z")
    early = (moved.at.replace(microsecond=0)).isoformat().replace("+00:00", "Z")
    page = window.go(f"memories?user=ada&known={early}")
    expect(page.locator(".rows .said").filter(has_text="lives in Bergen")).to_have_count(1)
    page = window.go(f"memories?user=ada&asof={instant}")
    expect(page.locator(".rows .said").filter(has_text="lives in Oslo")).to_have_count(1)


def test_a_memory_tells_its_versions_and_the_words_it_came_from(window: Window):
    page = window.go("memories?user=ada")
    page.get_by_role("link", name="lives in Oslo").click()
    expect(page.locator(".now > .said")).to_have_text("Ada lives in Oslo")
    expect(page.locator(".timeline > li")).to_have_count(2)
    expect(page.locator(".timeline mark").first).to_have_text("I moved to Oslo last week")
    expect(page.locator(".timeline del").first).to_have_text("Bergen")
    times = page.locator("time")
    assert times.count() > 3
    assert all("T" in (times.nth(at).get_attribute("title") or "") for at in range(3))
    page.get_by_role("link", name="in the conversation").first.click()
    expect(page.locator(".turn.sought mark").first).to_have_text("I moved to Oslo last week")


def test_a_conversation_marks_the_words_also_behind_signs_of_two_units(window: Window):
    page = window.go("conversations?user=ada")
    expect(page.locator(".rows .row")).to_have_count(5)  # the last is of turns without one
    page = window.go("conversations?user=ada&session=october")
    expect(page.locator(".turn mark").filter(has_text="I ride my bike to work every day")).to_have_text(
        "I ride my bike to work every day"
    )
    page.locator(".learned a").first.click()
    expect(page.locator("main h1")).to_have_text("One memory")


def test_search_explains_every_score(window: Window):
    page = window.go("search?user=ada&q=lives")
    hit = page.locator(".hit").first
    expect(hit.locator("mark")).to_have_text("lives")
    hit.locator("summary").click()
    for name in ("Meaning", "Words", "Together", "Recency", "Score"):
        expect(hit.get_by_role("rowheader", name=name)).to_be_visible()
    page.get_by_label("turns of conversations too").check()
    expect(page.locator(".hit").filter(has_text="turn of user").first).to_be_visible()


def test_changes_between_two_moments_are_told_by_the_day(window: Window):
    page = window.go("changes?user=ada&since=1970-01-02T00:00:00Z")
    expect(page.locator(".row.update del")).to_have_text("Bergen")
    expect(page.locator(".row.delete")).to_have_count(1)
    assert page.locator("h2.day").count() > 4
    page.get_by_role("button", name="Last day").click()
    expect(page.locator(".empty")).to_be_visible()


def test_what_waits_is_rejected_and_approved_with_the_keyboard(window: Window):
    page = window.go("review")
    waiting = [each for each in window.memory.pending() if each.status == "review"]
    assert waiting
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.locator("#live")).to_have_text("approved")
    assert len([each for each in window.memory.pending() if each.status == "review"]) == len(waiting) - 1
    assert window.memory.search("where does Ada live", user_id="ada")[0].memory.text == "Ada lives in Trondheim"
    window.memory.add("I moved to Alta last week.", user_id="ada", session_id="january")
    page = window.go("jobs")
    expect(page.locator(".row")).to_contain_text(["queued"])
    page = window.go("review")
    page.get_by_label("Reason").fill("a joke")
    page.get_by_role("button", name="Reject").click()
    expect(page.locator(".empty")).to_have_text("Nothing waits to be approved.")


def test_usage_is_told_by_model_day_and_scope(window: Window):
    page = window.go("usage?days=")
    expect(page.locator("main h2")).to_have_text([re.compile(each) for each in ("By model", "By day", "By scope")])


def test_hostile_texts_are_text(window: Window):
    for view in (f"memories?user={MALLORY}", f"conversations?user={MALLORY}&session={quote('<i>session</i>')}"):
        page = window.go(view)
        shown = page.locator("main .said").all_text_contents()
        assert HOSTILE[0] in shown
        assert HOSTILE[1] in shown
        assert any("ESC[31mred" in each and "RLOright to left" in each for each in shown)
        assert page.locator("main img, main script, main b, main i").count() == 0
        assert "owned" not in page.title()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page = window.go(f"changes?user={MALLORY}&since=1970-01-02T00:00:00Z")
    assert HOSTILE[0] in page.locator("main .said").all_text_contents()
    page = window.go(f"memories?user=ada&q={quote(HOSTILE[0])}")
    assert page.get_by_label("Text contains").input_value() == HOSTILE[0]


def test_every_view_is_readable_on_a_phone_in_light_and_dark(window: Window):
    window.page.set_viewport_size({"width": 360, "height": 740})
    memory = window.memory.versions(user_id="ada", containing="lives")[0].id
    for view in (*VIEWS, f"memory?user=ada&id={memory}", f"memories?user={MALLORY}", f"search?user={MALLORY}&q=red"):
        page = window.go(view)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, view
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            faint = page.evaluate(CONTRAST)
            assert faint == [], (view, scheme, faint)


SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
CONTRAST = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = parts(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((each) => each.nodeType === 3 && each.data.trim());
    if (!own || !node.checkVisibility() || node.closest(".skip, .unseen, dialog, option")) continue;
    const [a, b] = [light(parts(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) faint.push(`${node.tagName}.${node.className} ${node.textContent.slice(0, 20)}`);
  }
  return faint;
}"""


def test_the_keyboard_reaches_everything(window: Window):
    page = window.go("owners")
    page.reload()
    page.locator(".rows .row").first.wait_for()
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("/")
    page.keyboard.type("user-000")
    expect(page.locator(".rows .row")).to_have_count(10)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert focused(page).startswith("user-0001") or focused(page).startswith("user-0000")
    first = focused(page)
    page.keyboard.press("ArrowDown")
    assert focused(page) != first
    page.keyboard.press("ArrowUp")
    assert focused(page) == first
    page.keyboard.press("End")
    assert focused(page).startswith("user-0009")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("main h1")).to_have_text("Memories")
    assert focused(page) == "Memories"  # whoever hears the page hears where they are
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    window.go(f"memory?user=ada&id={window.memory.versions(user_id='ada')[0].id}")
    page.keyboard.press("Escape")
    expect(page.locator("main h1")).to_have_text("Memories")
    for landmark in ("banner", "navigation", "main"):
        expect(page.get_by_role(landmark)).to_have_count(1)  # type: ignore[arg-type]
    expect(page.get_by_role("navigation").locator("[aria-current=page]")).to_have_text("Memories")


def test_what_fails_is_told_and_tried_again(window: Window):
    page = window.page
    page.route("**/memx/v1/sessions", lambda route: route.fulfill(status=500, body=json.dumps({"detail": "no disk"})))
    window.go("conversations?user=ada")
    expect(page.get_by_role("alert")).to_contain_text("no disk")
    page.unroute("**/memx/v1/sessions")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".rows .row").first).to_be_visible()
    window.go("memory?id=nothing")
    expect(page.get_by_role("alert")).to_contain_text("nothing")
    window.go("nowhere")
    expect(page.locator("main h1")).to_have_text("Nothing here")
    window.go("memories")
    expect(page.locator(".empty")).to_contain_text("Choose a user")
    assert all("Failed to load resource" in each for each in window.wrong)  # the browser's own word for the two
    window.wrong.clear()


def test_without_a_key_the_page_asks_for_one_and_shows_nothing(window: Window, context: BrowserContext):
    page = context.new_page()  # a tab of its own has no key
    page.goto(window.address.partition("#")[0] + "#/memories?user=ada")
    expect(page.locator("main h1")).to_have_text("A key, please")
    assert page.locator(".rows").count() == 0
    page.get_by_label("Key", exact=True).fill("memx_wrong_key")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_contain_text("opens nothing")
    page.get_by_label("Key", exact=True).fill(window.address.partition("#key=")[2])
    page.get_by_role("button", name="Open").click()
    expect(page.locator("main h1")).to_have_text("Memories")
    assert "key" not in page.url
    page.get_by_role("button", name="Forget key").click()
    expect(page.locator("main h1")).to_have_text("A key, please")
    assert page.evaluate("sessionStorage.length") == 0
    page.close()


def test_a_page_from_elsewhere_reads_nothing(window: Window, context: BrowserContext, tmp_path: Path):
    page = context.new_page()
    (tmp_path / "evil.html").write_text("<title>evil</title>")
    page.goto((tmp_path / "evil.html").as_uri())
    base = window.address.partition("/inspect")[0]
    script = """async (base) => {
      const headers = { "Content-Type": "application/json" };
      const asked = { method: "POST", headers, body: "{}", credentials: "include" };
      return fetch(`${base}/memx/v1/pending`, asked).then((answer) => answer.text(), () => "refused");
    }"""
    assert page.evaluate(script, base) == "refused"
    page.set_content(f"<iframe src='{base}/inspect/'></iframe>")
    page.frames[-1].wait_for_load_state()
    assert page.frames[-1].locator("main").count() == 0
    page.close()
