"""Call files run in order, stop at the first failure, and keep the order of results."""

from __future__ import annotations

import json

import pytest
from support import servers

SAMPLE = """\
action: createMeeting
inputs: {userId: me, topic: Standup}
retry: {maxRetries: 3, useExponentialBackoff: true}
timeout: 10s
"""
THREE = """\
action: getUser
inputs: {userId: one}
---
action: getUser
inputs: {userId: two}
---
action: getUser
inputs: {userId: three}
"""
REFUSED = servers.reply(404, {"code": 1001, "message": "User does not exist."})


@pytest.fixture
def file(here, server, tmp_path):
    """Run a call file against the counting server."""

    def call(text: str, *words: str, **env: str):
        (tmp_path / "call.yaml").write_text(text, encoding="utf-8")
        given = {"ZOOM_ACCESS_TOKEN": "token-1", **env}
        return here("run", "-f", "call.yaml", *words, "--base-url", server.url, **given)

    return call


def test_a_call_file_runs_with_a_token_from_the_environment(cli, server, tmp_path):
    server.always(servers.reply(201, {"id": 1, "topic": "Standup"}))
    (tmp_path / "call.yaml").write_text(SAMPLE)
    done = cli("run", "-f", "call.yaml", "--base-url", server.url, "--output", "json", env={"ZOOM_ACCESS_TOKEN": "t"})
    assert done.code == 0, done.err
    assert done.data["data"] == {"id": 1, "topic": "Standup"}
    assert (done.data["status"], done.data["outcome"], done.data["attempts"]) == (201, "done", 1)
    assert server.last.header("Authorization") == "Bearer t"
    assert server.last.json()["topic"] == "Standup"


@pytest.mark.parametrize(
    "text",
    [
        '{"action": "getUser", "inputs": {"userId": "me"}}',
        '{\n\t"action": "getUser",\n\t"inputs": {"user_id": "me"}\n}\n',
        "- {action: getUser, inputs: {userId: me}}",
        "action: get-user\ninputs: {userId: me}\ndebug: false\n",
    ],
)
def test_one_call_gives_one_object(file, server, text):
    done = file(text)
    assert done.code == 0, done.err
    assert done.data["status"] == 200
    assert server.last.path == "/v2/users/me"


@pytest.mark.parametrize(
    "text", [THREE, json.dumps([{"action": "getUser", "inputs": {"userId": n}} for n in ("one", "two", "three")])]
)
def test_several_calls_run_in_order_and_give_an_array(file, server, text):
    done = file(text)
    assert done.code == 0
    assert [one["status"] for one in done.data] == [200, 200, 200]
    assert [one.path for one in server.requests] == ["/v2/users/one", "/v2/users/two", "/v2/users/three"]


def test_lines_give_one_result_a_line(file):
    done = file(THREE, "--output", "lines")
    assert [json.loads(line)["status"] for line in done.out.splitlines()] == [200, 200, 200]


def test_a_listing_in_a_call_file_is_one_result_too(file, server):
    server.always(servers.reply(200, {"users": [{"id": 1}, {"id": 2}], "next_page_token": ""}))
    done = file("action: listUsers\n", "--output", "lines")
    (line,) = done.out.splitlines()
    assert json.loads(line)["data"]["users"] == [{"id": 1}, {"id": 2}]


def test_yaml_gives_a_document_for_each_result(file):
    assert file(THREE, "--output", "yaml").out.count("---\n") == 3


def test_it_stops_at_the_first_failure(file, server):
    server.then(servers.reply(200, {}), REFUSED)
    done = file(THREE)
    assert done.code == 1
    assert server.count == 2
    assert done.data[0]["status"] == 200
    assert done.data[1]["error"]["code"] == 1001
    assert "User does not exist." in done.err


def test_keep_going_runs_the_rest_and_ends_with_the_failures_code(file, server):
    server.then(servers.reply(200, {}), REFUSED)
    done = file(THREE, "--keep-going", "--output", "lines")
    assert done.code == 1
    assert ["error" in json.loads(line) for line in done.out.splitlines()] == [False, True, False]


WRONG = """\
action: getUser
inputs: {userId: me}
---
action: getUser
inputs:
  userIdd: me
timeout: -5
---
action: createMeeting
inputs: {userId: me, meeting_type: 77, topic: {env: NOBODY_SET_THIS}}
---
action: getUser
inputs: {userId: me}
limit: 3
---
action: getUsr
---
action: listUsers
connection: nope
limit: none
"""


@pytest.mark.parametrize("words", [(), ("--keep-going",), ("--dry-run", "--output", "json"), ("--output", "lines")])
def test_a_file_is_checked_whole_before_its_first_call(file, server, words):
    done = file(WRONG, *words)
    assert done.code == 2
    assert server.count == 0
    for place, field in (
        (6, "userIdd"), (7, "timeout"), (4, "userId"), (10, "meetingType"), (10, "topic"), (14, "limit"), (20, "limit"),
    ):  # fmt: skip
        assert f"call.yaml:{place}: " in done.err, (place, done.err)
        assert f"{field}: got" in done.err
    assert "getUsr" in done.err
    assert "Did you mean 'getUser'" in done.err
    if "--dry-run" not in words:
        assert "'nope'" in done.err
    assert done.err.count("topic: got") == 1, "a variable that is not set is no missing input besides"
    if "lines" not in words:
        problems = done.data["error"]["problems"]
        assert {"file": "call.yaml", "line": 6, "action": "getUser", "field": "userIdd"}.items() <= problems[0].items()


def test_connections_are_checked_before_the_first_call(file, server):
    done = file(THREE + "---\naction: getUser\nconnection: nope\ninputs: {userId: me}\n")
    assert (done.code, server.count) == (3, 0)
    assert "Unknown connection 'nope'" in done.err


def test_every_mistake_in_the_form_of_a_file_is_told_at_once(file, server):
    done = file("action: 5\n---\naction: getUser\ninputz: {}\n---\n- 7\n- {inputs: []}\n")
    assert (done.code, server.count) == (2, 0)
    assert len(done.data["error"]["findings"]) == 5


def test_uncertain_wins_over_an_earlier_failure(file, server):
    text = "action: getUser\ninputs: {userId: me}\n---\n" + SAMPLE
    server.then(REFUSED, servers.hang_up())
    assert file(text, "--keep-going").code == 5


def test_a_broken_file_runs_no_call(file, server):
    assert file(THREE + "---\naction: 5\n").code == 2
    assert server.count == 0


def test_a_value_may_name_the_environment(file, server):
    assert file("action: getUser\ninputs: {userId: {env: WHO}}", WHO="ada@example.com").code == 0
    assert server.last.path == "/v2/users/ada%40example.com"


def test_an_environment_name_that_is_not_set_is_told(file, server):
    done = file("action: getUser\ninputs: {userId: {env: NOBODY_SET_THIS}}")
    assert done.code == 2
    assert "NOBODY_SET_THIS" in done.err
    assert server.count == 0


def test_calls_come_from_standard_input(cli, server):
    done = cli("run", "-f", "-", "--base-url", server.url, given=THREE, env={"ZOOM_ACCESS_TOKEN": "t"})
    assert done.code == 0
    assert server.count == 3


def test_flags_win_over_the_files_words(file, server):
    server.always(servers.reply(429, {}, headers=[("Retry-After", "2")]))
    done = file("action: getUser\nconnection: nope\ninputs: {userId: me}\ntimeout: 60s\ndebug: false\n",
                "--connection", "accessToken", "--timeout", "300ms", "--debug")  # fmt: skip
    assert done.code == 4
    assert '"what": "send"' in done.err
    assert server.count == 1


def test_a_limit_on_the_command_line_holds_for_the_file(file, server):
    server.always(servers.reply(200, {"users": [{"id": 1}, {"id": 2}], "next_page_token": ""}))
    assert len(file("action: listUsers\nlimit: 2\n", "--limit", "1").data["data"]["users"]) == 1
    assert len(file("action: listUsers\nlimit: 1\n").data["data"]["users"]) == 1


def test_a_limit_is_each_listings_and_no_other_calls(file, server):
    server.always(servers.reply(200, {"users": [{"id": 1}, {"id": 2}], "next_page_token": ""}))
    both = "---\naction: listUsers\n---\naction: getUser\ninputs: {userId: me}\n"
    assert [len(one["data"]["users"]) for one in file(both, "--limit", "1").data] == [1, 2]
    sent = server.count
    done = file("action: getUser\nlimit: 1\ninputs: {userId: me}\n")
    assert (done.code, server.count) == (2, sent)
    assert "limit: got 1; expected none: getUser is not a listing" in done.err


def test_each_call_may_name_a_connection_of_its_own(file, server):
    done = file("action: getUser\nconnection: nope\ninputs: {userId: me}\n")
    assert done.code == 3
    assert "Unknown connection 'nope'" in done.err
    assert server.count == 0


def test_a_dry_run_shows_every_request(file, server):
    done = file(THREE, "--dry-run", "--output", "json")
    assert [one["method"] for one in done.data] == ["GET", "GET", "GET"]
    assert [one["url"].rpartition("/")[2].partition("?")[0] for one in done.data] == ["one", "two", "three"]
    assert server.count == 0


def test_an_empty_list_of_calls_is_an_empty_array(file):
    done = file("[]")
    assert (done.code, done.data) == (0, [])
