"""The service is asked for the values of an input: by the action that its definition names, or by the path's resource."""

from __future__ import annotations

import pytest

from connector import Client, Connector
from connector.console.calls.live_choices import find_choices, list_live_inputs
from connector.sandbox.sandbox import Sandbox


@pytest.fixture
def client(zoom):
    sandbox = Sandbox(zoom)
    with Client(zoom, sandbox.connection, http=sandbox.http) as one:
        yield one


class Desk:
    def __init__(self, connector):
        self.connector = connector


def ask(client, action, key, **given):
    """Return the choices of an input of the bundled connector."""
    return find_choices(Desk(client.connector), client.connector.action(action), key, given, client)


def test_an_id_in_a_path_is_one_of_the_records_there(client):
    choices = ask(client, "createMeeting", "userId")
    assert any("ada" in choice.label.casefold() for choice in choices)
    assert all(choice.value != choice.label for choice in choices)


def test_records_of_a_parent_are_those_of_the_one_that_is_chosen_or_of_oneself(client):
    client.run("createMeeting", {"userId": "me", "topic": "Standup"})
    assert [choice.label for choice in ask(client, "getMeeting", "meetingId")] == ["Standup"]


@pytest.mark.parametrize(
    ("action", "live"),
    [
        ("createMeeting", {"userId"}),
        ("getMeeting", {"meetingId"}),
        ("listUsers", set()),
        ("rawRequest", set()),
    ],
)
def test_only_what_can_be_listed_is_offered(zoom, action, live):
    assert list_live_inputs(zoom, zoom.action(action)) == live


def test_what_a_definition_names_is_offered_too():
    slack = Connector.open("examples/slack")
    assert "channel" in list_live_inputs(slack, slack.action("postMessage"))
