"""A download is complete or absent: cut, changed, rejected or killed; its token goes nowhere else."""

from __future__ import annotations

import asyncio
import errno
import gzip
import logging
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support.file_server import DAY, LATER, File, asked, content, sha256, there
from support.servers import TOKEN, Counting, cut_chunks, head, held, html, raw, redirect, reply, reset, silence, trickle

from connector import AsyncClient, Client, Connection, errors
from connector.core.exchange.exchange import MIN_PROGRESS_BYTES
from connector.runtime.downloads import target
from connector.runtime.downloads.partial_file import PartialFile

BODY = content(300_000)
NO_RETRY = {"maxRetries": 0}


def url(server, path="/rec/download/Xk2m"):
    return f"http://127.0.0.1:{server.port}{path}"


@pytest.fixture
def make(runner, server, clock):
    """A runner of either kind that talks to the counting server."""
    return lambda **options: runner(server.url, clock=clock, **options)


@pytest.fixture(params=["httpx", "httpx2", "pyreqwest"])
def every(request, make):
    """The same through each HTTP library."""
    return lambda **options: make(http=request.param, **options)


# --- whole


def test_a_file_comes_whole_under_its_name_and_nothing_beside_it(every, server, tmp_path):
    server.always(File(BODY))
    result = every().download(url(server), tmp_path / "weekly.mp4")
    assert (tmp_path / "weekly.mp4").read_bytes() == BODY
    assert result.data == {
        "path": str(tmp_path / "weekly.mp4"),
        "size": len(BODY),
        "sha256": sha256(BODY),
        "content_type": "video/mp4",
    }
    assert (result.status, result.attempts, result.warnings) == (200, 1, ())
    assert result.to_dict()["data"] == result.data
    assert there(tmp_path) == ["weekly.mp4"]
    assert (tmp_path / "weekly.mp4").stat().st_mode & 0o777 == 0o600
    sent = server.last
    assert sent.header("authorization") == f"Bearer {TOKEN}"
    assert (sent.header("accept-encoding"), sent.header("range"), sent.header("if-range")) == ("identity", None, None)


def test_an_empty_file_is_a_file_that_comes_with_a_warning(make, server, tmp_path):
    server.always(File(b""))
    result = make().download(url(server), tmp_path / "empty.txt")
    assert (result.data["size"], result.warnings) == (0, ("The service sent a file of 0 bytes.",))
    assert there(tmp_path) == ["empty.txt"]


def test_a_file_whose_size_nobody_says_comes_with_a_warning(every, server, tmp_path):
    server.always(raw(head(200, [("Content-Type", "audio/mpeg"), ("Connection", "close")]) + BODY))
    result = every().download(url(server), tmp_path / "call.mp3")
    assert (tmp_path / "call.mp3").read_bytes() == BODY
    assert "did not state the size" in result.warnings[0]


def test_progress_is_told_as_bytes_come_and_at_the_end(make, server, tmp_path):
    body, seen = content(1_200_000), []
    server.always(File(body))
    make().download(url(server), tmp_path / "a", progress=lambda *said: seen.append(said))
    assert seen[-1] == (len(body), len(body))
    assert len(seen) > 2
    assert [held for held, _ in seen] == sorted(held for held, _ in seen)


def test_it_is_on_the_disk_before_it_gets_its_name(make, server, tmp_path, monkeypatch):
    server.always(File(BODY, {}))
    seen, sync, link = [], os.fsync, os.link
    monkeypatch.setattr(os, "fsync", lambda handle: (seen.append(os.fstat(handle).st_size), sync(handle))[1])
    monkeypatch.setattr(os, "link", lambda path, to, **how: (seen.append(to.name), link(path, to, **how))[1])
    make().download(url(server), tmp_path / "a")
    assert seen[:2] == [len(BODY), "a"]
    assert len(seen) == 3, "the folder is brought to the disk too"


# --- cut and resumed


@pytest.mark.parametrize("offset", [0, 1, 1000, 65_536, 150_001, len(BODY) - 1])
def test_wherever_it_is_cut_it_goes_on_from_there(every, server, tmp_path, offset):
    server.always(File(BODY, cuts=[offset]))
    result = every().download(url(server), tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == BODY
    assert result.data["sha256"] == sha256(BODY)
    assert (result.attempts, server.count) == (2, 2)
    assert asked(server) == [None, f"bytes={offset}-" if offset else None]
    assert server.last.header("if-range") == ('"v1"' if offset else None)
    assert there(tmp_path) == ["a.mp4"]


def test_a_reset_and_a_missing_last_chunk_are_cuts_too(every, server, tmp_path):
    server.then(reset(), cut_chunks(BODY, keep=9)).always(File(BODY))
    every().download(url(server), tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == BODY


def test_the_next_call_goes_on_where_the_last_one_ended(every, server, tmp_path):
    server.always(File(BODY, cuts=[200_000]))
    with pytest.raises(errors.TransportError) as caught:
        every().download(url(server), tmp_path / "a.mp4", retry=NO_RETRY)
    assert caught.value.retryable
    assert there(tmp_path) == [".a.mp4.part", ".a.mp4.part.json"]
    assert (tmp_path / ".a.mp4.part").stat().st_mode & 0o777 == 0o600
    result = every().download(url(server), tmp_path / "a.mp4")
    assert asked(server)[1:] == ["bytes=200000-"]
    assert result.data["sha256"] == sha256(BODY) == sha256((tmp_path / "a.mp4").read_bytes())
    assert there(tmp_path) == ["a.mp4"]


def test_another_token_in_the_url_makes_no_other_file_and_another_path_does(make, server, tmp_path):
    server.always(File(BODY, cuts=[100_000, 50_000]))
    one = make()
    for path in ("/rec/1?access_token=first-one", "/rec/1?access_token=second-one"):
        with pytest.raises(errors.TransportError):
            one.download(url(server, path), tmp_path / "a.mp4", retry=NO_RETRY)
    assert asked(server) == [None, "bytes=100000-"]
    one.download(url(server, "/rec/2?access_token=second-one"), tmp_path / "a.mp4")
    assert asked(server)[2:] == [None]
    assert (tmp_path / "a.mp4").read_bytes() == BODY


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"url": 1}', b"\xff\xfe"])
def test_notes_that_cannot_be_read_begin_it_anew(make, server, tmp_path, damage):
    server.always(File(BODY, cuts=[100_000]))
    with pytest.raises(errors.TransportError):
        make().download(url(server), tmp_path / "a", retry=NO_RETRY)
    (tmp_path / ".a.part.json").write_bytes(damage)
    make().download(url(server), tmp_path / "a")
    assert asked(server) == [None, None]
    assert (tmp_path / "a").read_bytes() == BODY


def test_a_file_that_changed_meanwhile_begins_anew(every, server, tmp_path):
    old, new = File(BODY, cuts=[100_000]), content(250_000, 2)
    server.always(old)
    with pytest.raises(errors.TransportError):
        every().download(url(server), tmp_path / "a", retry=NO_RETRY)
    server.always(File(new, {"ETag": '"v2"', "Content-Type": "video/mp4"}))
    result = every().download(url(server), tmp_path / "a")
    assert asked(server)[1] == "bytes=100000-"
    assert (tmp_path / "a").read_bytes() == new
    assert result.data["sha256"] == sha256(new)


@pytest.mark.parametrize(
    ("lie", "why"),
    [
        ({"Content-Range": "bytes 0-299999/300000"}, "elsewhere"),
        ({"Content-Range": "bytes 100001-299999/300000"}, "a gap"),
        ({"Content-Range": "bytes 100000-299999/300001"}, "another size"),
        ({"Content-Range": "bytes 100000-299999/300000", "ETag": '"v2"'}, "another version"),
        ({"Content-Range": "bytes */300000"}, "no range"),
        ({"Content-Range": "pages 1-2/3"}, "no bytes"),
        ({}, "no word"),
        ({"Content-Type": "multipart/byteranges; boundary=x"}, "many ranges"),
    ],
)
def test_a_part_that_does_not_fit_is_not_taken(every, server, tmp_path, lie, why):
    good = File(BODY, cuts=[100_000])
    server.then(good(None_request()), reply(206, body=content(200_000, 3), headers={"ETag": '"v1"', **lie}.items()))
    server.always(File(BODY))
    every().download(url(server), tmp_path / "a")
    assert asked(server) == [None, "bytes=100000-", None], why
    assert (tmp_path / "a").read_bytes() == BODY


def None_request():
    class Whole:
        @staticmethod
        def header(_):
            return None

    return Whole


def test_a_server_without_ranges_sends_it_anew(make, server, tmp_path):
    server.always(File(BODY, cuts=[100_000, 200_000], ranges=False))
    assert make().download(url(server), tmp_path / "a").attempts == 3
    assert (tmp_path / "a").read_bytes() == BODY


@pytest.mark.parametrize(
    "headers",
    [{}, {"ETag": 'W/"v1"'}, {"ETag": "v1"}, {"Last-Modified": DAY}, {"Last-Modified": DAY, "Date": DAY},
     {"Last-Modified": "yesterday", "Date": LATER}],
)  # fmt: skip
def test_without_a_version_that_can_be_asked_for_it_begins_anew(make, server, tmp_path, headers):
    server.always(File(BODY, headers, cuts=[100_000]))
    make().download(url(server), tmp_path / "a")
    assert asked(server) == [None, None]
    assert (tmp_path / "a").read_bytes() == BODY


def test_without_a_version_a_download_that_fails_leaves_nothing(make, server, tmp_path):
    server.always(File(BODY, {}, cuts=[100_000]))
    with pytest.raises(errors.TransportError):
        make().download(url(server), tmp_path / "a", retry=NO_RETRY)
    assert there(tmp_path) == []


def test_a_date_of_change_serves_where_there_is_no_strong_etag(make, server, tmp_path):
    server.always(File(BODY, {"ETag": 'W/"v1"', "Last-Modified": DAY, "Date": LATER}, cuts=[100_000]))
    make().download(url(server), tmp_path / "a")
    assert (asked(server), server.last.header("if-range")) == ([None, "bytes=100000-"], DAY)
    assert (tmp_path / "a").read_bytes() == BODY


def _chunked_without_an_end(body):
    chunk = f"{len(body):x}\r\n".encode() + body + b"\r\n"
    return raw(head(200, [("ETag", '"v1"'), ("Transfer-Encoding", "chunked")]) + chunk)


def test_a_range_past_the_end_means_that_all_of_it_is_there(every, server, tmp_path):
    server.then(_chunked_without_an_end(BODY))
    server.always(reply(416, body=b"", headers=[("Content-Range", f"bytes */{len(BODY)}")]))
    assert every().download(url(server), tmp_path / "a").data["sha256"] == sha256(BODY)
    assert asked(server) == [None, f"bytes={len(BODY)}-"]


@pytest.mark.parametrize("said", [[], [("Content-Range", "bytes */5")], [("Content-Range", "nonsense")]])
def test_a_range_that_another_file_lacks_begins_anew(make, server, tmp_path, said):
    server.then(_chunked_without_an_end(content(400_000, 5)), reply(416, body=b"", headers=said)).always(File(BODY))
    make().download(url(server), tmp_path / "a")
    assert asked(server) == [None, "bytes=400000-", None]
    assert (tmp_path / "a").read_bytes() == BODY


def test_a_range_that_ends_too_early_is_asked_on(make, server, tmp_path):
    server.then(File(BODY, cuts=[100_000])(None_request()))
    short = [("ETag", '"v1"'), ("Content-Range", "bytes 100000-149999/300000")]
    server.then(reply(206, body=BODY[100_000:150_000], headers=short)).always(File(BODY))
    make().download(url(server), tmp_path / "a")
    assert asked(server) == [None, "bytes=100000-", "bytes=150000-"]
    assert (tmp_path / "a").read_bytes() == BODY


def test_a_part_that_is_all_there_already_asks_for_its_last_byte_again(make, server, tmp_path):
    server.always(File(BODY, cuts=[100_000]))
    with pytest.raises(errors.TransportError):
        make().download(url(server), tmp_path / "a", retry=NO_RETRY)
    (tmp_path / ".a.part").write_bytes(BODY)  # as if the process had died before the file got its name
    make().download(url(server), tmp_path / "a")
    assert asked(server)[1] == f"bytes={len(BODY) - 1}-"
    assert (tmp_path / "a").read_bytes() == BODY


def test_a_download_that_comes_on_is_not_given_up(every, server, tmp_path):
    body = content(6 * MIN_PROGRESS_BYTES)
    server.always(File(body, cuts=[MIN_PROGRESS_BYTES] * 5))
    result = every().download(url(server), tmp_path / "a")
    assert result.attempts == 6
    assert result.data["sha256"] == sha256(body)


def test_one_that_hardly_comes_on_is_tried_three_times_and_keeps_what_it_has(make, server, tmp_path):
    server.always(File(BODY, cuts=[10_000] * 9))
    with pytest.raises(errors.TransportError) as caught:
        make().download(url(server), tmp_path / "a")
    assert (caught.value.attempts, server.count) == (3, 3)
    assert (tmp_path / ".a.part").stat().st_size == 30_000


@pytest.mark.parametrize(
    "file", [File(content(3 * MIN_PROGRESS_BYTES), {}), File(content(3 * MIN_PROGRESS_BYTES), ranges=False)]
)
def test_one_that_begins_anew_each_time_does_not_come_on(make, server, tmp_path, file):
    server.always(File(file.body, file.headers, [MIN_PROGRESS_BYTES + 1] * 9, file.ranges))
    with pytest.raises(errors.TransportError):
        make().download(url(server), tmp_path / "a")
    assert server.count <= 4


def test_nobody_who_asks_for_no_retries_gets_one(make, server, tmp_path):
    server.always(File(content(3 * MIN_PROGRESS_BYTES), cuts=[MIN_PROGRESS_BYTES]))
    with pytest.raises(errors.TransportError) as caught:
        make().download(url(server), tmp_path / "a", retry="engine")
    assert server.count == 1
    assert caught.value.retry_at is not None


def test_a_server_that_falls_silent_is_left_after_the_stall_and_the_rest_asked_for(
    every, server, tmp_path, monkeypatch
):
    monkeypatch.setattr(PartialFile, "stall_timeout", 0.3)

    def half(line, request):
        raw(head(200, [("ETag", '"v1"'), ("Content-Length", "300000")]) + BODY[:100_000])(line, request)
        return silence()(line, request)

    server.then(half).always(File(BODY))
    every().download(url(server), tmp_path / "a")
    assert asked(server) == [None, "bytes=100000-"]
    assert (tmp_path / "a").read_bytes() == BODY


# --- not what was asked for


def test_compressed_although_identity_was_asked_is_an_error_and_leaves_nothing(every, server, tmp_path):
    server.always(reply(body=gzip.compress(BODY), headers=[("Content-Encoding", "gzip"), ("ETag", '"v1"')]))
    with pytest.raises(errors.TransportError, match="compressed"):
        every().download(url(server), tmp_path / "a")
    assert (server.count, there(tmp_path)) == (1, [])


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (html(), errors.ServiceDown, "unexpected content type text/html"),
        (html(404), errors.NotFound, "404"),
        (reply(401, {"code": 124, "message": "Invalid access token."}), errors.SignInError, "Invalid access token"),
        (reply(403, {"code": 200, "message": "No permission."}), errors.Denied, "No permission"),
        (reply(404, {"code": 3301, "message": "There is no recording."}), errors.NotFound, "no recording"),
        (reply(200, {"code": 3301, "message": "There is no recording."}), errors.ApiError, "no recording"),
        (reply(200, {"code": 124, "message": "Invalid access token."}), errors.SignInError, "Invalid access token"),
        (reply(429, {"code": 429, "message": "Too many."}, headers=[("Retry-After", "7200")]), errors.RateLimited, "Too"),
        (reply(204), errors.TransportError, "without a file"),
        (reply(200, body=b"{half", headers=[("Content-Type", "application/json")]), errors.ServiceDown, "not JSON"),
    ],
)  # fmt: skip
def test_what_is_no_file_is_a_typed_error_and_leaves_nothing(make, server, tmp_path, answer, kind, said):
    server.always(answer)
    with pytest.raises(kind, match=said) as caught:
        make().download(url(server), tmp_path / "a.mp4")
    assert (server.count, there(tmp_path)) == (1, [])
    assert TOKEN not in repr(pickle.loads(pickle.dumps(caught.value)))


def test_a_short_error_over_a_part_leaves_the_part(make, server, tmp_path):
    server.always(File(BODY, cuts=[100_000]))
    with pytest.raises(errors.TransportError):
        make().download(url(server), tmp_path / "a", retry=NO_RETRY)
    server.then(reply(200, {"code": 300, "message": "Not now."}))
    with pytest.raises(errors.ApiError):
        make().download(url(server), tmp_path / "a")
    make().download(url(server), tmp_path / "a")
    assert asked(server) == [None, "bytes=100000-", "bytes=100000-"]
    assert (tmp_path / "a").read_bytes() == BODY


@pytest.mark.parametrize("size", [1, 100_000])
def test_json_that_is_no_error_is_a_file(make, server, tmp_path, size):
    body = b'{"timeline": [' + b"1, " * size + b"1]}"
    server.always(File(body, {"Content-Type": "application/json"}))
    assert make().download(url(server), tmp_path / "timeline.json").data["size"] == len(body)
    assert (tmp_path / "timeline.json").read_bytes() == body


def test_a_service_that_is_down_is_tried_again(make, server, tmp_path):
    server.then(reply(503, {"code": 503, "message": "down"}), reset()).always(File(BODY))
    assert make().download(url(server), tmp_path / "a").attempts == 3


# --- where it may go


def test_a_storage_gets_neither_the_bearer_nor_the_callers_words(every, server, tmp_path):
    with Counting(File(BODY, cuts=[100_000])) as storage:
        server.always(
            redirect(f"http://127.0.0.1:{storage.port}/bucket/a.mp4?X-Amz-Signature=f00dfeed&X-Secret=c0ffee11")
        )
        result = every().download(url(server), tmp_path / "a", debug=True)
        assert (tmp_path / "a").read_bytes() == BODY
        assert [request.header("authorization") for request in server.requests] == [f"Bearer {TOKEN}"] * 2
        names = {name.decode().lower() for request in storage.requests for name, _ in request.lines}
        assert names <= {"host", "accept", "accept-encoding", "user-agent", "range", "if-range", "connection"}
        assert asked(storage) == [None, "bytes=100000-"]
        assert all(TOKEN.encode() not in request.head for request in storage.requests)
        shown = repr(result.to_dict())
        assert TOKEN not in shown
        assert "f00dfeed" not in shown
        assert "c0ffee11" not in shown


def test_what_a_storage_says_shows_no_signature(make, server, tmp_path):
    with Counting(reply(403, body=b"denied", headers=[("Content-Type", "text/plain")])) as storage:
        server.always(redirect(f"http://127.0.0.1:{storage.port}/a?Expires=1&Policy=c0ffee11&Signature=f00dfeed"))
        with pytest.raises(errors.Denied) as caught:
            make().download(url(server), tmp_path / "a")
        assert "f00dfeed" not in str(caught.value)
        assert "c0ffee11" not in str(caught.value)


@pytest.mark.parametrize(
    "to",
    ["http://storage.example/a", "file:///etc/passwd", "http://169.254.169.254/latest", "https://169.254.169.254/",
     "https://user@storage.example/", "https://[::ffff:10.0.0.1]/", "https://vault.internal/", "ftp://127.0.0.1/"],
)  # fmt: skip
def test_a_hostile_redirect_ends_it_and_nothing_more_is_sent(every, server, tmp_path, to):
    server.always(redirect(to))
    with pytest.raises(errors.ApiError, match="redirects to") as caught:
        every().download(url(server), tmp_path / "a")
    assert "not followed" in caught.value.hint
    assert (server.count, there(tmp_path)) == (1, [])


def test_a_circle_ends(make, server, tmp_path):
    server.always(redirect("/rec/download/Xk2m"))
    with pytest.raises(errors.ApiError):
        make().download(url(server), tmp_path / "a")
    assert server.count == 1


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("https://files.evil.example/rec/1", "files.evil.example"),
        ("https://zoom.us.evil.example/rec/1", "zoom.us.evil.example"),
        ("https://api.zoom.us@evil.example/rec/1", "evil.example"),
        ("http://api.zoom.us/rec/1", "http://api.zoom.us"),
        ("https://api.zoom.us:8443/rec/1", "got https://api.zoom.us:8443; expected a URL at one of zoom.us"),
        ("https://api.zoom.us:8443/rec/1", "(https on its usual port), or at http://127.0.0.1:"),
        ("https://169.254.169.254/latest", "169.254.169.254"),
        ("file:///etc/passwd", "file://"),
        ("/rec/1", "begins with https://"),
        ("getMeetingRecordings", "download_all"),
        ("https://evil.example\\@api.zoom.us/", "a URL"),
        ("https://api.zoom.us/a b", "a URL"),
        ("", "no scheme"),
        (None, "null"),
    ],
)
def test_a_url_elsewhere_is_refused_before_anything_is_sent(make, server, tmp_path, place, said):
    with pytest.raises(errors.InputError, match="nothing was sent") as caught:
        make().download(place, tmp_path / "a")
    assert said in str(caught.value)
    assert (server.count, there(tmp_path)) == (0, [])


def test_a_token_of_an_event_takes_the_place_of_the_connections(make, server, tmp_path):
    server.always(File(BODY))
    make(connection=None).download(url(server), tmp_path / "a", token="of-this-event")
    make().download(url(server), tmp_path / "b", token="of-this-event")
    assert [request.header("authorization") for request in server.requests] == ["Bearer of-this-event"] * 2
    server.always(reply(401, {"code": 124, "message": "of-this-event is not known"}))
    with pytest.raises(errors.SignInError) as caught:
        make().download(url(server), tmp_path / "c", token="of-this-event")
    assert "of-this-event" not in str(caught.value)
    assert server.count == 3
    for wrong in ("", "two\nlines", 5):
        with pytest.raises(errors.InputError, match="token"):
            make().download(url(server), tmp_path / "d", token=wrong)


def test_without_a_connection_or_a_token_nothing_is_sent(make, server, tmp_path):
    with pytest.raises(errors.SignInError):
        make(connection=None).download(url(server), tmp_path / "a")
    assert (server.count, there(tmp_path)) == (0, [])


def test_no_secret_is_written_or_shown(make, server, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    server.always(File(BODY, cuts=[100_000]))
    place = url(server, "/rec/1?access_token=canary-of-a-url&pwd=canary-two")
    with pytest.raises(errors.TransportError) as caught:
        make().download(place, tmp_path / "a", retry=NO_RETRY, debug=True)
    kept = (tmp_path / ".a.part.json").read_text()
    for text in (kept, str(caught.value), repr(caught.value.debug.to_list()), caplog.text):
        assert "canary" not in text
        assert TOKEN not in text


# --- where it comes to lie


def test_a_name_that_is_taken_is_refused_before_anything_is_sent(make, server, tmp_path):
    (tmp_path / "a").write_text("mine")
    with pytest.raises(errors.InputError, match="overwrite"):
        make().download(url(server), tmp_path / "a")
    assert (server.count, (tmp_path / "a").read_text()) == (0, "mine")


def test_with_overwrite_the_old_file_stays_until_the_new_one_is_whole_and_keeps_its_mode(make, server, tmp_path):
    (tmp_path / "a").write_text("mine")
    (tmp_path / "a").chmod(0o644)
    server.always(File(BODY, cuts=[100_000]))
    with pytest.raises(errors.TransportError):
        make().download(url(server), tmp_path / "a", overwrite=True, retry=NO_RETRY)
    assert (tmp_path / "a").read_text() == "mine"
    make().download(url(server), tmp_path / "a", overwrite=True)
    assert (tmp_path / "a").read_bytes() == BODY
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644


def test_a_name_that_is_taken_meanwhile_is_not_replaced(make, server, tmp_path):
    server.always(File(BODY))
    with pytest.raises(errors.InputError, match="overwrite") as caught:
        make().download(url(server), tmp_path / "a", progress=lambda *_: (tmp_path / "a").write_text("mine"))
    assert (caught.value.outcome, caught.value.problems[0].field) == ("rejected", "path")
    assert (tmp_path / "a").read_text() == "mine"


NAMED = {"ETag": '"v1"', "Content-Type": "video/mp4", "Content-Disposition": "attachment; filename=weekly.mp4"}


@pytest.mark.parametrize("can_link", [True, False])
def test_of_two_downloads_that_the_service_names_alike_one_gets_the_name(
    zoom, token_connection, server, tmp_path, monkeypatch, can_link
):
    """Both have found the name free when both give their file that name."""
    server.always(lambda request: File(content(9_000, sum(request.target)), NAMED)(request))
    both, rename = threading.Barrier(2), target.rename_to_new
    monkeypatch.setattr(target, "rename_to_new", lambda *paths: (both.wait(20), rename(*paths)))
    if not can_link:
        monkeypatch.setattr(os, "link", refuse_link)
    outcomes = []

    def download(path):
        with Client(zoom, token_connection, base_url=server.url) as client:
            try:
                outcomes.append(client.download(url(server, path), tmp_path).data)
            except errors.ConnectorError as error:
                outcomes.append(error)

    threads = [threading.Thread(target=download, args=(path,)) for path in ("/rec/1", "/rec/2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [outcome for outcome in outcomes if isinstance(outcome, dict)]
    assert len(done) == 1
    refused = next(outcome for outcome in outcomes if outcome is not done[0])
    assert isinstance(refused, errors.InputError)
    assert "weekly.mp4; expected an unused name" in str(refused)
    assert sha256((tmp_path / "weekly.mp4").read_bytes()) == done[0]["sha256"]


def refuse_link(*_, **__):
    raise PermissionError(errno.EPERM, "Operation not permitted")


def test_without_hard_links_a_file_gets_its_name_too(make, server, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", refuse_link)
    server.always(File(BODY))
    make().download(url(server), tmp_path / "a")
    assert (there(tmp_path), (tmp_path / "a").read_bytes()) == (["a"], BODY)


def test_a_part_that_already_has_its_name_is_left_to_that_name(make, server, tmp_path):
    """A process ended after it gave the file its name and before it took away the other one."""
    server.always(File(BODY, cuts=[100_000]))
    with pytest.raises(errors.TransportError):
        make().download(url(server), tmp_path / "a", retry=NO_RETRY)
    os.link(tmp_path / ".a.part", tmp_path / "b")
    make().download(url(server), tmp_path / "a")
    assert ((tmp_path / "a").read_bytes(), (tmp_path / "b").read_bytes()) == (BODY, BODY[:100_000])
    assert asked(server) == [None, None]


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_file_is_never_replaced(make, server, tmp_path, overwrite):
    (tmp_path / "far").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "far")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "socket"))
    before = {path.name: path.lstat().st_mode for path in tmp_path.iterdir()}
    for name, kind in (("link", "a link"), ("dangling", "a link"), ("pipe", "a pipe"), ("socket", "a socket")):
        with pytest.raises(errors.InputError, match=f"{name}, which is {kind};"):
            make().download(url(server), tmp_path / name, overwrite=overwrite)
    assert {path.name: path.lstat().st_mode for path in tmp_path.iterdir()} == before
    assert (server.count, (tmp_path / "far").read_text()) == (0, "mine")


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_file_under_the_services_name_is_never_replaced(make, server, tmp_path, overwrite):
    server.always(File(BODY))
    (tmp_path / "Xk2m.mp4").mkdir()
    with pytest.raises(errors.InputError, match=r"Xk2m\.mp4, which is a folder;.*move it away") as caught:
        make().download(url(server), tmp_path, overwrite=overwrite)
    assert caught.value.outcome == "rejected"
    assert ".part" not in str(caught.value)
    assert there(tmp_path) == ["Xk2m.mp4"]


def test_a_link_in_the_place_of_the_part_is_not_followed(make, server, tmp_path):
    (tmp_path / "far").write_text("mine")
    (tmp_path / ".a.part").symlink_to(tmp_path / "far")
    with pytest.raises(errors.StoreError):
        make().download(url(server), tmp_path / "a")
    assert (server.count, (tmp_path / "far").read_text()) == (0, "mine")


def test_in_a_folder_the_file_gets_its_own_name(make, server, tmp_path):
    server.always(File(BODY))
    assert (
        make()
        .download(url(server, "/rec/weekly%20review.mp4?x=1"), tmp_path)
        .data["path"]
        .endswith("weekly review.mp4")
    )
    result = make().download(url(server), f"{tmp_path}/new/")
    assert result.data["path"] == f"{tmp_path}/new/Xk2m.mp4"
    said = {"Content-Type": "video/mp4", "Content-Disposition": 'attachment; filename="../../etc/passwd"'}
    server.always(File(BODY, said))
    assert make().download(url(server), tmp_path).data["path"] == str(tmp_path / "passwd.mp4")
    with pytest.raises(errors.InputError, match=r"passwd\.mp4.*overwrite"):
        make().download(url(server), tmp_path)
    assert there(tmp_path) == ["new", "passwd.mp4", "weekly review.mp4"]


def test_in_a_folder_too_it_goes_on_where_it_was_cut(make, server, tmp_path):
    server.always(File(BODY, cuts=[100_000]))
    with pytest.raises(errors.TransportError):
        make().download(url(server), tmp_path, retry=NO_RETRY)
    make().download(url(server), tmp_path)
    assert asked(server) == [None, "bytes=100000-"]
    assert there(tmp_path) == ["Xk2m.mp4"]


@pytest.mark.parametrize("path", ["", "a\0b", 5, None, b"a", "ß" * 200])
def test_what_is_no_path_is_refused(make, server, path):
    with pytest.raises(errors.InputError, match="path"):
        make().download(url(server), path)
    assert server.count == 0


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_file_is_no_folder(make, server, tmp_path, overwrite):
    (tmp_path / "file").write_text("mine")
    for place in ("file/", "file/below/"):
        with pytest.raises(errors.InputError, match="file, which is not a folder; expected a folder"):
            make().download(url(server), f"{tmp_path}/{place}", overwrite=overwrite)
    with pytest.raises(errors.InputError, match="file, which is not a folder"):
        make().download_all("getMeetingRecordings", {"meetingId": "1"}, tmp_path / "file", overwrite=overwrite)
    assert (server.count, (tmp_path / "file").read_text()) == (0, "mine")


def test_progress_that_cannot_be_called_is_refused_before_anything_is_sent(make, server, tmp_path):
    with pytest.raises(errors.UsageError, match="progress="):
        make().download(url(server), tmp_path / "a", progress="yes")
    with pytest.raises(errors.UsageError, match="progress="):
        make().download_all("getMeetingRecordings", {"meetingId": "1"}, tmp_path, progress="yes")
    assert server.count == 0


@pytest.mark.parametrize("http", ["httpx", "httpx2", "pyreqwest"])
def test_a_deadline_says_how_much_is_there_and_that_it_goes_on(runner, server, tmp_path, http):
    first = head(200, [("ETag", '"v1"'), ("Content-Type", "video/mp4"), ("Content-Length", str(len(BODY)))])

    def then_silent(line, request):
        raw(first + BODY[:200_000])(line, request)
        return silence()(line, request)

    server.then(then_silent).always(File(BODY))
    with pytest.raises(errors.DeadlineError) as caught:
        runner(server.url, http=http).download(url(server), tmp_path / "a", timeout=0.5)
    said = str(caught.value)
    assert "the rest did not arrive in time" in said
    assert "200,000 of 300,000 bytes are saved: the same download resumes from there." in said
    assert (caught.value.outcome, caught.value.retryable) == ("rejected", True)
    runner(server.url, http=http).download(url(server), tmp_path / "a")
    assert asked(server) == [None, "bytes=200000-"]


def test_a_place_that_cannot_be_written_is_named_before_anything_is_sent(make, server, tmp_path):
    (tmp_path / "file").write_text("")
    shut = tmp_path / "shut"
    shut.mkdir()
    places = [tmp_path / "missing" / "a", tmp_path / "file" / "a"]
    if os.geteuid():
        shut.chmod(0o500)
        places.append(shut / "a")
    for place in places:
        with pytest.raises(errors.StoreError) as caught:
            make().download(url(server), place)
        assert str(caught.value).startswith(f"{place.parent}: ")
        assert caught.value.path == str(place.parent)
    assert server.count == 0


def test_a_long_name_has_its_part_too(make, server, tmp_path):
    name = "ß" * 120 + ".mp4"
    server.always(File(BODY, cuts=[5]))
    make().download(url(server), tmp_path / name)
    assert there(tmp_path) == [name]


def test_two_downloads_never_write_one_file(make, server, tmp_path):
    gate, asked_ = threading.Event(), threading.Event()

    def first(line, request):
        asked_.set()
        return held(gate, File(BODY)(request))(line, request)

    server.then(first).always(File(content(5)))
    came = []
    thread = threading.Thread(target=lambda: came.append(make().download(url(server), tmp_path / "a")))
    thread.start()
    assert asked_.wait(20)
    with pytest.raises(errors.StoreError, match=f"Another download is writing {tmp_path / 'a'}[.]") as caught:
        make().download(url(server), tmp_path / "a")
    assert caught.value.retryable
    gate.set()
    thread.join(20)
    assert server.count == 1
    assert (tmp_path / "a").read_bytes() == BODY
    assert came[0].data["sha256"] == sha256(BODY)


def test_a_closed_client_downloads_nothing(make, server, tmp_path):
    one = make()
    one.close()
    with pytest.raises(errors.UsageError, match="closed"):
        one.download(url(server), tmp_path / "a")
    assert there(tmp_path) == []


# --- processes that end

CHILD = """
import sys
from connector import AsyncClient, Client, Connection, Connector, errors
url, base, path, limit = sys.argv[1:]
if int(limit):
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
zoom = Connector.open()
with Client(zoom, Connection(zoom, "accessToken", accessToken="of-the-child"), base_url=base) as client:
    try:
        client.download(url, path)
    except errors.StoreError as error:
        print(error)
"""


def child(server, path, limit=0):
    words = [sys.executable, "-c", CHILD, url(server), server.url, str(path), str(limit)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3])


def test_a_process_that_is_killed_leaves_what_the_next_one_goes_on_with(zoom, token_connection, server, tmp_path):
    def half(line, request):
        raw(head(200, [("ETag", '"v1"'), ("Content-Length", "300000")]) + BODY[:200_000])(line, request)
        return silence()(line, request)

    server.then(half).always(File(BODY))
    with child(server, tmp_path / "a") as process:
        part = tmp_path / ".a.part"
        while process.poll() is None and not (part.exists() and part.stat().st_size == 200_000):
            pass
        process.send_signal(signal.SIGKILL)
    assert there(tmp_path) == [".a.part", ".a.part.json"]
    with Client(zoom, token_connection, base_url=server.url) as client:
        result = client.download(url(server), tmp_path / "a")
    assert asked(server) == [None, "bytes=200000-"]
    assert result.data["sha256"] == sha256(BODY) == sha256((tmp_path / "a").read_bytes())


def test_a_disk_that_is_full_is_told_with_its_path_and_the_part_stays(zoom, token_connection, server, tmp_path):
    server.always(File(BODY))
    with child(server, tmp_path / "a", limit=120_000) as process:
        said = process.communicate(timeout=60)[0]
    assert str(tmp_path / ".a.part") in said
    assert "Free some space" in said
    assert "resumes" in said
    assert there(tmp_path) == [".a.part", ".a.part.json"]
    with Client(zoom, token_connection, base_url=server.url) as client:
        client.download(url(server), tmp_path / "a")
    assert asked(server) == [None, "bytes=120000-"]
    assert (tmp_path / "a").read_bytes() == BODY


def test_a_renewed_token_goes_on_with_the_same_part(zoom, authority, store, clock, tmp_path):
    connection = authority.connection(zoom, store=store, name="work")
    with Counting(File(BODY)) as server, Client(zoom, connection, base_url=server.url, clock=clock) as client:
        client.download(url(server), tmp_path / "a")
    assert isinstance(connection, Connection)
    assert (tmp_path / "a").read_bytes() == BODY


def test_a_download_that_is_cancelled_lets_go_of_its_part(zoom, token_connection, server, clock, tmp_path):
    def half(line, request):
        raw(head(200, [("ETag", '"v1"'), ("Content-Length", "300000")]) + BODY[:100_000])(line, request)
        return silence()(line, request)

    server.then(half).always(File(BODY))

    async def cancelled():
        async with AsyncClient(zoom, token_connection, base_url=server.url, clock=clock) as client:
            task = asyncio.create_task(client.download(url(server), tmp_path / "a"))
            part = tmp_path / ".a.part"
            while not (part.exists() and part.stat().st_size == 100_000):  # noqa: ASYNC110  a file tells nobody
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return await client.download(url(server), tmp_path / "a")

    assert asyncio.run(cancelled()).data["sha256"] == sha256(BODY)
    assert asked(server) == [None, "bytes=100000-"]


def test_a_client_that_is_closed_meanwhile_ends_its_download_and_the_part_stays(
    zoom, token_connection, server, tmp_path
):
    client = Client(zoom, token_connection, base_url=server.url)
    server.always(trickle(head(200, [("ETag", '"v1"'), ("Content-Length", "300000")]), BODY, size=1000))

    def close():
        part = tmp_path / ".a.part"
        while not (part.exists() and part.stat().st_size):
            pass
        client.close()

    closing = threading.Thread(target=close)
    closing.start()
    with pytest.raises(errors.ConnectorError):
        client.download(url(server), tmp_path / "a")
    closing.join()
    assert there(tmp_path) == [".a.part", ".a.part.json"]
