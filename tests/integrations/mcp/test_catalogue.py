"""Four tools reach every action of a large folder: search, describe, read, write."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("mcp", reason="the extra mcp is not installed")

READ = "action: readLamp{0}\nlabel: Read Lamp {0}\nsummary: Read lamp number {0}.\nrequest: GET /lamps/{0}/state\n"
WRITE = """\
action: switchLamp
label: Switch Lamp
summary: Switch a lamp on or off.
request: POST /lamps/{id}/state
inputs:
  id: {label: Id, help: The lamp., type: string, required: true, to: path.id}
  "on": {label: "On", help: Whether it shines., type: boolean, to: body.on}
"""
LOOK = "action: lookAtLamp\nlabel: Look At Lamp\nsummary: Look.\nrequest: GET /lamps/{id}/state\ninputs:\n  id: {label: Id, help: The lamp., type: string, required: true, to: path.id}\n"
REMOVE = "action: removeLamp\nlabel: Remove Lamp\nsummary: Throw it away.\nrequest: DELETE /lamps/{id}\ninputs:\n  id: {label: Id, help: The lamp., type: string, required: true, to: path.id}\n"


@pytest.fixture
def lamps(agent, folder):
    actions = {f"read-lamp{number}": READ.format(number) for number in range(45)}
    lamp = folder(actions={**actions, "switch-lamp": WRITE, "look-at-lamp": LOOK, "remove-lamp": REMOVE})
    return lambda **options: agent(lamp, **options)


def test_a_search_names_actions_and_the_tool_that_runs_them(lamps):
    answer = lamps().call("search_actions", {"query": "turn a lamp on"})
    assert answer.structured_content["actions"][0] == {
        "name": "switch_lamp", "summary": "Switch a lamp on or off.", "tool": "write",
    }  # fmt: skip
    assert answer.content[0].text.splitlines()[0] == "switch_lamp (write): Switch a lamp on or off."
    assert len(answer.structured_content["actions"]) <= 8
    assert "Try other words" in lamps().call("search_actions", {"query": "zzz"}).content[0].text


def test_a_description_has_the_inputs(lamps):
    answer = lamps().call("describe_action", {"name": "switchLamp"})
    assert answer.structured_content["inputSchema"]["required"] == ["id"]
    assert answer.structured_content["tool"] == "write"
    assert json.loads(answer.content[0].text) == answer.structured_content


def test_read_runs_nothing_that_changes(lamps):
    answer = lamps().call("read", {"name": "switch_lamp", "inputs": {"id": "1"}})
    assert answer.content[0].text == "switch_lamp changes something. Nothing was sent. Call it with write."
    answer = lamps(read_only=True).call("read", {"name": "switch_lamp", "inputs": {"id": "1"}})
    assert "switch_lamp is not offered: this server only reads. Nothing was sent." in answer.content[0].text
    answer = lamps(read_only=True).call("write", {"name": "switch_lamp", "inputs": {"id": "1"}})
    assert answer.content[0].text == "There is no tool 'write'. The tools are search_actions, describe_action, read."


def test_every_problem_of_a_call_by_name_is_told_at_once(lamps):
    given = {"name": "switch_lamp", "id": "1", "inputs": {"onn": True}, "_limit": "x"}
    text = lamps().call("write", given).content[0].text
    for line in (
        '  id: got "1"; expected name, inputs and options alone',
        "  _limit: got",
        "  onn: got",
        "  id: got nothing",
    ):
        assert line in text
    text = lamps().call("write", {"name": "switch_lamp", "inputs": "on"}).content[0].text
    assert 'inputs: got "on"; expected an object of inputs' in text


@pytest.mark.parametrize("tool", ["read", "write", "describe_action"])
@pytest.mark.parametrize("name", [None, 7, "", "switch_lam", "../manifest", "switch lamp", "x" * 10_000])
def test_a_name_that_is_none_is_told(lamps, tool, name):
    answer = lamps().call(tool, {} if name is None else {"name": name})
    assert answer.is_error
    assert len(answer.content[0].text) < 1_000
    assert "name: " in answer.content[0].text or "There is no action" in answer.content[0].text


def test_a_write_goes_through_and_what_destroys_asks(lamps, person):
    one, nobody = lamps(), person(agrees=False)
    one.call("write", {"name": "switch_lamp", "inputs": {"id": "1"}}, nobody)
    assert nobody.asked == []
    one.call("write", {"name": "remove_lamp", "inputs": {"id": "1"}}, nobody)
    assert nobody.asked == ["This may destroy something: DELETE /lamps/1. Send it?"]


def test_what_may_have_been_done_is_checked_with_read(lamps):
    one = lamps(faults=("drop-reply:9",))
    answer = one.call("write", {"name": "switch_lamp", "inputs": {"id": "1", "on": True}})
    assert "It may have been done: check with read (name: look_at_lamp) before you repeat it." in answer.content[0].text
