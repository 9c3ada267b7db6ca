"""Dagster without processes: an instance in a folder, and the module under test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

dg = pytest.importorskip("dagster", reason="dagster is not installed: pip install '.[dagster]'")


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """An instance with SQLite databases in a folder."""
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "1")
    (tmp_path / "instance").mkdir()
    with dg.DagsterInstance.from_config(str(tmp_path / "instance")) as one:
        yield one
