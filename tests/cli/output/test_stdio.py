"""A command ends cleanly when its reader is gone, the disk is full, or Ctrl-C is pressed."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys

import pytest
from support import servers
from support.pace import WIDE, wait_until

from connector.cli import app

TOKEN = {"ZOOM_ACCESS_TOKEN": "token-1"}
PAGE = servers.reply(200, {"users": [{"id": n, "filler": "x" * 500} for n in range(300)], "next_page_token": "a"})


def until(server, count):
    """Wait until the server has received that many requests."""
    wait_until(lambda: server.count >= count)


@pytest.mark.parametrize("form", ["json", "lines", "yaml", "table"])
def test_a_reader_who_left_is_no_failure(start, server, form):
    server.always(servers.reply(200, {"users": [{"id": n, "filler": "x" * 500} for n in range(1000)]}))
    process = start("run", "listUsers", "--output", form, "--quiet", "--base-url", server.url, env=TOKEN)
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=60) == 0


def test_a_reader_who_left_is_not_waited_for(start, server):
    server.then(PAGE).always(servers.silence())
    process = start("run", "listUsers", "--output", "lines", "--base-url", server.url, env=TOKEN)
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert process.stderr.read() == b""


def test_help_into_a_closed_pipe(surroundings):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-m", "connector", "list"], env=surroundings, stdout=writer,
                          stderr=subprocess.PIPE, check=False, timeout=60)  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_uncertain_write_wins_over_a_reader_who_left(start, server, tmp_path):
    call = "action: createMeeting\ninputs: {userId: me}\n"
    (tmp_path / "call.yaml").write_text("---\n".join([call] * 2))
    server.then(servers.hang_up()).always(servers.reply(201, {"filler": "x" * 200_000}))
    process = start("run", "-f", "call.yaml", "--keep-going", "--output", "lines", "--base-url", server.url, env=TOKEN)
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=60) == 5


def test_an_uncertain_write_counts_more_than_a_reader_who_never_came(surroundings, server):
    server.always(servers.hang_up())
    reader, writer = os.pipe()
    os.close(reader)
    words = ["run", "createMeeting", "--user-id", "me", "--base-url", server.url]
    done = subprocess.run([sys.executable, "-m", "connector", *words], env={**surroundings, **TOKEN}, stdout=writer,
                          stderr=subprocess.PIPE, check=False, timeout=60)  # fmt: skip
    os.close(writer)
    assert done.returncode == 5
    assert b"uncertain" in done.stderr


@pytest.fixture
def run_unread(surroundings, tmp_path):
    """Run a command whose reader never came; at once, or where it ends, its stdout is found closed."""

    def call(*words, env=None, unbuffered=""):
        reader, writer = os.pipe()
        os.close(reader)
        env = {**surroundings, **(env or {}), "PYTHONUNBUFFERED": unbuffered}
        command = [sys.executable, "-m", "connector", *words]
        try:
            return subprocess.run(command, env=env, cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE,
                                  check=False, timeout=60)  # fmt: skip
        finally:
            os.close(writer)

    return call


FAILURES = [
    (["run", "getUser", "--sandbox", "--user-id", "nobody@example.com"], 1),
    (["run", "getUser", "--sandbox", "--user-id", "nobody@example.com", "--output", "yaml"], 1),
    (["run", "getUser", "--sandbox", "--output", "json"], 2),
    (["run", "getUser", "--user-id", "me", "--output", "json"], 3),
    (["run", "-f", "chain.yaml", "--sandbox"], 2),
    (["run", "-f", "calls.yaml", "--sandbox", "--keep-going", "--output", "lines"], 1),
    (["run", "createMeeting", "-f", "rows.csv", "--sandbox"], 2),
    (["request", "GET", "/users/nobody", "--sandbox", "--output", "json"], 1),
    (["lint", "."], 2),
    (["doctor", "--connection", "nosuch", "--output", "json"], 1),
    (["config"], 2),
]


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(("words", "code"), FAILURES, ids=[" ".join(words) for words, _ in FAILURES])
def test_what_failed_has_its_exit_code_whoever_reads(run_unread, tmp_path, words, code, unbuffered):
    (tmp_path / "chain.yaml").write_text("steps:\n  - {name: one, action: getUser, inputs: {userId: 7, nope: 1}}\n")
    (tmp_path / "calls.yaml").write_text(
        "action: getUser\ninputs: {userId: nobody}\n---\naction: getUser\ninputs: {userId: me}\n"
    )
    (tmp_path / "rows.csv").write_text("userId,type\nme,99\n")
    env = {"CONNECTOR_TIMEOUT": "soon"} if words == ["config"] else {}
    done = run_unread(*words, unbuffered=unbuffered, env=env)
    assert done.returncode == code, done.stderr


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "1>&- 2>&-"])
def test_streams_that_were_closed_before_the_start(surroundings, closed):
    command = f'exec "{sys.executable}" -m connector list {closed}'
    done = subprocess.run(["/bin/sh", "-c", command], env=surroundings, capture_output=True, check=False, timeout=30)
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr + done.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has /dev/full")
def test_a_full_disk_is_told(surroundings):
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-m", "connector", "list"], env=surroundings, stdout=full,
                              stderr=subprocess.PIPE, check=False, timeout=60)  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(b"stdout: No space left on device")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", [["list"], ["list", "--output", "json"], ["show", "createMeeting"]])
def test_a_full_disk_is_told_whatever_is_printed_and_however(surroundings, words, unbuffered):
    env = {**surroundings, "PYTHONUNBUFFERED": unbuffered}
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-m", "connector", *words], env=env, stdout=full,
                              stderr=subprocess.PIPE, check=False, timeout=60)  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(b"stdout: No space left on device")


def test_what_another_file_refuses_is_not_blamed_on_stdout(here, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(app, "_invoke", refuse)
    done = here("list")
    assert done.code == 1
    assert done.err.startswith("Input/output error. Check the files")


@pytest.mark.parametrize(
    ("words", "script"),
    [
        (["run", "getUser", "--user-id", "me"], lambda server: server.always(servers.silence())),
        (["run", "listUsers"], lambda server: server.then(PAGE).always(servers.silence())),
        (["run", "listUsers", "--output", "lines"], lambda server: server.then(PAGE).always(servers.silence())),
        (["raw", "GET", "/users"], lambda server: server.always(servers.trickle_body())),
        (["run", "getUser", "--user-id", "me"],
         lambda server: server.always(servers.reply(429, {}, headers=[("Retry-After", "30")]))),
    ],
    ids=["waiting", "paging", "streaming", "trickling", "backing off"],
)  # fmt: skip
def test_ctrl_c_ends_with_130_at_once(start, server, words, script):
    script(server)
    process = start(*words, "--base-url", server.url, env=TOKEN)
    until(server, 2 if words[1] == "listUsers" else 1)
    sent = server.count
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=WIDE)
    assert process.returncode == 130, "it waited for a reply, or for the next attempt"
    assert err == b"Interrupted.\n"
    assert server.count == sent
    if "lines" not in words:
        error = json.loads(out)["error"]
        assert (error["kind"], error["outcome"], error["attempts"]) == ("interrupted", "rejected", sent)


INTERRUPTED_CODE = """
import sys
from connector.cli import main
main._dispatch = lambda _: exec(f"import os; os.kill(os.getpid(), {sys.argv[1]}); os.getpid()")
sys.exit(main.run())
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_that_meets_a_text_run_as_code_has_its_exit_code(surroundings, tmp_path, number, code):
    """Python would end a module by SIGINT; dataclasses are made from such texts, when they are first used."""
    (tmp_path / "interrupted.py").write_text(INTERRUPTED_CODE)
    command = [sys.executable, "-m", "interrupted", str(int(number))]
    done = subprocess.run(command, env=surroundings, cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (code, b"", b"Interrupted.")


def test_ctrl_c_while_a_write_is_under_way_is_uncertain(start, server):
    process = start("run", "createMeeting", "--user-id", "me", "--base-url", server.always(servers.silence()).url,
                    env=TOKEN)  # fmt: skip
    until(server, 1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=WIDE)
    assert process.returncode == 5
    assert b"check before retrying" in err
    error = json.loads(out)["error"]
    assert (error["outcome"], error["attempts"]) == ("uncertain", 1)


def test_ctrl_c_among_many_calls_keeps_the_results_before_it(start, server, tmp_path):
    (tmp_path / "calls.yaml").write_text("---\n".join(["action: getUser\ninputs: {userId: me}\n"] * 3))
    server.then(servers.reply(200, {"id": "u1"})).always(servers.silence())
    process = start("run", "-f", "calls.yaml", "--base-url", server.url, env=TOKEN)
    until(server, 2)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=WIDE)
    assert process.returncode == 130
    assert b'"id": "u1"' in out
