"""The copy of records: what keeping costs, how soon it answers, and how soon an event is in it.

Replies are answered at once, so that the copy alone is measured: lists of 300 meetings a page, on a disk that commits.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks import rounds, service
from benchmarks.rounds import Row
from connector import Client, Connection, Connector
from connector.core.response.reply import Reply
from connector.core.webhook.event import Event
from connector.runtime.records.event_keeper import EventKeeper
from connector.runtime.records.records import Records
from connector.runtime.sync.sync import Sync

if TYPE_CHECKING:
    from collections.abc import Iterator

MEETINGS = 100_000
ANSWERS = 500
EVENTS = 200
_MEETING = {
    "uuid": "a", "host_id": "ada", "type": 2, "start_time": "2027-01-15T08:00:00Z", "duration": 45,
    "timezone": "Europe/Lisbon", "join_url": "https://example.com/j/1", "agenda": "Plan the survey. " * 10,
}  # fmt: skip


class _Lists:
    """A transport that has one user, with so many meetings."""

    def __init__(self, meetings: int) -> None:
        self._meetings = meetings

    def send(self, request: Any, *_: Any) -> Reply:
        """Answer at once."""
        data: dict[str, Any] = {"id": "ada", "email": "ada@example.com"}
        if request.path == "/users":
            data = {"users": [data], "next_page_token": ""}
        elif request.path.endswith("/meetings"):
            start = int(dict(request.query).get("next_page_token") or 0)
            end = min(start + service.PAGE, self._meetings)
            items = [{"id": 9_000_000 + number, "topic": f"n {number}", **_MEETING} for number in range(start, end)]
            data = {"meetings": items, "next_page_token": "" if end == self._meetings else str(end)}
        return Reply(200, (("content-type", "application/json"),), json.dumps(data).encode())

    def close(self) -> None:
        """Close nothing."""


def rows(_: service.Service, count: int) -> Iterator[Row]:
    """Measure the copy in SQLite, and in PostgreSQL if BENCHMARK_POSTGRES names a database."""
    with tempfile.TemporaryDirectory() as folder:
        places = {"SQLite": f"sqlite:///{Path(folder) / 'records.sqlite'}"}
        if os.environ.get("BENCHMARK_POSTGRES"):
            places["PostgreSQL"] = os.environ["BENCHMARK_POSTGRES"]
        for name, url in places.items():
            with Records(url) as records:
                yield _answers(name, records, count)
                yield _events(name, records)
                yield _sync(name, records)


def open_client(records: Records | None, meetings: int = 0) -> Client:
    """Return a client of a service that answers at once and has so many meetings."""
    zoom = Connector.open()
    work = Connection(zoom, "accessToken", name="work", accessToken=service.TOKEN)
    return Client(zoom, work, http=_Lists(meetings), rate_limit=False, records=records)


def _answers(name: str, records: Records, count: int) -> Row:
    kept, asked = open_client(records), open_client(None)
    kept.run("getUser", {"userId": "ada"})

    def repeat(client: Client, **options: Any) -> int:
        for _ in range(ANSWERS):
            client.run("getUser", {"userId": "ada"}, **options)
        return ANSWERS

    took = rounds.wall({"kept": lambda: repeat(kept, max_age="1h"), "asked": lambda: repeat(asked)}, count)
    ours = f"{took['kept'] * 1e3:.2f} ms"
    return Row(f"a read that the copy answers, {name}", ours, f"own work of a call {took['asked'] * 1e3:.2f} ms",
               took["kept"] / took["asked"], "below 1 ms")  # fmt: skip


def _events(name: str, records: Records) -> Row:
    keeper, took = EventKeeper(records, Connector.open()), []
    for number in range(EVENTS):
        meeting = {"id": 5_000_000 + number, "host_id": "ada", "topic": "Standup"}
        event = Event("webhookReceiver", "meeting.created", None, "work", meeting, {}, b"", str(number), str(number))
        began = time.perf_counter()
        keeper(event)
        took.append(time.perf_counter() - began)
    return Row(f"an event is a record, {name}", f"{median(took) * 1e3:.1f} ms", "", None, "below 1 s")


def _sync(name: str, records: Records) -> Row:
    began = time.perf_counter()
    with open_client(None, MEETINGS) as client:
        read = sum(1 for _ in client.items("listMeetings", {"userId": "ada"}))
    alone = time.perf_counter() - began
    zoom = Connector.open()
    began = time.perf_counter()
    with open_client(records, MEETINGS) as client:
        Sync(zoom, records, ("meetings",)).run(client, "work", lambda _: None)
    took = time.perf_counter() - began
    return Row(f"{MEETINGS:,} meetings read into the copy, {name}: records a second", f"{read / took:,.0f}",
               f"items() alone {read / alone:,.0f}", took / alone, "at least 2,000 a second")  # fmt: skip
