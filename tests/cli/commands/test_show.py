"""`list` and `show` describe a connector to people and programs."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import pytest

from connector import Connector
from connector.definition.forms import describe, input_rows


def test_list_names_every_action_and_trigger(here, zoom):
    data = here("list", "--output", "json").data
    assert data["connector"] == "zoom"
    assert [one["action"] for one in data["actions"]] == [action.action for action in zoom.actions()]
    assert len(data["actions"]) == 22
    assert data["actions"][2] == {
        "action": "createMeeting", "label": "Create Meeting",
        "summary": "Schedule or start a meeting hosted by one of your users.", "request": "POST /users/{userId}/meetings",
    }  # fmt: skip
    assert [one["trigger"] for one in data["triggers"]] == ["webhookReceiver"]


def test_list_groups_by_what_an_action_is_about(here, zoom):
    blocks = [block.splitlines() for block in here("list").out.rstrip().split("\n\n")]
    groups = {head: [line.split()[0] for line in lines] for head, *lines in blocks}
    assert groups["users"] == ["createUser", "deleteUser", "getUser", "listUsers", "updateUser"]
    assert "createMeeting" in groups["meetings"]
    assert "getMeetingInvitation" in groups["meetings"]
    assert groups["any request"] == ["rawRequest"]
    assert list(groups)[-1] == "triggers"
    named = [name for names in groups.values() for name in names]
    assert sorted(named) == sorted([*(one.action for one in zoom.actions()), "webhookReceiver"])


def test_the_bundled_connector_has_a_name_as_installed_ones_have(here):
    assert here("list", "--connector", "zoom") == here("list")
    assert here("list", "--connector", "zooom").code == 2


def test_list_tells_a_broken_file_and_lists_the_rest(here, folder):
    lamp = "action: shine\nlabel: Shine\nsummary: It shines.\nrequest: GET /lamps\n"
    connector = folder("", {"shine": lamp, "broken": "action: [\n"})
    done = here("--connector", str(connector.folder), "list", "--output", "json")
    assert done.code == 0
    assert [one["action"] for one in done.data["actions"]] == ["shine"]
    assert "broken.yaml:2:1" in done.err


def test_how_to_see_what_is_left_out_has_the_connector_that_was_given(here):
    folder = str(Path(__file__).parents[3] / "examples" / "slack")
    whole = here("show", "postMessage", "--connector", folder)
    assert f"members: connector show postMessage blocks --connector {folder}" in whole.out, whole.out
    one = here("show", "postMessage", "blocks", "--connector", folder).out
    assert one.count("connector show postMessage ") == one.count(f" --connector {folder}")


def test_show_tells_every_input_and_the_payload(here, zoom):
    action = zoom.action("createMeeting")
    out = here("show", "createMeeting").out
    for row in input_rows.build_doc_rows(zoom, action):
        assert f"\n{row.key}\t{row.type}\t" in out
    assert action.summary in out
    assert action.request in out
    assert json.loads(out[out.index("\n{\n") :]) == action.returns.example


def test_show_as_data_is_form_and_payload(here, zoom):
    action = zoom.action("listUsers")
    data = here("show", "list-users", "--output", "json").data
    assert data["form"] == json.loads(json.dumps(describe.build_form_schema(zoom, action)))
    assert data["payload"] == action.returns.example
    assert data["call"]["action"] == "listUsers"


def test_the_commands_of_another_connector_name_its_folder(here):
    folder = str(Path(__file__).parents[3] / "examples" / "github")
    shown = here("show", "listIssues", "--connector", folder).out
    commands = [line.strip() for line in shown.splitlines() if line.strip().startswith("connector run")]
    assert commands
    assert all(f"--connector {folder}" in command for command in commands)
    assert json.loads(here("show", "listIssues", "--output", "json", "--connector", folder).out)["command"] in commands


def test_what_hints_tell_to_type_names_the_folder_too(here):
    folder = str(Path(__file__).parents[3] / "examples" / "github")
    for words, command in (
        (["run", "listIssues", "--help"], "connector show listIssues"),
        (["connections", "list"], "connector connect"),
        (["webhook", "replay", "--sandbox"], "connector webhook events"),
        (["webhook", "events", "--show", "9", "--sandbox"], "connector webhook events"),
    ):
        done = here(*words, "--connector", folder)
        said = "".join((done.out + done.err).split())  # help is broken into lines
        assert f"{command} --connector {folder}".replace(" ", "") in said


def test_every_example_that_show_prints_can_be_typed(here, zoom):
    for action in zoom.actions():
        for example in action.examples.values():
            from connector.cli.catalogue.command_line import format_command_line

            words = shlex.split(format_command_line(action, example.inputs))
            assert words[:2] == ["connector", "run"]
            if any(action.inputs[action.key_by_spelling[key]].secret for key in example.inputs):
                continue
            done = here(*words[1:], "--dry-run", "--output", "json")
            assert done.code == 0, done.err
            assert done.data["method"] == (example.request.method or action.method)
            if isinstance(example.request.body, dict | list) and done.data["body"] != "[...]":
                assert redacted(done.data["body"]) == redacted(example.request.body)


@pytest.mark.parametrize(
    ("folder", "action", "given", "returned"),
    [
        ("examples/slack", "uploadFile", "--content @tides.csv", "completeUpload"),
        ("tests/connectors/youtube", "uploadVideo", "--video @dawn.mp4", "uploadVideo"),
        ("examples/hubspot", "exportContacts", "", "getExport"),
    ],
)
def test_a_call_of_several_steps_is_shown_with_what_comes_of_it(here, folder, action, given, returned):
    words = ("show", action, "--connector", str(Path(__file__).parents[3] / folder))
    followed = Connector.open(words[3]).action(returned)
    returns = followed.upload.returns if followed.upload else followed.returns
    shown, data = here(*words).out, here(*words, "--output", "json").data
    assert f"Returns: {returns.help}" in shown
    assert json.loads(shown[shown.index("\n{\n") :]) == data["payload"] == returns.example
    assert given in data["command"]


def test_the_file_of_an_example_is_typed_as_a_path(here, tmp_path):
    slack = str(Path(__file__).parents[3] / "examples" / "slack")
    words = shlex.split(here("show", "uploadFile", "--connector", slack, "--output", "json").data["command"])
    (tmp_path / "tides.csv").write_text("a,b")
    done = here(*(word.replace("@", f"@{tmp_path}/") for word in words[1:]), "--dry-run")
    assert done.code == 0, done.err


def redacted(body):
    """Return a body without what a dry run masks."""
    hidden = ("password", "passcode")
    return {key: value for key, value in body.items() if key not in hidden} if isinstance(body, dict) else body


@pytest.mark.parametrize("form", ["text", "json"])
def test_show_tells_a_trigger_too(here, form):
    done = here("show", "webhookReceiver", "--output", form)
    assert done.code == 0
    assert "webhookSecretToken" in done.out


def test_another_connector_is_listed(here, folder, tmp_path):
    folder("", {"dim-lamp": "action: dimLamp\nlabel: Dim\nsummary: Dim a lamp.\nrequest: GET /lamps\n"})
    assert here("--connector", str(tmp_path), "list").out == "lamps\n  dimLamp  Dim a lamp.\n"
    assert here("--connector", str(tmp_path), "show", "dimLamp").code == 0


def test_a_connector_without_actions_is_listed(here, folder, tmp_path):
    folder()
    assert here("list", "--connector", str(tmp_path)).code == 0


def test_what_is_below_an_input_with_many_members_is_shown_on_its_own(here):
    slack = ("--connector", str(Path(__file__).parents[3] / "examples" / "slack"))
    out = here(*slack, "show", "postMessage").out
    assert "connector show postMessage blocks" in out
    assert "blocks.0.accessory" not in out
    below = here(*slack, "show", "postMessage", "blocks").out
    assert "connector show postMessage blocks.0.accessory" in below
    data = here(*slack, "show", "postMessage", "blocks.0.accessory", "--output", "json").data
    keys = [row["key"] for row in data["inputs"]]
    assert keys[:2] == ["blocks.0.accessory", "blocks.0.accessory.type"]
    assert all(key.startswith("blocks.0.accessory") for key in keys)


def test_an_input_that_is_not_there_is_told(here):
    said = here("show", "createMeeting", "topik")
    assert said.code == 2
    assert "Did you mean 'topic'?" in said.err


def test_what_is_shown_of_an_upload_is_what_comes_of_the_bytes(here):
    drive = ("--connector", str(Path(__file__).parents[2] / "connectors" / "teamwork" / "drive"))
    out = here(*drive, "show", "uploadFile").out
    assert "\nReturns: The new file.\n" in out
    assert here(*drive, "show", "uploadFile", "--output", "json").data["payload"]["kind"] == "drive#file"


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo terminals")
@pytest.mark.parametrize("words", [("createMeeting", "meetingType"), ("webhookReceiver",)], ids=" ".join)
def test_the_colours_of_an_input_reach_the_terminal_as_colours(start, words):
    ours, theirs = os.openpty()
    process = start("show", *words, env={"TERM": "xterm"}, stdout=theirs)
    os.close(theirs)
    assert process.wait(timeout=30) == 0
    shown = os.read(ours, 65_536).decode()
    os.close(ours)
    assert "\x1b[36m" in shown
    assert "\\x1b" not in shown
