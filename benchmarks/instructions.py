"""How many instructions a call and a start take: counts that neighbours on the machine hardly change.

Each figure is of a process under valgrind's callgrind; without valgrind there are no rows.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from benchmarks import calls, commands, listings, rounds
from benchmarks.rounds import Row
from connector import AsyncClient, Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.service import Service

FEW, MANY = 350, 450  # calls of two processes; their difference is of a warm one, which has read a megabyte of JSON
STARTS = {
    "--help": ("--help",),
    "list": ("list",),
    "run ACTION --dry-run": commands.COMMANDS["run ACTION --dry-run"][0],
    "run ACTION --sandbox": commands.COMMANDS["run ACTION --sandbox"][0],
}


def rows(server: Service, count: int) -> Iterator[Row]:
    """Count each once: two runs differ by less than a thousandth."""
    del count
    if not shutil.which("valgrind"):
        print("valgrind is not installed: no instructions are counted", file=sys.stderr)
        return
    per_call = {kind: _per_call(kind, server) for kind in CALLS if _is_installed(LIBRARY[kind])}
    for kind, (what, bare) in COMPARED.items():
        if kind in per_call:
            ratio, beside = per_call[kind] / per_call[bare], f"{BARE[bare]} {per_call[bare] / 1e3:,.0f} k"
            yield Row(f"instructions of {what}", f"{per_call[kind] / 1e3:,.0f} k", beside, ratio, "no goal of its own")
    python = _counted("-c", "")
    alone = _counted("-c", "import httpx") - python
    for name, words in STARTS.items():
        more = _counted("-m", "connector", *words) - python
        what, beside = f"instructions of connector {name}, above python", f"import httpx {alone / 1e6:,.0f} M"
        yield Row(what, f"{more / 1e6:,.0f} M", beside, more / alone, "no goal of its own")


def _per_call(kind: str, server: Service) -> float:
    few, many = (
        _counted("-m", "benchmarks.instructions", kind, str(count), server.url(pages=count)) for count in (FEW, MANY)
    )
    return (many - few) / (MANY - FEW)


def _is_installed(library: str) -> bool:
    return importlib.util.find_spec(library) is not None


def _counted(*arguments: str) -> float:
    """Return the instructions of a process of Python, all threads counted; its modules are compiled before."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        around = rounds.surroundings(PYTHONHASHSEED="0", XDG_STATE_HOME=folder, XDG_CACHE_HOME=f"{folder}/cache")
        around.pop("PYTHONDONTWRITEBYTECODE", None)
        python = [sys.executable, *arguments]
        callgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={os.devnull}", f"--log-file={log}"]
        for command in (python, [*callgrind, *python]):
            subprocess.run(command, check=True, env=around, cwd=rounds.ROOT, capture_output=True)
        found = re.search(r"Collected : (\d+)", log.read_text())
        assert found, "callgrind did not tell its count"
        return float(found[1])


def _own_work(count: int, url: str) -> None:
    client = Client(*calls.connected(), base_url=url, http=calls.Instant())
    for _ in range(count):
        client.run("createMeeting", calls.GIVEN)


def _run(count: int, url: str) -> None:
    with Client(*calls.connected(), base_url=url) as client:
        for _ in range(count):
            client.run("createMeeting", calls.GIVEN)


def _bare(count: int, url: str) -> None:
    with httpx.Client(headers=calls.signed()) as client:
        call = calls.bare_call(client, url)
        for _ in range(count):
            call()


def _run_pyreqwest(count: int, url: str) -> None:
    with Client(*calls.connected(), base_url=url, http="pyreqwest") as client:
        for _ in range(count):
            client.run("createMeeting", calls.GIVEN)


def _bare_pyreqwest(count: int, url: str) -> None:
    from pyreqwest.client import SyncClientBuilder

    target, body = calls.target_and_body(url)
    with SyncClientBuilder().default_headers(calls.signed()).build() as client:
        for _ in range(count):
            client.post(target).body_json(body).build().send().json()


def _run_at_once(count: int, url: str) -> None:
    async def run() -> None:
        async with AsyncClient(*calls.connected(), base_url=url, http="pyreqwest") as client:
            for _ in range(count // calls.AT_ONCE):
                await calls.run_together(client, calls.AT_ONCE)

    asyncio.run(run())


def _bare_at_once(count: int, url: str) -> None:
    from pyreqwest.client import ClientBuilder

    target, body = calls.target_and_body(url)

    async def run() -> None:
        async with ClientBuilder().default_headers(calls.signed()).build() as client:

            async def call() -> None:
                response = await client.post(target).body_json(body).build().send()
                await response.json()

            for _ in range(count // calls.AT_ONCE):
                await asyncio.gather(*(call() for _ in range(calls.AT_ONCE)))

    asyncio.run(run())


def _items(_: int, url: str) -> None:
    with Client(*calls.connected(), base_url=url) as client:
        for _item in client.items("listUsers"):
            pass


def _bare_pages(_: int, url: str) -> None:
    with httpx.Client() as client:
        for users in listings.bare_pages(client, url):
            for _user in users:
                pass


CALLS: dict[str, Callable[[int, str], None]] = {
    "own": _own_work,
    "run": _run,
    "bare": _bare,
    "run pyreqwest": _run_pyreqwest,
    "bare pyreqwest": _bare_pyreqwest,
    "run at once": _run_at_once,
    "bare at once": _bare_at_once,
    "items": _items,
    "bare pages": _bare_pages,
}
LIBRARY = {kind: "pyreqwest" if kind.endswith(("pyreqwest", "at once")) else "httpx" for kind in CALLS}
COMPARED = {  # what is counted, and what it is held against
    "own": ("a call, own work", "bare"),
    "run": ("Client.run", "bare"),
    "run pyreqwest": ("Client.run through pyreqwest", "bare pyreqwest"),
    "run at once": (f"AsyncClient.run through pyreqwest, {calls.AT_ONCE} at once", "bare at once"),
    "items": ("a page of items()", "bare pages"),
}
BARE = {
    "bare": "httpx call",
    "bare pyreqwest": "pyreqwest call",
    "bare at once": "pyreqwest call",
    "bare pages": "httpx + json",
}


if __name__ == "__main__":
    CALLS[sys.argv[1]](int(sys.argv[2]), sys.argv[3])
