"""`connector runs` shows what was called, follows it, and makes a call again."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from connector.cli.main import run


@pytest.fixture
def meeting(here):
    _, out, _ = here("run", "createMeeting", "--sandbox", "--user-id", "me", "--topic", "Standup", "--quiet")
    return json.loads(out)["data"]


def test_on_a_narrow_terminal_columns_that_do_not_fit_are_named_and_one_run_is_wrapped(cli, look):
    assert cli("run", "getUser", "--sandbox", "--user-id", "nobody-of-this-name", "--quiet").code == 1
    listed = look("runs", "list", "--sandbox", COLUMNS="60", NO_COLOR="1")
    assert listed.out.splitlines()[0].split() == ["id", "began", "action", "outcome", "status"]
    assert listed.err == ("Not in the table: seconds, connection, door, error. Use --output json to see everything.\n")
    assert look("runs", "list", "--sandbox", "--quiet", COLUMNS="60").err == ""
    run_id = listed.out.splitlines()[1].split()[0]
    shown = look("runs", "show", run_id, "--sandbox", COLUMNS="60", NO_COLOR="1").out
    assert all(len(line) <= 60 or "://" in line for line in shown.splitlines()), "a URL stays whole"
    assert [line.split()[0] for line in shown.splitlines()[:3]] == ["run", "action", "request"]
    assert " ".join(shown.split()) == " ".join(cli("runs", "show", run_id, "--sandbox").out.split())


def test_a_hint_of_a_command_has_the_connector_that_was_given(here, folder):
    connector = folder("", {"shine": "action: shine\nlabel: Shine\nsummary: It shines.\nrequest: GET /lamps\n"})
    path = str(connector.folder)
    assert f"'connector runs --connector {path}' lists them" in here("--connector", path, "runs", "show", "0000000").err
    assert f"connector runs list --help --connector {path}" in here("--connector", path, "runs").err


def newest(here, *filters):
    return json.loads(here("runs", "list", "--sandbox", "--output", "json", *filters)[1])[0]


def test_calls_of_commands_are_listed_those_of_the_sandbox_apart(here, meeting):
    assert meeting["id"]
    code, out, err = here("runs")
    assert (code, out) == (0, "")
    assert "No runs" in err
    assert "connector runs --sandbox" in err
    code, out, _ = here("runs", "list", "--sandbox")
    assert code == 0
    assert "createMeeting" in out
    assert newest(here)["inputs"] == {"userId": "me", "topic": "Standup"}
    assert newest(here)["door"] == "cli"


def test_the_list_is_written_as_the_results_of_actions_are(here, meeting):
    header, row = csv.reader(here("runs", "list", "--sandbox", "--output", "csv").out.splitlines())
    assert dict(zip(header, row, strict=True))["action"] == "createMeeting"
    assert "action: createMeeting\n" in here("runs", "--sandbox", "--output", "yaml").out


def test_no_runs_of_an_action_that_nobody_knows_are_told_with_the_near_one(here, meeting):
    done = here("runs", "--sandbox", "--action", "createMeting")
    assert (done.code, "Did you mean 'createMeeting'?" in done.err) == (0, True)


def test_options_alone_are_those_of_the_list(here, meeting):
    assert here("runs", "--sandbox", "--action", "createMeeting", "--output", "lines").data["action"] == "createMeeting"
    wrong = here("runs", "lst", "--sandbox")
    assert (wrong.code, "Did you mean 'list'?" in wrong.err) == (2, True)


def test_one_run_is_shown_with_its_requests(here, meeting):
    code, out, _ = here("runs", "show", "--sandbox", newest(here)["id"][-8:])
    assert code == 0
    assert "POST /users/me/meetings" in out
    assert "-> 201" in out
    code, out, _ = here("runs", "show", "--sandbox", newest(here)["id"], "--output", "json")
    assert json.loads(out)["trace"][0]["reply"]["body"]["id"] == meeting["id"]


def test_a_call_is_made_again_with_the_exit_code_of_its_own(here, meeting):
    code, out, _ = here("runs", "again", "--sandbox", newest(here)["id"], "--quiet")
    assert code == 0
    assert json.loads(out)["data"]["topic"] == "Standup"
    assert json.loads(out)["data"]["id"] != meeting["id"]
    assert len(json.loads(here("runs", "list", "--sandbox", "--output", "json")[1])) == 2
    here("run", "getMeeting", "--sandbox", "--meeting-id", "99")
    assert here("runs", "again", "--sandbox", newest(here, "--action", "getMeeting")["id"])[0] == 1


def test_other_inputs_take_the_place_of_those_that_were_kept(here, meeting):
    assert meeting
    code, out, _ = here("runs", "again", "--sandbox", newest(here)["id"], "-i", "topic=Retro", "--dry-run", "--quiet")
    assert code == 0
    assert '"topic": "Retro"' in out


def test_what_was_not_kept_must_be_given(here, monkeypatch):
    monkeypatch.setenv("PASS", "canary9")
    here("run", "createMeeting", "--sandbox", "--user-id", "me", "--topic", "X", "-i", "password=env:PASS")
    run_id = newest(here)["id"]
    code, _, err = here("runs", "again", "--sandbox", run_id)
    assert code == 2
    assert "password" in err
    assert "-i password=?" in err
    assert here("runs", "again", "--sandbox", run_id, "-i", "password=env:PASS")[0] == 0
    everything = here("runs", "list", "--sandbox", "--output", "json")[1] + here("runs", "show", "--sandbox", run_id)[1]
    assert "canary9" not in everything


def test_a_file_is_given_again_by_its_path(here, tmp_path):
    slack = ("--connector", str(Path(__file__).parents[4] / "examples" / "slack"))
    (tmp_path / "tides.csv").write_text("a,b")
    file = f"content=@{tmp_path}/tides.csv"
    here("run", "uploadFile", *slack, "--sandbox", "-i", file)
    run_id = newest(here, *slack)["id"]
    assert "add -i content=@FILE" in here("runs", "again", *slack, "--sandbox", run_id)[2]
    assert here("runs", "again", *slack, "--sandbox", run_id, "-i", file)[0] == 0


def test_an_uncertain_write_is_not_sent_again_without_a_yes(here):
    here("run", "createMeeting", "--sandbox", "--fault", "drop-reply", "--user-id", "me", "--topic", "Standup")
    uncertain = newest(here, "--outcome", "uncertain")["id"]
    code, _, err = here("runs", "again", "--sandbox", uncertain)
    assert code == 2
    assert "may have been done" in err
    assert here("runs", "again", "--sandbox", uncertain, "--yes", "--quiet")[0] == 0


def test_no_run_is_kept_where_the_log_is_off(here, monkeypatch):
    monkeypatch.setenv("CONNECTOR_RUNS", "off")
    here("run", "listUsers", "--sandbox")
    code, _, err = here("runs")
    assert code == 2
    assert "CONNECTOR_RUNS" in err


def test_an_unknown_id_is_told(here):
    code, _, err = here("runs", "show", "--sandbox", "nothing")
    assert code == 2
    assert "the ID of a run" in err


def test_a_raw_request_is_made_again(here):
    here("request", "GET", "/users/me", "--sandbox")
    code, out, _ = here("runs", "again", "--sandbox", newest(here)["id"], "--quiet")
    assert code == 0
    assert json.loads(out)["data"]["id"]


def test_an_uncertain_run_says_how_to_look_and_how_to_make_it_again(here):
    here("run", "createMeeting", "--sandbox", "--fault", "drop-reply", "--user-id", "ada@example.com", "--topic", "X")
    run_id = newest(here)["id"]
    _, out, _ = here("runs", "show", "--sandbox", run_id)
    look = "connector run listMeetings -i userId=ada@example.com --sandbox"
    assert f"Look whether it was done: {look}" in out
    assert f"make it again: connector runs again {run_id[-8:]} --sandbox" in out
    _, found, _ = here(*look.split()[1:], "--query", "meetings[].topic", "--quiet")
    assert json.loads(found) == ["X"]


def test_a_run_that_was_done_has_nothing_to_look_for(here, meeting):
    assert meeting
    assert "Look whether" not in here("runs", "show", "--sandbox", newest(here)["id"])[1]


def test_the_request_of_a_run_is_printed_as_curl(here, meeting):
    assert meeting
    code, out, _ = here("runs", "show", "--sandbox", newest(here)["id"], "--curl")
    assert code == 0
    assert out.startswith("curl -X POST")
    assert "Authorization: Bearer" in out
    assert out.rstrip().endswith("/users/me/meetings")


def test_what_was_not_kept_is_asked_for_on_a_terminal(here, monkeypatch, tmp_path):
    monkeypatch.setenv("PASS", "canary9")
    here("run", "createMeeting", "--sandbox", "--user-id", "me", "--topic", "X", "-i", "password=env:PASS")
    run_id = newest(here)["id"]
    asked = []
    monkeypatch.setattr("connector.cli.output.stdio.can_prompt", lambda: True)
    monkeypatch.setattr("click.prompt", lambda text, **how: asked.append((text, how["hide_input"])) or "canary9")
    code, out, _ = here("runs", "again", "--sandbox", run_id, "--quiet")
    assert (code, json.loads(out)["data"]["topic"], len(asked)) == (0, "X", 1)
    assert asked[0][1], "a secret is not shown while it is typed"


def test_the_last_runs_are_printed_oldest_first(here, meeting):
    assert meeting
    here("run", "getUser", "--sandbox", "--user-id", "nobody@example.com")
    code, out, _ = here("runs", "tail", "--sandbox")
    assert code == 0
    assert [line.split("  ")[2] for line in out.splitlines()] == ["createMeeting", "getUser"]
    assert len(here("runs", "tail", "--sandbox", "--limit", "1")[1].splitlines()) == 1


def test_a_log_that_is_followed_shows_what_ends_until_ctrl_c(here, meeting, monkeypatch):
    assert meeting

    def look_again(_):
        monkeypatch.setattr("time.sleep", stop)
        run(["run", "getUser", "--sandbox", "--user-id", "me", "--quiet", "--query", "id"])

    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", look_again)
    code, out, err = here("runs", "tail", "--sandbox", "-f", "--limit", "0")
    assert (code, "getUser" in out, "createMeeting" in out) == (130, True, False), err
