"""The sandbox: the same commands without an account, in process or over HTTP."""

from __future__ import annotations

import json
import signal
import stat
from pathlib import Path

import pytest

NOTICE = "Sandbox: a simulated Zoom."


def test_a_meeting_is_created_listed_changed_and_registered_for(cli):
    def done(*words: str):
        one = cli("run", *words, "--sandbox")
        assert one.code == 0, one.err
        assert one.err.count(NOTICE) == 1
        return one.data["data"]

    meeting = str(done("createMeeting", "--user-id", "me", "--topic", "Standup")["id"])
    assert [str(one["id"]) for one in done("listMeetings", "--user-id", "me")["meetings"]] == [meeting]
    assert done("updateMeeting", "--meeting-id", meeting, "--topic", "Retro") == {}
    assert done("getMeeting", "--meeting-id", meeting)["topic"] == "Retro"
    person = ["--email", "ada@example.com", "--first-name", "Ada", "--last-name", "Byron"]
    registrant = done("addMeetingRegistrant", "--meeting-id", meeting, *person)["registrant_id"]
    listed = done("listMeetingRegistrants", "--meeting-id", meeting)["registrants"]
    assert [(one["id"], one["email"]) for one in listed] == [(registrant, "ada@example.com")]


def test_its_state_is_for_the_owner_alone_and_reset_forgets_it(here, surroundings):
    here("run", "createMeeting", "--user-id", "me", "--sandbox")
    file = Path(surroundings["XDG_STATE_HOME"]) / "connector" / "sandbox" / "zoom.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    done = here("sandbox", "reset")
    assert (done.code, done.out) == (0, "")
    assert here("run", "listMeetings", "--user-id", "me", "--sandbox").data["data"]["meetings"] == []


def test_it_needs_no_connection_and_takes_that_of_a_call_file(here, tmp_path):
    (tmp_path / "call.yaml").write_text("action: getUser\nconnection: work\ninputs: {userId: me}\n")
    assert here("run", "-f", "call.yaml", "--sandbox").code == 0
    assert here("raw", "GET", "/users/me", "--sandbox").data["data"]["email"] == "ada@example.com"


def test_no_base_url_of_the_owner_matters_to_it(here):
    assert here("run", "getUser", "--user-id", "me", "--sandbox", ZOOM_BASE_URL="http://elsewhere.example").code == 0


def test_a_state_that_cannot_be_kept_is_told_with_its_path(here, tmp_path):
    (tmp_path / "file").write_text("")
    done = here("run", "getUser", "--user-id", "me", "--sandbox", XDG_STATE_HOME=str(tmp_path / "file"))
    assert done.code == 1
    assert f"{tmp_path / 'file'}/connector/sandbox/zoom.json" in done.err


def test_quiet_leaves_the_note_out(here):
    done = here("run", "getUser", "--user-id", "me", "--sandbox", "--quiet")
    assert (done.code, done.err) == (0, "")


def test_the_note_comes_once_for_many_calls(here, tmp_path):
    (tmp_path / "calls.yaml").write_text("---\n".join(["action: getUser\ninputs: {userId: me}\n"] * 3))
    assert here("run", "-f", "calls.yaml", "--sandbox").err.count(NOTICE) == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["createMeeting", "--user-id", "me", "--fault", "drop-reply"], 5),
        (["getUser", "--user-id", "me", "--fault", "drop-reply"], 0),
        (["getUser", "--user-id", "me", "--fault", "429:9", "--timeout", "500ms"], 4),
        (["getUser", "--user-id", "me", "--fault", "expire-token"], 3),
        (["getUser", "--user-id", "me", "--fault", "html:9"], 1),
        (["getMeeting", "--meeting-id", "1"], 1),
        (["listUsers", "--fault", "slow:9", "--timeout", "300ms"], 4),
    ],
)
def test_faults_play_each_ending(here, words, code):
    assert here("run", *words, "--sandbox").code == code


def test_another_connector_has_one_too(here, folder, tmp_path):
    action = (
        "action: listLamps\nlabel: List Lamps\nsummary: List lamps.\nrequest: GET /lamps\npagination: {items: lamps}\n"
        "returns: {example: {lamps: [{id: 1}]}}\n"
    )
    folder("pagination: {style: cursor, next: next, cursor_param: query.cursor}\n", {"list-lamps": action})
    done = here("--connector", str(tmp_path), "run", "listLamps", "--sandbox", "--output", "lines")
    assert done.code == 0, done.err
    assert json.loads(done.out) == {"id": 1}
    assert "a simulated Lamp" in done.err


@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_over_http_until_it_is_ended(start, cli, ended_by):
    process = start("sandbox")
    url = process.stdout.readline().decode().strip()
    assert url.startswith("http://127.0.0.1:")
    assert url.endswith("/v2")
    words = ["run", "createMeeting", "--user-id", "me", "--topic", "Standup", "--base-url", url]
    done = cli(*words, env={"ZOOM_ACCESS_TOKEN": "anything"})
    assert done.code == 0, done.err
    assert done.data["data"]["topic"] == "Standup"
    process.send_signal(ended_by)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out == b""
    assert NOTICE.encode() in err or f"a simulated Zoom at {url}".encode() in err
    assert b"Traceback" not in err


def test_what_the_server_keeps_the_sandbox_in_process_knows(start, cli):
    process = start("sandbox", "--quiet")
    url = process.stdout.readline().decode().strip()
    made = cli("run", "createMeeting", "--user-id", "me", "--base-url", url, env={"ZOOM_ACCESS_TOKEN": "anything"})
    found = cli("run", "getMeeting", "--meeting-id", str(made.data["data"]["id"]), "--sandbox")
    assert found.code == 0
    process.terminate()
    assert process.communicate(timeout=60)[1] == b""


def test_the_server_plays_faults(start, cli):
    process = start("sandbox", "--fault", "drop-reply")
    url = process.stdout.readline().decode().strip()
    words = ["run", "createMeeting", "--user-id", "me", "--base-url", url]
    assert cli(*words, env={"ZOOM_ACCESS_TOKEN": "anything"}).code == 5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--host", "0.0.0.0"], "does not listen on 0.0.0.0"),
        (["--fault", "flood"], "Unknown fault 'flood'"),
        (["--port", "70000"], "--port"),
        (["rest"], "rest"),
        (["--hots", "x"], "Did you mean --host?"),
    ],
)
def test_a_wrong_server_is_refused(here, words, said):
    done = here("sandbox", *words)
    assert done.code == 2
    assert said in done.err


def test_a_port_that_is_taken_is_told(here, server):
    done = here("sandbox", "--port", str(server.port))
    assert done.code == 2
    assert f"cannot listen on 127.0.0.1:{server.port}" in done.err
