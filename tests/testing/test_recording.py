"""A recording replays what was answered, holds no secret, and says what was not recorded."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from datetime import UTC, datetime

import pytest
from support import servers

from connector import AsyncClient, Client, Connection, errors
from connector.testing import ManualClock, Recording, Sandbox, SandboxConnection, serve

CANARY = "canary-of-a-real-token-5519"
ME = {"userId": "me"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "recordings" / "test.har"


@pytest.fixture
def real(zoom):
    """The service that is recorded."""
    with serve(Sandbox(zoom).service) as one:
        yield one


@pytest.fixture
def record(zoom, path, real):
    """Record calls of a client with a token."""

    def run(calls, **options):
        with Recording(path, record=True, **options) as recording:
            connection = Connection(zoom, "accessToken", accessToken=CANARY)
            with recording.open_client(zoom, lambda: connection, base_url=real.url) as client:
                return calls(client)

    return run


@pytest.fixture
def replay(zoom, path):
    """Run calls from the recording, without a connection."""

    def run(calls):
        with Recording(path).open_client(zoom, pytest.fail) as client:
            return calls(client)

    return run


def work(client):
    made = client.run("createMeeting", {**ME, "topic": "Standup", "password": "pass-word"}).data
    for number in range(4):
        client.run("createMeeting", {**ME, "topic": f"Meeting {number}"})
    topics = [meeting["topic"] for meeting in client.items("listMeetings", ME, page_size=2)]
    client.request("DELETE", f"/meetings/{made['id']}")
    try:
        client.run("getMeeting", {"meetingId": made["id"]})
    except errors.NotFound as error:
        return topics, error.message
    return None


@pytest.mark.parametrize("library", ["httpx", "httpx2", "pyreqwest"])
def test_a_replay_answers_as_the_service_did(record, replay, library):
    recorded = record(work, library=library)
    assert recorded[0] == ["Standup", "Meeting 0", "Meeting 1", "Meeting 2", "Meeting 3"]
    assert replay(work) == recorded


def test_tasks_are_recorded_and_replayed_as_threads_are(zoom, path, real):
    async def run(recording):
        connection = Connection(zoom, "accessToken", accessToken=CANARY)
        async with recording.open_async_client(zoom, lambda: connection, base_url=real.url) as client:
            results = await asyncio.gather(*(client.run("getUser", ME) for _ in range(5)))
            return [result.data["email"] for result in results]

    with Recording(path, record=True) as recording:
        recorded = asyncio.run(run(recording))
    assert asyncio.run(run(Recording(path))) == recorded == ["ada@example.com"] * 5


def test_what_tasks_recorded_is_replayed_to_threads(zoom, path, real):
    async def run(recording):
        connection = Connection(zoom, "accessToken", accessToken=CANARY)
        async with AsyncClient(zoom, connection, base_url=real.url, http=recording.async_http) as client:
            await client.run("getUser", ME)

    with Recording(path, record=True) as recording:
        asyncio.run(run(recording))
    with Client(zoom, SandboxConnection(zoom), http=Recording(path).http) as client:
        assert client.run("getUser", ME).data["email"] == "ada@example.com"


def test_no_secret_is_in_the_file(zoom, path, server):
    echo = {"echo": f"Bearer {CANARY}", "password": "hunter2-of-a-reply", "next_page_token": "", "meetings": []}
    server.then(servers.reply(200, echo, headers=[("Set-Cookie", "session=of-the-service"), ("X-Echo", CANARY)]))
    server.then(
        servers.reply(200, None, headers=[("Content-Type", "text/plain")], body=f"a\tb\r\ntoken={CANARY}\n".encode())
    )
    server.then(servers.reply(200, None, headers=[("Content-Type", "image/png")], body=b"\xff\x00" + CANARY.encode()))
    with Recording(path, record=True) as recording:
        connection = Connection(zoom, "accessToken", accessToken=CANARY)
        with recording.open_client(zoom, lambda: connection, base_url=server.url) as client:
            client.request("POST", "/x", data={"password": "hunter2-of-a-request"}, query={"access_token": "hunter2-q"})
            client.request("GET", "/text", response_type="text")
            client.request("GET", "/image", response_type="binary")
    text = path.read_text("utf-8")
    assert not re.search(f"{CANARY}|hunter2|of-the-service", text)
    with Recording(path).open_client(zoom, pytest.fail) as client:
        query, data = {"access_token": "another"}, {"password": "an0ther"}
        assert client.request("POST", "/x", data=data, query=query).data["password"] == "***"
        assert client.request("GET", "/text", response_type="text").data == "a\tb\r\ntoken=***\n"
        assert client.request("GET", "/image", response_type="binary").data == b"\xff\x00***"


def test_long_and_peculiar_replies_are_kept_whole(zoom, path, server):
    data = {"text": "ä" * 200_000, "big": 2**70, "list": list(range(20_000))}
    server.then(servers.reply(200, data))
    with Recording(path, record=True) as recording:
        connection = Connection(zoom, "accessToken", accessToken=CANARY)
        with recording.open_client(zoom, lambda: connection, base_url=server.url) as client:
            client.request("GET", "/x")
    with Recording(path).open_client(zoom, pytest.fail) as client:
        assert client.request("GET", "/x").data == data


def test_line_ends_and_layout_are_those_of_the_service(zoom, path, server):
    data = {"agenda": "one\ntwo\t\u202e", "list": [{"a\nb": "\r\n"}], "token": "secret-of-a-reply", "n": 1}
    layout = b'{"b" : 1,\n  "a": [1.0, 1e3]}\n'
    server.then(
        servers.reply(200, data), servers.reply(200, body=layout, headers=[("Content-Type", "application/json")])
    )
    with Recording(path, record=True) as recording:
        connection = Connection(zoom, "accessToken", accessToken=CANARY)
        with recording.open_client(zoom, lambda: connection, base_url=server.url) as client:
            client.request("GET", "/x")
            client.request("GET", "/layout", response_type="binary")
    with Recording(path).open_client(zoom, pytest.fail) as client:
        assert client.request("GET", "/x").data == {**data, "token": "***"}
        assert client.request("GET", "/layout", response_type="binary").data == layout


def test_a_download_is_recorded_and_replayed(zoom, path, tmp_path, server):
    content = bytes(range(256)) * 300
    server.then(servers.reply(200, None, headers=[("Content-Type", "video/mp4")], body=content))
    url = f"{server.url}/rec/1.mp4"
    with Recording(path, record=True) as recording:
        connection = Connection(zoom, "accessToken", accessToken=CANARY)
        with recording.open_client(zoom, lambda: connection, base_url=server.url) as client:
            client.download(url, tmp_path / "a.mp4")
    with Recording(path).open_client(zoom, pytest.fail, base_url=server.url) as client:
        client.download(url, tmp_path / "b.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes() == content
    assert server.count == 1


def test_failures_and_retries_are_replayed_without_their_waits(zoom, path, server):
    server.then(servers.reply(429, {"message": "slow down"}, headers=[("Retry-After", "45")]))
    server.then(servers.hang_up())
    with Recording(path, record=True) as recording:
        connection, clock = Connection(zoom, "accessToken", accessToken=CANARY), ManualClock()
        with recording.open_client(zoom, lambda: connection, base_url=server.url, clock=clock) as client:
            client.run("getUser", ME, timeout=900)
    replayed = Recording(path)
    with replayed.open_client(zoom, pytest.fail) as client:
        assert client.run("getUser", ME, timeout=900).attempts == 3
    assert replayed.clock.waits[0] >= 45
    assert replayed.unused == []


def test_a_replay_begins_when_the_recording_did(zoom, path, server):
    moment = "Sat, 28 Nov 2037 10:00:50 GMT"
    server.then(servers.reply(503, {"message": "later"}, headers=[("Retry-After", moment)]))
    with Recording(path, record=True) as recording:
        connection = Connection(zoom, "accessToken", accessToken=CANARY)
        clock = ManualClock(datetime(2037, 11, 28, 10, tzinfo=UTC).timestamp())
        with recording.open_client(zoom, lambda: connection, base_url=server.url, clock=clock) as client:
            client.run("getUser", ME)
    path.write_text(
        re.sub(r'"startedDateTime": "[^"]*"', '"startedDateTime": "2037-11-28T10:00:00Z"', path.read_text())
    )
    replayed = Recording(path)
    with replayed.open_client(zoom, pytest.fail) as client:
        client.run("getUser", ME)
    assert 50 <= replayed.clock.waits[0] <= 60


class TestARequestThatWasNotRecorded:
    @pytest.fixture(autouse=True)
    def _recorded(self, record):
        record(lambda client: (client.run("getUser", ME), client.run("createMeeting", {**ME, "topic": "Standup"})))

    def ask(self, replay, *call):
        with pytest.raises(errors.UsageError) as caught:
            replay(lambda client: client.run(*call))
        return str(caught.value)

    def test_the_nearest_is_told_with_its_difference(self, replay):
        text = self.ask(replay, "createMeeting", {**ME, "topic": "Retro"})
        assert "POST /v2/users/me/meetings was not recorded in " in text
        assert "call 2" in text
        assert 'its body has topic="Standup", not "Retro"' in text
        assert "pytest --record" in text

    def test_another_path_or_query_is_told(self, replay):
        assert "its path is /v2/users/me, not /v2/users/ada" in self.ask(replay, "getUser", {"userId": "ada"})
        given = {**ME, "encryptedEmail": True}
        assert 'its query has encrypted_email="false", not "true"' in self.ask(replay, "getUser", given)

    def test_another_body_than_the_recorded_member_is_told(self, replay):
        text = self.ask(replay, "createMeeting", {**ME, "topic": "Standup", "agenda": "Why"})
        assert 'its body has no agenda="Why"' in text

    def test_one_more_than_was_recorded_is_told(self, replay):
        with pytest.raises(errors.UsageError, match=r"was recorded once in .*, and sent once more"):
            replay(lambda client: (client.run("getUser", ME), client.run("getUser", ME)))

    def test_no_secret_is_told(self, replay):
        text = self.ask(replay, "createMeeting", {**ME, "topic": "Standup", "password": "s3cret7"})
        assert "s3cret7" not in text

    def test_what_was_not_sent_is_listed(self, path):
        assert [entry.split("/v2")[0][:4] for entry in Recording(path).unused] == ["GET ", "POST"]


def test_a_recording_that_is_missing_or_broken_is_told(path):
    with pytest.raises(errors.UsageError, match=r"There is no recording .*pytest --record"):
        Recording(path)
    path.parent.mkdir()
    path.write_text("{}")
    with pytest.raises(errors.DefinitionError, match="not a HAR file"):
        Recording(path)


def test_a_recording_of_another_tool_is_replayed(zoom, path):
    entry = {
        "request": {"method": "get", "url": "https://api.zoom.us/v2/users/me?search_by_unique_id=false&encrypted_email=false"},
        "response": {"status": 200, "headers": [{"name": "Content-Type", "value": "application/json"}],
                     "content": {"text": json.dumps({"email": "grace@example.com"})}},
    }  # fmt: skip
    path.parent.mkdir()
    path.write_text(json.dumps({"log": {"entries": [entry]}}))
    with Recording(path).open_client(zoom, pytest.fail) as client:
        assert client.run("getUser", ME).data == {"email": "grace@example.com"}


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(errors.StoreError, match="cannot be written"):
        Recording(tmp_path / "file" / "test.har", record=True).close()


def test_a_closed_client_sends_nothing_more(zoom, path, record):
    record(lambda client: client.run("getUser", ME))
    recording, stop = Recording(path), threading.Event()
    client = recording.open_client(zoom, pytest.fail)
    request = client.dry_run("getUser", ME)
    stop.set()
    failure = recording.http.send(request, SandboxConnection(zoom).credential(None, 0.0), 0.0, None, stop)
    assert failure.kind == "stopped"
    assert len(recording.unused) == 1
