"""What the tests of the command line share: the real entry in a process of its own, and the same in this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.sandboxes.sign_in_service import Shelf, World

from connector.cli.main import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connector import Connector

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Done:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """stdout as JSON."""
        return json.loads(self.out)


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """The environment of a command: nothing of the machine's owner, folders of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8",
    }


@pytest.fixture
def start(surroundings: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start the real entry in a process of its own; ended with the test."""
    begun: list[subprocess.Popen[bytes]] = []

    def begin(*words: str, env: Mapping[str, str] | None = None, **rest: Any) -> subprocess.Popen[bytes]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **rest}
        command = [sys.executable, "-m", "connector", *words]
        one = subprocess.Popen(command, env={**surroundings, **(env or {})}, cwd=tmp_path, **pipes)
        begun.append(one)
        return one

    yield begin
    for one in begun:
        if one.poll() is None:
            one.kill()
        one.communicate(timeout=20)


@pytest.fixture
def cli(surroundings: dict[str, str], tmp_path: Path) -> Callable[..., Done]:
    """Run the real entry in a process of its own and wait for it."""

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
def here(
    surroundings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """Run the entry in this process: the same words and codes, many times over."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
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
    """A service that people sign in to, and a browser."""
    one = World(zoom, tmp_path)
    with one.server:
        yield one


@pytest.fixture
def shelf(here: Callable[..., Done], zoom: Connector) -> Shelf:
    """The store of this user, to put connections into."""
    return Shelf(zoom)
