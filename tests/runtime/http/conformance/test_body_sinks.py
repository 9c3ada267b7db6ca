"""Bodies that are streamed to a sink: complete, unchanged, never held in memory, and cancelled on demand."""

from __future__ import annotations

import errno
import gzip
import hashlib
import threading
import time

import pytest
from support import servers
from support.pace import WIDE
from support.transports import build_request, resident_bytes

from connector.core.response.reply import Reply

MEGABYTE = 1 << 20


class Sink:
    """Hashes a body; accepts replies of the status `wants`."""

    def __init__(self, wants: int = 200, stall: float = 30.0) -> None:
        self.stall_timeout, self.wants = stall, wants
        self.size, self.hash = 0, hashlib.sha256()

    def accepts(self, status: int, headers: tuple[tuple[str, str], ...]) -> bool:
        """Accept the status, if there are headers."""
        return status == self.wants and bool(headers)

    def write(self, chunk: bytes) -> None:
        """Hash a chunk."""
        assert isinstance(chunk, bytes | bytearray | memoryview)
        assert len(chunk) > 0
        self.size += len(chunk)
        self.hash.update(chunk)


def large(megabytes: int) -> servers.Behaviour:
    """Return a behaviour that generates a body while it is sent."""

    def play(line: servers.Line, _: servers.Recorded) -> bool:
        line.write(servers.head(200, [("Content-Length", str(megabytes * MEGABYTE)), ("ETag", '"v1"')]))
        for number in range(megabytes):
            line.write(bytes([number % 251]) * MEGABYTE)
        return True

    return play


def expected(megabytes: int) -> bytes:
    """Return the hash of a large body."""
    whole = hashlib.sha256()
    for number in range(megabytes):
        whole.update(bytes([number % 251]) * MEGABYTE)
    return whole.digest()


def test_a_large_body_goes_through_without_being_held(transport, server):
    for megabytes in (4, 64):
        server.always(large(megabytes))
        before, sink = resident_bytes(), Sink()
        got = transport.send(build_request(server.url), sink=sink, seconds=60)
        growth = resident_bytes() - before
        assert (type(got), got.status, got.body) == (Reply, 200, b"")
        assert (sink.size, sink.hash.digest()) == (megabytes * MEGABYTE, expected(megabytes))
    assert growth < 24 * MEGABYTE, f"{growth >> 20} MB"
    assert server.connections == 1
    assert server.last.header("accept-encoding") == "identity"


def test_what_comes_is_not_decompressed(transport, server):
    squeezed = gzip.compress(b"x" * 1000)
    server.always(servers.reply(body=squeezed, headers=[("Content-Encoding", "gzip")]))
    sink = Sink()
    assert transport.send(build_request(server.url), sink=sink).header("content-encoding") == "gzip"
    assert sink.hash.digest() == hashlib.sha256(squeezed).digest()


def test_a_body_that_the_sink_does_not_want_is_a_reply(transport, server):
    server.always(servers.reply(404, {"code": 1}))
    sink = Sink()
    got = transport.send(build_request(server.url), sink=sink)
    assert (got.status, got.body, sink.size) == (404, b'{"code": 1}', 0)
    server.always(servers.reply(404, body=b"x" * MEGABYTE))
    assert len(transport.send(build_request(server.url), sink=sink).body) == 65_536


def test_an_empty_body_is_whole(transport, server):
    server.always(servers.reply(200, body=b""))
    sink = Sink()
    assert transport.send(build_request(server.url), sink=sink).status == 200
    assert sink.size == 0


@pytest.mark.parametrize("cut", ["length", "chunks"])
def test_a_cut_body_tells_what_was_received_and_of_which_version(transport, server, cut):
    def play(line: servers.Line, _: servers.Recorded) -> bool:
        framing = ("Content-Length", "900000") if cut == "length" else ("Transfer-Encoding", "chunked")
        line.write(servers.head(200, [framing, ("ETag", '"v1"')]))
        line.write((b"" if cut == "length" else b"dbba0\r\n") + b"x" * 300_000)
        return False

    server.always(play)
    sink = Sink()
    got = transport.send(build_request(server.url), sink=sink)
    assert (got.kind, got.sent, got.etag, got.final) == ("protocol", "maybe", '"v1"', False)
    assert got.received == sink.size == 300_000


def test_a_body_that_stalls_ends_though_the_call_has_time(transport, server):
    server.always(
        servers.trickle(servers.head(200, [("Content-Length", "9"), ("ETag", '"v1"')]) + b"abc", b"d", every=60)
    )
    sink = Sink(stall=0.2)
    began = time.monotonic()
    got = transport.send(build_request(server.url), sink=sink, seconds=600)
    assert (got.kind, got.received, got.etag, sink.size) == ("read_timeout", 3, '"v1"', 3)
    assert time.monotonic() - began < WIDE


def test_a_body_that_trickles_is_taken_as_long_as_the_call_has_time(transport, server):
    server.always(servers.trickle(servers.head(200, [("Content-Length", "999999")]), b"x" * 999, every=0.02))
    sink = Sink(stall=30)
    began = time.monotonic()
    got = transport.send(build_request(server.url), sink=sink, seconds=0.4)
    assert got.kind == "read_timeout"
    assert sink.size > 1
    assert time.monotonic() - began < WIDE


def test_a_sink_that_fails_ends_the_call_for_good(transport, server):
    class Full(Sink):
        def write(self, chunk: bytes) -> None:
            if self.size >= MEGABYTE:
                raise OSError(errno.ENOSPC, "No space left on device")
            super().write(chunk)

    server.always(large(4))
    got = transport.send(build_request(server.url), sink=Full())
    assert (got.kind, got.final) == ("file", True)
    assert "No space left" in got.message
    assert MEGABYTE <= got.received < 4 * MEGABYTE
    server.always(servers.reply(json_={}))
    assert transport.send(build_request(server.url)).status == 200


def test_a_stop_ends_it_between_two_parts(transport, server):
    stop = threading.Event()

    class Stopping(Sink):
        def write(self, chunk: bytes) -> None:
            stop.set()
            super().write(chunk)

    server.always(large(64))
    sink = Stopping()
    got = transport.send(build_request(server.url), sink=sink, stop=stop)
    assert (got.kind, got.final) == ("stopped", True)
    assert sink.size < 64 * MEGABYTE
    size = sink.size
    stop.clear()
    server.always(servers.reply(json_={}))
    assert transport.send(build_request(server.url)).status == 200
    assert sink.size == size


def test_a_close_ends_one_that_is_silent_in_the_middle(transport, server):
    server.always(servers.trickle(servers.head(200, [("Content-Length", "9")]) + b"abc", b"d", every=60))
    sink = Sink()
    got, elapsed = transport.close_when(lambda: sink.size == 3, build_request(server.url), sink=sink, seconds=600)
    assert type(got) is not Reply
    assert elapsed < WIDE
