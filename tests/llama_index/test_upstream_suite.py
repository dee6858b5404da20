"""LlamaIndex's own tests of memories, engines and agents, with ours in the place of its memory.

Its source distribution holds no tests. So the folder `llama-index-core/tests` of its repository has to
be named in `MEMX_LLAMA_INDEX_TESTS`, of the installed version or one nearby: what fails with
LlamaIndex's own memory too is no fault of ours.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

PLUGINS = Path(__file__).parent / "plugins"
FOLDER = os.environ.get("MEMX_LLAMA_INDEX_TESTS", "")
CHOSEN = ("memory", "chat_engine", "agent/workflow")
OTHERS = ("memory/test_chat_memory_buffer.py", "memory/test_chat_summary_memory_buffer.py")
"""They are about memories of other classes."""
NOT_OURS = {
    f"TestMemorySchema.{name}"
    for name in (
        "test_from_defaults_schema_parameter",
        "test_memory_operations_with_schema",
        "test_memory_reset_preserves_schema",
        "test_schema_parameter_passing",
    )
}
"""They ask for the table in which LlamaIndex keeps a conversation."""


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not FOLDER:
        pytest.skip("MEMX_LLAMA_INDEX_TESTS names no folder with LlamaIndex's tests")
    copy = tmp_path_factory.mktemp("llama-index") / "tests"
    shutil.copytree(FOLDER, copy)
    for name in OTHERS:
        (copy / name).unlink(missing_ok=True)
    return copy


def failures(suite: Path, plugin: str) -> tuple[int, set[str]]:
    """How many tests ran with the plugin, and which failed."""
    report = suite.parent / f"{plugin}.xml"
    options = ["-p", plugin, "-p", "no:cacheprovider", "-W", "ignore", "-o", "asyncio_mode=auto"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--rootdir", str(suite.parent), f"--junitxml={report}", *options]
        + [str(suite / name) for name in CHOSEN],
        cwd=suite.parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(PLUGINS), *sys.path])},
        capture_output=True,
        text=True,
    )
    assert report.exists(), done.stdout + done.stderr
    ran = [case for case in ElementTree.parse(report).iter("testcase") if case.find("skipped") is None]
    failed = [case for case in ran if len(case)]
    return len(ran), {_name(case) for case in failed}


def _name(case: ElementTree.Element) -> str:
    last = str(case.get("classname")).rpartition(".")[2]
    return f"{last}.{case.get('name')}"


@pytest.mark.timeout(1200)
def test_llama_indexs_own_tests_pass_with_ours_where_they_pass_with_its_own(suite: Path) -> None:
    ran, ours = failures(suite, "swapped_memory")
    stock_ran, stock = failures(suite, "stock_memory")
    print(f"ours: {ran - len(ours)} of {ran}, LlamaIndex's own: {stock_ran - len(stock)} of {stock_ran}")
    assert ran == stock_ran >= 100
    assert ours - NOT_OURS <= stock
