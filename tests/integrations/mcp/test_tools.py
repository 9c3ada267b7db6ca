"""Each action is a tool that says what it does to the service; many actions are four tools."""

from __future__ import annotations

from types import SimpleNamespace

import jsonschema
import pytest
from support.pace import counted
from support.sandboxes import large_connector

from connector import AsyncClient, Connector

pytest.importorskip("mcp", reason="the extra mcp is not installed")


def test_each_action_is_a_tool_with_hints_and_options(agent, zoom):
    tools = agent().list_tools()
    assert len(tools) == len(zoom.action_files)
    for tool in tools.values():
        action = zoom.action(tool.name)
        assert tool.title == tool.annotations.title == action.label
        assert tool.annotations.read_only_hint is (action.method == "GET")
        assert tool.annotations.destructive_hint is (action.is_raw or action.method == "DELETE")
        assert tool.output_schema is None
        properties = tool.input_schema["properties"]
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        assert {"_fields", "_limit"} <= set(properties)
        assert ("_confirm" in properties) is tool.annotations.destructive_hint
        assert not {"connection", "debugRequest", "account"} & set(properties)
    assert tools["update_meeting"].annotations.idempotent_hint is False
    assert tools["delete_user"].annotations.idempotent_hint is True


def test_only_chosen_tools_are_offered(agent):
    assert set(agent(read_only=True, groups=["webinars"]).list_tools()) == {"get_webinar", "list_webinars"}


def test_many_actions_are_four_tools_and_three_where_nothing_may_change(agent, folder):
    lamp = folder(actions={f"read-lamp{number}": LAMP.format(number) for number in range(41)})
    tools = agent(lamp).list_tools()
    assert list(tools) == ["search_actions", "describe_action", "read", "write"]
    assert [tool.annotations.read_only_hint for tool in tools.values()] == [True, True, True, False]
    assert tools["write"].annotations.destructive_hint is True
    assert list(agent(lamp, read_only=True).list_tools()) == ["search_actions", "describe_action", "read"]
    (lamp.folder / "actions" / "read-lamp40.yaml").unlink()
    assert len(agent(Connector.open(lamp.folder)).list_tools()) == 40


LAMP = "action: readLamp{0}\nlabel: Read Lamp {0}\nsummary: Read it.\nrequest: GET /lamps/{0}\n"


@pytest.mark.skipif(not large_connector.PACKED.exists(), reason="the packed descriptions of a vendor are not here")
def test_the_tools_of_many_actions_are_listed_without_parsing_them(tmp_path):
    from connector.integrations.mcp.server import ConnectorServer

    many = Connector.open(large_connector.write_folder(tmp_path / "many"))
    client = AsyncClient(many, http=SimpleNamespace(send=print))
    with counted() as work:
        server = ConnectorServer(client)
        assert [tool.name for tool in server.toolbox.tools] == ["search_actions", "describe_action", "read", "write"]
    assert work.calls < 400 * len(many.action_files), "more was read than what tells actions apart"
    assert many._actions_by_stem == {}
