"""langchain-core's own tests of chat histories, with ours in the place of its history in memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path
from xml.etree import ElementTree

import langchain_core
import pytest

PLUGINS = Path(__file__).parent / "plugins"
TESTS = ("chat_history/test_chat_history.py", "runnables/test_history.py")
BESIDE = ("pydantic_utils.py",)
NOT_OURS = {"test_chat_history_deprecated[Swapped]"}
"""It asks whether the docstring of LangChain's class says that that class is deprecated."""


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tests of the installed version, from its source distribution."""
    folder = tmp_path_factory.mktemp("langchain-core")
    source = f"langchain-core=={langchain_core.__version__}"
    options = ["--disable-pip-version-check", "--no-deps", "--no-binary", ":all:", "--no-build-isolation"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), source]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=100)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"the source of {source} cannot be had from the package index: {error}")
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    (unpacked,) = folder.glob("*/tests/unit_tests")
    return _chosen(unpacked, folder / "chosen")


def _chosen(source: Path, into: Path) -> Path:
    """Only what is run, without the settings of the rest, which need packages of their own."""
    for name in (*TESTS, *BESIDE):
        target = into / "tests" / "unit_tests" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((source / name).read_bytes())
    for folder in [into / "tests", *(path for path in (into / "tests").rglob("*") if path.is_dir())]:
        (folder / "__init__.py").touch()
    return into


def test_langchains_own_tests_of_histories_pass_with_ours(suite: Path) -> None:
    report = suite / "report.xml"
    options = ["-p", "swapped_history", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto", f"--junitxml={report}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--rootdir", str(suite), *options, "tests"],
        cwd=suite,
        env={**os.environ, "PYTHONPATH": str(PLUGINS)},
        capture_output=True,
        text=True,
    )
    assert report.exists(), done.stdout + done.stderr
    ran = {str(case.get("name")): case for case in ElementTree.parse(report).iter("testcase")}
    failed = {name for name, case in ran.items() if len(case)}
    assert len(ran) >= 25, done.stdout
    assert failed <= NOT_OURS, done.stdout
