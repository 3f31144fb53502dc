"""A real PostgreSQL for tests: started in a temporary folder on a socket of its own, by a user without rights."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import uuid4

import psycopg
import pytest

REQUIRED = "TESTS_NEED_POSTGRESQL"
"""Variable that turns a missing PostgreSQL into a failure."""
SETTINGS = {"fsync": "on", "listen_addresses": "", "max_connections": "60", "shared_buffers": "32MB"}


def find_programs() -> Path | None:
    """Return the folder with ``initdb`` and ``pg_ctl``, of the newest version; None where there is none."""
    found = shutil.which("initdb")
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    places += [Path(found).resolve().parent] if found else []
    return next(
        (place for place in reversed(places) if (place / "pg_ctl").exists() and (place / "initdb").exists()), None
    )


def run_as_nobody(*command: str | Path) -> None:
    """Run a command to its end; as ``nobody`` where we are root, whom PostgreSQL refuses to run under."""
    who: dict[str, object] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
    done = subprocess.run(
        [str(word) for word in command], cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **who,
    )  # type: ignore[call-overload]  # fmt: skip
    assert done.returncode == 0, done.stdout


@contextmanager
def postgresql(programs: Path) -> Iterator[str]:
    """Give the URL of a running PostgreSQL, without any database of ours; it ends with the block."""
    folder = Path(mkdtemp(prefix="recsvc-pg-", dir="/tmp"))  # short: the path of a socket may have 107 characters
    if os.getuid() == 0:
        shutil.chown(folder, "nobody", "nogroup")
    data = folder / "data"
    try:
        run_as_nobody(
            programs / "initdb",
            "-D",
            data,
            "-U",
            "recsvc",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-instructions",
        )
        options = " ".join(f"-c {name}={value or chr(39) * 2}" for name, value in SETTINGS.items())
        run_as_nobody(
            programs / "pg_ctl", "-D", data, "-l", folder / "log", "-o", f"{options} -k {folder}", "-w", "start"
        )
        try:
            yield f"postgresql://recsvc@/postgres?host={folder}"
        finally:
            run_as_nobody(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL that all tests share; skipped where none is installed."""
    programs = find_programs()
    if programs is None:
        reason = "PostgreSQL is not installed: apt-get install postgresql"
        if os.environ.get(REQUIRED):
            pytest.fail(reason)
        pytest.skip(reason)
    with postgresql(programs) as url:
        yield url


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """The URL of an empty database, gone after the test."""
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield postgresql_server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store: a test that takes it runs on both databases."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store/recsvc.db"
    url: str = request.getfixturevalue("postgresql_url")
    return url


def hold_events(url: str) -> Any:
    """Return a connection that lets nobody write events until it rolls back."""
    if url.startswith("sqlite"):
        holder: Any = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
    else:
        holder = psycopg.connect(url)
        holder.execute("LOCK TABLE events IN EXCLUSIVE MODE")
    return holder
