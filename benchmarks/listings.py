"""What a listing costs: records a second, reading ahead, memory."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import httpx

from benchmarks import rounds, service
from benchmarks.calls import connected
from benchmarks.rounds import Row
from connector import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGES = 100
SLOW_PAGES = 20
SLOW = 50  # milliseconds a page takes to come, and to be worked on


def rows(server: service.Service, count: int) -> Iterator[Row]:
    """Measure listings."""
    took = rounds.processor(_both(server.url(pages=PAGES), 0), count)
    yield Row(
        f"items(), {PAGES} pages of {service.PAGE}: records a second", f"{1 / took['items']:,.0f}",
        f"httpx + json {1 / took['bare']:,.0f}", took["bare"] / took["items"], "at least 1.3",
    )  # fmt: skip
    took = rounds.wall(_both(server.url(pages=SLOW_PAGES, delay=SLOW), SLOW / 1000), min(count, 3))
    yield Row(
        f"items() ahead, {SLOW} ms a page and {SLOW} ms of work: records a second", f"{1 / took['items']:,.0f}",
        f"one after another {1 / took['bare']:,.0f}", took["bare"] / took["items"], "at least 1.8",
    )  # fmt: skip
    yield _memory(server)


def bare_pages(client: httpx.Client, url: str) -> Iterator[list[Any]]:
    """Read the pages with the HTTP library and json, as one would by hand."""
    token = ""
    while True:
        query = {"page_size": "300", "status": "active", **({"next_page_token": token} if token else {})}
        data = json.loads(client.get(f"{url}/users", params=query).content)
        yield data["users"]
        token = data["next_page_token"]
        if not token:
            return


def _both(url: str, work: float) -> dict[str, Callable[[], int]]:
    """Return the two jobs, with a pause at the end of each page in place of work."""

    def ours() -> int:
        seen = 0
        with Client(*connected(), base_url=url) as client:
            for _ in client.items("listUsers"):
                seen += 1
                if work and seen % service.PAGE == 0:
                    time.sleep(work)
        return seen

    def bare() -> int:
        seen = 0
        with httpx.Client() as client:
            for users in bare_pages(client, url):
                for _ in users:
                    seen += 1
                if work:
                    time.sleep(work)
        return seen

    return {"items": ours, "bare": bare}


def _memory(server: service.Service) -> Row:
    url = server.url(pages=1000)
    grown = {kind: float(rounds.said("-m", "benchmarks.probe", "pages", kind, url)) for kind in ("items", "bare")}
    ours, bare = f"{grown['items']:.1f} MB", f"httpx + json {grown['bare']:.1f} MB"
    return Row("items() over 1,000 pages: memory it grows by", ours, bare, None, "at most 5 MB")
