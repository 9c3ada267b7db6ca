"""The commands of the flow for Kestra, taken from it and run by the shell that Kestra runs them with."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.servers import TOKEN

FLOW = yaml.safe_load((Path(__file__).parents[2] / "examples" / "kestra" / "create_meeting.yaml").read_text("utf-8"))
CALL = FLOW["tasks"][0]


@pytest.fixture
def run_task(tmp_path, environment, account):
    """Run the task; return its exit code and its outputs."""

    def run(topic="Standup"):
        programs = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        env = {name: value.replace("{{ inputs.topic }}", topic) for name, value in CALL["env"].items()}
        script = "\n".join(["set -e", *CALL["commands"]])
        done = subprocess.run(
            ["/bin/sh", "-c", script], env={**environment, **account, **env, "PATH": programs}, cwd=tmp_path,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert TOKEN not in done.stdout + done.stderr
        found = re.search(r"^::(\{.*\})::$", done.stdout, re.MULTILINE)
        return done.returncode, found and json.loads(found[1])["outputs"]

    return run


@pytest.mark.parametrize("topic", ["Standup", """It's a "test"; exit 1 $(exit 1)"""])
def test_a_meeting_is_an_output_of_the_task_whatever_its_topic(run_task, sandbox, topic):
    code, outputs = run_task(topic)
    assert (code, outputs["code"]) == (0, 0)
    assert outputs["reply"]["join_url"].startswith("https://")
    sandbox.assert_called("createMeeting", topic=topic)


def test_what_is_worth_another_attempt_fails_the_task_and_the_next_attempt_succeeds(run_task, sandbox):
    sandbox.add_fault("429:1")
    assert run_task() == (4, None)
    assert run_task()[0] == 0
    assert [request.status for request in sandbox.requests] == [429, 201]


def test_a_write_whose_reply_is_lost_is_told_uncertain_and_not_repeated(run_task, sandbox):
    sandbox.add_fault("drop-reply:1")
    code, outputs = run_task()
    assert (code, outputs["code"], outputs["reply"]["error"]["outcome"]) == (0, 5, "uncertain")
    assert len(sandbox.requests) == 1


def test_what_no_attempt_will_mend_is_an_output_that_stops_the_flow(run_task, sandbox):
    sandbox.reply("createMeeting", status=400, body={"code": 300, "message": "No."})
    code, outputs = run_task()
    assert (code, outputs["code"]) == (0, 1)
    stop = FLOW["tasks"][1]
    assert stop["condition"] == "{{ outputs.call.vars.code != 0 }}"
    assert outputs["reply"]["error"]["message"]
