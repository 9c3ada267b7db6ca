"""Deliveries of a webhook: what judging one costs beside its HMAC, and how many a second are durable on one core.

The receiver runs behind uvicorn with an inbox in SQLite whose commits wait for the disk, in a process and on a core of
its own; fifty connections send it signed events of 2 KB from another, each its next one when it was answered. It is
held against the same receiver with one commit an event, and against the same server with an application that only
answers.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from benchmarks import rounds
from benchmarks.rounds import Row
from connector import Connector
from connector.runtime.webhooks.verify import verifier_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.service import Service

SECRET = "a-secret-of-no-service"
CONNECTIONS = 50
EVENTS = 20_000  # of one load; a first one of a tenth is not counted
ONE_EACH = 4_000  # of one where each has its own commit
JUDGED = 2_000  # deliveries of one batch


class Seen(NamedTuple):
    """What came of a load: events a second, the milliseconds that 99 of 100 answers took at most, and what one took.

    `spent` are microseconds of the server's processor time, all threads counted.
    """

    rate: float
    p99: float
    spent: float


def event(number: int) -> bytes:
    """Return the body of an event, about 2 KB."""
    thing = {
        "id": f"85{number:09}",
        "uuid": f"{number:022}==",
        "host_id": "8lzIwvZTSOqjndWPbPqzuA",
        "topic": "a" * 1700,
    }
    at = 1767225600000 + number
    payload = {"account_id": "VjZoEArIT5y-HlWxkV-tVA", "object": thing}
    return json.dumps({"event": "meeting.started", "event_ts": at, "payload": payload}).encode()


def rows(server: Service, count: int) -> Iterator[Row]:
    """Judge deliveries beside their HMAC alone, and load receivers in shuffled rounds."""
    del server  # it receives nothing
    yield _judging(count)
    loads = {"grouped": (0, EVENTS), "handled": (0, EVENTS), "each": (1, ONE_EACH), "bare": (0, EVENTS)}
    seen: dict[str, list[Seen]] = {name: [] for name in loads}
    for name in rounds.shuffled(loads, count):
        seen[name].append(_loaded(name, *loads[name]))
    got = {name: Seen(*(median(values) for values in zip(*found, strict=True))) for name, found in seen.items()}
    shown = {name: f"{one.rate:,.0f}, p99 {one.p99:.1f} ms, {one.spent:.0f} µs each" for name, one in got.items()}
    for name, other, what, beside, goal in (
        (
            "grouped",
            "each",
            "durable webhooks a second, one core",
            "one commit each",
            "at least 2.5; 10,000, p99 20 ms",
        ),
        ("handled", "each", "the same, each handled meanwhile", "one commit each", "no goal of its own"),
        (
            "grouped",
            "bare",
            "durable webhooks a second, one core",
            "its server alone, nothing judged or kept",
            "at least 0.45",
        ),
    ):
        yield Row(what, shown[name], f"{beside} {shown[other]}", got[name].rate / got[other].rate, goal)


def _judging(count: int) -> Row:
    scheme, body, now = verifier_for(Connector.open()), event(1), time.time()
    signed = scheme.sign(SECRET, int(now), body)
    headers = [("host", "example.com"), ("content-type", "application/json"), ("user-agent", "a"), *signed.items()]
    before = f"v0:{signed['x-zm-request-timestamp']}:".encode()

    def judged() -> int:
        for _ in range(JUDGED):
            scheme.verify([SECRET], headers, body, now)
        return JUDGED

    def alone() -> int:
        key, shown = SECRET.encode(), signed["x-zm-signature"]
        for _ in range(JUDGED):
            assert hmac.compare_digest("v0=" + hmac.new(key, before + body, "sha256").hexdigest(), shown)
        return JUDGED

    took = rounds.processor({"judged": judged, "alone": alone}, count)
    ours, theirs = (f"{took[name] * 1e6:.0f} µs" for name in ("judged", "alone"))
    return Row(
        "judging a delivery of 2 KB",
        ours,
        f"its HMAC alone {theirs}",
        took["judged"] / took["alone"],
        "no goal of its own",
    )


def _loaded(name: str, most_together: int, events: int) -> Seen:
    with tempfile.TemporaryDirectory() as folder:
        with _Child("serve", folder, str(most_together), name) as receiver:
            with _Child("load", receiver.said, str(events)) as load:
                rate, p99 = map(float, load.said.split())
            receiver.end()
        return Seen(rate, p99, float(receiver.said) / (events * 11 // 10) * 1e6)


class _Child:
    """This module in a process of its own; `said` is the line that it printed last."""

    def __init__(self, *words: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.webhooks", *words], text=True, cwd=rounds.ROOT,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=rounds.surroundings(),
        )  # fmt: skip

    def __enter__(self) -> Self:
        self._listen()
        return self

    def _listen(self) -> None:
        assert self._process.stdout is not None
        self.said = self._process.stdout.readline().strip()
        assert self.said, "a process of the benchmark ended"

    def end(self) -> None:
        """Let it end, and take what it says at last."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._listen()

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


def _serve(folder: str, most_together: str, name: str) -> None:
    """Serve a receiver until standard input ends; print its port, and at the end the processor time it took."""
    from connector.runtime.webhooks import inbox
    from connector.runtime.webhooks.receiver import Receiver
    from connector.runtime.webhooks.server import ReceiverServer, route_by_path

    if int(most_together):
        inbox.MAX_COMMIT_EVENTS = int(most_together)
    receiver = Receiver(Connector.open(), SECRET, inbox=f"sqlite:///{Path(folder) / 'inbox.db'}")
    if name == "handled":
        receiver.on("*")(_handled)  # else events are kept, and wait for one
    served = ReceiverServer(_bare if name == "bare" else route_by_path({"/": receiver}), "127.0.0.1", 0)
    print(served.url, flush=True)  # who connects before it accepts, waits
    threading.Thread(target=_end_with_input, args=(served,), daemon=True).start()
    began = time.process_time()
    served.run()
    receiver.inbox.close()
    print(time.process_time() - began, flush=True)


def _end_with_input(served: Any) -> None:
    sys.stdin.read()
    served.stop()


async def _handled(event: object) -> None:
    """Do nothing with an event."""


async def _bare(scope: Any, receive: Any, send: Any) -> None:
    """Read a body and answer."""
    if scope["type"] == "lifespan":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})


class _Sender(asyncio.Protocol):
    """One connection: it sends its next event when the one before was answered."""

    def __init__(self, waiting: list[bytes], took: list[float], done: asyncio.Future[None]) -> None:
        self.waiting, self.took, self.done = waiting, took, done

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        if not self.waiting:
            if not self.done.done():
                self.done.set_result(None)
            self.transport.close()
            return
        self.answer, self.began = b"", time.perf_counter()
        self.transport.write(self.waiting.pop())

    def data_received(self, data: bytes) -> None:
        self.answer += data
        if not self.answer.startswith(b"HTTP/1.1 200 "):
            self.done.set_exception(SystemExit(f"the receiver answered {data[:200]!r}"))
        if not self.answer.endswith(b"\r\n\r\n{}"):
            return
        self.took.append(time.perf_counter() - self.began)
        self.send()


async def _load(url: str, count: str) -> None:
    """Send events, and print how many a second were answered and the 99th percentile in milliseconds."""
    scheme, now = verifier_for(Connector.open()), int(time.time())
    requests = [_request(scheme.sign(SECRET, now, body), body) for body in map(event, range(int(count) * 11 // 10))]
    await _sent(url, requests[int(count) :])
    began = time.perf_counter()
    took = await _sent(url, requests[: int(count)])
    rate = len(took) / (time.perf_counter() - began)
    print(rate, quantiles(took, n=100)[98] * 1000, flush=True)


def _request(headers: dict[str, str], body: bytes) -> bytes:
    given = {"Host": "127.0.0.1", "Content-Type": "application/json; charset=utf-8", "User-Agent": "benchmark"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**given, **headers}.items())
    return f"POST / HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _sent(url: str, requests: list[bytes]) -> list[float]:
    loop, took = asyncio.get_running_loop(), list[float]()
    waits = [loop.create_future() for _ in range(CONNECTIONS)]
    for done in waits:
        await loop.create_connection(partial(_Sender, requests, took, done), "127.0.0.1", int(url.rpartition(":")[2]))
    await asyncio.gather(*waits)
    return took


if __name__ == "__main__":
    rounds.pinned(0 if sys.argv[1] == "serve" else 1)
    if sys.argv[1] == "serve":
        _serve(*sys.argv[2:])
    else:
        asyncio.run(_load(*sys.argv[2:]))
