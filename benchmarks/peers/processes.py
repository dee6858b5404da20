"""The contenders' processes, seen from outside, and the environments that some of them need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks import machine
from benchmarks.peers.contenders import CONTENDERS, ENVIRONMENTS

ROOT = Path(__file__).parents[2]
PLACE = ROOT / ".matrix"
_SINGLE = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
_VERSIONS = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
_IMPORTING = """
import resource, sys
exec(sys.argv[1])
usage = resource.getrusage(resource.RUSAGE_SELF)
try:  # ru_maxrss begins with what the parent held
    peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
except OSError:
    peak = usage.ru_maxrss
print(usage.ru_utime + usage.ru_stime, peak)
"""


class PeerError(RuntimeError):
    """A contender's process could not do what it was asked."""


class Process:
    """A contender in a process of its own, on a folder of its own.

    Args:
        name: Of `CONTENDERS`.
        python: The interpreter of its environment.
    """

    def __init__(self, name: str, python: Path) -> None:
        self.name = name
        self._folder = tempfile.TemporaryDirectory()
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  # as long as the process
        command = [str(python), "-m", "benchmarks.peers.working"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
            text=True, cwd=ROOT, env=environment(Path(self._folder.name)),
        )  # fmt: skip
        _pin(self.pid)
        try:
            self.does: Sequence[str] = self.ask("open", name=name, folder=self._folder.name)
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """As the system knows it."""
        return self._process.pid

    def ask(self, call: str, **arguments: object) -> Any:  # noqa: ANN401  # whatever JSON there is
        """What `Worker` answers to `call`.

        Raises:
            PeerError: If it fails, or its process ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):  # then there is no answer either
            print(json.dumps({"call": call, "with": arguments}), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        answer = json.loads(line) if line else {"error": f"its process ended\n{self._said()}"}
        if "error" in answer:
            raise PeerError(f"{self.name}, {call}: {answer['error']}")
        return answer["answer"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends it, and removes its folder."""
        self._process.communicate()  # its input ends, and with it the process
        self._errors.close()
        self._folder.cleanup()

    def _said(self) -> str:
        self._errors.seek(0)
        return self._errors.read()[-2_000:]


def _pin(process: int) -> None:
    """To one core, the same for all: cores are not equally fast at all times, and the contenders are asked in turn."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(process, {max(os.sched_getaffinity(0))})


def environment(home: Path) -> dict[str, str]:
    """What a process is started with: one thread for each library that would take all cores, nothing sent anywhere.

    It keeps what it compiles, as an installed package is kept compiled.
    """
    paths = os.pathsep.join([str(ROOT / "core"), str(ROOT)])
    quiet = {"MEM0_TELEMETRY": "False", "MEM0_DIR": str(home / "mem0"), "ANONYMIZED_TELEMETRY": "False"}
    return {**machine.compiling(), **_SINGLE, **quiet, "PYTHONPATH": paths}


def python_of(name: str) -> Path:
    """The interpreter of a contender's environment, which is made where it is missing.

    Raises:
        PeerError: If what it needs cannot be installed.
    """
    of = CONTENDERS[name].environment
    return installed(of) if of else Path(sys.executable)


def installed(name: str) -> Path:
    """The interpreter of one of `ENVIRONMENTS`, in `.matrix/`; made anew when what it should have has changed."""
    home, packages = PLACE / f"peers-{name}", ENVIRONMENTS[name]
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    made = home / "made"
    if not made.exists() or made.read_text(encoding="utf-8") != "\n".join(packages):
        print(f"installing {', '.join(packages)} into {home.relative_to(ROOT)} …", file=sys.stderr, flush=True)
        venv.create(home, clear=True, with_pip=True)
        options = ["--quiet", "--disable-pip-version-check"]
        done = subprocess.run(
            [python, "-m", "pip", "install", *options, *packages], cwd=ROOT, check=False, capture_output=True, text=True
        )
        if done.returncode:
            raise PeerError(f"{name} could not be installed:\n{done.stderr[-2_000:]}")
        made.write_text("\n".join(packages), encoding="utf-8")
    return python


def versions(name: str, python: Path) -> Mapping[str, str]:
    """Of the packages that a contender stands for."""
    named = CONTENDERS[name].distributions
    shown = subprocess.run([python, "-c", _VERSIONS, *named], check=True, capture_output=True, text=True).stdout
    return dict(zip(named, shown.split(), strict=True))


def imported(name: str, python: Path) -> tuple[float, float]:
    """CPU seconds and kilobytes at the peak of a fresh process that imports a contender, Python itself included."""
    with tempfile.TemporaryDirectory() as folder:
        shown = subprocess.run(
            [python, "-W", "ignore", "-c", _IMPORTING, CONTENDERS[name].imports],
            check=True, capture_output=True, text=True, env=environment(Path(folder)),
        ).stdout  # fmt: skip
    seconds, kilobytes = shown.split()[-2:]
    return float(seconds), float(kilobytes)
