"""An agent lists what an input takes, where another action knows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector import Connector

pytest.importorskip("mcp", reason="the extra mcp is not installed")

TESTS = Path(__file__).parents[2]
TEAM = "9cfb482a-81e3-4154-b5b9-2c805e70a02d"


@pytest.fixture
def linear(agent):
    return agent(Connector.open(TESTS / "connectors" / "linear"))


def test_the_tool_is_there_where_an_action_lists_choices(agent, linear):
    tool = linear.list_tools()["list_choices"]
    assert (tool.annotations.read_only_hint, tool.annotations.destructive_hint) == (True, False)
    assert "list_choices" not in agent().list_tools()


def test_choices_depend_on_what_is_chosen_and_are_searched(linear):
    answer = linear.call("list_choices", {"name": "create_issue", "input": "stateId", "inputs": {"teamId": TEAM}})
    assert answer.structured_content == {"choices": [{"value": "27c1", "label": "In Progress"}], "count": 1}
    found = linear.call("list_choices", {"name": "create_issue", "input": "assigneeId", "search": "ta"})
    assert found.content[0].text == "5f8e: Marta"


def test_every_problem_of_the_question_is_told(linear):
    wrong = {"name": "create_issue", "inputs": {"connection": "x"}, "search": 1, "what": "x"}
    answer = linear.call("list_choices", wrong)
    assert answer.is_error
    assert all(
        f"\n  {name}: got" in answer.content[0].text for name in ("input", "inputs.connection", "search", "what")
    )
    missing = linear.call("list_choices", {"name": "create_issue", "input": "stateId"})
    assert (missing.is_error, "teamId" in missing.content[0].text) == (True, True)
    assert linear.sandbox.requests == []


def test_what_the_server_does_not_offer_is_not_asked(agent):
    only_writes = agent(Connector.open(TESTS.parent / "examples" / "slack"), groups=["chat.postMessage"])
    answer = only_writes.call("list_choices", {"name": "post_message", "input": "channel"})
    assert answer.is_error
    assert only_writes.sandbox.requests == []
