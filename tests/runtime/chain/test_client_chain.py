"""Chains make each call once, however often they are run with their journal, in threads and in tasks."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest
from support.servers import hang_up, reply, silence

from connector import AsyncClient, Client
from connector.errors import DefinitionError, InputError, Rejected, TransportError, UsageError

CHAIN = {
    "steps": {
        "user": {
            "action": "createUser",
            "inputs": {"email": "nora@example.com", "firstName": "Nora", "lastName": "Lind", "userType": 1},
        },
        "meetings": {
            "each": ["11", "22", "33"],
            "action": "createMeeting",
            "inputs": {"userId": {"from": "user", "query": "id"}, "topic": {"from": "each"}},
        },
        "read": {
            "each": {"from": "meetings"},
            "action": "getMeeting",
            "inputs": {"meetingId": {"from": "each", "query": "id"}},
        },
    },
    "keep": {"links": {"from": "read", "query": "[].join_url"}},
}
LINKS = {"links": ["https://x/11", "https://x/22", "https://x/33"]}


@pytest.fixture(params=["threads", "tasks"])
def run(request, zoom, token_connection, server):
    """Run a chain with a client of either kind."""

    def in_threads(chain, **more):
        with Client(zoom, token_connection, base_url=server.url) as client:
            return client.run_file(chain, **more)

    def in_tasks(chain, **more):
        async def call():
            async with AsyncClient(zoom, token_connection, base_url=server.url) as client:
                return await client.run_file(chain, **more)

        return asyncio.run(call())

    return in_threads if request.param == "threads" else in_tasks


def answer(request):
    if request.method == "GET":
        return reply(200, {"id": request.path, "join_url": f"https://x/{request.path.rpartition('/')[2]}"})
    if request.path.endswith("/users"):
        return reply(201, {"id": "u1"})
    return reply(201, {"id": request.json()["topic"]})


def topics(server):
    return [one.json()["topic"] for one in server.requests if one.method == "POST" and "meetings" in one.path]


def test_steps_run_in_order_with_what_came_back(run, server):
    server.always(answer)
    result = run(CHAIN)
    assert (result.data, result.attempts, result.outcome) == (LINKS, 7, "done")
    assert all(one.path.endswith("/users/u1/meetings") for one in server.requests[1:4])
    assert sorted(topics(server)) == ["11", "22", "33"]


def test_a_failure_stops_the_chain_and_the_same_call_goes_on_there(run, server, tmp_path):
    refusing = [True]

    def refuse(request):
        if request.method == "POST" and refusing[0] and b'"22"' in request.body:
            return reply(400, {"code": 300, "message": "No."})
        return answer(request)

    server.always(refuse)
    with pytest.raises(Rejected, match=r"Step meetings\.2"):
        run(CHAIN, journal=tmp_path / "j")
    refusing[0] = False
    assert run(CHAIN, journal=tmp_path / "j").data == LINKS
    assert sorted(topics(server)) == ["11", "22", "22", "33"]
    sent = server.count
    assert run(CHAIN, journal=tmp_path / "j").data == LINKS
    assert server.count == sent, "a chain that is done sends nothing"


def test_an_uncertain_step_stops_the_chain_until_somebody_settles_it(run, server, tmp_path):
    server.always(lambda request: hang_up() if b'"22"' in request.body else answer(request))
    chain = {"steps": {"user": CHAIN["steps"]["user"], "meetings": {**CHAIN["steps"]["meetings"], "concurrency": 1}}}
    with pytest.raises(TransportError, match=r"Step meetings\.2") as told:
        run(chain, journal=tmp_path / "j")
    assert told.value.outcome == "uncertain"
    server.always(answer)
    sent = server.count
    with pytest.raises(TransportError, match=r"Step meetings\.2"):
        run(chain, journal=tmp_path / "j")
    assert server.count == sent, "nothing is sent while it is not settled"
    with pytest.raises(UsageError, match="Step user is not uncertain"):
        run(chain, journal=tmp_path / "j", settle={"user": "done", "meetings.2": "done"})
    assert server.count == sent


@pytest.mark.parametrize(("word", "count"), [("done", 1), ("not-done", 2)])
def test_a_settled_step_is_made_again_only_where_it_was_not_done(run, server, tmp_path, word, count):
    server.always(lambda request: hang_up() if b"nora@" in request.body else answer(request))
    chain = {"steps": {"user": CHAIN["steps"]["user"], "me": {"action": "getUser", "inputs": {"userId": "me"}}}}
    with pytest.raises(TransportError):
        run(chain, journal=tmp_path / "j")
    server.always(answer)
    run(chain, journal=tmp_path / "j", settle={"user": word})
    assert len([one for one in server.requests if one.method == "POST"]) == count
    assert server.count == count + 1


def test_a_value_of_a_reply_that_was_lost_is_asked_for(run, server, tmp_path):
    server.always(lambda request: hang_up() if b"nora@" in request.body else answer(request))
    with pytest.raises(TransportError):
        run(CHAIN, journal=tmp_path / "j")
    server.always(answer)
    with pytest.raises(InputError, match="the reply of user was lost"):
        run(CHAIN, journal=tmp_path / "j", settle={"user": "done"})
    steps = json.loads(json.dumps(CHAIN).replace('{"from": "user", "query": "id"}', '"u1"'))
    assert run(steps, journal=tmp_path / "j").data == LINKS, "the value may be written into the file"


def test_what_was_done_cannot_be_changed_and_what_was_not_may_be(run, server, tmp_path):
    server.always(lambda request: reply(400, {}) if "meetings" in request.path else answer(request))
    with pytest.raises(Rejected):
        run(CHAIN, journal=tmp_path / "j")
    server.always(answer)
    text = json.dumps(CHAIN)
    with pytest.raises(UsageError, match="Step user was done with other inputs"):
        run(json.loads(text.replace("nora@", "lena@")), journal=tmp_path / "j")
    run(json.loads(text.replace('"22"', '"44"')), journal=tmp_path / "j")
    assert {"11", "44", "33"} <= set(topics(server))


def test_inputs_that_a_reply_makes_invalid_are_all_told_before_the_step(run, server):
    server.always(lambda request: reply(201, {"id": 1, "first_name": "x" * 300}))
    steps = {
        "user": CHAIN["steps"]["user"],
        "meetings": {
            "each": [1, 2],
            "action": "createMeeting",
            "inputs": {"userId": "me", "topic": {"from": "user", "query": "first_name"}},
        },
    }
    with pytest.raises(InputError) as told:
        run({"steps": steps})
    assert [problem.field for problem in told.value.problems] == ["meetings.1: topic", "meetings.2: topic"]
    assert server.count == 1


def test_a_wrong_last_step_is_told_before_the_first_call(run, server):
    steps = {**CHAIN["steps"], "last": {"action": "getUser", "inputs": {"userId": {"from": "nobody"}}}}
    with pytest.raises(DefinitionError, match="nobody"):
        run({"steps": steps})
    assert server.count == 0


def test_words_of_steps_alone_are_refused_for_a_single_call(run, tmp_path):
    with pytest.raises(UsageError, match="files with steps"):
        run({"action": "getUser", "inputs": {"userId": "me"}}, journal=tmp_path / "j")
    with pytest.raises(UsageError, match="settled as 'maybe'"):
        run(CHAIN, journal=tmp_path / "j", settle={"user": "maybe"})


def test_a_cancelled_chain_begins_no_other_call(zoom, token_connection, server, tmp_path):
    begun = threading.Event()

    def hold(request):
        begun.set()
        return silence()

    server.always(hold)

    async def cancel():
        async with AsyncClient(zoom, token_connection, base_url=server.url) as client:
            task = asyncio.create_task(client.run_file(CHAIN, journal=tmp_path / "j"))
            await asyncio.to_thread(begun.wait, 30)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(cancel())
    assert server.count == 1
    assert "uncertain" in (tmp_path / "j").read_text("utf-8")


def test_inputs_of_a_program_take_the_place_of_those_in_the_file(run, server):
    server.always(answer)
    meetings = {**CHAIN["steps"]["meetings"], "each": {"from": "inputs", "query": "topics"}}
    chain = {"inputs": {"topics": ["11"]}, "steps": {"user": CHAIN["steps"]["user"], "meetings": meetings}}
    run(chain, inputs={"topics": ["44", "55"]})
    assert sorted(topics(server)) == ["44", "55"]
    with pytest.raises(DefinitionError, match="There is no input 'topic' in this chain"):
        run(chain, inputs={"topic": ["44"]})
    with pytest.raises(UsageError, match="files with steps"):
        run({"action": "getUser", "inputs": {"userId": "me"}}, inputs={"topics": []})
