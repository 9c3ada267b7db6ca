"""How many instructions a call and a start take: counts that neighbours on the machine hardly change.

Each figure is of a process under valgrind's callgrind; without valgrind there are no rows.
"""

from __future__ import annotations

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
from connector import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.service import Service

FEW, MANY = 50, 150  # calls of two processes; their difference is without the start
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
    per_call = {kind: (_of_calls(kind, MANY, server) - _of_calls(kind, FEW, server)) / (MANY - FEW) for kind in CALLS}
    bare = f"httpx call {per_call['bare'] / 1e3:,.0f} k"
    for kind, what in (("own", "instructions of a call, own work"), ("run", "instructions of Client.run")):
        yield Row(what, f"{per_call[kind] / 1e3:,.0f} k", bare, per_call[kind] / per_call["bare"], "no goal of its own")
    bare = f"httpx + json {per_call['pages'] / 1e3:,.0f} k"
    what = "instructions of a page of items()"
    yield Row(
        what, f"{per_call['items'] / 1e3:,.0f} k", bare, per_call["items"] / per_call["pages"], "no goal of its own"
    )
    python = _counted("-c", "")
    alone = _counted("-c", "import httpx") - python
    for name, words in STARTS.items():
        more = _counted("-m", "connector", *words) - python
        what, beside = f"instructions of connector {name}, above python", f"import httpx {alone / 1e6:,.0f} M"
        yield Row(what, f"{more / 1e6:,.0f} M", beside, more / alone, "no goal of its own")


def _of_calls(kind: str, count: int, server: Service) -> float:
    return _counted("-m", "benchmarks.instructions", kind, str(count), server.url(pages=count))


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


def _items(_: int, url: str) -> None:
    with Client(*calls.connected(), base_url=url) as client:
        for _item in client.items("listUsers"):
            pass


def _pages(_: int, url: str) -> None:
    with httpx.Client() as client:
        for users in listings.bare_pages(client, url):
            for _user in users:
                pass


CALLS: dict[str, Callable[[int, str], None]] = {
    "own": _own_work, "run": _run, "bare": _bare, "items": _items, "pages": _pages,
}  # fmt: skip


if __name__ == "__main__":
    CALLS[sys.argv[1]](int(sys.argv[2]), sys.argv[3])
