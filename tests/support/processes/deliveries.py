"""Kill a busy receiver again and again, and count what happened to its deliveries."""

from __future__ import annotations

import itertools
import os
import random
import signal
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector import Connector, Receiver
from connector.runtime.webhooks.inbox import Inbox
from connector.runtime.webhooks.server import serve
from support.pace import wait_until
from support.processes.forked import Sibling
from support.receivers import SECRET, RawConnection, body, request

if TYPE_CHECKING:
    from pathlib import Path

SENDERS = 4
LONGEST = 0.25  # seconds that a receiver lives after its first answer


@dataclass
class Damage:
    """Effects of kills on deliveries; `forged` counts events that were handled but never sent."""

    kills: int = 0
    answered: int = 0
    cut: int = 0
    lost: int = 0
    again: int = 0
    forged: int = 0
    handled_unanswered: int = 0


def receive(pipe: Any, url: str, handled: str, ordered: bool) -> str:
    """Serve a receiver; write each handled event to a file, which outlives the process."""
    receiver = Receiver(Connector.open(), SECRET, inbox=url, ordered=ordered)
    out = os.open(handled, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    @receiver.on()
    def handler(event: Any) -> None:
        os.write(out, f"{event.data['event_ts']}\n".encode())

    serve(receiver, port=0, path="/hook", on_ready=lambda url: pipe.send(int(url.rpartition(":")[2])))
    receiver.inbox.close()
    return "ended"


class Senders:
    """Threads that send events one after another until the receiver is gone."""

    def __init__(self, numbers: itertools.count[int]) -> None:
        self._numbers = numbers
        self.sent: list[int] = []
        self.answered: list[int] = []
        self.cut = 0

    def storm(self, port: int) -> list[threading.Thread]:
        """Start to send; each thread ends with its connection."""
        threads = [threading.Thread(target=self._send, args=(port,)) for _ in range(SENDERS)]
        for one in threads:
            one.start()
        return threads

    def _send(self, port: int) -> None:
        under_way = False
        try:
            with RawConnection(port) as line:
                while True:
                    number = next(self._numbers)
                    raw = request(body(number, about=number % 7))
                    self.sent.append(number)
                    under_way = True
                    if line.ask(raw)[0] == 200:
                        self.answered.append(number)
                    under_way = False
        except (OSError, AssertionError):
            self.cut += under_way


def storm(url: str, handled: Path, kills: int, seed: int, *, ordered: bool = False) -> Damage:
    """Kill receivers at random moments under load, let the last one deliver everything, and compare."""
    chance, found, senders = random.Random(seed), Damage(), Senders(itertools.count())
    for _ in range(kills):
        victim = Sibling(receive, url, str(handled), ordered)
        before = len(senders.answered)
        threads = senders.storm(victim.hear(60.0))
        wait_until(lambda: len(senders.answered) > before or not any(one.is_alive() for one in threads))  # noqa: B023
        victim.process.join(chance.uniform(0, LONGEST))
        victim.kill()
        for one in threads:
            one.join(60.0)
        found.kills += 1
    last, inbox = Sibling(receive, url, str(handled), ordered), Inbox(url)
    last.hear(60.0)
    while set(now := inbox.counts()) != {"delivered"}:  # in order and with a long line before it, it may take its time
        wait_until(lambda: inbox.counts().get("delivered", 0) > now.get("delivered", 0))
    os.kill(last.pid, signal.SIGTERM)
    assert last.end() == "ended"
    stamps = Counter(int(line) - 1_720_707_175_000 for line in handled.read_text().split())
    found.answered, found.cut = len(senders.answered), senders.cut
    found.lost = len(set(senders.answered) - set(stamps))
    found.again = sum(times > 1 for times in stamps.values())
    found.forged = len(set(stamps) - set(senders.sent))
    found.handled_unanswered = len(set(stamps) - set(senders.answered))
    return found
