"""From a zip file the package runs any folder; that its own connector is not one is said."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import connector

PACKAGE = Path(connector.__file__).parent


@pytest.fixture(scope="module")
def zipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("zipped") / "connector.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(PACKAGE.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.write(file, Path("connector") / file.relative_to(PACKAGE))
    return path


def run_zipped(zipped: Path, folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    script = f"import sys; sys.path.insert(0, {str(zipped)!r}); from connector.cli.main import run; sys.exit(run())"
    command = [sys.executable, "-c", script, *args]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_the_bundled_connector_is_told_to_be_out_of_reach(zipped: Path, tmp_path: Path) -> None:
    ended = run_zipped(zipped, tmp_path, "list")
    assert ended.returncode == 2
    assert "where its bundled connector cannot be opened" in ended.stderr
    assert "pass a connector's folder" in ended.stderr


def test_a_folder_is_written_checked_and_run(zipped: Path, tmp_path: Path) -> None:
    assert run_zipped(zipped, tmp_path, "new", "shelf").returncode == 0
    linted = run_zipped(zipped, tmp_path, "lint", "shelf", "--strict")
    assert (linted.returncode, linted.stdout) == (0, "bookshelf: 5 actions, no problems found.\n")
    listed = run_zipped(zipped, tmp_path, "--connector", "shelf", "run", "listBooks", "--sandbox")
    assert listed.returncode == 0, listed.stderr
