"""The workflow for n8n, imported and executed by n8n itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.servers import TOKEN

WORKFLOW = Path(__file__).parents[2] / "examples" / "n8n" / "workflow.json"
SETTINGS = {
    "NODES_EXCLUDE": "[]",  # the node that runs commands is left out otherwise
    "N8N_DIAGNOSTICS_ENABLED": "false",
    "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
    "N8N_RUNNERS_ENABLED": "false",
}


@pytest.fixture(scope="module")
def n8n():
    """The program."""
    found = shutil.which("n8n")
    if found is None:
        pytest.skip("n8n is not installed: npm install n8n, with Node 24")
    return found


@pytest.fixture
def execute(n8n, tmp_path, environment, account):
    """Execute the workflow; return its exit code and the data of the last run of each node."""

    def run():
        workflow = json.loads(WORKFLOW.read_text("utf-8"))
        programs = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        env = {**environment, **account, **SETTINGS, "PATH": programs, "N8N_USER_FOLDER": str(tmp_path)}
        command = [n8n, "import:workflow", f"--input={WORKFLOW}"]
        subprocess.run(command, env=env, capture_output=True, timeout=300, check=True)
        command = [n8n, "execute", f"--id={workflow['id']}", "--rawOutput"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
        assert TOKEN not in done.stdout + done.stderr
        printed, _ = json.JSONDecoder().raw_decode(done.stdout[done.stdout.index("{") :])  # an error follows as text
        runs = printed["data"]["resultData"]["runData"]
        return done.returncode, {name: list_items(each[-1]) for name, each in runs.items()}

    return run


def list_items(run):
    """Return the JSON of the items that a run of a node gave."""
    return [item["json"] for output in run.get("data", {}).get("main", []) for item in output or []]


def test_a_refused_call_is_made_again_when_the_service_accepts_it(execute, sandbox):
    sandbox.reply("createMeeting", status=429, headers={"Retry-After": "2"})
    code, data = execute()
    assert (code, data["Meeting"][0]["topic"]) == (0, "Welcome")
    assert [request.status for request in sandbox.requests] == [429, 201]


def test_a_write_whose_reply_is_lost_stops_the_workflow_and_is_not_repeated(execute, sandbox):
    sandbox.add_fault("drop-reply:1")
    code, data = execute()
    assert code == 1
    assert data["Answer"][0]["error"]["outcome"] == "uncertain"
    assert "Stop" in data
    assert "Meeting" not in data
    assert len(sandbox.requests) == 1
