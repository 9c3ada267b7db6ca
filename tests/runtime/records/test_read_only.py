"""A copy that can only be read, as on a file system that is mounted so, answers all the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from connector import Client, Connector
from connector.runtime.records.records import Records
from connector.sandbox.sandbox import Sandbox

ROOT = Path(__file__).parents[3]
# modes bind root too in a process without this right (linux/prctl.h: PR_CAPBSET_DROP, CAP_DAC_OVERRIDE)
_BE_BOUND_BY_MODES = """
import ctypes, os, sys
os.geteuid() or ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)
os.execv(sys.executable, [sys.executable, "-c", *sys.argv[1:]])
"""
_READ = """
import json, sys, threading
from connector import Client, Connector
from connector.runtime.database import database
from connector.runtime.records.records import Records
from connector.sandbox.sandbox import Sandbox
engines, create_engine = [], database.create_engine
database.create_engine = lambda url, **options: engines.append(url) or create_engine(url, **options)
zoom = Connector.open()
sandbox = Sandbox(zoom)
with Records(sys.argv[1], account="work") as records:
    records.create_views(zoom)
    with Client(zoom, sandbox.connection, http=sandbox.http, records=records) as client:
        kept = client.run("getMeeting", {"meetingId": sys.argv[2]}, max_age="1h")
        client.run("createMeeting", {"userId": "me", "topic": "Not kept"})
    threads = [threading.Thread(target=records.count, args=("zoom",)) for _ in range(3)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    print(json.dumps({
        "engines": len(engines),
        "from_records": kept.from_records,
        "query": records.query("SELECT topic FROM zoom_meetings")[1],
        "export": len(records.read_view("zoom_meetings")[1]),
    }))
"""


@pytest.fixture
def folder(tmp_path):
    """A folder that is closed to writes in the test, and opened again after it."""
    folder = tmp_path / "mounted"
    folder.mkdir(mode=0o700)
    yield folder
    folder.chmod(0o700)


def test_a_copy_that_can_only_be_read_answers_reads_and_fails_no_call(folder):
    path = folder / "records.sqlite"
    meeting = _fill(f"sqlite:///{path}")
    assert not path.with_name("records.sqlite-wal").exists(), "the last who closes a copy leaves one file"
    path.chmod(0o400)
    folder.chmod(0o500)
    done = subprocess.run(
        [sys.executable, "-c", _BE_BOUND_BY_MODES, _READ, f"sqlite:///{path}", meeting],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"engines": 1, "from_records": True, "query": [["Standup"]], "export": 1}
    assert "Records are not written into their copy" in done.stderr


def _fill(url):
    zoom = Connector.open()
    sandbox = Sandbox(zoom)
    with (
        Records(url, account="work") as records,
        Client(zoom, sandbox.connection, http=sandbox.http, records=records) as client,
    ):
        meeting = str(client.run("createMeeting", {"userId": "me", "topic": "Standup"}).data["id"])
        client.run("getMeeting", {"meetingId": meeting})
        records.flush()
    return meeting
