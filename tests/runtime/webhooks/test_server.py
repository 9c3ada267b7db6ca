"""A receiver on a real socket closes slow, endless and malformed requests, answers the others, and stops without loss."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections import deque
from statistics import quantiles

import pytest
from support.pace import PATIENCE, wait_until
from support.processes.forked import Sibling
from support.receivers import DATABASE_KINDS, SECRET, RawConnection, ServedReceiver, body, new_inbox_url, request, sign

from connector import Connector, Receiver, errors
from connector.runtime.webhooks import dispatcher, uvicorn_server
from connector.runtime.webhooks import receiver as receivers
from connector.runtime.webhooks.asgi import ConnectionLimits
from connector.runtime.webhooks.inbox import TABLE, Inbox
from connector.runtime.webhooks.server import ReceiverServer, route_by_path, serve

C = TABLE.c
QUICK = ConnectionLimits(head_timeout=0.3, idle_timeout=0.3, max_connections=500)


@pytest.fixture
def inbox(tmp_path):
    one = Inbox(new_inbox_url("sqlite", tmp_path))
    yield one
    one.close()


@pytest.fixture
def receiver(zoom, inbox):
    return Receiver(zoom, SECRET, inbox=inbox)


def stored_subjects(inbox):
    return sorted((one.subject for one in inbox.find(C.id > 0, 100_000)), key=int)


def head(length, *lines, method="POST", path="/hook"):
    return "\r\n".join(
        [f"{method} {path} HTTP/1.1", "Host: receiver.example", f"Content-Length: {length}", *lines, "", ""]
    ).encode()


REFUSED = [
    (head(2, path="/other") + b"{}", 404),
    (head(2, path="/hook/canary-secret") + b"{}", 404),
    (head(2, path="/hook?secret=canary-secret") + b"{}", 401),
    (head(0, method="GET"), 405),
    (head(2, method="PUT") + b"{}", 405),
    (head(0, method="OPTIONS"), 405),
    (head(2, "X-Zm-Signature: canary-secret") + b"{}", 401),
    (head(2, "X-Zm-Signature: v0=" + "a" * 9000) + b"{}", 401),
    (head(2, "X-Zm-Signature: \xe9\xff") + b"{}", 401),
    (head(2, "Upgrade: websocket", "Connection: Upgrade") + b"{}", 401),
    (head(2, "Content-Encoding: gzip", "Content-Type: canary-secret") + b"{}", 401),
    (head(2, "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: https", "X-Real-IP: 127.0.0.1") + b"{}", 401),
    (head(314_572_800), 413),
    (head("9" * 15), 413),
    (head("9" * 4500), 400),
    (head(2, "Transfer-Encoding: chunked") + b"0\r\n\r\n", 400),
    (head(2, "Content-Length: 3") + b"{}", 400),
    (head(-1), 400),
    (head("1e3"), 400),
    (b"canary-secret\r\n\r\n", 400),
    (b"POST /hook HTTP/9.9\r\n\r\n", 400),
    (b"POST /hook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    (b"POST /hook HTTP/1.1\r\nHost: x\r\nA\0: b\r\n\r\n", 400),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
]


@pytest.mark.parametrize(("raw", "status"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_delivery_is_refused_and_nothing_of_it_comes_back_or_is_logged(receiver, inbox, caplog, raw, status):
    with caplog.at_level(logging.DEBUG), ServedReceiver(receiver) as served, served.connect() as line:
        said, headers, content = line.ask(raw)
        assert said == status
        assert "server" not in headers
        assert served.post(body(1)) == 200
    assert content in (b"", b"Not Found", b"Method Not Allowed", b"Invalid HTTP request received.")
    assert "canary" not in f"{headers}{caplog.text}"
    assert stored_subjects(inbox) == ["1"]


def test_a_malformed_request_ends_its_connection(receiver):
    with ServedReceiver(receiver) as served, served.connect() as line:
        assert line.ask(head(2, "Transfer-Encoding: chunked") + request(body(1)))[0] == 400
        assert line.rest() == b"", "what is smuggled behind it is answered"


def test_many_deliveries_come_over_one_connection_and_in_any_pieces(receiver, inbox):
    with ServedReceiver(receiver) as served, served.connect() as line:
        for number in range(5):
            raw = request(body(number))
            for piece in (raw[:10], raw[10:200], raw[200:-3], raw[-3:]):
                line.send(piece)
            assert line.answer()[0] == 200
        line.send(request(body(5)) + request(body(6)))
        assert line.answer()[0] == 200
        wait_until(lambda: len(stored_subjects(inbox)) == 7)
        chunks = b"".join(b"%x\r\n%b\r\n" % (1, body(7)[place : place + 1]) for place in range(len(body(7))))
        stamp = "".join(f"{name}: {value}\r\n" for name, value in sign(body(7)).items())
        with served.connect() as other:
            raw = f"POST /hook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n{stamp}\r\n".encode()
            assert other.ask(raw + chunks + b"0\r\n\r\n")[0] == 200
        with served.connect() as other:
            assert other.ask(request(body(8), {**sign(body(8)), "Expect": "100-continue"}))[0] in (100, 200)
    assert stored_subjects(inbox) == [str(number) for number in range(9)]


def test_a_body_a_little_too_large_is_413_and_one_as_large_as_may_be_is_read(receiver, inbox):
    with ServedReceiver(receiver) as served:
        rest = receivers.MAX_BODY_BYTES - len(body(1, topic=""))
        assert served.post(body(1, topic="t" * rest)) == 200
        assert served.post(body(2, topic="t" * (rest + 1))) == 413
        with served.connect() as line, contextlib.suppress(ConnectionError):
            line.send(b"POST /hook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(1000):
                line.send(b"10000\r\n" + b"t" * 65_536 + b"\r\n")
            pytest.fail("an endless body is read on")
    assert stored_subjects(inbox) == ["1"]


STALLED = [
    b"",
    b"\r\n",
    b"POST",
    b"POST /hook HTTP/1.1\r\nHost: x\r\nX-A",
    head(100),
    head(100) + b"{",
    request(body(1))[:-1],
    b"POST /hook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
    request(body(2)),  # and nothing more
    request(body(3)) + b"POST /ho",
    request(body(4)) + b"\r\n",
]


@pytest.mark.parametrize("raw", STALLED, ids=range(len(STALLED)))
def test_a_connection_that_stalls_is_closed(zoom, inbox, monkeypatch, raw):
    monkeypatch.setattr(receivers, "BODY_TIMEOUT", 0.3)
    receiver = Receiver(zoom, SECRET, inbox=inbox)
    with ServedReceiver(receiver, QUICK) as served, served.connect() as line:
        line.send(raw)
        line.socket.settimeout(PATIENCE)
        line.rest()


@pytest.mark.parametrize("more", [b"POST /ho", b"\r\n"])
def test_a_connection_that_stalls_after_a_request_is_closed(receiver, more):
    with ServedReceiver(receiver, QUICK) as served, served.connect() as line:
        assert line.ask(request(body(1)))[0] == 200
        line.send(more)
        line.socket.settimeout(PATIENCE)
        assert line.rest() == b""


def test_a_head_that_drips_is_closed_too(receiver):
    with ServedReceiver(receiver, QUICK) as served, served.connect() as line:
        began = time.monotonic()
        with contextlib.suppress(ConnectionError):
            line.send(b"POST /hook HTTP/1.1\r\n")
            while time.monotonic() < began + PATIENCE:
                line.send(b"X-A: b\r\n")
                line.socket.settimeout(0.02)
                with contextlib.suppress(TimeoutError):
                    if not line.socket.recv(1):
                        break
        assert time.monotonic() < began + PATIENCE


FLOODS = [
    (b"POST /hook HTTP/1.1\r\n", b"X-A: %b\r\n" % (b"b" * 500)),
    (b"POST /hook HTTP/1.1\r\nX-A: ", b"b" * 500),
    (b"", b"POST" * 200),
    (b"POST /", b"a" * 500),
    (b"POST /hook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"e" * 500),
    (b"POST /hook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-A: %b\r\n" % (b"b" * 500)),
    (b"POST /hook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-A: ", b"b" * 500),
]


@pytest.mark.parametrize(("first", "more"), FLOODS, ids=range(len(FLOODS)))
def test_an_endless_head_or_trailer_is_cut_off(receiver, first, more):
    with ServedReceiver(receiver) as served, served.connect() as line:
        with contextlib.suppress(ConnectionError):
            line.send(first)
            for _ in range(2000):
                line.send(more * 10)
            pytest.fail("10 MB of a head were read")
        assert served.post(body(1)) == 200


def test_too_many_connections_cost_the_longest_idle_ones_and_no_honest_sender(receiver, inbox):
    with ServedReceiver(receiver, ConnectionLimits(max_connections=20)) as served, contextlib.ExitStack() as stack:
        with served.connect() as busy:
            raw = request(body(0))
            busy.send(raw[:-1])
            wait_until(lambda: busy_count(served) == 1)
            stalled = [stack.enter_context(served.connect()) for _ in range(100)]
            for number in range(1, 11):
                assert served.post(body(number)) == 200
            assert busy.ask(raw[-1:])[0] == 200, "one in the middle of a request made room"
        for line in stalled[:70]:
            assert line.rest() == b""
    assert stored_subjects(inbox) == [str(number) for number in range(11)]


def busy_count(served):
    return len(served.server._server.server_state.tasks)


@pytest.mark.parametrize("stalled", [30, pytest.param(300, marks=pytest.mark.long)])
def test_honest_senders_are_answered_while_others_stall_and_those_are_closed(zoom, inbox, capsys, stalled):
    kinds = [b"", b"POST /hook HTTP/1.1\r\nHost: x\r\nX-A", head(100) + b"{", request(body(1))[:-1]]
    slow = stalled >= 300
    limits = ConnectionLimits() if slow else ConnectionLimits(head_timeout=1.0, idle_timeout=1.0)
    with pytest.MonkeyPatch.context() as patch:
        if not slow:
            patch.setattr(receivers, "BODY_TIMEOUT", 1.0)
        with ServedReceiver(Receiver(zoom, SECRET, inbox=inbox), limits) as served:
            lines = [served.connect() for _ in range(stalled)]
            for number, line in enumerate(lines):
                line.send(kinds[number % len(kinds)])
            began, took, ended = time.monotonic(), [], []
            closing = threading.Thread(
                target=lambda: ended.extend((line.rest(), time.monotonic())[1] for line in lines)
            )
            closing.start()
            number = 10
            while closing.is_alive() or len(took) < 100:
                before = time.perf_counter()
                assert served.post(body(number)) == 200
                took.append(time.perf_counter() - before)
                number += 1
            closing.join()
            for line in lines:
                line.socket.close()
    assert len(ended) == stalled
    longest, p99 = max(ended) - began, quantiles(took, n=100)[98]
    with capsys.disabled() if slow else contextlib.nullcontext():
        said = f"all closed in {longest:.1f} s; {len(took)} honest ones, p99 {p99 * 1000:.1f} ms"
        sys.stdout.write(f"\n{stalled} stalled: {said}\n")
    assert longest < (15 if slow else PATIENCE)
    assert len(stored_subjects(inbox)) == number - 10


def test_a_few_requests_may_be_queued_and_more_end_the_connection(receiver, inbox):
    with ServedReceiver(receiver) as served:
        with served.connect() as line:
            line.send(b"".join(request(body(number)) for number in range(5)))
            for _ in range(5):
                assert line.answer()[0] == 200
        with served.connect() as line, contextlib.suppress(ConnectionError):
            line.send(b"".join(request(body(number)) for number in range(10, 30)))
            line.rest()
        assert served.post(body(99)) == 200
    assert len(stored_subjects(inbox)) < 12


def test_a_client_that_reads_no_answer_is_closed_and_the_others_are_served(receiver, monkeypatch):
    monkeypatch.setattr(uvicorn_server, "READ_TIMEOUT", 0.3)
    refused = head(0, method="GET", path="/other")
    with ServedReceiver(receiver) as served, served.connect() as line:
        line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        line.socket.settimeout(PATIENCE)
        with pytest.raises(ConnectionError):
            deque(map(line.send, itertools.repeat(refused)), maxlen=0)
        assert served.post(body(1)) == 200


@pytest.mark.parametrize("lines", [b"a:\r\n" * 101, b"X-A: " + b"b" * 70_000])
def test_a_head_of_too_much_is_cut_off(receiver, lines):
    with ServedReceiver(receiver) as served, served.connect() as line, contextlib.suppress(ConnectionError):
        line.send(b"POST /hook HTTP/1.1\r\nHost: x\r\n" + lines + b"\r\n")
        assert line.rest() == b""


def test_a_body_in_more_chunks_than_are_of_use_is_cut_off(receiver):
    with ServedReceiver(receiver) as served, served.connect() as line, contextlib.suppress(ConnectionError):
        line.send(b"POST /hook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 1100)
        assert line.rest() == b""


def test_stalled_bodies_leave_room_for_others(receiver):
    with ServedReceiver(receiver, ConnectionLimits(max_connections=20)) as served, contextlib.ExitStack() as stack:
        stalled = [stack.enter_context(served.connect()) for _ in range(60)]
        for line in stalled:
            with contextlib.suppress(ConnectionError):
                line.send(request(body(0))[:-1])
        for number in range(1, 31):
            assert served.post(body(number)) == 200


def resident_bytes(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS"))


def serve_until_stopped(pipe, url, handled=None, ordered=False):
    """Serve a receiver as a program does; write the subject of each handled event into a file."""
    receivers.BODY_TIMEOUT = 600.0  # of this process: whoever waits for the rest of a body hangs
    receiver = Receiver(Connector.open(), SECRET, inbox=url, ordered=ordered)
    if handled is not None:
        out = os.open(handled, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

        @receiver.on()
        async def handler(event):
            os.write(out, f"{event.subject}\n".encode())

    serve(receiver, port=0, path="/hook", on_ready=lambda url: pipe.send(int(url.rpartition(":")[2])))
    receiver.inbox.close()
    return "ended"


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="it is read how much memory a process has")
@pytest.mark.parametrize("chunked", [False, True])
def test_300_megabytes_are_refused_and_not_kept_in_memory(tmp_path, chunked):
    other = Sibling(serve_until_stopped, new_inbox_url("sqlite", tmp_path))
    port = other.hear()
    with RawConnection(port) as line:
        assert line.ask(request(body(0, topic="t" * 900_000)))[0] == 200
    before, most, stop = resident_bytes(other.pid), [0], threading.Event()

    def watch():
        while not stop.wait(0.001):
            most[0] = max(most[0], resident_bytes(other.pid))

    watching = threading.Thread(target=watch)
    watching.start()
    size = 300 << 20
    for _ in range(3):
        with RawConnection(port) as line, contextlib.suppress(ConnectionError):
            line.send(
                head(size)
                if not chunked
                else b"POST /hook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % size
            )
            for _ in range(300):
                line.send(b"t" * (1 << 20))
            pytest.fail("it was read to its end")
    stop.set()
    watching.join()
    os.kill(other.pid, signal.SIGTERM)
    assert other.end() == "ended"
    assert most[0] - before < 16 << 20


def test_what_is_waited_for_at_a_stop_adds_up_to_less_than_ten_seconds():
    for_requests = uvicorn_server.BODY_GRACE + uvicorn_server.RESPONSE_GRACE
    assert for_requests + receivers.SHUTDOWN_TIMEOUT + dispatcher.CANCEL_GRACE < 10


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("kind", DATABASE_KINDS)
def test_a_signal_under_load_ends_it_in_time_with_nothing_lost(tmp_path, kind, number):
    url, handled = new_inbox_url(kind, tmp_path), tmp_path / "handled"
    other = Sibling(serve_until_stopped, url, str(handled))
    port, answered = other.hear(), []

    def load(first):
        with contextlib.suppress(OSError, AssertionError), RawConnection(port) as line:
            for one in range(first, first + 100_000):
                if line.ask(request(body(one)))[0] == 200:
                    answered.append(one)

    loads = [threading.Thread(target=load, args=(first * 1_000_000,)) for first in range(4)]
    for one in loads:
        one.start()
    stalled = [RawConnection(port) for _ in range(10)]
    for line in stalled:
        line.send(request(body(1))[:-1])
    wait_until(lambda: len(answered) > 200)
    os.kill(other.pid, number)
    assert other.end() == "ended"
    for one in loads:
        one.join(PATIENCE)
    for line in stalled:
        assert line.rest() == b"", "half a request has an answer"
        line.socket.close()
    assert other.process.exitcode == 0
    again = Sibling(serve_until_stopped, url, str(handled))
    again.hear()
    inbox = Inbox(url)
    wait_until(lambda: set(inbox.counts()) == {"delivered"})
    os.kill(again.pid, signal.SIGTERM)
    again.end()
    assert {int(line) for line in handled.read_text().split()} >= set(answered)
    assert len(handled.read_text().split()) == sum(inbox.counts().values()), "a stop is no reason for a duplicate"


def serve_with_a_full_disk(pipe, url, size):
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    Inbox(url).open()
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    return serve_until_stopped(pipe, url)


def test_a_full_disk_is_503_and_what_was_answered_200_is_there(tmp_path):
    url = new_inbox_url("sqlite", tmp_path)
    other = Sibling(serve_with_a_full_disk, url, 300_000)
    with RawConnection(other.hear()) as line:
        said = {number: line.ask(request(body(number, topic="t" * 9000)))[0] for number in range(60)}
    os.kill(other.pid, signal.SIGTERM)
    assert other.end() == "ended"
    assert set(said.values()) == {200, 503}
    inbox = Inbox(url)
    assert stored_subjects(inbox) == [str(number) for number, status in said.items() if status == 200]


def test_a_hanging_handler_does_not_keep_the_server_from_its_end(receiver, inbox, monkeypatch):
    monkeypatch.setattr(receivers, "SHUTDOWN_TIMEOUT", 0.2)
    go = threading.Event()
    receiver.on()(lambda event: go.wait(PATIENCE))
    with ServedReceiver(receiver) as served:
        assert served.post(body(1)) == 200
        wait_until(lambda: any(thread.name == "connector-handler" for thread in threading.enumerate()))
    go.set()
    assert inbox.counts() == {"pending": 1}


def test_a_port_that_is_taken_and_a_path_that_is_none_are_told(receiver, inbox):
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(errors.UsageError, match="in use"):
        serve(receiver, port=taken.getsockname()[1])
    for port in (-1, 65_536):
        with pytest.raises(errors.UsageError, match="no port"):
            serve(receiver, port=port)
    for path in ("hook", "", "/{hook}", "/a b", "/a?b"):
        with pytest.raises(errors.UsageError, match="is not a path"):
            serve(receiver, path=path)


def test_an_inbox_that_cannot_be_opened_is_told_before_it_listens(zoom, tmp_path):
    (tmp_path / "place").write_text("no folder")
    with pytest.raises(errors.StoreError):
        serve(
            Receiver(zoom, SECRET, inbox=f"sqlite:///{tmp_path}/place/inbox.db"),
            port=0,
            on_ready=lambda _: pytest.fail("it listens"),
        )


def test_an_address_of_the_sixth_version_is_written_as_urls_have_it(receiver):
    try:
        served = ReceiverServer(route_by_path({"/": receiver}), "::1", 0)
    except errors.UsageError:
        pytest.skip("this machine has no IPv6")
    assert served.url.startswith("http://[::1]:")
    served.close()


@pytest.mark.long
def test_five_hundred_a_second_for_two_minutes_leave_nothing_behind(tmp_path, capsys):
    """Send bursts of fifty events for a while; count those that the machine is too slow for, answered 503."""
    url, handled = new_inbox_url("sqlite", tmp_path), tmp_path / "handled"
    other = Sibling(serve_until_stopped, url, str(handled))
    port, said, took = other.hear(), [], []

    def load(first):
        with RawConnection(port) as line:
            for turn in range(1200):
                time.sleep(max(0.0, began + turn / 10 - time.monotonic()))
                for one in range(5):
                    before = time.perf_counter()
                    said.append(line.ask(request(body(first + turn * 5 + one)))[0])
                    took.append(time.perf_counter() - before)

    began = time.monotonic() + 0.1
    loads = [threading.Thread(target=load, args=(first * 1_000_000,)) for first in range(10)]
    for one in loads:
        one.start()
    time.sleep(20)
    early, open_early = resident_bytes(other.pid), len(os.listdir(f"/proc/{other.pid}/fd"))
    for one in loads:
        one.join()
    lasted = time.monotonic() - began
    late, open_late = resident_bytes(other.pid), len(os.listdir(f"/proc/{other.pid}/fd"))
    inbox = Inbox(url)
    wait_until(lambda: set(inbox.counts()) == {"delivered"})
    os.kill(other.pid, signal.SIGTERM)
    assert other.end() == "ended"
    told = f"{len(said) / lasted:.0f} a second for {lasted:.0f} s: {said.count(200)} of {len(said)} answered 200"
    told += f", p99 {quantiles(took, n=100)[98] * 1000:.0f} ms, growth {(late - early) >> 10} KiB, descriptors {open_late - open_early:+d}"
    with capsys.disabled():
        sys.stdout.write(f"\n{told}\n")
    assert set(said) <= {200, 503}
    assert len(handled.read_text().split()) == said.count(200)
    assert late - early < 8 << 20
    assert open_late - open_early < 20
