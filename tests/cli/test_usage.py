"""What a wrong command line is told beside its sentence: where it looked, all mistakes at once, no secret, JSON for programs."""

from __future__ import annotations

import json
import os
import pty
import sys

import pytest

SECRET = "hunter2-canary"


def test_an_input_from_a_variable_is_the_same_for_an_action_and_a_chain(here, tmp_path, monkeypatch):
    monkeypatch.setenv("TOPIC", "Weekly")
    words = ("run", "createMeeting", "--user-id", "me", "--dry-run", "--output", "json")
    assert here(*words, "-i", "topic=env:TOPIC").data["body"]["topic"] == "Weekly"
    assert here(*words, "-i", "topic=env: staging").data["body"]["topic"] == "env: staging"
    assert "TOPIC_2 is not set" in here(*words, "-i", "topic=env:TOPIC_2").err
    (tmp_path / "chain.yaml").write_text(
        "inputs: {topic: }\nsteps:\n  one: {action: createMeeting, inputs: {userId: me, topic: {from: inputs, query: topic}}}\n"
    )
    done = here("run", "-f", "chain.yaml", "-i", "topic=env:TOPIC", "--sandbox", "--query", "one.topic")
    assert done.data == "Weekly"


def test_a_trigger_and_a_value_without_a_flag_are_told_with_the_right_command(here):
    assert "'connector webhook serve' takes its events" in here("run", "webhookReceiver", "--sandbox").err
    assert "--user-id VALUE" in here("run", "getUser", "me", "--sandbox").err


def test_a_call_file_takes_no_inputs_beside_its_own(here, tmp_path):
    (tmp_path / "call.yaml").write_text("action: listUsers\ninputs: {status: active}\n")
    done = here("run", "-f", "call.yaml", "-i", "status=inactive")
    assert (done.code, "cannot be combined" in done.err) == (2, True)


def test_it_says_where_it_looked_for_a_connector(here, tmp_path):
    assert str(tmp_path / "nowhere") in here("list", "--connector", "nowhere").err


def test_every_mistake_of_the_words_and_of_the_values_is_told_at_once(here):
    done = here(
        "run", "createMeeting", "-i", "topic=a", "-i", "topic=b", "-i", "agenda", "-i", "=3", "-i", "timezone==x",
        "-i", "trackingFields:=[1", "-i", "metingType=8", "-i", "startTime=tomorrow", "--output", "json",
    )  # fmt: skip
    assert done.code == 2
    problems = {one["field"]: one for one in done.data["error"]["problems"]}
    assert "two values" in problems["topic"]["got"]
    assert "position 6" in problems["-i number 3"]["fix"]
    assert "position 1" in problems["-i number 4"]["fix"]
    assert "position 10" in problems["timezone"]["fix"]
    assert "line 1 column 3" in problems["trackingFields"]["fix"]
    assert "meetingType" in problems["metingType"]["fix"]
    assert "startTime" in problems
    assert "userId" in problems
    assert len(problems) == 8


def test_a_flag_and_an_item_for_one_input_are_told(here):
    done = here("run", "getUser", "--user-id", "me", "-i", "user_id=you", "--dry-run")
    assert done.code == 2
    assert "userId: got two values" in done.err


@pytest.mark.parametrize(
    "words",
    [
        ["run", "createUser", "--password", SECRET],
        ["run", "createUser", f"--password={SECRET}"],
        ["run", "createUser", "-i", f"password={SECRET}"],
        ["run", "createUser", "-i", f'password:="{SECRET}"'],
        ["run", "createUser", "-i", f"passwrod={SECRET}"],
        ["run", "createUser", "-i", "password", SECRET],
        ["run", "getUser", "--access-token", SECRET],
        ["raw", "GET", "/users", f"--client-secret={SECRET}"],
        ["raw", "GET", "/users", "-H", f"Authorization=Bearer {SECRET}", "--sandbox"],
        [f"--token={SECRET}", "list"],
    ],
)
def test_a_secret_on_the_command_line_is_refused_and_never_repeated(here, words):
    done = here(*words, "--output", "json")
    assert done.code == 2
    assert SECRET not in done.err + done.out


def test_the_refusal_of_a_secret_says_how_to_give_it(here):
    err = here("run", "createUser", "-i", f"password={SECRET}").err
    assert "password=@FILE, password=env:NAME or password=? for a prompt" in err
    assert "-i KEY=@FILE" in here("run", "createUser", "--password", SECRET).err


def test_a_password_is_asked_for_on_a_terminal_alone(here):
    done = here("run", "createUser", "-i", "password=?", "--dry-run")
    assert done.code == 2
    assert "a terminal for the prompt" in done.err


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.yaml", None, "missing.yaml: there is no such file"),
        ("folder", "", "folder: it is a folder"),
        ("binary.yaml", b"\x00\xff\xfe\x00", "binary.yaml: it is no text"),
        ("empty.yaml", b"", "expected a call"),
        ("word.yaml", b"action: listUsers\ninput: {}\n", "word.yaml:2:1: unknown-word"),
        ("broken.yaml", b"action: [\n", "broken.yaml:"),
    ],
)
def test_a_call_file_that_cannot_be_read_is_named_with_the_place(here, tmp_path, name, content, said):
    if content == "":
        (tmp_path / name).mkdir()
    elif content is not None:
        (tmp_path / name).write_bytes(content)
    done = here("run", "-f", name)
    assert done.code == 2
    assert said in done.err


def test_a_file_that_an_input_names_is_told_with_path_and_reason(here):
    done = here("run", "getUser", "-i", "userId=@nowhere.txt", "--dry-run")
    assert done.code == 2
    assert "nowhere.txt: No such file or directory" in done.err


def test_standard_input_that_is_a_terminal_is_explained(start):
    master, slave = pty.openpty()
    process = start("run", "-f", "-", stdin=slave)
    _, err = process.communicate(timeout=60)
    os.close(master)
    os.close(slave)
    assert process.returncode == 2
    assert b"reads standard input, but it is a terminal" in err


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("users[", "position 7"),
        ("users[].", "position 9"),
        ("a b", "position 3"),
        ("users ~", "position 7"),
        ("", "write one"),
        ("shout(users)", "there is no function shout()"),
        ("users[?contains(shout(@), 'a')]", "there is no function shout()"),
    ],
)
def test_a_broken_query_is_told_with_its_position_before_anything_is_sent(here, server, expression, said):
    done = here("run", "listUsers", "--query", expression, "--base-url", server.url, ZOOM_ACCESS_TOKEN="token-1")
    assert done.code == 2
    assert said in done.err
    assert server.count == 0


@pytest.mark.parametrize(
    "words", [["rnu"], ["run", "nope"], ["run", "getUser", "--x"], ["list", "--x"], ["lint", "no"]]
)
def test_json_that_was_asked_for_is_one_object_with_the_error(here, words):
    done = here(*words, "--output", "json")
    assert done.code == 2
    assert done.data["error"]["message"]
    assert done.data["error"]["outcome"] == "not_sent"
    assert done.err


def test_a_pipe_reads_the_error_as_json_and_a_terminal_does_not(cli, start):
    assert cli("run", "nope").data["error"]["type"] == "InputError"
    master, slave = pty.openpty()
    process = start("run", "nope", stdout=slave)
    os.close(slave)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert b"nope" in err
    try:
        shown = os.read(master, 1000)
    except OSError:  # nothing was written before the other end closed
        shown = b""
    os.close(master)
    assert shown == b""


def test_an_output_that_the_environment_chooses_tells_errors_its_way(here):
    assert here("run", "nope", CONNECTOR_OUTPUT="lines").out == ""
    assert json.loads(here("run", "nope", CONNECTOR_OUTPUT="json").out)["error"]


def test_a_mistake_of_ours_shows_no_traceback_and_no_message(here, monkeypatch):
    def broken(_context):
        raise RuntimeError(SECRET)

    monkeypatch.setattr(sys.modules["connector.cli.groups"].root, "invoke", broken)
    done = here("list")
    assert done.code == 1
    assert "RuntimeError" in done.err
    assert SECRET not in done.err + done.out
    assert "Traceback" not in done.err
