"""State is durable, shared between processes without loss, and never discarded silently."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from connector import Client, Connector, errors
from connector.sandbox.data.state import SandboxState
from connector.sandbox.sandbox import Sandbox, get_state_path

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

ROOT = Path(__file__).parents[3]
ME = {"userId": "me"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "state.json"


def client(zoom: Connector, path: Path | None) -> AbstractContextManager[Client]:
    sandbox = Sandbox(zoom, path)
    return Client(zoom, sandbox.connection, http=sandbox.http)


def topics(zoom: Connector, path: Path) -> list[str]:
    with client(zoom, path) as one:
        return [meeting["topic"] for meeting in one.items("listMeetings", ME)]


def test_a_second_sandbox_on_the_same_file_knows_everything(zoom: Connector, path: Path) -> None:
    with client(zoom, path) as first:
        made = first.run("createMeeting", {**ME, "topic": "Kept", "settingsExtraFields": {"own": [1, None, "é"]}}).data
        first.run("updateUser", {**ME, "firstName": "Augusta"})
    with client(zoom, path) as second:
        found = second.run("getMeeting", {"meetingId": made["id"]}).data
        assert (found["topic"], found["settings"]["own"]) == ("Kept", [1, None, "é"])
        assert second.run("getUser", ME).data["first_name"] == "Augusta"
        assert second.run("createMeeting", ME).data["id"] != made["id"]


def test_only_what_was_sent_is_on_disk_and_for_its_owner_alone(zoom: Connector, path: Path) -> None:
    with client(zoom, path) as one:
        one.run("createMeeting", {**ME, "topic": "Kept"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["state.json", "state.json.lock"]
    held = json.loads(path.read_bytes())
    assert held["version"] == 1
    (record,) = held["records"]["meetings"].values()
    assert record["fields"]["topic"] == "Kept"
    assert "encrypted_password" not in record["fields"]


def test_two_sandboxes_in_one_process_see_each_others_changes(zoom: Connector, path: Path) -> None:
    with client(zoom, path) as first, client(zoom, path) as second:
        for number in range(5):
            first.run("createMeeting", {**ME, "topic": f"a{number}"})
            second.run("createMeeting", {**ME, "topic": f"b{number}"})
        expected = [f"{who}{number}" for number in range(5) for who in "ab"]
        assert [one["topic"] for one in first.run("listMeetings", ME).data["meetings"]] == expected
        assert [one["topic"] for one in second.run("listMeetings", ME).data["meetings"]] == expected


WRITER = """
import sys
from connector import Client, Connector
from connector.sandbox.sandbox import Sandbox
zoom = Connector.open()
sandbox = Sandbox(zoom, sys.argv[1])
with Client(zoom, sandbox.connection, http=sandbox.http) as client:
    for number in range(60):
        client.run("createMeeting", {"userId": "me", "topic": f"{sys.argv[2]}{number}"})
"""


def test_three_processes_that_write_at_once_lose_nothing(zoom: Connector, path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", WRITER, str(path)]
    writers = [subprocess.Popen([*command, who], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}) for who in "abc"]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    with client(zoom, path) as one:
        meetings = one.run("listMeetings", ME).data["meetings"]
    assert len({meeting["id"] for meeting in meetings}) == 180
    for who in "abc":
        mine = [meeting["topic"] for meeting in meetings if meeting["topic"].startswith(who)]
        assert mine == [f"{who}{number}" for number in range(60)]


@pytest.mark.parametrize("shared", [True, False])
def test_many_threads_lose_nothing(zoom: Connector, path: Path, shared: bool) -> None:
    sandbox = Sandbox(zoom, path if shared else None)

    def write(who: int) -> None:
        with Client(zoom, sandbox.connection, http=sandbox.http) as one:
            for number in range(25):
                one.run("createMeeting", {**ME, "topic": f"{who}-{number}"})
                one.run("listMeetings", ME, limit=3)

    threads = [threading.Thread(target=write, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Client(zoom, sandbox.connection, http=sandbox.http) as one:
        found = [meeting["topic"] for meeting in one.items("listMeetings", ME)]
    assert sorted(found) == sorted(f"{who}-{number}" for who in range(4) for number in range(25))


@pytest.mark.parametrize("kept", [True, False])
def test_a_reset_brings_back_the_beginning(zoom: Connector, path: Path, kept: bool) -> None:
    sandbox = Sandbox(zoom, path if kept else None)
    with Client(zoom, sandbox.connection, http=sandbox.http) as one:
        first = one.run("createMeeting", ME).data["id"]
        one.run("deleteUser", ME)
        sandbox.reset()
        assert one.run("getUser", ME).data["first_name"] == "Ada"
        assert one.run("listMeetings", ME).data["meetings"] == []
        assert one.run("createMeeting", ME).data["id"] == first


def test_a_reset_is_seen_by_a_sandbox_that_still_runs(zoom: Connector, path: Path) -> None:
    with client(zoom, path) as one:
        one.run("createMeeting", ME)
        SandboxState(path).reset()
        assert one.run("listMeetings", ME).data["meetings"] == []
        one.run("createMeeting", {**ME, "topic": "After"})
    assert topics(zoom, path) == ["After"]


@pytest.mark.parametrize(
    "broken",
    [b"", b"\0" * 40, b"{", b"[]", b'{"version":1,"records":5}', b'{"version":1,"secret":"canary-1"}', b"\xff\xfe"],
)
def test_a_broken_file_is_reported_and_kept_aside(zoom: Connector, path: Path, broken: bytes) -> None:
    path.parent.mkdir()
    path.with_name("state.json.corrupt-1").write_bytes(b"older")
    path.write_bytes(broken)
    with client(zoom, path) as one:
        with pytest.raises(errors.StoreError) as caught:
            one.run("getUser", ME)
        aside = path.with_name("state.json.corrupt-2")
        assert caught.value.path == str(path)
        assert str(path) in str(caught.value)
        assert str(aside) in str(caught.value)
        assert "connector sandbox reset" in str(caught.value)
        assert "canary" not in str(caught.value)
        assert aside.read_bytes() == broken
        assert path.with_name("state.json.corrupt-1").read_bytes() == b"older"
        assert one.run("getUser", ME).data["first_name"] == "Ada"


def test_a_file_that_breaks_under_a_running_sandbox_is_not_written_over(zoom: Connector, path: Path) -> None:
    with client(zoom, path) as one:
        one.run("createMeeting", ME)
        path.write_bytes(b"scribble")
        with pytest.raises(errors.StoreError):
            one.run("createMeeting", ME)
        assert path.with_name("state.json.corrupt-1").read_bytes() == b"scribble"


def test_a_file_of_a_newer_connector_is_left_alone(zoom: Connector, path: Path) -> None:
    path.parent.mkdir()
    newer = b'{"version":2,"count":0}'
    path.write_bytes(newer)
    with client(zoom, path) as one, pytest.raises(errors.StoreError, match="version 2"):
        one.run("createMeeting", ME)
    assert path.read_bytes() == newer


def test_a_file_that_somebody_edited_is_read(zoom: Connector, path: Path) -> None:
    with client(zoom, path) as one:
        one.run("createMeeting", {**ME, "topic": "Before"})
        path.write_text(json.dumps(json.loads(path.read_bytes()), indent=2).replace("Before", "After"))
        assert [meeting["topic"] for meeting in one.items("listMeetings", ME)] == ["After"]
        one.run("createMeeting", {**ME, "topic": "More"})
    assert topics(zoom, path) == ["After", "More"]


def test_what_a_killed_writer_left_behind_is_no_obstacle(zoom: Connector, path: Path) -> None:
    path.parent.mkdir()
    path.with_name("state.json.new").write_bytes(b"half a sta")
    path.with_name("state.json.lock").write_bytes(b"")
    with client(zoom, path) as one:
        one.run("createMeeting", {**ME, "topic": "Fine"})
    assert topics(zoom, path) == ["Fine"]
    assert not path.with_name("state.json.new").exists()


def test_a_lock_that_is_never_given_back_ends_in_an_error(
    zoom: Connector, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.sandbox.data.state._LOCK_TIMEOUT", 0.05)
    path.parent.mkdir()
    with FileLock(f"{path}.lock"), client(zoom, path) as one:
        assert one.run("getUser", ME).status == 200
        with pytest.raises(errors.StoreError, match="locked by another process") as caught:
            one.run("createMeeting", ME)
        assert caught.value.retryable
    assert topics(zoom, path) == []


def test_a_link_in_the_way_is_not_written_through(zoom: Connector, path: Path) -> None:
    path.parent.mkdir()
    target = path.with_name("precious")
    target.write_bytes(b"mine")
    path.with_name("state.json.new").symlink_to(target)
    with client(zoom, path) as one, pytest.raises(errors.StoreError, match="cannot be written"):
        one.run("createMeeting", ME)
    assert target.read_bytes() == b"mine"


def test_a_folder_that_cannot_be_is_reported(zoom: Connector, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with client(zoom, tmp_path / "file" / "state.json") as one, pytest.raises(errors.StoreError) as caught:
        one.run("createMeeting", ME)
    assert str(tmp_path / "file" / "state.json") in str(caught.value)


@pytest.mark.skipif(sys.platform != "linux", reason="the folder's variable is Linux's")
def test_each_connector_has_a_file_of_its_own(
    zoom: Connector, shop: Connector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert get_state_path(zoom) == tmp_path / "connector" / "sandbox" / "zoom.json"
    assert get_state_path(shop).name == "shop.json"
