"""The onboarding of the examples is killed in the middle, and goes on: one user, one meeting, both in the database."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from support.pace import wait_until
from support.servers import TOKEN

pytest.importorskip("dbos", reason="dbos is not installed: pip install '.[dbos]'")
SCRIPT = Path(__file__).parents[2] / "examples" / "dbos" / "onboarding.py"
GRACE = ("grace@example.com", "Grace", "Hopper")


@pytest.fixture
def start(tmp_path, environment, stand_in):
    """Start the onboarding of Grace in a process of its own."""
    settings = {**environment, "ZOOM_BASE_URL": stand_in.url, "ZOOM_ACCESS_TOKEN": TOKEN}
    begun = []

    def begin():
        begun.append(
            subprocess.Popen(
                [sys.executable, SCRIPT, *GRACE],
                env=settings,
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def read_rows(folder, table):
    """Return what the application has in a table of its database."""
    with closing(sqlite3.connect(folder / "onboarding.sqlite")) as database:
        return database.execute(f"SELECT * FROM {table}").fetchall()


def is_waiting(folder):
    """Whether the workflow has recorded that it sleeps."""
    with closing(sqlite3.connect(folder / "dbos.sqlite")) as database:
        return database.execute("SELECT 1 FROM operation_outputs WHERE function_name = 'DBOS.sleep'").fetchone()


def test_a_user_and_a_meeting_are_created_and_kept(start, sandbox, tmp_path):
    printed, said = start().communicate(timeout=60)
    assert printed.startswith("https://"), said
    ((user_id, email, name),) = read_rows(tmp_path, "users")
    assert (email, name) == ("grace@example.com", "Grace")
    ((_, host, topic, join_url),) = read_rows(tmp_path, "meetings")
    assert (host, topic, join_url) == (user_id, "Welcome, Grace", printed.strip())
    sandbox.assert_called("createMeeting", userId=user_id)


def test_killed_between_the_user_and_the_meeting_it_goes_on_and_creates_nothing_twice(start, sandbox, tmp_path):
    sandbox.reply("createMeeting", status=429, headers={"Retry-After": "3"})
    first = start()
    wait_until(lambda: sandbox.find_requests("createMeeting") and is_waiting(tmp_path))
    first.kill()
    first.wait()
    assert len(read_rows(tmp_path, "users")) == 1
    printed, said = start().communicate(timeout=60)
    assert printed.startswith("https://"), said
    assert [request.status for request in sandbox.requests] == [201, 429, 201]
    assert [len(read_rows(tmp_path, table)) for table in ("users", "meetings")] == [1, 1]


def test_started_again_when_it_is_done_it_only_tells_the_result(start, sandbox):
    assert start().communicate(timeout=60)[0] == start().communicate(timeout=60)[0]
    assert len(sandbox.requests) == 2
