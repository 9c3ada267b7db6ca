"""What is measured in a fresh process: memory over many pages, and what one more tenant takes."""

from __future__ import annotations

import gc
import os
import resource
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import httpx

from benchmarks import service
from benchmarks.listings import bare_pages
from connector import Client, Connection, Connector

TENANTS = 100
WARM = 30_000  # records, a tenth of the whole: by then every buffer is there


def held() -> float:
    """Return the memory this process holds, in MB."""
    gc.collect()
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def pages(kind: str, url: str) -> float:
    """Return the MB that reading every page adds after the first hundred."""
    with httpx.Client() as bare, Client(*_connected(), base_url=url) as ours:
        items = ours.items("listUsers") if kind == "items" else (one for page in bare_pages(bare, url) for one in page)
        before, most = 0.0, 0.0
        for number, _ in enumerate(items, 1):
            if number == WARM:
                before = held()
            elif number % WARM == 0:
                most = max(most, held())
    return most - before


def tenants(kind: str, url: str) -> str:
    """Return processor milliseconds and MB of one more tenant: a client that has sent a request and stays open."""
    connector, _ = _connected()
    with ExitStack() as stack:
        _tenant(stack, kind, connector, url)
        before, began = held(), time.process_time()
        for _ in range(TENANTS):
            _tenant(stack, kind, connector, url)
        took = time.process_time() - began
        return f"{took / TENANTS * 1000} {(held() - before) / TENANTS}"


def _tenant(stack: ExitStack, kind: str, connector: Connector, url: str) -> None:
    if kind == "bare":
        stack.enter_context(httpx.Client()).get(f"{url}/users").json()
        return
    connection = Connection(connector, "accessToken", accessToken=service.TOKEN)
    client = stack.enter_context(Client(connector, connection, base_url=url))
    if kind == "sent":
        client.run("getUser", {"userId": "me"})


def _connected() -> tuple[Connector, Connection]:
    connector = Connector.open()
    return connector, Connection(connector, "accessToken", accessToken=service.TOKEN)


if __name__ == "__main__":
    print({"pages": pages, "tenants": tenants}[sys.argv[1]](sys.argv[2], sys.argv[3]))
