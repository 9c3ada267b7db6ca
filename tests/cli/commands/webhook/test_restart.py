"""A receiver is replaced without refusing a connection or losing a delivery: the socket outlives the processes."""

from __future__ import annotations

import itertools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading

import pytest
from support.pace import wait_until
from support.receivers import RawConnection, body, request

from connector.runtime.webhooks.inbox import Inbox

SECRET = "a-secret-of-the-service"
RESTARTS = 10


class Manager:
    """What systemd does: it holds the socket, hands it to each process, and waits until that says it is ready."""

    def __init__(self, folder, surroundings, *words):
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.listening.getsockname()[1]
        self.address = str(folder / "notify")
        self.told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.told.bind(self.address)
        self.surroundings = {**surroundings, "ZOOM_WEBHOOK_SECRET_TOKEN": SECRET, "NOTIFY_SOCKET": self.address}
        self.words = words
        self.folder = folder

    def start(self):
        """Start a receiver, and return it when it is ready."""
        descriptor = self.listening.fileno()
        script = f'exec 3<&{descriptor}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" -m connector webhook serve "$@"'
        process = subprocess.Popen(
            ["bash", "-c", script, sys.executable, *self.words],
            env=self.surroundings, cwd=self.folder, pass_fds=[descriptor],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert select.select([self.told], [], [], 60)[0], process.communicate(timeout=1)
        assert self.told.recv(100) == b"READY=1"
        return process

    def close(self):
        self.listening.close()
        self.told.close()


class Sender(threading.Thread):
    """Sends one event after another, over a connection each or over one as long as the receiver lets it."""

    def __init__(self, port, numbers, *, keeps_connections):
        super().__init__()
        self.port, self.numbers, self.keeps_connections = port, numbers, keeps_connections
        self.sent, self.failures, self.ended = [], [], threading.Event()

    def run(self):
        line = None
        while not self.ended.is_set():
            number = next(self.numbers)
            content = body(number)
            try:
                line = line or RawConnection(self.port)
                status, headers, _ = line.ask(request(content, sign(content), "/"))
            except (OSError, AssertionError) as error:
                self.failures.append(repr(error))
                line = None
                continue
            self.sent.append(number) if status == 200 else self.failures.append(status)
            if not self.keeps_connections or headers.get("connection") == "close":
                line.socket.close()
                line = None
        if line is not None:
            line.socket.close()


def sign(content):
    from support import receivers

    return receivers.sign(content, SECRET)


@pytest.mark.kills
@pytest.mark.parametrize("in_between", ["two at once", "one after another"])
def test_ten_restarts_refuse_and_lose_no_delivery(tmp_path, surroundings, in_between):
    inbox_url = f"sqlite:///{tmp_path / 'inbox.sqlite'}"
    manager, numbers, lines = Manager(tmp_path, surroundings, "--inbox", inbox_url), itertools.count(), []
    process = manager.start()
    senders = [Sender(manager.port, numbers, keeps_connections=keeps) for keeps in (True, False)]
    outputs = [Output(process)]
    for sender in senders:
        sender.start()
    for _ in range(RESTARTS):
        before = [len(sender.sent) for sender in senders]
        wait_until(lambda: all(len(one.sent) > count for one, count in zip(senders, before, strict=True)))  # noqa: B023
        if in_between == "two at once":
            process, old = manager.start(), process
            outputs.append(Output(process))
            stop(old)
        else:
            stop(process)
            process = manager.start()
            outputs.append(Output(process))
    for sender in senders:
        sender.ended.set()
        sender.join(60)
    inbox = Inbox(inbox_url)
    wait_until(lambda: set(inbox.counts()) == {"delivered"})
    inbox.close()
    stop(process)
    manager.close()
    for output in outputs:
        output.join(60)
        lines += output.lines
    assert [sender.failures for sender in senders] == [[], []]
    delivered = sorted(json.loads(line)["data"]["event_ts"] - 1_720_707_175_000 for line in lines)
    assert delivered == sorted(number for sender in senders for number in sender.sent)  # each of them, and once


class Output(threading.Thread):
    """Reads what a process prints, so that it never waits for its reader."""

    def __init__(self, process):
        super().__init__()
        self.process, self.lines = process, []
        self.start()

    def run(self):
        with self.process.stdout as lines:
            self.lines += lines


def stop(process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0, process.stderr.read()
    process.stderr.close()


def test_a_socket_that_is_not_for_this_process_is_left_alone(tmp_path, cli):
    done = cli(
        "webhook", "serve", "--port", "0", "--inbox", "mysql://h/d",
        env={"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "ZOOM_WEBHOOK_SECRET_TOKEN": SECRET},
    )  # fmt: skip
    assert done.code == 2
    assert "does not name a supported database" in done.err


def test_the_public_secret_is_not_served_on_a_socket_that_others_reach(tmp_path, surroundings):
    with socket.create_server(("0.0.0.0", 0)) as listening:
        script = 'exec 3<&%d; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" -m connector webhook serve --sandbox'
        done = subprocess.run(
            ["bash", "-c", script % listening.fileno(), sys.executable],
            env=surroundings, cwd=tmp_path, pass_fds=[listening.fileno()], capture_output=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert b"does not listen on 0.0.0.0" in done.stderr
