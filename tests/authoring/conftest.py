"""Folders to plant mistakes in: a new connector, and a copy of the bundled one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from connector.authoring import scaffold
from connector.definition.loader import find_bundled_folder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A new connector, as `scaffold` lays it out: five actions, one connection, a sandbox."""
    scaffold.create_connector(tmp_path / "shelf")
    return tmp_path / "shelf"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the bundled connector's folder."""
    folder, source = tmp_path / "copied", find_bundled_folder()
    folder.mkdir()
    for name in ("manifest.yaml", "parity.yaml"):
        shutil.copy(source / name, folder / name)
    for name in ("actions", "schemas"):
        shutil.copytree(source / name, folder / name)
    return folder
