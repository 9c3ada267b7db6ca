"""Nobody who has proved nothing makes the receiver grow, keeps honest senders out, or keeps it from its end."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
import threading
import time
from statistics import quantiles

import pytest
from support.processes.forked import Sibling
from support.receivers import SECRET, RawConnection, body, new_inbox_url, request

from connector import Connector, Receiver
from connector.runtime.webhooks.server import serve

MAX_GROWTH = 16 << 20  # bytes of memory
MAX_WAIT = 1.0  # seconds of honest senders, at the 99th percentile
MAX_WAIT_OF_HUNDREDS = 3.0  # where hundreds of connections of an attacker share the processor with the receiver
HEAD = b"POST /hook HTTP/1.1\r\nHost: x\r\n"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
ATTACKS = {  # what a connection sends at first, and again and again; whether it reads what is answered
    "pipelined": (b"", GET * 5000, False),
    "pipelined bodies": (b"", (HEAD + b"Content-Length: 40000\r\n\r\n" + b"x" * 40_000) * 10, False),
    "unread": (b"", GET, False),
    "one after another": (b"", GET, True),
    "silent": (b"", b"", False),
    "half a head": (HEAD + b"X-A: " + b"a" * 60_000, b"", False),
    "many headers": (HEAD + b"a:\r\n" * 15_000, b"", False),
    "a byte of a body": (HEAD + b"Content-Length: 2\r\n\r\n{", b"", False),
    "most of a body": (HEAD + b"Content-Length: 1000001\r\n\r\n" + b"x" * 1_000_000, b"", False),
    "a body in drops": (HEAD + b"Content-Length: 1000000\r\n\r\n", b"x" * 50, False),
    "tiny chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 2000, False),
    "large bodies": (b"", HEAD + b"Content-Length: 1000000\r\n\r\n" + b"x" * 1_000_000, True),
}  # fmt: skip


class Attacker:
    """Holds a number of connections, sends as the attack does, and connects again where one is closed."""

    def __init__(self, port, kind, count):
        self.port, self.count, (self.first, self.more, self.is_reading) = port, count, ATTACKS[kind]
        self.poll, self.lines, self.unsent, self.sent = select.poll(), {}, {}, 0

    def connect(self):
        while len(self.lines) < self.count:
            line = socket.socket()
            line.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                line.connect(("127.0.0.1", self.port))
            number = line.fileno()
            self.lines[number], self.unsent[number] = line, self.first or self.more
            self.poll.register(line, select.POLLIN | select.POLLOUT)

    def go_on(self):
        for number, event in self.poll.poll(100):
            line = self.lines[number]
            try:
                if event & select.POLLIN and (self.is_reading or not self.unsent[number]):
                    if not line.recv(65_536):
                        raise ConnectionError
                    self.unsent[number] = self.unsent[number] or self.more
                if event & select.POLLOUT and self.unsent[number]:
                    size = line.send(self.unsent[number])
                    self.sent += size
                    self.unsent[number] = self.unsent[number][size:] or (b"" if self.is_reading else self.more)
                elif event & (select.POLLERR | select.POLLHUP):
                    raise ConnectionError
                self.poll.modify(line, select.POLLIN | (select.POLLOUT if self.unsent[number] else 0))
            except BlockingIOError:
                pass
            except OSError:
                self.drop(number)

    def drop(self, number):
        self.poll.unregister(number)
        self.lines.pop(number).close()
        del self.unsent[number]


def attack(pipe, port, kind, count, seconds):
    """Attack for some seconds; return the bytes sent."""
    attacker, pause, end = Attacker(port, kind, count), threading.Event(), time.monotonic() + seconds
    while time.monotonic() < end:
        attacker.connect()
        attacker.go_on()
        if kind == "a body in drops":
            pause.wait(0.05)
    for number in list(attacker.lines):
        attacker.drop(number)
    return attacker.sent


def serve_until_stopped(pipe, url):
    receiver = Receiver(Connector.open(), SECRET, inbox=url)
    serve(receiver, port=0, path="/hook", on_ready=lambda url: pipe.send(int(url.rpartition(":")[2])))
    receiver.inbox.close()
    return "ended"


def resident_bytes(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS"))


def deliver(port, number):
    """Deliver one event over a new connection; return the seconds that it took, or None where it was cut off."""
    before = time.perf_counter()
    with contextlib.suppress(OSError, AssertionError), RawConnection(port) as line:
        line.socket.settimeout(10)
        if line.ask(request(body(number)))[0] == 200:
            return time.perf_counter() - before
    return None


def withstand(folder, kind, count, seconds):
    """Return growth, the honest senders' times, how many of them were cut off, and the seconds of the server's end."""
    server = Sibling(serve_until_stopped, new_inbox_url("sqlite", folder))
    port = server.hear()
    for number in range(50):
        assert deliver(port, number)
    before, most, stop = resident_bytes(server.pid), [0], threading.Event()

    def watch():
        while not stop.wait(0.005):
            most[0] = max(most[0], resident_bytes(server.pid))

    watching = threading.Thread(target=watch)
    watching.start()
    attacker = Sibling(attack, port, kind, count, seconds)
    took, cut, number, end = [], 0, 1000, time.monotonic() + seconds - 0.5
    stop.wait(0.3)
    while time.monotonic() < end:
        number += 1
        waited = deliver(port, number)
        took += [waited] if waited else []
        cut += waited is None
        stop.wait(0.01)
    began = time.monotonic()
    stop.set()
    watching.join()
    os.kill(server.pid, signal.SIGTERM)
    assert server.end() == "ended"
    ended = time.monotonic() - began
    sent = attacker.end()
    return most[0] - before, took, cut, ended, sent


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="it is read how much memory a process has")
@pytest.mark.parametrize("count", [20, *(pytest.param(count, marks=pytest.mark.long) for count in (1, 520, 1000))])
@pytest.mark.parametrize("kind", ATTACKS)
def test_who_has_proved_nothing_costs_little_memory_and_keeps_nobody_waiting(tmp_path, capsys, kind, count):
    growth, took, cut, ended, sent = withstand(tmp_path, kind, count, 1.5 if count == 20 else 6)
    p99 = quantiles(took, n=100)[98] if len(took) > 1 else float("inf")
    with capsys.disabled() if count != 20 else contextlib.nullcontext():
        said = f"{growth / (1 << 20):.1f} MiB more, {len(took)} honest ones, {cut} cut off, p99 {p99 * 1000:.0f} ms"
        sys.stdout.write(f"\n{count} {kind}: {said}, ended in {ended:.1f} s, {sent >> 20} MiB were sent\n")
    assert growth < MAX_GROWTH
    assert p99 < (MAX_WAIT if count <= 20 else MAX_WAIT_OF_HUNDREDS)
    assert cut <= (len(took) + cut) / 100
    assert ended < 10
