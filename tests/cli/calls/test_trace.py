"""--debug, --har and --curl show everything that happened, and no secret."""

from __future__ import annotations

import json
import os
import shlex
import stat

import pytest
from support import servers

CANARY = "canary-token-0123456789"
GET = ("run", "getUser", "--user-id", "me")
CREATE = ("run", "createMeeting", "--user-id", "me", "--topic", "x")


@pytest.fixture
def recorded(here, server):
    """Run a call with a canary as the token, which must not appear anywhere."""

    def call(*words: str):
        done = here(*words, "--base-url", server.url, ZOOM_ACCESS_TOKEN=CANARY)
        assert CANARY not in done.out + done.err
        return done

    return call


def test_debug_prints_each_attempt_on_stderr_and_puts_it_on_the_result(recorded, server):
    server.then(servers.reply(503, {}, headers=[("Retry-After", "1")])).always(
        servers.reply(201, {"zak": "secret-zak"})
    )
    done = recorded(*CREATE, "--debug")
    assert done.code == 0
    lines = [json.loads(line) for line in done.err.splitlines()]
    assert [line["what"] for line in lines] == ["send", "wait", "send"]
    assert lines == done.data["debug"]
    assert lines[2]["reply"]["body"] == {"zak": "***"}


def test_debug_shows_an_error_too(recorded, server):
    server.always(servers.reply(404, {"code": 1, "message": "no"}))
    done = recorded(*CREATE, "--debug")
    assert done.code == 1
    assert json.loads(done.err.splitlines()[0])["reply"]["status"] == 404


def test_har_holds_every_request_for_the_owner_alone(recorded, server, tmp_path):
    server.then(servers.reply(503, {}, headers=[("Retry-After", "1")])).always(servers.reply(201, {"id": 1}))
    done = recorded(*CREATE, "--har", "run.har")
    assert done.code == 0
    assert "debug" not in done.data
    file = tmp_path / "run.har"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    har = json.loads(file.read_text())
    assert CANARY not in file.read_text()
    assert har["log"]["version"] == "1.2"
    assert [entry["response"]["status"] for entry in har["log"]["entries"]] == [503, 201]
    assert [one.name for one in tmp_path.iterdir() if "har" in one.name] == ["run.har"]


@pytest.mark.parametrize(
    "words", [["run", "listUsers", "--output", "lines"], ["run", "listUsers", "--output", "table"]]
)
def test_har_is_written_whatever_the_output_and_outcome(recorded, server, tmp_path, words):
    server.always(servers.reply(404, {"code": 1, "message": "no"}))
    assert recorded(*words, "--har", "run.har").code == 1
    assert len(json.loads((tmp_path / "run.har").read_text())["log"]["entries"]) == 1


def test_har_replaces_an_older_file_whole_and_keeps_it_private(recorded, tmp_path):
    (tmp_path / "run.har").write_text("old")
    (tmp_path / "run.har").chmod(0o644)
    recorded(*GET, "--har", "run.har")
    assert stat.S_IMODE((tmp_path / "run.har").stat().st_mode) == 0o600
    assert json.loads((tmp_path / "run.har").read_text())["log"]


@pytest.mark.parametrize("exists", [True, False])
def test_har_follows_a_link(recorded, tmp_path, exists):
    if exists:
        (tmp_path / "real.har").write_text("old")
    (tmp_path / "link.har").symlink_to("real.har")
    assert recorded(*GET, "--har", "link.har").code == 0
    assert (tmp_path / "link.har").is_symlink()
    assert json.loads((tmp_path / "real.har").read_text())["log"]


def test_har_is_written_into_a_pipe(recorded, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert recorded(*GET, "--har", "pipe").code == 0
        assert json.loads(os.read(reader, 60_000))["log"]
    finally:
        os.close(reader)
    assert (tmp_path / "pipe").is_fifo()


def test_har_on_a_full_device_is_told_and_leaves_the_device(recorded, full_device):
    done = recorded(*GET, "--har", str(full_device))
    assert (done.code, "full cannot be written: No space left on device." in done.err) == (1, True)
    assert "Name another file with --har." in done.err
    assert full_device.is_char_device()


def test_har_in_a_folder_is_refused_before_anything_is_sent(recorded, server, tmp_path):
    (tmp_path / "folder").mkdir()
    done = recorded(*CREATE, "--har", "folder")
    assert done.code == 1
    assert "folder is a folder" in done.err
    assert server.count == 0


def test_several_calls_are_one_har(recorded, tmp_path):
    (tmp_path / "calls.yaml").write_text("---\n".join(["action: getUser\ninputs: {userId: me}\n"] * 3))
    recorded("run", "-f", "calls.yaml", "--har", "run.har")
    assert len(json.loads((tmp_path / "run.har").read_text())["log"]["entries"]) == 3


def test_curl_prints_a_command_that_does_the_same(recorded, server):
    done = recorded(*CREATE, "--curl")
    assert done.code == 0
    words = shlex.split(done.err)
    assert words[:3] == ["curl", "-X", "POST"]
    assert "Authorization: Bearer $TOKEN" in words
    assert '"Authorization: Bearer $TOKEN"' in done.err
    assert words[-1] == f"{server.url}/users/me/meetings"
    assert json.loads(words[words.index("--data-raw") + 1]) == server.last.json()


LINES = "First:\n\tC:\\new"


def test_what_is_shown_of_a_call_is_what_is_sent_also_where_a_text_has_lines(recorded, here, server):
    done = recorded(*CREATE, "--agenda", LINES, "--curl")
    sent = server.last.json()
    assert sent["agenda"] == LINES
    words = shlex.split(done.err)
    assert json.loads(words[words.index("--data-raw") + 1]) == sent
    assert json.loads(recorded(*CREATE, "--agenda", LINES, "--dry-run", "--output", "json").out)["body"] == sent
    run_id = here("runs", "list", "--output", "json").data[0]["id"]
    words = shlex.split(here("runs", "show", run_id, "--curl").out)
    assert json.loads(words[words.index("--data-raw") + 1]) == sent


def test_the_text_of_a_raw_request_is_shown_as_it_is_sent(recorded, server):
    done = recorded("request", "POST", "/x", "-d", LINES, "-H", "Content-Type=text/plain", "--curl")
    assert server.last.body.decode() == LINES
    words = shlex.split(done.err)
    assert words[words.index("--data-raw") + 1] == LINES


def test_a_debug_line_has_nothing_that_a_terminal_obeys_and_the_same_data(recorded, server):
    odd = "\x1b[2J \x9b2J \u202e \x7f é"
    server.always(servers.reply(200, {"said": odd}))
    done = recorded("run", "getUser", "--user-id", "me", "--debug")
    (line,) = done.err.splitlines()
    assert line.isprintable()
    assert json.loads(line)["reply"]["body"]["said"] == odd


def test_curl_of_a_dry_run_sends_nothing(recorded, server):
    done = recorded(*CREATE, "--curl", "--dry-run")
    assert shlex.split(done.err)[-1] == f"{server.url}/users/me/meetings"
    assert server.count == 0


def test_debug_leaves_the_programs_own_logging_alone(here, server):
    import logging

    log = logging.getLogger("connector.debug")
    before = (log.level, log.propagate, list(log.handlers))
    here("run", "getUser", "--user-id", "me", "--debug", "--base-url", server.url, ZOOM_ACCESS_TOKEN=CANARY)
    assert (log.level, log.propagate, list(log.handlers)) == before


def test_the_sandbox_is_debugged_too_and_its_sign_stays_readable(here):
    done = here("run", "getUser", "--user-id", "me", "--sandbox", "--debug", "--quiet")
    (line,) = [json.loads(line) for line in done.err.splitlines()]
    assert line["request"]["headers"]["Authorization"] == "Bearer sandbox"


@pytest.mark.parametrize("token", ["e", "Bearer", "x.y"])
def test_the_tokens_place_is_shown_whatever_the_token_looks_like(here, server, token):
    done = here("run", "getUser", "--user-id", "me", "--base-url", server.url, "--debug", ZOOM_ACCESS_TOKEN=token)
    assert done.data["debug"][0]["request"]["headers"]["Authorization"] == "Bearer $TOKEN"
