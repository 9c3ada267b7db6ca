"""`connector download`: a URL or every file of an action; reported, resumed, rejected, interrupted."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import threading
import time
from pathlib import Path

import pytest
from support import servers
from support.file_server import File, asked, content, sha256, there
from support.pace import PATIENCE, wait_until

TOKEN = {"ZOOM_ACCESS_TOKEN": "token-1"}
BODY = content(3_000_000)
OURS = "https://api.zoom.us/v2/sandbox-files/weekly.mp4"


def url(server, path="/rec/Xk2m"):
    return f"http://127.0.0.1:{server.port}{path}"


def half_then_silence(line, request):
    head = servers.head(200, [("ETag", '"v1"'), ("Content-Type", "video/mp4"), ("Content-Length", str(len(BODY)))])
    servers.raw(head + BODY[:2_000_000])(line, request)
    return servers.silence()(line, request)


def test_a_file_of_the_sandbox_comes_without_an_account(here, tmp_path):
    done = here("download", OURS, "-o", "weekly.mp4", "--sandbox")
    assert done.code == 0
    assert done.data["data"]["path"] == "weekly.mp4"
    assert done.data["data"]["sha256"] == sha256((tmp_path / "weekly.mp4").read_bytes())


def test_every_file_of_an_action_comes_and_is_there_the_next_time(here, tmp_path):
    words = (
        "download",
        "getMeetingRecordings",
        "-i",
        "meetingId=93171255240",
        "-o",
        "recordings",
        "--sandbox",
        "--quiet",
    )
    first, again = here(*words), here(*words)
    assert (first.code, first.data["data"]["downloaded"], first.err) == (0, 2, "")
    assert (again.code, again.data["data"]["skipped"]) == (0, 2)
    assert len(there(tmp_path / "recordings")) == 2
    assert {Path(row["path"]).suffix for row in again.data["data"]["files"]} == {".mp4", ".m4a"}


def test_the_recorded_calls_of_a_user_come_in_one_command(here, tmp_path):
    done = here(
        "download", "getPhoneRecordings", "-i", "userId=me", "-o", "calls/", "--sandbox", "--query", "downloaded"
    )
    assert (done.code, done.data) == (0, 2)
    assert len(there(tmp_path / "calls")) == 2


def test_a_file_that_does_not_come_makes_the_command_fail_and_is_named(here, tmp_path, server):
    files = [
        {
            "recording_start": "1",
            "recording_type": name,
            "file_extension": "MP4",
            "download_url": url(server, f"/{name}"),
        }
        for name in ("good", "gone")
    ]

    def answer(request):
        if request.path.endswith("recordings"):
            return servers.reply(json_={"recording_files": files})
        return servers.reply(404, {"code": 3301, "message": "gone"}) if "gone" in request.path else File(b"x")(request)

    server.always(answer)
    done = here("download", "getMeetingRecordings", "-i", "meetingId=1", "--base-url", server.url, **TOKEN)
    assert (done.code, done.data["complete"], done.data["data"]["failed"]) == (1, False, 1)
    assert re.search(r"1-gone\.mp4: .*gone", done.err)
    assert there(tmp_path) == ["1-good.mp4"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["https://files.evil.example/x"], 2, "files.evil.example"),
        (["http://api.zoom.us/x"], 2, "https"),
        (["getMeeting", "-i", "meetingId=1"], 2, "getMeetingRecordings"),
        (["getMeetingRecording"], 2, "getMeetingRecordings"),
        (["getMeetingRecordings"], 2, "meetingId"),
        ([OURS, "-i", "meetingId=1"], 2, "Remove -i"),
        (["getMeetingRecordings", "-i", "meetingId=1", "--token", "env:X"], 2, "--token is for a URL"),
        ([OURS, "--token", "canary-literal"], 2, "--token @FILE"),
        ([OURS, "-o", "taken"], 2, "--overwrite"),
        ([OURS, "-o", "taken/"], 2, "taken, which is not a folder"),
        ([OURS, "-o", "taken/", "--overwrite"], 2, "taken, which is not a folder"),
        ([OURS, "-o", "-"], 2, "./-"),
        ([OURS, "-o", ""], 2, 'path: got ""'),
        ([OURS, "--limit", "1"], 2, "--limit is for files of an action"),
        ([OURS, "--token", "env:NOPE"], 2, "NOPE is not set"),
        ([OURS, "--token", "@nope"], 2, "nope"),
        (["users/x.mp4?token=canary"], 2, "expected https://"),
        (["getMeetingRecordings", "-o", "new"], 2, "meetingId"),
        ([OURS, "-o", "missing/x"], 1, "missing: No such file"),
        ([], 2, "URL|ACTION is missing"),
    ],
)
def test_what_cannot_be_is_a_sentence_with_the_fix(here, tmp_path, words, code, said):
    (tmp_path / "taken").write_text("mine")
    done = here("download", *words, "--sandbox")
    assert done.code == code
    assert said in done.err
    assert ".part" not in done.err
    assert set(json.loads(done.out)) == {"error"}, "where a program reads, it reads the error"
    assert "canary" not in done.err + done.out
    assert there(tmp_path) == ["taken"]


def test_without_a_connection_signing_in_is_asked_for_after_the_url_is_judged(here):
    assert here("download", "https://zoom.us/rec/x").code == 3
    assert here("download", "https://evil.example/rec/x").code == 2


def test_a_token_comes_from_the_environment_or_a_file_and_needs_no_connection(here, tmp_path, server):
    server.always(File(BODY))
    (tmp_path / "token").write_text("of-the-file\n")
    one = here("download", url(server), "-o", "a", "--token", "env:T", "--base-url", server.url, T="of-the-event")
    two = here("download", url(server), "-o", "b", "--token", "@token", "--base-url", server.url)
    assert (one.code, two.code) == (0, 0)
    sent = [request.header("authorization") for request in server.requests]
    assert sent == ["Bearer of-the-event", "Bearer of-the-file"]


def test_as_lines_each_file_of_an_action_is_one(here, tmp_path):
    words = ("download", "getMeetingRecordings", "-i", "meetingId=93171255240", "--sandbox", "--output", "lines")
    rows = [json.loads(line) for line in here(*words).out.splitlines()]
    assert sorted(row["path"] for row in rows) == there(tmp_path)
    assert len(rows) == 2


def test_a_limit_is_how_many_files_come(here, tmp_path):
    done = here("download", "getPhoneRecordings", "-i", "userId=me", "--limit", "1", "--sandbox")
    assert (done.code, done.data["data"]["downloaded"], len(there(tmp_path))) == (0, 1, 1)
    done = here("download", "getMeetingRecordings", "-i", "meetingId=1", "-o", "m", "--limit", "1", "--sandbox")
    assert (done.code, done.data["complete"], len(there(tmp_path / "m"))) == (0, False, 1)


def test_a_dry_run_shows_the_request_and_no_token_of_the_url(here, tmp_path):
    done = here("download", "https://zoom.us/rec/x?access_token=canary", "--dry-run")
    assert (done.code, done.out.splitlines()[0]) == (0, "GET https://zoom.us/rec/x?access_token=***")
    assert there(tmp_path) == []


def test_interrupted_it_ends_with_130_and_goes_on_the_next_time(start, here, server, tmp_path):
    server.then(half_then_silence).always(File(BODY))
    process = start("download", url(server), "-o", "a.mp4", "--base-url", server.url, env=TOKEN)
    part = tmp_path / ".a.mp4.part"
    wait_until(lambda: part.exists() and part.stat().st_size == 2_000_000)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert "2,000,000 of 3,000,000 bytes are saved: the same download resumes" in process.stderr.read().decode()
    done = here("download", url(server), "-o", "a.mp4", "--base-url", server.url, **TOKEN)
    assert (done.code, asked(server)) == (0, [None, "bytes=2000000-"])
    assert (tmp_path / "a.mp4").read_bytes() == BODY


def test_interrupted_while_several_come_it_ends_too(start, server, tmp_path):
    files = [{"recording_start": str(n), "recording_type": "a", "download_url": url(server, f"/{n}")} for n in range(9)]
    listing = servers.reply(json_={"recording_files": files})
    server.always(lambda request: listing if request.path.endswith("recordings") else half_then_silence)
    process = start(
        "download",
        "getMeetingRecordings",
        "-i",
        "meetingId=1",
        "--concurrency",
        "3",
        "--base-url",
        server.url,
        env=TOKEN,
    )
    wait_until(lambda: sum(one.stat().st_size == 2_000_000 for one in tmp_path.glob(".*.part")) == 3)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert "0 of 9 files are complete; run the same download again for the rest." in process.stderr.read().decode()
    assert server.count == 4


def test_on_a_terminal_it_shows_how_much_how_fast_and_how_long_still(start, server):
    gate = threading.Event()

    def slowly(line, request):
        head = servers.head(200, [("Content-Length", str(len(BODY))), ("Content-Type", "video/mp4")])
        line.write(head + BODY[:1_900_000])
        return servers.held(gate, servers.raw(BODY[1_900_000:]))(line, request)

    server.always(slowly)
    ours, theirs = pty.openpty()
    process = start(
        "download",
        url(server),
        "-o",
        "a",
        "--base-url",
        server.url,
        env={**TOKEN, "TERM": "xterm", "COLUMNS": "100"},
        stderr=theirs,
    )
    os.close(theirs)
    seen = ""
    ends = time.monotonic() + PATIENCE
    while not re.search(r"1\.[5-9]/3\.0 MB", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen)):
        assert time.monotonic() < ends, seen
        if select.select([ours], [], [], 0.1)[0]:
            seen += os.read(ours, 4096).decode()
    gate.set()
    out = process.communicate(timeout=60)[0]
    assert "MB/s" in seen or "?" in seen
    assert json.loads(out)["data"]["size"] == len(BODY)
    os.close(ours)
