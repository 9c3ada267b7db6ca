"""What one more costs as there are more: actions, tenants, pages, rows, events that wait, records.

`python -m benchmarks growth` measures each size in a process of its own and prints a row a line. The ratio
is the slope: 0 where one more costs the same at every size, 1 where it costs as much more as there are.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import sys
import tempfile
import time
from concurrent.futures import wait
from contextlib import ExitStack
from dataclasses import dataclass, replace
from math import log10
from pathlib import Path
from statistics import linear_regression, median
from typing import TYPE_CHECKING

from benchmarks import bulk, commands, picture, records, rounds, service, webhooks
from benchmarks.calls import connected
from benchmarks.rounds import Row
from connector import Client, Connector
from connector.cli.main import run
from connector.core.webhook.event import Event
from connector.runtime.records.records import Records
from connector.runtime.sync.sync import Sync
from connector.runtime.webhooks.inbox import Inbox

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BATCH = 200  # how many more are measured at each size, where one alone is too quick
TRIGGER = "webhookReceiver"


@dataclass(frozen=True, slots=True)
class Line:
    """How the cost of one more grows: `measure(folder, size)` returns its processor seconds, in a fresh process."""

    one_more: str
    among: str
    sizes: tuple[int, ...]
    measure: Callable[[Path, int], float]


@dataclass(frozen=True, slots=True)
class Point:
    """What one more costs at a size: microseconds of the processor, and the most memory of the process in MB."""

    size: int
    microseconds: float
    megabytes: float


def _open_and_check(folder: Path, size: int) -> float:
    """Open a folder of so many actions and check one call of one of them."""
    path = commands.write_many(folder / "connector", size)
    given = {"userId": "me", "topic": "Standup"}
    Client(Connector.open()).dry_run("createMeeting", given)  # what the first call of a process imports
    began = time.process_time()
    Client(Connector.open(path)).dry_run("createMeeting", given)
    return time.process_time() - began


def _list_actions(folder: Path, size: int) -> float:
    """List a folder of so many actions; what is returned is for one of them."""
    words = ["--connector", str(commands.write_many(folder / "connector", size)), "list"]
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        run(["list"])  # what the first one imports
        began = time.process_time()
        assert run(words) == 0
    return (time.process_time() - began) / size


def _add_tenants(_: Path, size: int) -> float:
    with ExitStack() as stack, service.Service() as server:

        def add(count: int) -> None:
            for _ in range(count):
                stack.enter_context(Client(*connected(), base_url=server.url())).run("getUser", {"userId": "me"})

        add(size)
        began = time.process_time()
        add(BATCH)
        return (time.process_time() - began) / BATCH


def _read_pages(_: Path, size: int) -> float:
    with service.Service() as server, Client(*connected(), base_url=server.url(pages=size)) as client:
        client.run("getUser", {"userId": "me"})  # what the first call imports
        began = time.process_time()
        seen = sum(1 for _ in client.items("listUsers"))
        assert seen == size * service.PAGE
        return (time.process_time() - began) / size


def _send_rows(folder: Path, size: int) -> float:
    path = folder / "rows.csv"
    bulk.write_rows(path, size)
    with service.Service() as server, Client(*connected(), base_url=server.url()) as client:
        client.run("getUser", {"userId": "me"})
        began = time.process_time()
        bulk.send_rows(client, path, size, folder / "rows.journal")
        return (time.process_time() - began) / size


def _keep_and_deliver(folder: Path, size: int) -> float:
    """Accept events while so many wait, and settle as many of the oldest."""
    numbers = itertools.count(1)
    inbox = Inbox(f"sqlite:///{folder / 'inbox.db'}")

    def accept() -> None:
        wait([inbox.put(_event(next(numbers)), TRIGGER) for _ in range(BATCH)])

    for _ in range(size // BATCH):
        accept()
    began = time.process_time()
    accept()
    wait([inbox.update_state(replace(stored, state="delivered")) for stored in inbox.read_due(TRIGGER, BATCH)])
    took = time.process_time() - began
    inbox.close()
    return took / BATCH


def _answer_from_records(folder: Path, size: int) -> float:
    with Records(f"sqlite:///{folder / 'records.db'}") as kept, records.open_client(kept, size) as client:
        Sync(Connector.open(), kept, ("meetings",)).run(client, "work", lambda _: None)
        client.run("getUser", {"userId": "ada"})
        began = time.process_time()
        for _ in range(BATCH):
            client.run("getUser", {"userId": "ada"}, max_age="1h")
        return (time.process_time() - began) / BATCH


def _event(number: int) -> Event:
    key = str(number)
    return Event(TRIGGER, "meeting.started", None, "work", {}, {}, webhooks.event(number), key, key)


LINES = {
    "actions": Line("a call of one action, from opening the folder", "actions", (22, 100, 1000, 5000), _open_and_check),
    "list": Line("an action listed", "actions", (22, 100, 1000, 5000), _list_actions),
    "tenants": Line("a tenant's client and its first call", "tenants", (1, 10, 100, 1000), _add_tenants),
    "pages": Line("a page of 300 read", "pages", (10, 100, 1000), _read_pages),
    "rows": Line("a row sent and noted", "rows", (100, 1000, 10_000), _send_rows),
    "events": Line(
        "an event accepted and settled", "events that wait", (200, 2000, 20_000, 100_000), _keep_and_deliver
    ),
    "records": Line("a read answered by the copy", "records", (1000, 10_000, 100_000), _answer_from_records),
}


def measured(name: str, count: int) -> list[Point]:
    """Return a point for each size of a line: the median of so many processes."""
    points = []
    for size in LINES[name].sizes:
        said = [rounds.said("-m", "benchmarks.growth", name, str(size)).split() for _ in range(count)]
        seconds, megabytes = (median(map(float, figures)) for figures in zip(*said, strict=True))
        points.append(Point(size, seconds * 1e6, megabytes))
    return points


def slope(points: list[Point]) -> float:
    """Return by which power of the size the cost of one more grows."""
    return linear_regression(*zip(*((log10(one.size), log10(one.microseconds)) for one in points), strict=True)).slope


def _row(name: str, points: list[Point]) -> Row:
    costs = ", ".join(f"{one.microseconds:,.0f} µs" for one in points)
    sizes = ", ".join(f"{one.size:,}" for one in points)
    memory = f"{points[0].megabytes:.0f} to {points[-1].megabytes:.0f} MB"
    return Row(f"{LINES[name].one_more}, of {sizes} {LINES[name].among}", f"{costs}; {memory}", "", slope(points), "0")


def main(arguments: Sequence[str]) -> None:
    """Measure each line, print its row, and draw them all where a file for the picture is named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks growth", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="processes of each size (3)")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="an SVG file to draw; needs the extra bench")
    asked = parser.parse_args(arguments)
    rounds.print_head(asked.rounds)
    lines: dict[str, list[Point]] = {}
    for name in LINES:
        lines[name] = measured(name, asked.rounds)
        rounds.print_row(_row(name, lines[name]))
    if asked.picture:
        picture.draw([(LINES[name], points, slope(points)) for name, points in lines.items()], asked.picture)


def _measure_here(name: str, size: str) -> None:
    """Print the processor seconds that one more costs at a size, and the most memory of this process in MB."""
    with tempfile.TemporaryDirectory() as folder:
        seconds = LINES[name].measure(Path(folder), int(size))
    print(seconds, rounds.peak())


if __name__ == "__main__":
    rounds.pinned(0)
    _measure_here(*sys.argv[1:])
