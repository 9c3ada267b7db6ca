"""Dagster without processes: an instance in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import dagster


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dagster.DagsterInstance]:
    """An instance with SQLite databases in a folder."""
    import dagster

    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "1")
    (tmp_path / "instance").mkdir()
    with dagster.DagsterInstance.from_config(str(tmp_path / "instance")) as one:
        yield one
