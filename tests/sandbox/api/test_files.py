"""Downloadable files: replies link to the sandbox, which serves files whole and in ranges."""

from __future__ import annotations

import pytest

from connector import Client, Connection
from connector.sandbox.api.files import FILE_SIZE
from connector.sandbox.data.state import SandboxState
from connector.sandbox.http_server import serve
from connector.sandbox.sandbox import Sandbox
from connector.sandbox.service import SandboxService

SIGNED = [("Authorization", "Bearer a-token")]


def test_the_urls_of_a_reply_lead_to_the_sandbox_and_its_sizes_are_true(zoom):
    sandbox = Sandbox(zoom)
    with Client(zoom, sandbox.connection, http=sandbox.http) as client:
        data = client.run("getMeetingRecordings", {"meetingId": "1"}).data
    files = [*data["recording_files"], *data["participant_audio_files"]]
    assert [file["file_size"] for file in files] == [FILE_SIZE, FILE_SIZE]
    assert all(file["download_url"].startswith("https://api.zoom.us/v2/") for file in files)
    assert len({file["download_url"] for file in files}) == 2


def test_over_http_they_lead_to_where_it_listens(zoom, tmp_path):
    server = serve(SandboxService(zoom, SandboxState(None)))
    try:
        with Client(zoom, Connection(zoom, "accessToken", accessToken="t"), base_url=server.url) as client:
            url = client.run("getPhoneRecordings", {"userId": "me"}).data["recordings"][0]["download_url"]
            assert url.startswith(server.url)
            assert client.download(url, tmp_path / "a").data["size"] == FILE_SIZE
    finally:
        server.shutdown()


@pytest.mark.parametrize(
    ("headers", "status", "size"),
    [
        ({}, 200, FILE_SIZE), ({"Range": "bytes=5-"}, 206, FILE_SIZE - 5), ({"Range": f"bytes={FILE_SIZE}-"}, 416, 0),
        ({"Range": "bytes=5-", "If-Range": '"other"'}, 200, FILE_SIZE), ({"Range": "lines=5-"}, 200, FILE_SIZE),
    ],
)  # fmt: skip
def test_a_file_comes_whole_or_from_where_it_is_asked_for(zoom, headers, status, size):
    service = SandboxService(zoom, SandboxState(None))
    answer = service.handle("GET", "/v2/sandbox-files/a.mp4", [*SIGNED, *headers.items()], b"")
    assert (answer.status, len(answer.body)) == (status, size)
    assert service.handle("GET", "/v2/sandbox-files/a.mp4", [], b"").status == 401
