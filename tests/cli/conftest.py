"""A command line, run in this process as a script would run it, in a folder of its own."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

import memx_cli


@dataclass(frozen=True, slots=True)
class Done:
    """What a command line came to."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def result(self) -> Any:
        """What `--json` printed: one object in one line."""
        (line,) = self.lines
        document = json.loads(line)
        assert document["version"] == 1
        return document["result"]


class Run(Protocol):
    def __call__(self, *arguments: str, stdin: str = "", code: int = 0) -> Done: ...


@pytest.fixture
def memx(blank: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `memx …` as ada, on a database with nothing in it, without weights; nobody sits at a terminal."""
    shutil.copyfile(blank, tmp_path / "memx.db")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MEMX_USER", "ada")
    monkeypatch.setenv("MEMX_EMBEDDER", "hashing")
    for name in ("AGENT", "RUN", "DATABASE", "NAMESPACE", "MODEL", "INDEX", "DEBUG"):
        monkeypatch.delenv(f"MEMX_{name}", raising=False)

    def run(*arguments: str, stdin: str = "", code: int = 0) -> Done:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            memx_cli.main(arguments)
        printed = capsys.readouterr()
        exit_code = ended.value.code
        assert isinstance(exit_code, int)
        assert exit_code == code, printed.err
        return Done(exit_code, printed.out, printed.err)

    return run
