"""Rows in a database that workers share: throughput against one process with a journal, and a storm of kills.

It needs the extra dbos, and BENCHMARK_POSTGRES: the URL of a database whose server has fifty free connections.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from benchmarks import rounds
from benchmarks.rounds import Row
from benchmarks.service import TOKEN, JsonHandler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.service import Service

ROWS = 3000
STORM_ROWS, WORKERS, KILLS = 10_000, 4, 3  # each of the workers is killed so often


class Creating:
    """A service on loopback that notes the topic of each meeting that it creates."""

    def __enter__(self) -> Self:
        self.topics: list[str] = []
        self._server = _Server(("127.0.0.1", 0), _handler(self.topics))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,)).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Say nothing of clients that are killed."""


def _handler(topics: list[str]) -> type[JsonHandler]:
    class Handler(JsonHandler):
        def do_POST(self) -> None:  # noqa: N802  the library names it
            topics.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["topic"])
            self.say(201, {"id": len(topics)})

    return Handler


class Command:
    """A command of the package in a process of its own."""

    def __init__(self, folder: Path, *words: str, **environment: str) -> None:
        around = rounds.surroundings(ZOOM_ACCESS_TOKEN=TOKEN, HOME=str(folder), **environment)
        self._out = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-m", "connector", *words], env=around, cwd=folder, stdout=self._out,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def lines(self) -> list[dict[str, Any]]:
        """Wait for its end and return its results."""
        self.process.wait()
        self._out.seek(0)
        return [json.loads(line) for line in self._out]


def rows(server: Service, count: int) -> Iterator[Row]:
    """Measure each number of workers once, and the storm once: they take minutes."""
    del count
    database = os.environ.get("BENCHMARK_POSTGRES")
    if not database or importlib.util.find_spec("dbos") is None:
        print("| shared bulk runs | not measured: they need BENCHMARK_POSTGRES and the extra dbos | | | |")
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))  # workers are processes: they use all cores
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        alone = _rate(folder, server.url(), 0, "")
        for workers in (1, 2, 4):
            shared = _rate(folder, server.url(), workers, database)
            yield Row(
                f"rows a second on PostgreSQL, workers: {workers}", f"{shared:,.0f}",
                f"one process with a journal {alone:,.0f}", shared / alone, "",
            )  # fmt: skip
        yield _storm(folder, database)


def _write(folder: Path, count: int) -> None:
    lines = [f"me,Survey {number}\n" for number in range(1, count + 1)]
    (folder / "rows.csv").write_text("userId,topic\n" + "".join(lines), encoding="utf-8")


def _rate(folder: Path, url: str, workers: int, database: str) -> float:
    """Return the rows a second, from the first result to the last; no workers means a journal in a file."""
    _write(folder, ROWS)
    place = {"CONNECTOR_BULK": database, "ZOOM_BASE_URL": url}
    others = [Command(folder, "bulk", "work", **place) for _ in range(workers - 1)]
    time.sleep(10 if others else 0)  # they have started when the rows come
    words = ("run", "createMeeting", "-f", "rows.csv", "--query", "id", "--journal", f"run-{secrets.token_hex(4)}")
    began = time.perf_counter()
    done = Command(folder, *words, **place).lines()
    took = time.perf_counter() - began
    for other in others:
        other.kill()
    assert Counter(line["outcome"] for line in done) == {"done": ROWS}
    return ROWS / took


def _storm(folder: Path, database: str) -> Row:
    """Kill each worker again and again at random moments; count results, and what was created twice."""
    _write(folder, STORM_ROWS)
    with Creating() as service:
        place = {"CONNECTOR_BULK": database, "ZOOM_BASE_URL": service.url}
        words = ("run", "createMeeting", "-f", "rows.csv", "--keep-going", "--journal", f"run-{secrets.token_hex(4)}")
        began = time.perf_counter()
        orders = [words, *[("bulk", "work")] * (WORKERS - 1)]
        running = [Command(folder, *order, **place) for order in orders]
        victims = [index for index in range(WORKERS) for _ in range(KILLS)]
        random.shuffle(victims)
        for turn, index in enumerate(victims, 1):
            wanted = STORM_ROWS * turn // (len(victims) + 2) + random.randint(0, 100)
            while len(service.topics) < wanted:
                time.sleep(0.002)
            running[index].process.send_signal(signal.SIGKILL)
            running[index].process.wait()
            running[index] = Command(folder, *orders[index], **place)
        done = running[0].lines()
        took = time.perf_counter() - began
        for one in running:
            one.kill()
        twice = sum(times > 1 for times in Counter(service.topics).values())
    outcomes = Counter(line["outcome"] for line in done)
    said = ", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.items())
    return Row(
        f"{STORM_ROWS:,} rows, {WORKERS} workers, each killed {KILLS} times: results",
        f"{len({line['row'] for line in done}):,} ({said})", f"created twice: {twice}; {took:.0f} s", None,
        f"{STORM_ROWS:,} results, none twice",
    )  # fmt: skip
