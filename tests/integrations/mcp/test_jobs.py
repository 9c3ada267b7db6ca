"""An agent waits for the job that it starts, or looks for it later; what was renamed is told to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connector import Connector

pytest.importorskip("mcp", reason="the extra mcp is not installed")

SALESFORCE = Path(__file__).parents[3] / "examples" / "salesforce"
JOB = {"soql": "SELECT Id FROM Account"}
LAMP = "action: {0}\nlabel: A Lamp\nsummary: A lamp.\nwas: [buildLamp]\nrequest: GET /lamps\n"


def test_an_agent_starts_a_job_and_is_told_how_to_look_for_it(agent):
    one = agent(Connector.open(SALESFORCE))
    start = one.list_tools()["create_query_job"]
    assert start.input_schema["properties"]["_no_wait"]["type"] == "boolean"
    answer = one.call("create_query_job", {**JOB, "_no_wait": True})
    assert not answer.is_error
    job_id = answer.structured_content["id"]
    data, note = (part.text for part in answer.content)
    assert json.loads(data)["id"] == job_id
    assert note.startswith(
        f'The job was started; do not start it again. Ask for it with get_query_job {{"jobId": "{job_id}"}}'
    )
    assert "until state is JobComplete or state is Failed or Aborted. Then" in note
    assert note.endswith("Then read its results with list_query_results.")
    assert one.call("get_query_job", {"jobId": job_id}).structured_content["id"] == job_id


def test_only_what_starts_a_job_can_be_left_to_itself(agent):
    one = agent(Connector.open(SALESFORCE))
    tools = one.list_tools()
    assert [name for name, tool in tools.items() if "_no_wait" in tool.input_schema["properties"]] == [
        "create_query_job"
    ]
    answer = one.call("query", {"soql": "x", "_no_wait": True})
    assert answer.is_error
    assert "none: query starts no job" in answer.content[0].text
    answer = one.call("create_query_job", {**JOB, "_no_wait": "yes"})
    assert '_no_wait: got "yes"; expected true or false' in answer.content[0].text


@pytest.mark.parametrize("name", ["build_lamp", "buildLamp"])
def test_a_tool_of_an_earlier_name_runs_and_says_what_it_is_called(agent, folder, name):
    answer = agent(folder(actions={"make-lamp": LAMP.format("makeLamp")})).call(name, {})
    assert not answer.is_error
    assert answer.content[-1].text == f"{name} is called makeLamp now."
