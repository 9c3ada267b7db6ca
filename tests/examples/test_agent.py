"""The agent of the examples lists, reads, writes, and deletes only what a person agreed to."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.servers import TOKEN

pytest.importorskip("mcp", reason="mcp is not installed: pip install '.[mcp]'")
SCRIPT = Path(__file__).parents[2] / "examples" / "agent" / "agent.py"


@pytest.fixture
def act(environment, stand_in):
    """Run the agent with an account; a person types what they say. Returns what it printed."""

    def run(said):
        settings = {**environment, "ZOOM_BASE_URL": stand_in.url, "ZOOM_ACCESS_TOKEN": TOKEN}
        command = [sys.executable, SCRIPT, "--quiet"]
        done = subprocess.run(
            command, input=said, env=settings, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert TOKEN not in done.stdout
        return done.stdout

    return run


def test_what_a_person_agrees_to_is_deleted(act, sandbox):
    printed = act("yes\n")
    assert "This may destroy something: DELETE" in printed
    assert printed.endswith("The person agreed to the deletion.\n")
    assert [request.action for request in sandbox.requests] == [
        "listUsers",
        "createUser",
        "createMeeting",
        "deleteUser",
    ]


def test_what_a_person_refuses_is_not_sent(act, sandbox):
    assert act("no\n").endswith("The user Grace is still there.\n")
    sandbox.assert_not_called("deleteUser")


def test_it_runs_without_an_account(environment):
    done = subprocess.run(
        [sys.executable, SCRIPT], input="no\n", env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.startswith('list_users: ["ada@example.com"]')


def test_a_model_sees_the_tools_and_what_came_of_its_calls(environment, monkeypatch):
    spec = importlib.util.spec_from_file_location("agent", SCRIPT)
    agent = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "agent", agent)
    spec.loader.exec_module(agent)
    command = ["-m", "connector", "mcp", "--sandbox", "--quiet"]
    server = agent.StdioServerParameters(command=sys.executable, args=command, env={**os.environ, **environment})
    seen = []

    def decide(tools, turns):
        seen.append((len(tools), [turn.is_error for turn in turns]))
        assert all(tool.description and tool.input_schema["type"] == "object" for tool in tools)
        return agent.Call("get_user", {"userId": "me"} if turns else {}) if len(turns) < 2 else agent.Answer("done")

    assert asyncio.run(agent.run(server, decide, lambda question: False)) == "done"
    assert [errors for _, errors in seen] == [[], [True], [True, False]]
