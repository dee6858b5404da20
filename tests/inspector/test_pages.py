"""The page's files and the door before them: what is told without a key, and to whom it is told at all."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

import memx_inspector
from memx_core import Memory
from memx_core.testing import FakeEmbedder
from memx_inspector import OwnAddress, entrance, pages
from memx_server import Keys, create_app
from memx_server.serving import Settings, application

ASSETS = Path(memx_inspector.__file__).parent / "assets"
PORT = 8770
OWN = f"127.0.0.1:{PORT}"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OwnAddress, str]]:
    folder = tmp_path_factory.mktemp("pages")
    memory = Memory(embedder=FakeEmbedder(), database=folder / "memx.db", background=False)
    for name in ("ada", "ben", "cleo"):
        memory.add("Plays <b>chess</b>", user_id=name, infer=False)
    keys = Keys(folder / "keys.db")
    yield OwnAddress(create_app(memory, keys=keys, routers=[entrance()], pages=pages()), PORT), keys.create().key
    keys.close()
    memory.close()


@pytest.fixture
async def http(served: tuple[OwnAddress, str]) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(served[0]), base_url=f"http://{OWN}") as client:
        yield client


async def test_the_page_and_its_files_need_no_key_and_tell_nothing(http: httpx.AsyncClient):
    for name in ("", *(each.name for each in ASSETS.iterdir())):
        answer = await http.get(f"/inspect/{name}")
        assert answer.status_code == 200
        assert answer.content == (ASSETS / (name or "index.html")).read_bytes()
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'self'; ")
        assert "unsafe" not in policy
        for header, value in (
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
        ):
            assert answer.headers[header] == value
    assert (await http.get("/inspect")).headers["location"] == "inspect/"


@pytest.mark.parametrize("name", ["nothing.js", "..%2fpages.py", "%2e%2e/pages.py", "../pages.py", "app.js/", "%00"])
async def test_nothing_but_its_files_is_there(http: httpx.AsyncClient, name: str):
    answer = await http.get(f"/inspect/{name}")
    assert answer.status_code in (401, 404)
    assert b"router" not in answer.content


async def test_what_is_remembered_needs_the_key(http: httpx.AsyncClient, served: tuple[OwnAddress, str]):
    asked = {"kind": "user", "limit": 2}
    for headers in ({}, {"Authorization": "Bearer memx_a_b"}, {"Cookie": f"key={served[1]}"}):
        assert (await http.post("/memx/v1/owners", json=asked, headers=headers)).status_code == 401
    assert (await http.post(f"/memx/v1/owners?key={served[1]}", json=asked)).status_code == 401
    bearer = {"Authorization": f"Bearer {served[1]}"}
    first = await http.post("/memx/v1/owners", json=asked, headers=bearer)
    assert [each["id"] for each in first.json()] == ["ada", "ben"]
    rest = await http.post("/memx/v1/owners", json={**asked, "after": "ben"}, headers=bearer)
    assert [each["id"] for each in rest.json()] == ["cleo"]
    told = await http.post("/memx/v1/versions", json={"user_id": "ada"}, headers=bearer)
    assert told.headers["content-type"] == "application/json"
    assert told.json()["items"][0]["text"] == "Plays <b>chess</b>"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": OWN}, 200),
        ({"Host": f"LOCALHOST:{PORT}"}, 200),
        ({"Host": OWN, "Origin": f"http://{OWN}"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": f"evil.example:{PORT}"}, 403),
        ({"Host": f"127.0.0.1.evil.example:{PORT}"}, 403),
        ({"Host": "127.0.0.1"}, 403),
        ({"Host": "127.0.0.1:1"}, 403),
        ({"Host": ""}, 403),
        ({"Host": OWN, "Origin": "http://evil.example"}, 403),
        ({"Host": OWN, "Origin": f"http://localhost:{PORT}"}, 403),
        ({"Host": OWN, "Origin": f"https://{OWN}"}, 403),
        ({"Host": OWN, "Origin": "null"}, 403),
    ],
)
async def test_only_its_own_address_and_page_are_answered(
    http: httpx.AsyncClient, served: tuple[OwnAddress, str], headers: dict[str, str], status: int
):
    bearer = {"Authorization": f"Bearer {served[1]}"}
    asked = await http.post("/memx/v1/owners", json={"kind": "user"}, headers={**headers, **bearer})
    assert asked.status_code == status
    assert (await http.get("/inspect/", headers=headers)).status_code == status


def test_the_files_ask_nobody_else_and_make_no_markup_of_a_text():
    everything = {each.name: each.read_text("utf-8") for each in ASSETS.iterdir()}
    sinks = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|localStorage|\.cookie"
    for name, text in everything.items():
        outside = [
            each for each in re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text) if "www.w3.org/2000/svg" not in each
        ]
        assert not [each for each in outside if "w3.org" not in each], name
        assert not re.search(sinks, text), name
    page = everything["index.html"]
    assert re.findall(r"<script[^>]*>", page) == ['<script type="module" src="app.js">']
    assert not re.search(r"\son\w+=|\sstyle=|<style", page)


async def test_a_server_has_the_page_and_asks_for_a_key(tmp_path: Path):
    app = application(Settings(tmp_path / "memx.db", embedder=FakeEmbedder()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://memories.example") as client:
        page = await client.get("/inspect/")
        assert page.content == (ASSETS / "index.html").read_bytes()
        assert page.headers["x-frame-options"] == "DENY"
        assert (await client.get("/inspect/app.js")).headers["content-type"] == "text/javascript; charset=utf-8"
        assert (await client.get("/inspect")).status_code == 308
        assert (await client.post("/memx/v1/owners", json={"kind": "user"})).status_code == 401
        assert "/inspect" not in (await client.get("/openapi.json")).text
    app.state.house.keys.close()
