"""Temporal's server for a test; its workers call the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.processes.engines.temporal_engine import TemporalEngine

SWITCH = "action: switch\nlabel: Switch\nsummary: Switch a lamp.\nrequest: POST /switch\n"


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
def make_switch(folder, server, monkeypatch) -> Callable[..., dict[str, str]]:
    """Make a connector whose one action, `switch`, is a write; return the option that names its folder."""
    monkeypatch.setenv("LAMP_BASE_URL", server.url)
    monkeypatch.setenv("LAMP_API_KEY", "k")

    def make(*, has_keys: bool) -> dict[str, str]:
        lines = "idempotency: {to: header.Idempotency-Key}\n" if has_keys else ""
        return {"folder": str(folder(lines, {"switch": SWITCH}).folder)}

    return make
