"""The command as a process: at a terminal, in a pipe, and quick to say what it can do."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from memx_core import Memory
from memx_core.embedders import HashingEmbedder

MEMX = [sys.executable, "-m", "memx_cli"]


@pytest.fixture
def env(blank: Path, tmp_path: Path) -> dict[str, str]:
    """Of a process in a folder with a database that holds a memory of ada's."""
    shutil.copyfile(blank, tmp_path / "memx.db")
    with Memory(embedder=HashingEmbedder(), database=tmp_path / "memx.db") as memory:
        memory.add("Lives in Bergen, at the \x1b[31mharbour.", user_id="ada", infer=False)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MEMX_", "COLUMNS", "PYTHON"))}
    path = os.environ.get("PYTHONPATH", "")
    return {**kept, "PYTHONPATH": path, "MEMX_USER": "ada", "TERM": "xterm-256color", "PYTHONUTF8": "1"}


def at_a_terminal(
    arguments: list[str], folder: Path, env: dict[str, str], *, typed: list[tuple[str, str]] | None = None, columns: int
) -> tuple[int, str]:
    """The exit code, and all that the terminal showed; each of `typed` is a text to wait for, and the answer."""
    waiting = list(typed or [])
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe(MEMX[0], [*MEMX, *arguments], {**env, "COLUMNS": str(columns)})
    shown, from_here, key, patience = "", 0, "", 60
    while patience:
        if not select.select([terminal], [], [], 1)[0]:
            patience -= 1
            if key < " ":  # one that came while the program was still setting the terminal up is lost
                os.write(terminal, key.encode())
            continue
        try:
            read = os.read(terminal, 65_536)
        except OSError:  # Linux says so that nobody is at the other end any more
            break
        if not read:
            break
        shown += read.decode("utf-8", "replace")
        if waiting and waiting[0][0] in shown[from_here:]:
            from_here = len(shown)
            key = waiting.pop(0)[1]
            os.write(terminal, key.encode())
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown


def test_help_is_light(tmp_path: Path) -> None:
    code = (
        "import sys, memx_cli\n"
        "try: memx_cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(len(sys.modules), *{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    count, *modules = done.stdout.splitlines()[-1].split()
    assert not {"sqlalchemy", "numpy", "pydantic", "rich", "langchain_core", "alembic"} & set(modules)
    assert int(count) < 300


def test_a_narrow_terminal_wraps_and_colours(env: dict[str, str], tmp_path: Path) -> None:
    code, shown = at_a_terminal(["list"], tmp_path, env, columns=40)
    assert code == 0
    assert "\x1b[36m" in shown  # ours
    assert "\x1b[31m" not in shown  # theirs
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert max(map(len, plain.splitlines())) <= 40
    assert len(plain.splitlines()) > 1
    _, bare = at_a_terminal(["list"], tmp_path, {**env, "NO_COLOR": "1"}, columns=40)
    assert "\x1b[3" not in bare


def test_a_conversation_at_a_terminal(env: dict[str, str], tmp_path: Path) -> None:
    typed = [("you> ", "I have a cat called Tom.\n"), ("you> ", "Who is Tom?\n"), ("you> ", "\x04")]
    code, shown = at_a_terminal(["chat"], tmp_path, env, typed=typed, columns=100)
    assert code == 0
    assert "User has a cat called Tom" in re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert "I remember:" in shown


def test_ctrl_c_ends_a_conversation(env: dict[str, str], tmp_path: Path) -> None:
    code, shown = at_a_terminal(["chat"], tmp_path, env, typed=[("you> ", "\x03")], columns=80)
    assert code == 130
    assert "Traceback" not in shown


def test_erasing_asks(env: dict[str, str], tmp_path: Path) -> None:
    asks = "[y/N] "
    code, shown = at_a_terminal(["erase"], tmp_path, env, typed=[(asks, "n\n")], columns=200)
    assert (code, "nothing was erased" in shown) == (1, True)
    code, shown = at_a_terminal(["erase"], tmp_path, env, typed=[(asks, "y\n")], columns=200)
    assert (code, "erased: 1 memories" in shown) == (0, True)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_whoever_reads_may_leave(env: dict[str, str], tmp_path: Path, options: list[str]) -> None:
    with Memory(embedder=HashingEmbedder(), database=tmp_path / "memx.db") as memory:
        said = [{"role": "user", "content": f"{n} " * 1000 + "said."} for n in range(100)]  # more than a pipe holds
        memory.add(said, user_id="ada", infer=False)
    running = subprocess.Popen(
        [*MEMX, "list", *options], cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.read(10)
    running.stdout.close()
    assert running.stderr.read() == b""
    running.stderr.close()
    assert running.wait() == 128 + signal.SIGPIPE


def test_a_terminal_without_the_letters_is_no_error(env: dict[str, str], tmp_path: Path) -> None:
    bare = {**env, "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
    done = subprocess.run([*MEMX, "add", "--verbatim", "Æ用"], cwd=tmp_path, env=bare, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"+  ??")


def test_a_shell_completes_commands(env: dict[str, str], tmp_path: Path) -> None:
    asked = {**env, "_MEMX_COMPLETE": "complete_bash", "COMP_WORDS": "memx re", "COMP_CWORD": "1"}
    done = subprocess.run(MEMX, cwd=tmp_path, env=asked, capture_output=True, text=True, check=False)
    assert {"recall", "review", "rebuild"} <= set(done.stdout.split())
