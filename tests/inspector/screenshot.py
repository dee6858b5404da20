"""Takes the README's picture of the inspector: `python -m tests.inspector.screenshot [FOLDER]`.

Into a folder that is named go pictures of all views: light, dark, and on a phone.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.inspector.browser import browsing, inspected
from tests.inspector.seeding import seeded

README = Path(__file__).parents[2] / "docs" / "images" / "inspector.png"
VIEWS = {
    "owners": "#/owners",
    "memories": "#/memories?user=ada",
    "past": "#/memories?user=ada&known=PAST",
    "all": "#/memories?user=ada&status=all",
    "hostile": "#/memories?user=%3Cb%3Emallory%3C%2Fb%3E",
    "memory": "MEMORY",
    "conversations": "#/conversations?user=ada",
    "conversation": "#/conversations?user=ada&session=moving",
    "search": "#/search?user=ada&q=where+does+she+live",
    "changes": "#/changes?user=ada&since=1970-01-02T00:00:00Z",
    "review": "#/review",
    "jobs": "#/jobs",
    "usage": "#/usage?days=",
}


def main(folder: Path | None) -> None:
    with tempfile.TemporaryDirectory() as place:
        memory = seeded(Path(place) / "memx.db", hostile=folder is not None)
        changed = next(each for each in memory.versions(user_id="ada", containing="Oslo") if each.version > 1)
        past = memory.diff(changed.created_at, user_id="ada")[-1].at.isoformat().replace("+00:00", "Z")
        views = {**VIEWS, "memory": f"#/memory?user=ada&id={changed.id}"}
        with inspected(memory) as address, browsing() as browser:
            ways = (
                [("light", 1180, 640)]
                if folder is None
                else [("light", 1180, 760), ("dark", 1180, 760), ("light", 360, 740)]
            )
            for scheme, width, height in ways:
                page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                page.goto(address)
                for name, view in views.items() if folder is not None else [("memory", views["memory"])]:
                    page.goto(address.partition("#")[0] + view.replace("PAST", past))
                    page.wait_for_selector("main h1")
                    page.locator("[aria-busy], .loading").first.wait_for(state="detached")
                    if name == "search":
                        page.locator("summary").first.click()
                    target = README if folder is None else folder / f"{name}-{scheme}-{width}.png"
                    page.screenshot(path=target, full_page=folder is not None)
                page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
