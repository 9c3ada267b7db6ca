"""A PostgreSQL server of these tests alone: made in a temporary folder when first asked for, gone with the process."""

from __future__ import annotations

import atexit
import functools
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

PASSWORD = "pg-canary-p%40ss"  # as a URL spells it
_CONNECTIONS = 12  # fewer than the processes of the tests: who holds a lock must come through all the same
_SETTINGS = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections={_CONNECTIONS} -c port="


@functools.cache
def url() -> str:
    """Return the URL of a database on a private server; skip the test where PostgreSQL is not installed."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: there is no initdb")
    folder = Path(tempfile.mkdtemp(prefix="connector-postgres-"))
    who = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    if who:
        shutil.chown(folder, "postgres", "postgres")
    run = functools.partial(subprocess.run, check=True, capture_output=True, cwd=folder, **who)
    secret = folder / "password"
    secret.write_text("pg-canary-p@ss\n")
    secret.chmod(0o644)
    data = str(folder / "data")
    # md5 and not SCRAM: a login by SCRAM costs more time than all else that these tests do
    run([programs / "initdb", "-D", data, "-U", "keeper", "-A", "md5", f"--pwfile={secret}", "-N"])
    port = _free_port()
    log = str(folder / "log")
    started = [programs / "pg_ctl", "-D", data, "-w", "-l", log, "-o", f"{_SETTINGS}{port}", "start"]
    subprocess.run(started, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, **who)
    atexit.register(_stop, run, programs, folder, os.getpid())
    return f"postgresql://keeper:{PASSWORD}@127.0.0.1:{port}/postgres"


def fresh() -> str:
    """Return the URL of a new, empty database on it."""
    from sqlalchemy import create_engine, text
    from sqlalchemy.pool import NullPool

    server = url()
    name = f"store_{secrets.token_hex(6)}"
    engine = create_engine(_driven(server), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
    return f"{server.rpartition('/')[0]}/{name}"


def execute(database: str, statement: str, **values: object) -> list[tuple]:
    """Run a statement behind the store's back and return the rows, if any."""
    from sqlalchemy import create_engine, text
    from sqlalchemy.pool import NullPool

    engine = create_engine(_driven(database), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        result = connection.execute(text(statement), values)
        return [tuple(row) for row in result] if result.returns_rows else []


def _driven(database: str) -> str:
    return database.replace("postgresql://", "postgresql+psycopg://")


def _programs() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _stop(run: functools.partial, programs: Path, folder: Path, pid: int) -> None:
    if os.getpid() == pid:  # not in a forked child
        run([programs / "pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "stop"])
        shutil.rmtree(folder, ignore_errors=True)
