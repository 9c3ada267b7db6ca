"""An agent lists what an input takes, where another action knows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector import Connector

LINEAR = Path(__file__).parents[2] / "connectors" / "linear"
TEAM = "9cfb482a-81e3-4154-b5b9-2c805e70a02d"


@pytest.fixture
def linear():
    return Connector.open(LINEAR)


def ask(agent_of, connector, arguments, **options):
    return agent_of(connector, **options).call("list_choices", arguments)
