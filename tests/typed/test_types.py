"""A type checker sees the public face as it is meant, and refuses what it should."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import connector

HERE = Path(__file__).parent
ROOT = Path(connector.__file__).parent.parent


def test_mypy_agrees_with_every_line_of_the_face(tmp_path):
    checkout = (ROOT / "pyproject.toml").is_file()  # an installed package is found without being told where
    cache = ROOT / ".mypy_cache" / "face" if checkout else tmp_path
    command = [sys.executable, "-m", "mypy", "--strict", "--warn-unused-ignores", "--config-file", os.devnull, "--cache-dir",
               str(cache), str(HERE / "face.py")]  # fmt: skip
    known = {**os.environ, **({"MYPYPATH": str(ROOT)} if checkout else {})}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=known, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Success" in done.stdout


def test_the_package_says_that_it_is_typed():
    assert (Path(connector.__file__).parent / "py.typed").is_file()
