"""Temporal's server for a test; its workers call the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

SWITCH = "action: switch\nlabel: Switch\nsummary: Switch a lamp.\nrequest: POST /switch\n"

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.processes.engines.temporal_engine import TemporalEngine


@pytest.fixture
def start_engine(tmp_path, service) -> Iterator[Callable[..., TemporalEngine]]:
    """Start a server, with or without a worker in this process; `service` comes first."""
    from support.processes.engines.temporal_engine import TemporalEngine

    started: list[TemporalEngine] = []

    def start(*, has_worker: bool = True) -> TemporalEngine:
        (tmp_path / "engine").mkdir()
        started.append(TemporalEngine(tmp_path / "engine", has_worker=has_worker))
        return started[-1]

    yield start
    for engine in started:
        engine.close()


@pytest.fixture
def keyed_connector(folder, server, monkeypatch) -> dict[str, str]:
    """A connector whose one action, `switch`, is a write with an idempotency key."""
    monkeypatch.setenv("LAMP_BASE_URL", server.url)
    monkeypatch.setenv("LAMP_API_KEY", "k")
    return {"folder": str(folder("idempotency: {header: Idempotency-Key}\n", {"switch": SWITCH}).folder)}
