"""`connector run -f CHAIN`: one result, a journal beside the file, and a way on from wherever it ended."""

from __future__ import annotations

import json

import pytest
from support.servers import hang_up, reply

CHAIN = """\
inputs: {email: {env: EMAIL}}
steps:
  user:
    action: createUser
    inputs: {email: {from: inputs, query: email}, firstName: Nora, lastName: Lind, userType: 1}
  meetings:
    each: [One, Two]
    action: createMeeting
    inputs: {userId: {from: user, query: id}, topic: {from: each}}
keep:
  user: {from: user, query: id}
  topics: {from: meetings, query: "[].topic"}
"""
KEPT = {"user": "u1", "topics": ["One", "Two"]}


@pytest.fixture
def file(here, server, tmp_path):
    """Run a chain against the counting server."""

    def call(*words: str, text: str = CHAIN, **env: str):
        (tmp_path / "chain.yaml").write_text(text, encoding="utf-8")
        given = {"ZOOM_ACCESS_TOKEN": "token-1", "EMAIL": "nora@example.com", **env}
        return here("run", "-f", "chain.yaml", *words, "--base-url", server.url, **given)

    return call


def answer(request):
    return reply(201, {"id": "u1"} if request.path.endswith("/users") else {"id": 5, "topic": request.json()["topic"]})


def lose_two(request):
    return hang_up() if b'"Two"' in request.body else answer(request)


def test_a_chain_has_one_result_which_is_what_it_keeps(file, server):
    server.always(answer)
    done = file("--query", "@")
    assert (done.code, done.data, server.count) == (0, KEPT, 3), done.err


def test_a_person_sees_of_each_step_what_is_shown_of_its_action_or_what_the_chain_keeps(look, server, tmp_path):
    server.always(answer)
    words = ("run", "-f", "chain.yaml", "--base-url", server.url)
    (tmp_path / "chain.yaml").write_text(CHAIN.partition("keep:")[0])
    done = look(*words, EMAIL="nora@example.com", NO_COLOR="1")
    assert done.out.split("\n\n") == [
        "user: createUser\nid  u1",
        "meetings: createMeeting\nid  topic  start_time  join_url\n5   One\n5   Two\n",
    ]
    assert done.err.endswith("Done.\n--output json shows everything.\n")
    (tmp_path / "chain.yaml").write_text(CHAIN)
    kept = look(*words, EMAIL="nora@example.com", NO_COLOR="1")
    assert kept.out == 'user    u1\ntopics  ["One", "Two"]\n'
    (tmp_path / "chain.yaml").write_text(CHAIN + '  made: {from: meetings, query: "[].{id: id, name: topic}"}\n')
    rows = look(*words, EMAIL="nora@example.com", NO_COLOR="1")
    assert rows.out.endswith('Two"]\n\nmade\nid  name\n5   One\n5   Two\n')
    dry = look(*words, "--dry-run", EMAIL="nora@example.com")
    assert len(json.loads(dry.out)["steps"]) == 2
    asked = look(*words, "--query", "user", EMAIL="nora@example.com")
    assert asked.out == '"u1"\n'


def test_a_chain_that_is_done_is_another_the_next_time_and_the_same_with_resume(file, server):
    server.always(answer)
    assert [file().code, file("--resume").code] == [0, 0]
    assert server.count == 3
    assert file("--query", "user").data == "u1"
    assert server.count == 6


def test_every_mistake_is_told_before_the_first_call(file, server):
    text = CHAIN + "  link: {from: meeting}\n  password: {from: user, query: secret_word}\n"
    done = file(text=text)
    assert (done.code, server.count) == (2, 0)
    assert "chain.yaml:13:16: chain: There is no 'meeting' to take a value from. Did you mean 'meetings'?" in done.err
    assert "chain.yaml:14:33: step: `query` secret_word selects nothing" in done.err


def test_an_uncertain_step_says_how_to_look_and_how_to_go_on(file, server):
    server.always(lose_two)
    done = file()
    assert done.code == 5
    assert "Step meetings.2" in done.err
    assert "--resume --settle meetings.2=done" in done.err
    server.always(answer)
    again = file("--resume")
    assert (again.code, server.count) == (5, 3), "nothing is sent until it is settled"
    settled = file("--settle", "meetings.2=not-done", "--query", "@")
    assert (settled.code, settled.data, server.count) == (0, KEPT, 4)


def test_a_lost_reply_can_be_given(file, server, tmp_path):
    server.always(lambda request: hang_up() if b"nora@" in request.body else answer(request))
    assert file().code == 5
    server.always(answer)
    lost = file("--settle", "user=done")
    assert (lost.code, server.count) == (2, 1)
    assert "the reply of user was lost" in lost.err
    (tmp_path / "user.json").write_text('{"id": "u1"}')
    given = file("--settle", "user=@user.json", "--query", "@")
    assert (given.code, given.data, server.count) == (0, KEPT, 3)


@pytest.mark.parametrize("content", [None, "{", "3"])
def test_a_reply_that_is_none_is_refused(file, server, tmp_path, content):
    if content is not None:
        (tmp_path / "user.json").write_text(content)
    done = file("--settle", "user=@user.json")
    assert (done.code, server.count) == (2, 0)
    assert "JSON of the reply" in done.err


def test_a_failed_step_is_made_again_with_resume(file, server):
    server.always(lambda request: reply(404, {"code": 1}) if b'"Two"' in request.body else answer(request))
    failed = file()
    assert failed.code == 1
    assert "with --resume goes on" in failed.err
    server.always(answer)
    refused = file()
    assert (refused.code, server.count) == (2, 3)
    assert "ended at step meetings.2" in refused.err
    assert file("--resume", "--query", "@").data == KEPT
    assert server.count == 4


def test_a_secret_input_is_in_no_journal_output_or_error(file, server, tmp_path):
    server.always(lambda request: reply(400, {"code": 1}) if b'"Two"' in request.body else answer(request))
    done = file(
        text=CHAIN.replace("topic: {from: each}", "topic: {from: each}, password: {env: PASS}"), PASS="c4nary77"
    )
    assert b"c4nary77" in server.last.body
    written = [path.read_bytes() for path in tmp_path.glob("**/*") if path.is_file()]
    assert not [text for text in (*written, done.out.encode(), done.err.encode()) if b"c4nary77" in text]


def test_a_journal_is_for_its_owner_alone(file, server, tmp_path):
    server.always(answer)
    file()
    assert (tmp_path / "chain.yaml.journal").stat().st_mode & 0o077 == 0


def test_ctrl_c_says_how_to_go_on(file, server, monkeypatch):
    from connector.runtime.chain.chain_run import ChainRun

    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(ChainRun, "run", interrupt)
    done = file()
    assert done.code == 130
    assert "with --resume goes on" in done.err


def test_restart_sets_the_journal_aside(file, server, tmp_path):
    server.always(lose_two)
    file()
    server.always(answer)
    assert file("--restart").code == 0
    assert (server.count, (tmp_path / "chain.yaml.journal.1").exists()) == (6, True)


def test_a_dry_run_shows_the_steps_and_sends_nothing(file, server, tmp_path):
    done = file("--dry-run")
    assert (done.code, server.count, (tmp_path / "chain.yaml.journal").exists()) == (0, 0, False)
    assert done.data["steps"][1]["inputs"] == {"userId": {"from": "user", "query": "id"}, "topic": {"from": "each"}}


SECRET_STEPS = """
steps:
  user:
    action: createUser
    inputs: {email: a@example.com, first_name: N, lastName: L, userType: 1, action: autoCreate, password: {env: PW}}
  users:
    action: createUser
    each: [{email: b@example.com, password: 0ther-planted-canary}]
    inputs:
      {email: {from: each, query: email}, firstName: N, lastName: "two\\nlines", userType: 1, action: autoCreate,
      password: {from: each, query: password}}
  raw:
    action: rawRequest
    inputs: {method: POST, url: /x, headers: {Authorization: Bearer planted-canary-3}, data: {password: canary-4}}
"""


def test_a_dry_run_of_a_chain_shows_no_secret_and_all_else_as_it_is(cli):
    done = cli("run", "-f", "-", "--sandbox", "--dry-run", env={"PW": "planted-canary"}, given=SECRET_STEPS)
    assert done.code == 0, done.err
    assert "canary" not in done.out
    one, more, raw = json.loads(done.out)["steps"]
    assert one["inputs"]["password"] == more["each"][0]["password"] == raw["inputs"]["data"]["password"] == "***"
    assert more["inputs"]["password"] == {"from": "each", "query": "password"}
    assert more["inputs"]["lastName"] == "two\nlines"


def test_a_chain_from_a_pipe_has_no_journal_unless_one_is_named(cli, server):
    server.always(answer)
    words = ("run", "-f", "-", "--base-url", server.url)
    env = {"ZOOM_ACCESS_TOKEN": "t", "EMAIL": "n@x.org"}
    done = cli(*words, "--query", "@", env=env, given=CHAIN)
    assert (done.code, json.loads(done.out)) == (0, KEPT), done.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--settle", "user=done"), "needs the journal of an earlier run"),
        (("--settle", "user=maybe"), "expected STEP=done, STEP=not-done or STEP=@FILE"),
        (("--resume", "--restart"), "cannot be combined"),
        (("--concurrency", "2"), "--concurrency is for rows"),
        (("--limit", "2"), "--limit is for single calls"),
    ],
)
def test_words_that_do_not_fit_are_refused_before_the_first_call(file, server, words, told):
    done = file(*words)
    assert (done.code, server.count) == (2, 0)
    assert told in done.err


def test_words_of_chains_are_refused_for_calls(file):
    assert "--resume is for files with steps" in file("--resume", text="action: getUser\ninputs: {userId: me}\n").err


@pytest.fixture
def inputs(here, server, tmp_path):
    """Run a chain with inputs of the command line against the counting server."""
    text = CHAIN.replace("inputs: {email: {env: EMAIL}}", "inputs: {email: , topics: [One, Two], secret: none}")
    text = text.replace("[One, Two]\n    action", "{from: inputs, query: topics}\n    action")
    text = text.replace("topic: {from: each}", "topic: {from: each}, password: {from: inputs, query: secret}")

    def call(*words: str, **env: str):
        (tmp_path / "chain.yaml").write_text(text, encoding="utf-8")
        words = ("run", "-f", "chain.yaml", *words, "--base-url", server.url, "--query", "@")
        return here(*words, ZOOM_ACCESS_TOKEN="token-1", **env)

    server.always(answer)
    return call


def test_inputs_of_a_chain_are_given_on_the_command_line(inputs, server):
    done = inputs("-i", "email=nora@example.com", "-i", "topics=A", "-i", "topics=B")
    assert (done.code, done.data["topics"]) == (0, ["A", "B"]), done.err
    assert server.requests[0].json()["user_info"]["email"] == "nora@example.com"
    one = inputs("-i", "email=nora@example.com", "-i", "topics=A")
    assert one.data["topics"] == ["A"], "one of a list is a list of one"
    assert inputs("-i", "email=nora@example.com", "-i", 'topics:=["C"]').data["topics"] == ["C"]


def test_inputs_that_do_not_fit_are_told_before_the_first_call(inputs, server):
    done = inputs("-i", "mail=nora@example.com")
    assert (done.code, server.count) == (2, 0)
    assert "chain.yaml:1:10: chain: email has no value: give it with -i email=VALUE, or write one here." in done.err
    assert "There is no input 'mail' in this chain. Did you mean 'email'? Known: email, topics, secret." in done.err
    assert "expected NAME=VALUE" in inputs("-i", "email").err


def test_a_secret_input_of_a_chain_does_not_stand_on_the_command_line(inputs, server):
    refused = inputs("-i", "email=nora@example.com", "-i", "secret=c4nary77")
    assert (refused.code, server.count) == (2, 0)
    assert "secret" in refused.err
    assert "c4nary77" not in refused.err + refused.out
    done = inputs("-i", "email=nora@example.com", "-i", "secret=env:PASS", PASS="c4nary77")
    assert done.code == 0, done.err
    assert b"c4nary77" in server.last.body


def test_errors_of_a_journal_speak_of_steps(file, server, tmp_path):
    server.always(lose_two)
    assert file().code == 5
    journal = tmp_path / "chain.yaml.journal"
    journal.write_bytes(journal.read_bytes().replace(b'"begin"', b'"began"', 1))
    done = file("--resume")
    assert done.code == 1
    assert "--restart starts over and sends every step again" in done.err
    assert "row" not in done.err


def test_an_editor_gets_the_schema_of_call_files(cli, tmp_path):
    one = cli("run", "getUser", "--schema")
    assert (one.code, one.data["$defs"]["call"]["properties"]["action"]["oneOf"][0]["const"]) == (0, "getUser")
    assert {"createMeeting", "step"} <= {*cli("run", "--schema").data["$defs"]}
    refused = cli("run", "--schema", "-f", "chain.yaml")
    assert (refused.code, "reads none" in refused.err) == (2, True)


def test_a_chain_that_was_done_is_another_with_other_inputs(inputs, server):
    one = ("-i", "email=nora@example.com", "-i", "topics=A")
    assert inputs(*one).code == 0
    done = inputs(*one, "-i", "topics=B")
    assert (done.code, done.data["topics"], server.count) == (0, ["A", "B"], 5), done.err
