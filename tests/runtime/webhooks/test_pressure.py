"""Nobody who has proved nothing makes the receiver grow, keeps honest senders out, or keeps it from its end."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
import threading

import pytest
from support.processes.forked import Sibling
from support.receivers import SECRET, RawConnection, body, new_inbox_url, request

from connector import Connector, Receiver
from connector.runtime.webhooks import receiver as receivers
from connector.runtime.webhooks.asgi import ConnectionLimits
from connector.runtime.webhooks.server import serve

MAX_GROWTH = 16 << 20  # bytes of memory
MAX_WORK = 1.0  # seconds of the processor for others, until an honest sender is answered, at the 99th percentile
MAX_WORK_FOR_HUNDREDS = 3.0
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


def attack(pipe, port, kind, count):
    """Attack until told to end; return the bytes sent."""
    attacker, pause = Attacker(port, kind, count), threading.Event()
    attacker.connect()
    pipe.send("begun")
    while not pipe.poll():
        attacker.connect()
        attacker.go_on()
        if kind == "a body in drops":
            pause.wait(0.05)
    for number in list(attacker.lines):
        attacker.drop(number)
    return attacker.sent


def serve_until_stopped(pipe, url):
    """Serve a receiver that would wait for a connection far longer than this test does."""
    receivers.BODY_TIMEOUT = 600.0
    limits = ConnectionLimits(head_timeout=600.0, idle_timeout=600.0)
    receiver = Receiver(Connector.open(), SECRET, inbox=url)
    serve(receiver, port=0, path="/hook", limits=limits, on_ready=lambda url: pipe.send(int(url.rpartition(":")[2])))
    receiver.inbox.close()
    return "ended"


def resident_bytes(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS"))


def processor_seconds(pid):
    """Return what a process has worked so far, which neighbours do not change as they do the time that passes."""
    with open(f"/proc/{pid}/stat") as file:
        user, system = file.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def deliver(server, port, number):
    """Deliver one event; return the seconds that the receiver worked until it answered, or None where it cut us off."""
    before = processor_seconds(server.pid)
    with contextlib.suppress(OSError, AssertionError), RawConnection(port) as line:
        if line.ask(request(body(number)))[0] == 200:
            return processor_seconds(server.pid) - before
    return None


def withstand(folder, kind, count, deliveries):
    """Deliver during an attack, and end the receiver during it; return its growth, its work, and the bytes sent."""
    server = Sibling(serve_until_stopped, new_inbox_url("sqlite", folder))
    port = server.hear()
    for number in range(50):
        assert deliver(server, port, number) is not None
    before, most, stop = resident_bytes(server.pid), [0], threading.Event()

    def watch():
        while not stop.wait(0.005):
            most[0] = max(most[0], resident_bytes(server.pid))

    watching = threading.Thread(target=watch)
    watching.start()
    attacker = Sibling(attack, port, kind, count)
    assert attacker.hear() == "begun"
    work = []
    for number in range(1000, 1000 + deliveries):
        stop.wait(0.01)
        work.append(deliver(server, port, number))
    stop.set()
    watching.join()
    os.kill(server.pid, signal.SIGTERM)
    assert server.end() == "ended"
    attacker.say("end")
    return most[0] - before, work, attacker.end()


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="it is read how much memory a process has")
@pytest.mark.parametrize("count", [20, *(pytest.param(count, marks=pytest.mark.long) for count in (1, 520, 1000))])
@pytest.mark.parametrize("kind", ATTACKS)
def test_who_has_proved_nothing_costs_little_memory_and_keeps_nobody_waiting(tmp_path, capsys, kind, count):
    growth, work, sent = withstand(tmp_path, kind, count, 40 if count == 20 else 300)
    answered = sorted(seconds for seconds in work if seconds is not None)
    cut = len(work) - len(answered)
    assert cut <= len(work) / 100
    p99 = answered[int(len(answered) * 0.99)]
    with capsys.disabled() if count != 20 else contextlib.nullcontext():
        said = f"{growth / (1 << 20):.1f} MiB more, {len(work)} honest ones, {cut} cut off, p99 {p99 * 1000:.0f} ms"
        sys.stdout.write(f"\n{count} {kind}: {said} of work, {sent >> 20} MiB were sent\n")
    assert growth < MAX_GROWTH
    assert p99 < (MAX_WORK if count <= 20 else MAX_WORK_FOR_HUNDREDS)
