"""Choices that depend on other inputs, and choices that the service searches."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from connector import Connector, errors
from connector.sandbox.sandbox import Sandbox

TESTS = Path(__file__).parents[2]
EXAMPLES = TESTS.parent / "examples"
TEAM = "9cfb482a-81e3-4154-b5b9-2c805e70a02d"

FIND = """
action: findLamps
label: Find Lamps
summary: Find lamps.
request: GET /lamps
inputs:
  words: {label: Words, help: A part of the name., type: string, required: true, to: query.q, example: pi}
pagination: {items: lamps}
returns: {help: Lamps., example: {lamps: [{id: "7", name: Pier}]}}
"""
GET = """
action: getLamp
label: Get Lamp
summary: Read a lamp.
request: GET /lamps/{lampId}
inputs:
  lampId:
    label: Lamp
    help: The lamp.
    type: string
    required: true
    choices_from: {action: findLamps, items: lamps, value: id, label: name, search: words}
    to: path.lampId
"""


def open_sandbox(folder):
    return Sandbox(Connector.open(folder))


@pytest.fixture
def linear():
    return open_sandbox(TESTS / "connectors" / "linear")


def variables_of(sandbox):
    return [request.body.get("variables") for request in sandbox.requests]


def test_a_list_is_run_with_what_the_form_has_in_another_input(linear):
    with linear.open_client() as client:
        assert client.choices("createIssue", "stateId", {"teamId": TEAM}) == [("27c1", "In Progress")]
    assert variables_of(linear) == [{"team": TEAM}]


def test_what_must_be_chosen_before_is_told_and_nothing_is_sent(linear):
    with linear.open_client() as client:
        for given in ({}, {"teamId": ""}, {"title": "x"}):
            with pytest.raises(errors.InputError, match="the choices of stateId depend on it") as caught:
                client.choices("createIssue", "stateId", given)
            assert [problem.field for problem in caught.value.problems] == ["teamId"]
    assert linear.requests == []


def test_a_constant_input_of_a_list_is_sent():
    slack = open_sandbox(EXAMPLES / "slack")
    with slack.open_client() as client:
        assert client.choices("postMessage", "channel") == [("C0001", "harbour")]
    assert slack.requests[0].query["types"] == "public_channel,private_channel"


def test_a_text_is_searched_by_the_service_and_each_text_is_kept(linear):
    with linear.open_client() as client:
        assert client.choices("createIssue", "assigneeId", search=" ta ") == [("5f8e", "Marta")]
        client.choices("createIssue", "assigneeId", search="ta")
        client.choices("createIssue", "assigneeId")
        assert variables_of(linear) == [{"name": "ta"}, None]


def test_what_the_service_finds_need_not_have_the_text(linear):
    with linear.open_client() as client:
        assert client.choices("createIssue", "assigneeId", search="martha") == [("5f8e", "Marta")]


def test_a_text_goes_to_a_search_that_is_a_post():
    hubspot = open_sandbox(EXAMPLES / "hubspot")
    with hubspot.open_client() as client:
        assert ("501", "ines@example.com") in client.choices("getContact", "contactId", search="ines")
    assert hubspot.requests[0].body["query"] == "ines"


def test_a_list_that_needs_a_text_is_empty_without_one(folder):
    sandbox = Sandbox(folder("", {"find-lamps": FIND, "get-lamp": GET}))
    with sandbox.open_client() as client:
        assert client.choices("getLamp", "lampId") == []
        assert sandbox.requests == []
        assert client.choices("getLamp", "lampId", search="pi") == [("7", "Pier")]
    assert sandbox.requests[0].query["q"] == "pi"


def test_an_async_client_searches_too(linear):
    async def run():
        async with linear.open_async_client() as client:
            return await client.choices("createIssue", "assigneeId", search="ta")

    assert asyncio.run(run()) == [("5f8e", "Marta")]
