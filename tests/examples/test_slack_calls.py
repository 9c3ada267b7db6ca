"""The call file of the Slack example opens a channel with people in it, also when it is stopped half-way."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector import Connector
from connector.errors import DefinitionError, TransportError
from connector.testing import Sandbox

SLACK = Path(__file__).parents[2] / "examples" / "slack"
FILE = SLACK / "calls" / "open-channel.yaml"
NAME = {"name": "harbour-wall"}


def test_a_channel_is_opened_with_its_people_and_a_message():
    box = Sandbox(Connector.open(SLACK))
    with box.open_client() as client:
        made = client.run_file(FILE, inputs={**NAME, "people": ["ines@example.com", "ines@example.com"]}).data
    assert made["people"] == ["ines", "ines"]
    box.assert_called("createChannel", name="harbour-wall")
    box.assert_called("inviteUsers", channel=made["channel"], users=["U0001", "U0001"])
    box.assert_called("postMessage", channel=made["channel"])


def test_its_name_has_to_be_given():
    box = Sandbox(Connector.open(SLACK))
    with box.open_client() as client, pytest.raises(DefinitionError, match="name has no value"):
        client.run_file(FILE)
    assert not box.requests


def test_a_channel_whose_reply_was_lost_is_opened_once(tmp_path):
    box = Sandbox(Connector.open(SLACK))
    box.drop_reply("createChannel")
    with box.open_client() as client:
        with pytest.raises(TransportError, match="Step opened"):
            client.run_file(FILE, journal=tmp_path / "j", inputs=NAME)
        found = {"opened": {"ok": True, "channel": {"id": "C0003"}}}
        made = client.run_file(FILE, journal=tmp_path / "j", inputs=NAME, settle=found).data
    assert made["channel"] == "C0003"
    assert len(box.find_requests("createChannel")) == 1
