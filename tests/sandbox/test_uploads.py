"""The sandbox takes a file at a URL of its own, in process and over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector import Client, Connection, Connector, errors
from connector.sandbox.http_server import serve
from connector.sandbox.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
SLACK = Connector.open(ROOT / "examples" / "slack")
YOUTUBE = Connector.open(ROOT / "tests" / "connectors" / "youtube")
CASES = [
    (SLACK, "uploadFile", {"content": ("tides.csv", b"a,b"), "channel": "C0001"}, "files"),
    (YOUTUBE, "uploadVideo", {"video": ("dawn.mp4", b"film"), "title": "Dawn"}, "kind"),
]


@pytest.mark.parametrize(("connector", "action", "given", "field"), CASES, ids=lambda value: str(value)[:30])
def test_a_file_is_taken_in_process_and_over_http(connector: Connector, action: str, given: Any, field: str) -> None:
    sandbox = Sandbox(connector)
    with Client(connector, sandbox.connection, http=sandbox.http) as client:
        in_process = client.run(action, given)
    with (
        serve(sandbox.service, "127.0.0.1", 0) as server,
        Client(connector, sandbox.connection, base_url=server.url) as client,
    ):
        over_http = client.run(action, given)
    assert in_process.data == over_http.data
    assert in_process.data == connector.result_action(action).returns.example
    assert field in in_process.data


def test_bytes_that_need_a_credential_are_refused_without_it() -> None:
    service = Sandbox(YOUTUBE).service
    path = "/youtube/v3/sandbox-uploads/uploadVideo/1"
    signed = [("Authorization", "Bearer sandbox")]
    assert service.handle("PUT", path, signed, b"film").status == 200
    assert service.handle("PUT", path, [], b"film").status == 401
    assert service.handle("POST", path, signed, b"film").status == 404
    for other in ("search/1", "nothing/1", "uploadVideo"):
        assert service.handle("PUT", path.replace("uploadVideo/1", other), signed, b"film").status == 404


def test_what_goes_to_a_later_step_is_not_missed_and_what_goes_to_the_first_is() -> None:
    sandbox = Sandbox(SLACK)
    with Client(SLACK, Connection(SLACK, "bot", botToken="t"), http=sandbox.http) as client:
        assert client.run("uploadFile", {"content": b"a"}).outcome == "done"
        sandbox.reply("uploadFile", status=200, body={"ok": True})
        with pytest.raises(errors.ApiError, match="the reply has no URL of https at upload_url"):
            client.run("uploadFile", {"content": b"a"})
