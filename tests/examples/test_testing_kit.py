"""The suite that shows the testing kit runs as it stands, without a socket."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SUITE = ROOT / "examples" / "testing"
NO_SOCKETS = """
import socket

def refuse(*_, **__):
    raise AssertionError("a test opened a socket")

socket.socket.connect = socket.socket.bind = refuse
socket.getaddrinfo = refuse
"""


@pytest.fixture
def printed(tmp_path):
    """What pytest prints for a copy of the suite."""
    folder = shutil.copytree(SUITE, tmp_path / "suite", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "conftest.py").write_text(NO_SOCKETS)
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    environ = {**kept, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "connector.testing.plugin"]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def test_the_suite_passes_without_a_socket(printed):
    assert re.search(r"^10 passed in", printed, re.MULTILINE), printed


def test_the_recording_of_the_suite_holds_no_credential():
    (file,) = (SUITE / "recordings").iterdir()
    assert not re.search("authorization|bearer|token", file.read_text("utf-8"), re.IGNORECASE)
