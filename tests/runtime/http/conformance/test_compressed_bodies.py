"""Compressed replies are read whole, or are an error; neither they nor wide JSON take more memory than allowed."""

from __future__ import annotations

import gzip
import time
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import servers
from support.pace import WIDE
from support.transports import CREATE, READ, build_request, catch_error

from connector import Connection
from connector.core.response.reply import Failure
from connector.runtime.http.body_reader import BodyReader
from connector.runtime.http.decompression import DecodingError, Decompressor

JSON = ("Content-Type", "application/json")
CAP = 50 << 20  # bytes


def squeezed(content, coding="gzip"):
    return servers.reply(body=content, headers=[JSON, ("Content-Encoding", coding)])


def endless(first, then, coding="gzip"):
    """Send a body that begins in one way, and goes on in another until nobody listens."""
    start = servers.head(200, [JSON, ("Content-Encoding", coding), ("Connection", "close")]) + first

    def play(line, _):
        try:
            line.write(start)
            while not line.stop.is_set():
                line.write(then)
        except OSError:
            pass
        return False

    return play


def test_every_member_is_read(runner, server):
    text = b'{"id": "u1", "topic": "' + b"a" * 100_000 + b'"}'
    members = [gzip.compress(text[start : start + 999]) for start in range(0, len(text), 999)]
    server.always(squeezed(gzip.compress(b"").join([b"", *members, b""])))
    assert runner(server.url).run(*READ).data["topic"] == "a" * 100_000


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(b"{}") + b"{}", "gzip"),
        (gzip.compress(b"{}") + b"\0" * 10, "gzip"),
        (gzip.compress(b"{}") + b"\x1f\x8b", "gzip"),
        (gzip.compress(b"{}") + gzip.compress(b" " * 999)[:-1], "gzip"),
        (zlib.compress(b"{}") + b"{}", "deflate"),
        (zlib.compress(b"{}") * 2, "deflate"),
        (zlib.compress(b"{}", wbits=-15) + b"{}", "deflate"),
    ],
    ids=["text", "zeros", "start", "cut", "zlib-text", "zlib-twice", "raw-text"],
)
def test_what_follows_the_end_is_an_error(runner, server, clock, body, coding):
    server.always(squeezed(body, coding))
    error = catch_error(runner(server.url, clock=clock).run, *READ)
    assert (error.kind, error.outcome) == ("decoding", "rejected")


@pytest.mark.parametrize(
    ("first", "then", "coding", "kind"),
    [
        (gzip.compress(b"{}"), b"x" * 65_536, "gzip", "decoding"),
        (gzip.compress(b"{}"), b"\0" * 65_536, "gzip", "decoding"),
        (zlib.compress(b"{}"), b"x" * 65_536, "deflate", "decoding"),
        (gzip.compress(b"{}"), gzip.compress(b"") * 3_000, "gzip", "too_large"),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\3", b"\0\0\0\xff\xff" * 13_000, "gzip", "too_large"),
        (b"", b"\0\0\0\xff\xff" * 13_000, "deflate", "too_large"),
    ],
    ids=["text", "zeros", "zlib", "empty-members", "empty-blocks", "raw-empty-blocks"],
)
def test_an_endless_body_ends_long_before_the_deadline(transport, server, first, then, coding, kind):
    server.always(endless(first, then, coding))
    tracemalloc.start()
    try:
        got = transport.send(build_request(server.url, max_bytes=4 << 20), seconds=60)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(got, Failure)
    assert (got.kind, got.received < 4 << 20, peak < 36 << 20) == (kind, True, True), got


WIDE_JSON = {
    "objects": b"[" + b"{}," * 17_000_000 + b"{}]",
    "lists": b"[" + b"[]," * 17_000_000 + b"[]]",
    "numbers": b"[" + b"0.5," * 13_000_000 + b"1]",
    "small objects": b"[" + b'{"a":{}},' * 5_000_000 + b"1]",
    "members": b"{" + b"".join(b'"%x":0,' % number for number in range(600_000)) + b'"":0}',
}


@pytest.mark.parametrize(("action", "outcome"), [(READ, "rejected"), (CREATE, "uncertain")], ids=["read", "write"])
def test_wide_json_is_an_error_that_names_the_limit(runner, server, action, outcome):
    server.always(squeezed(gzip.compress(b"[" + WIDE_JSON["objects"][-3_000_001:], 1)))
    error = catch_error(runner(server.url).run, *action)
    assert (error.kind, error.outcome, error.retryable) == ("too_large", outcome, False)
    assert "holds more than 524,288 JSON values" in str(error)


@pytest.mark.parametrize("shape", WIDE_JSON)
def test_wide_json_takes_no_more_memory_than_the_cap_and_a_little(shape):
    body = gzip.compress(WIDE_JSON[shape], 1)
    tracemalloc.start()
    try:
        reader = BodyReader(build_request("https://lamp.example"), 200, (("content-encoding", "gzip"),))
        assert reader.feed(body)
        assert reader.finish().kind == "too_large"
        assert tracemalloc.get_traced_memory()[1] < CAP + (32 << 20)
    finally:
        tracemalloc.stop()


def test_as_many_values_as_may_be_are_read_within_the_same_memory(runner, server, folder):
    lamp = folder("", {"get-lamp": "action: getLamp\nlabel: L\nsummary: S.\nrequest: GET /lamp\n"})
    server.always(squeezed(gzip.compress(b"[" + b'{"a":{}},' * 170_000 + b"{}]", 1)))
    one = runner(server.url, Connection(lamp, "key", apiKey="canary-key"), connector=lamp)
    tracemalloc.start()
    try:
        assert len(one.run("getLamp").data) == 170_001
        assert tracemalloc.get_traced_memory()[1] < CAP + (32 << 20)
    finally:
        tracemalloc.stop()


def test_small_chunks_take_no_more_memory_than_their_content(transport, server):
    body = b"".join(b"2\r\nab\r\n" for _ in range(100_000)) + b"0\r\n\r\n"
    server.always(servers.raw(servers.head(200, [("Transfer-Encoding", "chunked")]) + body))
    tracemalloc.start()
    try:
        got = transport.send(build_request(server.url, reply_type="binary"), seconds=600)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(got.body) == 200_000
    assert peak < 3 << 20


@given(st.lists(st.binary(max_size=300), max_size=5), st.integers(1, 50), st.binary(max_size=3))
def test_however_it_is_cut_a_body_is_whole_or_an_error(members, size, tail):
    body, decompressor = b"".join(map(gzip.compress, members)) + tail, Decompressor("gzip")
    cuts = [body[start : start + size] for start in range(0, len(body), size)]
    try:
        content = b"".join(piece for cut in cuts for piece in decompressor.decompress(cut))
        decompressor.check_complete()
    except DecodingError:
        assert tail
    else:
        assert (content, tail) == (b"".join(members), b"")


def test_many_members_take_time_linear_in_their_length():
    begun = time.process_time()
    assert not list(Decompressor("gzip").decompress(gzip.compress(b"") * 100_000))
    assert time.process_time() - begun < WIDE
