"""The house stands as it is drawn: one distribution, its packages, nothing heavy at the door."""

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "memx_core": "core/memx_core",
    "memx_cli": "core/memx_cli",
    "memx_client": "core/memx_client",
    "memx_inspector": "core/memx_inspector",
    "memx_server": "core/memx_server",
    "langchain_memx": "langchain_memx",
    "llama_index_memx": "llama_index_memx",
}
EXTRAS = {"cli", "langchain", "llama-index", "openai", "qdrant", "postgres", "local", "community", "all"}
OF_AN_EXTRA = [
    "langchain_core",
    "llama_index",
    "onnxruntime",
    "openai",
    "opentelemetry",
    "psycopg",
    "qdrant_client",
    "rich",
    "tokenizers",
]


def build(target: str, *, source: Path, into: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(into)]
    subprocess.run(command, cwd=source, check=True, capture_output=True, text=True)
    (artifact,) = into.iterdir()
    return artifact


def run_python(code: str, *options: str, cwd: Path) -> str:
    done = subprocess.run([sys.executable, *options, "-c", code], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def files_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.split("/")[0].endswith(".dist-info")}


def files_in_the_tree() -> set[str]:
    return {
        f"{package}/{file.relative_to(ROOT / folder).as_posix()}"
        for package, folder in PACKAGES.items()
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", source=ROOT, into=tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return Parser().parsestr(archive.read(name).decode())


def test_the_wheel_holds_exactly_the_packages_and_all_of_their_files(wheel: Path) -> None:
    assert files_in(wheel) == files_in_the_tree()
    assert {name.split("/")[0] for name in files_in(wheel)} == set(PACKAGES)


def test_every_package_says_that_it_is_typed(wheel: Path) -> None:
    assert {f"{package}/py.typed" for package in PACKAGES} <= files_in(wheel)


def test_the_sdist_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    sdist = build("sdist", source=ROOT, into=tmp_path / "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    source = tmp_path / sdist.name.removesuffix(".tar.gz")

    assert files_in(build("wheel", source=source, into=tmp_path / "wheel")) == files_in(wheel)


def test_the_wheel_carries_its_licence_and_every_extra(metadata: Message) -> None:
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["License-File"] == "LICENSE"
    assert metadata["Requires-Python"] == ">=3.11"
    assert set(metadata.get_all("Provides-Extra", [])) >= EXTRAS


def test_core_is_a_folder_and_no_package(wheel: Path, tmp_path: Path) -> None:
    assert not (ROOT / "core" / "__init__.py").exists()

    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    found = "import importlib.util as u; print(*(name for name in ('core', 'memx_core') if u.find_spec(name)))"
    # -S: without what is installed beside it, which in a development checkout includes the checkout itself.
    assert run_python(found, "-S", cwd=tmp_path) == "memx_core"


def test_a_plain_install_imports_without_any_extra(tmp_path: Path) -> None:
    blocked = f"import sys; sys.modules.update(dict.fromkeys({OF_AN_EXTRA!r}))"
    run_python(f"{blocked}; import memx_core", cwd=tmp_path)


def test_importing_the_core_is_quiet(tmp_path: Path) -> None:
    code = "import threading, memx_core; assert threading.active_count() == 1, threading.enumerate()"
    assert run_python(code, "-W", "error", cwd=tmp_path) == ""
    assert not list(tmp_path.iterdir())


def test_importing_memory_spares_what_only_some_need(tmp_path: Path) -> None:
    unneeded = {"alembic", "memx_core.extraction.rules", "sqlalchemy.dialects.postgresql"}
    code = f"import sys; from memx_core import Memory; print(*sorted({unneeded!r} & set(sys.modules)))"
    assert run_python(code, cwd=tmp_path) == ""


def test_tests_build_with_the_backend_that_users_build_with() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (backend,) = project["build-system"]["requires"]
    assert backend in project["project"]["optional-dependencies"]["test"]
