"""The call files and scripts that the documentation shows, each run as it stands."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.servers import Counting, Recorded, reply

from connector import Client, Connector
from connector.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.servers import Behaviour

ROOT = Path(__file__).parents[2]
CALLS = ROOT / "examples" / "calls"
SCRIPTS = ROOT / "examples" / "python"


@pytest.fixture
def sandboxed(zoom: Connector) -> Iterator[Client]:
    """A client of a fresh stand-in."""
    box = Sandbox(zoom)
    with Client(zoom, box.connection, http=box.http) as client:
        yield client


def started(*words: str, state: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run Python as a user would, with nothing of this machine's settings."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "COVERAGE_PROCESS_START") if name in os.environ}
    environ = {**kept, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(state), "XDG_CONFIG_HOME": str(state), **more}
    command = [sys.executable, "-W", "error", *words]
    return subprocess.run(command, env=environ, cwd=state, capture_output=True, text=True, timeout=60, check=False)


def test_these_are_all_the_examples() -> None:
    assert {path.name for path in CALLS.iterdir()} == {"onboard.yaml", "secure-meeting.yaml", "weekly-meeting.yaml"}
    assert {path.name for path in SCRIPTS.glob("*.*")} == {"first_meeting.py", "list_users_async.py", "web_sign_in.py"}


class TestCallFiles:
    def test_a_weekly_meeting_repeats_on_two_days(self, sandboxed: Client) -> None:
        made = sandboxed.run_file(CALLS / "weekly-meeting.yaml").data
        found = sandboxed.run("getMeeting", {"meetingId": made["id"]}).data
        assert (found["topic"], found["type"], found["timezone"]) == ("Harbour survey", 8, "Europe/Lisbon")
        recurrence = {name: made["recurrence"][name] for name in ("type", "weekly_days", "end_times")}
        assert recurrence == {"type": 2, "weekly_days": "2,5", "end_times": 8}

    def test_a_secure_meeting_has_every_lock(self, sandboxed: Client) -> None:
        settings = sandboxed.run_file(CALLS / "secure-meeting.yaml").data["settings"]
        assert (settings["waiting_room"], settings["meeting_authentication"]) == (True, True)
        assert settings["encryption_type"] == "enhanced_encryption"
        assert settings["alternative_hosts"] == "ana@example.com;ben@example.com"

    def test_a_secure_meeting_asks_for_a_generated_passcode(self, client: Client, server: Counting) -> None:
        client.run_file(CALLS / "secure-meeting.yaml")
        sent = server.last.json()
        assert (sent["default_password"], "password" in sent) == (True, False)
        assert (sent["settings"]["mute_upon_entry"], sent["settings"]["host_video"]) == (True, False)

    def test_a_first_day_is_a_user_and_meetings_that_this_user_hosts(self, sandboxed: Client) -> None:
        kept = sandboxed.run_file(CALLS / "onboard.yaml").data
        assert sandboxed.run("getUser", {"userId": "nora.lind@example.com"}).data["id"] == kept["user"]
        assert {one["host"] for one in kept["meetings"]} == {kept["user"]}
        listed = [one["topic"] for one in sandboxed.items("listMeetings", {"userId": kept["user"]})]
        assert sorted(listed) == sorted(one["topic"] for one in kept["meetings"])
        assert "Welcome, Nora" in listed

    def test_the_first_day_is_in_a_database_of_ones_own(self, zoom: Connector, tmp_path: Path) -> None:
        box, url = Sandbox(zoom), f"sqlite:///{tmp_path}/zoom.db"
        with Client(zoom, box.connection, http=box.http, records=url) as client:
            client.run_file(CALLS / "onboard.yaml", inputs={"email": "eva@example.com", "topics": ["One", "Two"]})
        with contextlib.closing(sqlite3.connect(tmp_path / "zoom.db")) as database:
            joined = "SELECT email, topic FROM zoom_users JOIN zoom_meetings ON zoom_meetings.parent = zoom_users.id"
            assert sorted(database.execute(joined)) == [("eva@example.com", "One"), ("eva@example.com", "Two")]

    def test_the_page_shows_the_first_day_as_it_stands(self) -> None:
        _, _, shown = (CALLS / "onboard.yaml").read_text(encoding="utf-8").partition("\n")
        assert shown in (ROOT / "docs" / "chaining.md").read_text(encoding="utf-8")

    @pytest.mark.parametrize("name", ["weekly-meeting", "secure-meeting", "onboard"])
    def test_the_command_line_runs_it_in_the_sandbox(self, name: str, tmp_path: Path) -> None:
        (tmp_path / "call.yaml").write_bytes((CALLS / f"{name}.yaml").read_bytes())  # a journal stands beside it
        words = ("-m", "connector", "run", "-f", "call.yaml", "--sandbox", "--output", "json")
        done = started(*words, state=tmp_path)
        assert done.returncode == 0, done.stderr
        results = json.loads(done.stdout)
        for result in results if isinstance(results, list) else [results]:
            assert result["outcome"] == "done"


class TestScripts:
    def test_a_first_meeting_is_scheduled_in_the_sandbox_without_credentials(self, tmp_path: Path) -> None:
        done = started(str(SCRIPTS / "first_meeting.py"), state=tmp_path)
        assert (done.returncode, done.stdout.startswith("First meeting: https://")) == (0, True), done.stderr
        assert "sandbox" in done.stderr

    def test_a_first_meeting_is_scheduled_at_the_service_with_credentials(
        self, server: Counting, tmp_path: Path
    ) -> None:
        server.always(reply(201, {"id": 84512370966, "topic": "First meeting", "join_url": "https://example.com/j/1"}))
        found = {"ZOOM_ACCESS_TOKEN": "canary-token-0123", "ZOOM_BASE_URL": server.url}
        done = started(str(SCRIPTS / "first_meeting.py"), state=tmp_path, **found)
        assert done.stdout == "First meeting: https://example.com/j/1\n", done.stderr
        assert [request.path for request in server.requests] == ["/v2/users/me/meetings", "/v2/meetings/84512370966"]

    def test_users_are_listed_in_the_sandbox_without_credentials(self, tmp_path: Path) -> None:
        done = started(str(SCRIPTS / "list_users_async.py"), state=tmp_path)
        assert (done.returncode, done.stdout.splitlines()) == (0, ["ada@example.com"]), done.stderr

    def test_users_are_listed_over_every_page_with_credentials(self, server: Counting, tmp_path: Path) -> None:
        def page(request: Recorded) -> Behaviour:
            last = dict(request.query).get("next_page_token") == "second"
            users = [{"email": "ben@example.com" if last else "ana@example.com"}]
            return reply(json_={"next_page_token": "" if last else "second", "users": users})

        server.always(page)
        found = {"ZOOM_ACCESS_TOKEN": "canary-token-0123", "ZOOM_BASE_URL": server.url}
        done = started(str(SCRIPTS / "list_users_async.py"), state=tmp_path, **found)
        assert done.stdout.splitlines() == ["ana@example.com", "ben@example.com"], done.stderr
        assert "2 page(s), complete: True" in done.stderr
