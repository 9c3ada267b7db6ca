"""A file goes once to the URL that a reply names, at a host of the service, and what became of it is told."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.servers import TOKEN, Counting, GivenClock, hang_up, reply

from connector import Client, Connection, Connector, errors

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
SLACK = Connector.open(ROOT / "examples" / "slack")
YOUTUBE = Connector.open(ROOT / "tests" / "connectors" / "youtube")
START, COMPLETE = "POST /api/files.getUploadURLExternal", "POST /api/files.completeUploadExternal"
BYTES = "POST /upload/v1/one-time-secret-of-slack"
SHARED = reply(json_={"ok": True, "files": [{"id": "F1"}]})
OK = reply(body=b"OK - 5", headers=(("Content-Type", "text/plain"),))
TIDES = ("tides.csv", b"a,b\n1")


@pytest.fixture
def server() -> Iterator[Counting]:
    with Counting(reply(500, json_={"message": "not scripted"})) as counting:
        yield counting


@pytest.fixture
def slack(server: Counting) -> Iterator[Client]:
    connection = Connection(SLACK, "bot", botToken=TOKEN)
    with Client(SLACK, connection, base_url=f"{server.url}/api", clock=GivenClock()) as opened:
        yield opened


@pytest.fixture
def youtube(server: Counting) -> Iterator[Client]:
    connection = Connection(YOUTUBE, "accessToken", accessToken=TOKEN)
    with Client(YOUTUBE, connection, base_url=f"{server.url}/youtube/v3", clock=GivenClock()) as opened:
        yield opened


def started(url: str, **more: Any) -> Any:
    return reply(json_={"ok": True, "upload_url": url, "file_id": "F1", **more})


def address(server: Counting) -> Any:
    return started(f"{server.url.removesuffix('/v2')}/upload/v1/one-time-secret-of-slack")


def sent(server: Counting) -> list[str]:
    return [f"{request.method} {request.path.removeprefix('/v2')}" for request in server.requests]


def test_a_file_goes_where_the_reply_says_and_is_completed(server: Counting, slack: Client) -> None:
    server.then(address(server), OK, SHARED)
    result = slack.run("uploadFile", {"content": TIDES, "channel": "C1", "comment": "Look.", "title": "Tides"})
    assert (result.data["files"], result.outcome, result.attempts, result.job) == ([{"id": "F1"}], "done", 3, None)
    start, content, complete = server.requests
    assert sent(server) == [START, BYTES, COMPLETE]
    assert start.body == b"filename=tides.csv&length=5"
    assert (content.body, content.header("content-length")) == (b"a,b\n1", "5")
    assert complete.json() == {
        "files": [{"id": "F1", "title": "Tides"}],
        "channel_id": "C1",
        "initial_comment": "Look.",
    }


def test_no_credential_goes_with_the_bytes_unless_the_definition_says_so(
    server: Counting, slack: Client, youtube: Client
) -> None:
    server.then(address(server), OK, SHARED)
    slack.run("uploadFile", {"content": TIDES})
    assert [request.header("authorization") is not None for request in server.requests] == [True, False, True]
    place = (("Location", f"{server.url}/upload/youtube/v3/videos?upload_id=a-long-upload-id"),)
    server.then(reply(headers=place), reply(json_={"id": "v1"}))
    result = youtube.run("uploadVideo", {"video": ("dawn.mp4", b"film"), "title": "Dawn"})
    assert result.data == {"id": "v1"}
    start, content = server.requests[3:]
    assert (content.method, content.query, content.body) == ("PUT", [("upload_id", "a-long-upload-id")], b"film")
    assert content.header("content-type") == start.header("x-upload-content-type") == "video/mp4"
    assert start.header("x-upload-content-length") == "4"
    assert content.header("authorization") == f"Bearer {TOKEN}"


FOREIGN = [
    "https://files.stranger.example/upload", "http://files.slack.com/upload", "https://files.slack.com:8443/upload",
    "https://files.slack.com@stranger.example/upload", "//stranger.example/upload", "https://files.slack.com.stranger.example/",
    "http://127.0.0.1:1/upload", "https://slack.com\\@stranger.example/", "ftp://files.slack.com/upload",
]  # fmt: skip


@pytest.mark.parametrize("url", [*FOREIGN, "", None, 5, {"url": "https://files.slack.com"}], ids=str)
def test_no_byte_goes_to_a_stranger(server: Counting, slack: Client, url: Any) -> None:
    server.then(started(url))
    with pytest.raises(errors.ApiError, match="The file was not sent") as caught:
        slack.run("uploadFile", {"content": TIDES})
    error = caught.value
    assert (error.outcome, error.retryable, sent(server)) == ("rejected", False, [START])
    assert "/upload" not in str(error).replace("`upload.url`", "")


def test_a_url_without_a_host_is_the_services_own(server: Counting, slack: Client) -> None:
    server.then(started("/upload/v1/one-time-secret-of-slack"), OK, SHARED)
    assert slack.run("uploadFile", {"content": TIDES}).outcome == "done"
    assert sent(server) == [START, BYTES, COMPLETE]


def test_bytes_whose_reply_is_lost_are_not_sent_again_and_uncertain(
    server: Counting, slack: Client, youtube: Client
) -> None:
    server.then(address(server), hang_up())
    with pytest.raises(errors.TransportError) as caught:
        slack.run("uploadFile", {"content": TIDES}, retry={"maxRetries": 3})
    assert (caught.value.outcome, caught.value.retryable, sent(server)) == ("uncertain", False, [START, BYTES])
    server.then(reply(headers=(("Location", "/upload/youtube/v3/videos?upload_id=1"),)), hang_up())
    with pytest.raises(errors.TransportError) as caught:
        youtube.run("uploadVideo", {"video": b"film", "title": "Dawn"}, retry={"maxRetries": 3})
    assert (caught.value.outcome, caught.value.retryable, len(server.requests)) == ("uncertain", False, 4)


KEEP = """
action: keepFile
label: Keep File
summary: Keep a file.
request: POST /files
inputs: {file: {label: File, help: Which., type: file, required: true, to: upload}}
upload: {url: url, method: POST, returns: {help: It., example: {id: 1}}}
returns: {help: Where., example: {url: "/bytes"}}
"""


def test_the_idempotency_key_of_the_first_request_makes_no_bytes_repeatable(server: Counting, folder: Any) -> None:
    lamp = folder("idempotency: {to: header.Idempotency-Key}\n", {"keep-file": KEEP})
    server.then(hang_up(), reply(json_={"url": "/bytes"}), hang_up(), reply(json_={"id": 1}))
    with (
        Client(lamp, Connection(lamp, "key", apiKey="k-1"), base_url=server.url, clock=GivenClock()) as client,
        pytest.raises(errors.TransportError) as caught,
    ):
        client.run("keepFile", {"file": b"a"}, retry={"maxRetries": 3})
    assert (caught.value.outcome, caught.value.retryable) == ("uncertain", False)
    assert sent(server) == ["POST /files", "POST /files", "POST /bytes"]
    assert server.requests[-1].header("Idempotency-Key") is None


def test_a_completion_whose_reply_is_lost_is_uncertain_and_nothing_is_sent_again(
    server: Counting, slack: Client
) -> None:
    server.then(address(server), OK, hang_up())
    with pytest.raises(errors.TransportError) as caught:
        slack.run("uploadFile", {"content": TIDES}, retry={"maxRetries": 3})
    assert (caught.value.outcome, caught.value.retryable, caught.value.attempts) == ("uncertain", False, 3)
    assert sent(server) == [START, BYTES, COMPLETE]


@pytest.mark.parametrize(
    ("replies", "requests"),
    [
        ((reply(json_={"ok": False, "error": "invalid_auth"}),), 1),
        ((None, reply(400, body=b"bad", headers=(("Content-Type", "text/plain"),))), 2),
        ((None, reply(json_={"ok": False, "error": "storage_limit_reached"})), 2),
        ((None, OK, reply(json_={"ok": False, "error": "channel_not_found"})), 3),
    ],
)
def test_a_step_that_is_refused_leaves_nothing_done(
    server: Counting, slack: Client, replies: tuple[Any, ...], requests: int
) -> None:
    server.then(*(address(server) if one is None else one for one in replies))
    with pytest.raises(errors.ConnectorError) as caught:
        slack.run("uploadFile", {"content": TIDES})
    assert (caught.value.outcome, len(server.requests)) == ("rejected", requests)


def test_a_url_that_expired_says_nothing_of_the_credential(server: Counting, slack: Client, youtube: Client) -> None:
    server.then(address(server), reply(401, body=b"expired", headers=(("Content-Type", "text/plain"),)))
    with pytest.raises(errors.Rejected, match="expired") as caught:
        slack.run("uploadFile", {"content": TIDES})
    assert (caught.value.outcome, len(server.requests)) == ("rejected", 2)
    assert "grants access by itself" in caught.value.hint
    server.then(reply(headers=(("Location", "/upload/videos?upload_id=1"),)), reply(401, json_={}))
    with pytest.raises(errors.SignInError):
        youtube.run("uploadVideo", {"video": b"film", "title": "Dawn"})


@pytest.mark.parametrize(
    ("file_id", "message"),
    [(None, r"The file was sent, but a reply lacks file_id \(for fileId\)"), ({"id": 1}, "of the upload does not fit")],
)
def test_what_cannot_be_completed_says_what_the_reply_lacks(
    server: Counting, slack: Client, file_id: Any, message: str
) -> None:
    server.then(started(f"{server.url}/upload", file_id=file_id), OK)
    with pytest.raises(errors.ApiError, match=message):
        slack.run("uploadFile", {"content": TIDES})
    assert len(server.requests) == 2


def test_bytes_that_were_not_taken_for_now_are_sent_again(server: Counting, slack: Client) -> None:
    busy = reply(429, json_={"ok": False, "error": "ratelimited"}, headers=(("Retry-After", "1"),))
    server.then(address(server), busy, OK, SHARED)
    file = io.BytesIO(b"a,b\n1")
    assert slack.run("uploadFile", {"content": file}).attempts == 4
    assert [request.body for request in server.requests[1:3]] == [b"a,b\n1"] * 2


def test_a_file_without_a_name_has_that_of_its_input(server: Counting, slack: Client) -> None:
    server.then(address(server), OK, SHARED)
    slack.run("uploadFile", {"content": io.BytesIO(b"a,b")})
    assert server.requests[0].body == b"filename=content&length=3"


def test_a_file_that_is_opened_again_is_measured_and_sent(server: Counting, slack: Client) -> None:
    class Reopened:
        name = "tides.csv"

        def open_again(self) -> io.BytesIO:
            return io.BytesIO(b"a,b")

        def __bytes__(self) -> bytes:
            return b"a,b"

    server.then(address(server), OK, SHARED)
    slack.run("uploadFile", {"content": Reopened()})
    assert [server.requests[0].body, server.requests[1].body] == [b"filename=tides.csv&length=3", b"a,b"]


def test_a_stream_of_unknown_size_is_refused_where_the_size_is_sent(server: Counting, slack: Client) -> None:
    class Stream(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with pytest.raises(errors.InputError, match="content: got a stream; expected a file whose size is known"):
        slack.run("uploadFile", {"content": Stream(b"a")})
    assert sent(server) == []


def test_the_url_that_takes_the_bytes_is_shown_nowhere(server: Counting, slack: Client, youtube: Client) -> None:
    server.then(address(server), reply(400, json_={"ok": False, "error": "no one-time-secret-of-slack"}))
    with pytest.raises(errors.Rejected) as caught:
        slack.run("uploadFile", {"content": TIDES}, debug=True)
    trace = caught.value.debug
    assert trace is not None
    shown = f"{caught.value} {caught.value.result.data} {trace.to_list()} {trace.har()}"
    assert "one-time-secret" not in shown
    server.then(reply(headers=(("Location", "/upload/videos?upload_id=secret-of-youtube"),)), reply(json_={"id": "v1"}))
    result = youtube.run("uploadVideo", {"video": b"film", "title": "Dawn"}, debug=True)
    assert result.debug is not None
    assert "secret-of-youtube" not in f"{result.debug.to_list()} {result.debug.har()}"


def test_a_dry_run_shows_the_first_request(slack: Client) -> None:
    body = slack.dry_run("uploadFile", {"content": TIDES, "channel": "C1"}).body
    assert body is not None
    assert body.value == [("filename", "tides.csv"), ("length", "5")]


def test_it_has_nothing_to_wait_for(slack: Client) -> None:
    with pytest.raises(errors.InputError, match="starts no job"):
        slack.run("uploadFile", {"content": TIDES}, no_wait=True)


def test_the_result_of_the_last_step_is_that_of_the_call() -> None:
    assert SLACK.result_action("uploadFile").action == "completeUpload"
    assert YOUTUBE.result_action("uploadVideo").returns.help == "The new video."
