"""Resources are the pages of actions; prompts say how to work with care."""

from __future__ import annotations

import asyncio

import pytest

pytest.importorskip("mcp", reason="the extra mcp is not installed")


def ask(agent, what):
    """Return what the server answers. Raises its error."""
    from mcp.shared.exceptions import MCPError

    async def act():
        async with agent.connect() as client:
            try:
                return await what(client)
            except MCPError as error:
                return error

    answer = asyncio.run(act())
    if isinstance(answer, MCPError):
        raise answer
    return answer


def test_each_action_has_a_page(agent, zoom):
    resources = ask(agent(), lambda client: client.list_resources()).resources
    assert [resource.uri for resource in resources[:2]] == [
        "connector://zoom/actions",
        "connector://zoom/actions/add_meeting_registrant",
    ]
    assert len(resources) == 1 + len(zoom.action_files)
    text = ask(agent(), lambda client: client.read_resource("connector://zoom/actions/get_meeting")).contents[0].text
    assert text.startswith("Get Meeting (get_meeting)\n")
    assert "- meetingId (string, required): " in text
    assert "connection" not in text.partition("Inputs:")[2]
    lines = ask(agent(), lambda client: client.read_resource("connector://zoom/actions")).contents[0].text.splitlines()
    assert len(lines) == len(zoom.action_files)


def test_the_template_leads_to_the_pages(agent):
    (template,) = ask(agent(), lambda client: client.list_resource_templates()).resource_templates
    uri = template.uri_template.replace("{name}", "list_users")
    assert "List Users" in ask(agent(), lambda client: client.read_resource(uri)).contents[0].text


@pytest.mark.parametrize(
    "uri",
    ["connector://zoom/actions/none", "connector://zoom/actions/../x", "file:///etc/passwd", "connector://zoom", "x"],
)
def test_there_is_no_other_resource(agent, uri):
    from mcp.shared.exceptions import MCPError

    with pytest.raises(MCPError, match="There is no resource"):
        ask(agent(), lambda client: client.read_resource(uri))


def test_a_page_of_what_is_not_offered_is_not_there(agent):
    from mcp.shared.exceptions import MCPError

    reader = agent(read_only=True)
    assert len(ask(reader, lambda client: client.list_resources()).resources) < 20
    with pytest.raises(MCPError):
        ask(reader, lambda client: client.read_resource("connector://zoom/actions/delete_user"))


def test_prompts_have_their_arguments_in_their_text(agent):
    from mcp.shared.exceptions import MCPError

    prompts = ask(agent(), lambda client: client.list_prompts()).prompts
    assert [prompt.name for prompt in prompts] == ["carry_out", "settle_uncertain"]
    said = (
        ask(agent(), lambda client: client.get_prompt("carry_out", {"task": "Plan a {week}"})).messages[0].content.text
    )
    assert "Do this with the tools of Zoom: Plan a {week}" in said
    said = ask(agent(), lambda client: client.get_prompt("settle_uncertain", {"action": "createUser"})).messages[0]
    assert "A call of createUser to Zoom" in said.content.text
    for name, given in (("carry_out", {}), ("none", {})):
        with pytest.raises(MCPError):
            ask(agent(), lambda client, name=name, given=given: client.get_prompt(name, given))
