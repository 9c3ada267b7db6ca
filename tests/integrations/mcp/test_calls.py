"""A tool call is checked whole, confirmed where it destroys, and its answer is short and true."""

from __future__ import annotations

import asyncio
import json
from unittest import mock

import hypothesis
import pytest
from hypothesis import strategies as st

from connector import Client

pytest.importorskip("mcp", reason="the extra mcp is not installed")

MODES = pytest.mark.parametrize("mode", ["auto", "legacy"])
NORA = {"userType": 1, "email": "nora@example.com", "firstName": "Nora", "lastName": "Lind"}
LAMP = "action: {0}\nlabel: A Lamp\nsummary: A lamp.\nrequest: {1}\n"


def test_every_problem_of_a_call_is_told_at_once_with_its_fix(agent):
    answer = agent().call(
        "create_meeting",
        {"topik": "x", "duration": "an hour", "_limit": 0, "_fields": "a[", "connection": "mine", "_confirm": "y"},
    )
    text = answer.content[0].text
    assert answer.is_error
    for field in ("topik", "duration", "userId", "_limit", "_fields", "connection", "_confirm"):
        assert f"\n  {field}: got " in text
    assert "did you mean topic?" in text
    assert text.count("Fix: ") == 7
    assert {problem["field"] for problem in answer.structured_content["error"]["problems"]} >= {"topik", "_fields"}
    assert answer.structured_content["error"]["outcome"] == "not_sent"


@pytest.mark.parametrize("name", ["connection", "debugRequest", "debug_request"])
def test_the_agent_does_not_choose_how_it_is_connected(agent, name):
    answer = agent().call("get_user", {"userId": "me", name: True})
    assert answer.is_error
    assert f"{name}: got true; expected nothing: who starts the server decides this" in answer.content[0].text


@MODES
def test_what_destroys_is_done_only_when_the_person_agrees(agent, person, mode):
    one = agent()
    user = one.call("create_user", NORA, mode=mode).structured_content["id"]
    refuses, agrees = person(agrees=False), person(agrees=True)
    answer = one.call("delete_user", {"userId": user}, refuses, mode)
    assert (answer.is_error, answer.content[0].text) == (True, "The person did not agree. Nothing was sent.")
    assert not one.call("get_user", {"userId": user}, mode=mode).is_error
    answer = one.call("delete_user", {"userId": user, "_confirm": True}, refuses, mode)
    assert answer.is_error, "what the agent says does not stand for the person"
    assert not one.call("delete_user", {"userId": user}, agrees, mode).is_error
    assert one.call("get_user", {"userId": user}, mode=mode).is_error
    assert agrees.asked == [f"This may destroy something: DELETE /users/{user}. Send it?"]
    assert len(refuses.asked) == 2


@MODES
def test_a_client_that_cannot_ask_is_told_how_the_person_agrees(agent, mode):
    one = agent()
    user = one.call("create_user", NORA, mode=mode).structured_content["id"]
    answer = one.call("delete_user", {"userId": user}, mode=mode)
    assert answer.is_error
    assert "repeat the call with _confirm: true. Nothing was sent." in answer.content[0].text
    assert one.call("delete_user", {"userId": user, "_confirm": False}, mode=mode).is_error
    assert not one.call("delete_user", {"userId": user, "_confirm": True}, mode=mode).is_error


def test_nobody_is_asked_about_a_call_that_cannot_be_sent(agent, person):
    one = person(agrees=True)
    assert "userId" in agent().call("delete_user", {}, one).content[0].text
    assert one.asked == []


def test_an_agreement_counts_for_the_call_that_was_asked_about_alone(agent, desk):
    from mcp.types import ElicitResult, InputRequiredResult

    one = desk(agent())
    yes = {"confirm": ElicitResult(action="accept", content={"yes": True})}

    async def act():
        made = [await one.call("create_user", {**NORA, "email": f"{name}@example.com"}) for name in ("a", "b")]
        first, second = ({"userId": answer.structured_content["id"]} for answer in made)
        asked = await one.call("delete_user", first)
        state = asked.request_state
        for given, answers in (
            (second, {"input_responses": yes, "request_state": state}),
            ({**first, "action": "delete"}, {"input_responses": yes, "request_state": state}),
            (first, {"input_responses": yes}),
            (first, {"input_responses": yes, "request_state": state[:-1]}),
            (first, {"request_state": state}),
        ):
            assert isinstance(await one.call("delete_user", given, **answers), InputRequiredResult)
        for said in (ElicitResult(action="decline"), ElicitResult(action="accept", content={"yes": False})):
            refused = await one.call("delete_user", first, input_responses={"confirm": said}, request_state=state)
            assert refused.is_error
        assert not (await one.call("delete_user", first, input_responses=yes, request_state=state)).is_error

    asyncio.run(act())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "userId",
        "meetingId",
        "topic",
        "_fields",
        "_limit",
        "_confirm",
        "connection",
        "name",
        "inputs",
        "query",
        "method",
        "url",
    ]
)
NAMES = st.sampled_from(
    ["get_user", "list_meetings", "create_meeting", "delete_user", "raw_request", "read", "write", "search_actions",
     "describe_action", "none"]
)  # fmt: skip


@hypothesis.given(
    name=NAMES, arguments=st.dictionaries(KEYS | st.text(max_size=8), JSON, max_size=5), many=st.booleans()
)
def test_whatever_an_agent_sends_is_answered_in_its_terms(desk, agent, name, arguments, many):
    from connector.integrations.mcp import tools

    with mock.patch.object(tools, "MAX_TOOLS", 1 if many else 40):  # the four tools, over the same actions
        one = desk(agent())
    answer = asyncio.run(one.call(name, arguments))
    shown = answer.model_dump_json()
    assert "Internal error" not in shown
    assert len(shown) < 60_000


def test_any_change_by_a_raw_request_needs_the_person(agent, person):
    one, nobody = agent(), person(agrees=False)
    assert one.call("raw_request", {"method": "GET", "url": "/users/me"}, nobody).structured_content["email"]
    assert one.call("raw_request", {"method": "POST", "url": "/users/me/meetings", "data": "{}"}, nobody).is_error
    assert nobody.asked == ["This may destroy something: POST /users/me/meetings. Send it?"]


def test_what_may_have_been_done_is_told_with_the_tool_that_finds_out(agent):
    one = agent(faults=("drop-reply:9",))
    answer = one.call("create_meeting", {"userId": "me", "topic": "Standup"})
    assert answer.is_error
    assert answer.structured_content["error"]["outcome"] == "uncertain"
    assert "It may have been done: check with list_meetings before you repeat it." in answer.content[0].text


def test_only_the_fields_that_are_asked_for_are_answered(agent):
    one = agent()
    answer = one.call("list_users", {"_fields": "users[].{mail: email}"})
    assert json.loads(answer.content[0].text) == answer.structured_content["result"] == [{"mail": "ada@example.com"}]
    answer = one.call("get_user", {"userId": "me", "_fields": "email"})
    assert answer.content[0].text == '"ada@example.com"'
    assert one.call("get_user", {"userId": "me", "_fields": "nothing"}).content[0].text == "null"


def test_an_expression_that_fails_on_the_data_does_not_make_a_call_look_undone(agent):
    answer = agent().call("create_meeting", {"userId": "me", "topic": "x", "_fields": "length(id)"})
    assert not answer.is_error
    assert answer.structured_content["topic"] == "x"
    assert answer.content[1].text.startswith("_fields was not applied: ")


@pytest.mark.parametrize("fields", ["sort_by(@, &a)", "|".join(["[@,@]"] * 40), "max_by(keys(@), &@.a)", "abs(@)"])
def test_an_expression_that_cannot_be_applied_is_told_in_short(agent, fields):
    answer = agent().call("get_user", {"userId": "me", "_fields": fields})
    assert answer.structured_content["email"] == "ada@example.com"
    assert answer.content[1].text.startswith("_fields was not applied: ")
    assert len(answer.content[1].text) < 300


@pytest.mark.parametrize("fields", ["[" * 1_500, "a." * 1_500 + "a", "", 7, ["a"]])
def test_an_expression_that_is_none_is_a_problem_before_anything_is_sent(agent, fields):
    answer = agent().call("create_meeting", {"userId": "me", "topic": "x", "_fields": fields})
    assert answer.is_error
    assert "nothing was sent.\n  _fields: got " in answer.content[0].text


def test_the_answer_to_thousands_of_mistakes_is_short_too(agent):
    answer = agent().call("get_user", {f"input{number}": number for number in range(2_000)})
    assert answer.is_error
    assert len(answer.model_dump_json()) < 30_000


def plan_meetings(one, count):
    """Keep so many meetings with long topics in the sandbox of an agent."""
    client = Client(one.connector, one.sandbox.connection, http=one.sandbox.http, rate_limit=False)
    with client:
        for number in range(count):
            client.run("createMeeting", {"userId": "me", "topic": f"{number} {'x' * 150}"})


def test_a_listing_is_limited_and_says_that_there_is_more(agent):
    one = agent()
    plan_meetings(one, 60)
    answer = one.call("list_meetings", {"userId": "me", "_fields": "meetings[].id"})
    assert len(answer.structured_content["result"]) == 50
    assert (
        answer.content[-1].text
        == "There is more than these 50 items: ask with a larger _limit, or narrow the question."
    )
    answer = one.call("list_meetings", {"userId": "me", "_fields": "meetings[].id", "_limit": 60})
    assert len(answer.structured_content["result"]) == 60
    assert len(answer.content) == 1


def test_a_long_answer_is_cut_at_an_item_and_says_what_to_ask_for(agent):
    one = agent()
    plan_meetings(one, 100)
    answer = one.call("list_meetings", {"userId": "me", "_limit": 100})
    data = json.loads(answer.content[0].text)
    assert data == answer.structured_content
    assert 0 < len(data["meetings"]) < 100
    assert 20_000 < len(answer.content[0].text) <= 24_000
    note = answer.content[1].text
    assert note.startswith(f"These are the first {len(data['meetings'])} of 100 items")
    assert "_fields such as meetings[].{" in note
    assert f"_limit of {len(data['meetings'])} or less" in note
    expression = note.partition("such as ")[2].partition(", or _limit")[0]
    assert not one.call("list_meetings", {"userId": "me", "_limit": 100, "_fields": expression}).is_error


def test_progress_is_told_while_pages_are_read(agent):
    one, told = agent(), []
    plan_meetings(one, 310)  # the service gives 300 a page

    async def note(progress, total, message):
        told.append((progress, total, message))

    async def act():
        async with one.connect() as client:
            await client.call_tool("list_meetings", {"userId": "me", "_limit": 500}, progress_callback=note)

    asyncio.run(act())
    assert told == [(300, 500, "300 items")]


def test_a_tool_that_is_not_there_is_told_with_the_closest(agent):
    assert "Did you mean 'create_meeting'?" in agent().call("create_meetin").content[0].text


def test_a_server_that_only_reads_refuses_what_changes(agent):
    answer = agent(read_only=True).call("create_meeting", {"userId": "me", "topic": "x"})
    assert answer.is_error
    assert "create_meeting is not offered: this server only reads. Nothing was sent." in answer.content[0].text
    answer = agent(groups=["webinars"]).call("list_users")
    assert "list_users is not offered: it is of another group" in answer.content[0].text


def test_an_internal_error_shows_its_type_alone(agent, monkeypatch):
    from connector.integrations.mcp.runner import ToolRunner

    async def fail(*_, **__):
        raise RuntimeError("a secret")

    monkeypatch.setattr(ToolRunner, "run", fail)
    answer = agent().call("get_user", {"userId": "me"})
    assert answer.is_error
    assert "RuntimeError" in answer.content[0].text
    assert "secret" not in str(answer)


def test_the_lists_of_any_reply_can_be_limited():
    from connector.core.response.result import Result
    from connector.integrations.mcp.answers import build_answer
    from connector.integrations.mcp.arguments import ToolArguments

    limited = build_answer(Result({"a": [1, 2, 3], "b": 1}), ToolArguments({}, limit=2), None)
    assert limited.structured_content == {"a": [1, 2], "b": 1}
    assert build_answer(Result([1, 2, 3]), ToolArguments({}, limit=2), None).structured_content == {"result": [1, 2]}
    long = build_answer(Result({"text": "x" * 30_000}), ToolArguments({}), None)
    assert len(long.content[0].text) == 24_000
    assert long.structured_content is None
    assert "24,000 are passed on. Ask for less: a narrower _fields." in long.content[1].text
    file = build_answer(Result(b"\x00" * 5, headers={"content-type": "image/png"}), ToolArguments({}), None)
    assert file.content[0].text == "5 bytes of image/png."
