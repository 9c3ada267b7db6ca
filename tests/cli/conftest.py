"""Fixtures of the command line: commands in a process of their own, and in this one."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from support.sandboxes.sign_in_service import Shelf, World

from connector.cli.main import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connector import Connector

ROOT = Path(__file__).parents[2]


class Done(NamedTuple):
    """The result of a command: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """stdout as JSON."""
        return json.loads(self.out)


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a command: no settings of the user, and its own folders."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_CACHE_HOME": str(tmp_path.parent / "cache"),  # which the tests of a process share
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8",
    }


@pytest.fixture
def start(surroundings: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start commands as processes, which end with the test."""
    processes: list[subprocess.Popen[bytes]] = []

    def start_process(*words: str, env: Mapping[str, str] | None = None, **rest: Any) -> subprocess.Popen[bytes]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **rest}
        command = [sys.executable, "-m", "connector", *words]
        process = subprocess.Popen(command, env={**surroundings, **(env or {})}, cwd=tmp_path, **pipes)
        processes.append(process)
        return process

    yield start_process
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=60)


@pytest.fixture
def cli(surroundings: dict[str, str], tmp_path: Path) -> Callable[..., Done]:
    """Run a command as a process, and wait for it."""

    def call(*words: str, env: Mapping[str, str] | None = None, given: str | bytes = b"") -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "connector", *words],
            env={**surroundings, **(env or {})}, cwd=tmp_path, timeout=60, check=False, capture_output=True,
            input=given.encode() if isinstance(given, str) else given,
        )  # fmt: skip
        encoding = (env or {}).get("PYTHONIOENCODING", "utf-8")
        return Done(done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding))

    return call


@pytest.fixture
def look(start: Callable[..., subprocess.Popen[bytes]]) -> Callable[..., Done]:
    """Run a command with stdout, or other `streams`, on a terminal of 80 columns; return what each stream shows."""

    def call(*words: str, streams: tuple[str, ...] = ("stdout",), **env: str) -> Done:
        ours, theirs = pty.openpty()
        seen = {"ZOOM_ACCESS_TOKEN": "token-1", "TERM": "xterm-256color", "COLUMNS": "80", **env}
        process = start(*words, env=seen, **dict.fromkeys(streams, theirs))
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # Linux: the other end is closed
            while part := os.read(ours, 65_536):
                shown += part
        os.close(ours)
        told = [shown if pipe is None else pipe for pipe in process.communicate(timeout=60)]
        return Done(process.returncode, *(text.decode().replace("\r\n", "\n") for text in told))

    return call


@pytest.fixture
def here(
    surroundings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """Run a command in this process, which is faster."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, surroundings[name])
    monkeypatch.chdir(tmp_path)

    def call(*words: str, **env: str) -> Done:
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        code = run(list(words))
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return call


@pytest.fixture
def world(zoom: Connector, tmp_path: Path) -> Iterator[World]:
    """Return a service to sign in to, and a browser."""
    process = World(zoom, tmp_path)
    with process.server:
        yield process


@pytest.fixture
def shelf(here: Callable[..., Done], zoom: Connector) -> Shelf:
    """Return the store of this user."""
    return Shelf(zoom)


@pytest.fixture
def project_file(tmp_path: Path) -> Callable[[str], Path]:
    """Write the project file of the current folder."""

    def write(text: str) -> Path:
        path = tmp_path / "connector.yaml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def full_device(tmp_path: Path) -> Path:
    """A device of the test's own on which there is never any space; it skips where none can be made."""
    node = tmp_path / "full"
    try:
        os.mknod(node, stat.S_IFCHR | 0o600, os.makedev(1, 7))
        node.open("wb").close()
    except OSError:
        pytest.skip("this system makes no devices here")
    return node
