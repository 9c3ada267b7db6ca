"""Flow runs that events start."""

from __future__ import annotations

import asyncio

import pytest
from support.processes.engines import OPEN_CLIENTS

from connector.core.webhook.event import Event

pytest.importorskip("prefect", reason="prefect is not installed: pip install '.[prefect]'")
pytestmark = OPEN_CLIENTS


def test_an_event_starts_one_run_from_a_thread_and_from_a_loop(service, face, app, api):
    service()
    app.read_user.to_deployment("events").apply()
    data = {"payload": {"object": {"id": "me"}}}
    event = Event("webhook", "user.updated", None, None, data["payload"]["object"], data, b"", "key-of-it", "me")

    runs = [
        face.start_for_event(event, "contract.on_event/events"),
        asyncio.run(face.start_for_event_async(event, "contract.on_event/events")),
    ]
    assert len({run.id for run in runs}) == 1
    assert api.read_flow_run(runs[0].id).parameters["event"]["subject"] == "me"
