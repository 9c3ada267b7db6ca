"""What a download costs beside the HTTP library's own streaming, and the memory it grows by.

Each measurement is a fresh process, `python -m benchmarks.downloads KIND URL`, which prints processor seconds, seconds
on the wall and the MB it grew by while the file came.
"""

from __future__ import annotations

import hashlib
import os
import resource
import socket
import sys
import tempfile
import threading
import time
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks import rounds
from benchmarks.rounds import Row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection as Pipe

    from benchmarks.service import Service

LARGE, SMALL = 1000, 50  # MB
MOST_ROUNDS = 5
_PIECE = 1 << 20
KINDS = ("ours", "httpx to a file, hashed", "httpx, thrown away")


def rows(_: Service, count: int) -> Iterator[Row]:
    """Measure downloads."""
    ours, theirs = get_context("spawn").Pipe()
    server = get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{ours.recv()}"
    try:
        seen: dict[str, list[list[float]]] = {kind: [] for kind in KINDS}
        for kind in rounds.shuffled(KINDS, min(count, MOST_ROUNDS)):
            seen[kind].append(_measured(kind, f"{url}/{LARGE}"))
        small = _measured("ours", f"{url}/{SMALL}")
    finally:
        server.terminate()
        server.join()
    speed = {kind: LARGE / median(one[0] for one in ones) for kind, ones in seen.items()}
    for kind in KINDS[1:]:
        yield Row(
            f"download of {LARGE} MB: MB a second of processor time", f"{speed['ours']:,.0f}",
            f"{kind} {speed[kind]:,.0f}", speed["ours"] / speed[kind], "at least 0.9" if "hashed" in kind else "",
        )  # fmt: skip
    grown = max(one[2] for one in seen["ours"])
    yield Row(
        f"download of {LARGE} MB: memory it grows by",
        f"{grown:.1f} MB",
        f"{SMALL} MB: {small[2]:.1f} MB",
        None,
        "at most 8 MB",
    )


def _measured(kind: str, url: str) -> list[float]:
    return [float(one) for one in rounds.said("-m", "benchmarks.downloads", kind, url).split()]


def _serve(pipe: Pipe) -> None:
    """Serve files of as many MB as the path says, from another core."""
    rounds.pinned(1)
    piece = os.urandom(_PIECE)
    listening = socket.create_server(("127.0.0.1", 0))
    pipe.send(listening.getsockname()[1])
    while True:
        accepted, _ = listening.accept()
        threading.Thread(target=_send, args=(accepted, piece), daemon=True).start()


def _send(accepted: socket.socket, piece: bytes) -> None:
    with accepted:
        head = accepted.recv(65_536)
        while head:
            size = int(head.split(b" ")[1].rpartition(b"/")[2])
            said = f'HTTP/1.1 200 OK\r\nETag: "{size}"\r\nContent-Type: video/mp4\r\n'
            accepted.sendall(f"{said}Content-Length: {size * _PIECE}\r\n\r\n".encode())
            for _ in range(size):
                accepted.sendall(piece)
            head = accepted.recv(65_536)


def probe(kind: str, url: str) -> str:
    """Download once to warm up and once measured."""
    base, _, size = url.rpartition("/")
    with tempfile.TemporaryDirectory() as folder:
        _download(kind, f"{base}/1", Path(folder) / "warm")
        before, began, clock = _peak(), time.process_time(), time.perf_counter()
        _download(kind, f"{base}/{size}", Path(folder) / "file")
        return f"{time.process_time() - began} {time.perf_counter() - clock} {_peak() - before}"


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _download(kind: str, url: str, path: Path) -> None:
    import httpx

    from connector import Client, Connection, Connector

    if kind == "ours":
        connector = Connector.open()
        connection = Connection(connector, "accessToken", accessToken="a-token-of-no-service")
        with Client(connector, connection, base_url=url.rpartition("/")[0]) as client:
            client.download(url, path)
        return
    with httpx.stream("GET", url) as response:
        if kind == KINDS[2]:
            for _ in response.iter_raw():
                pass
            return
        digest = hashlib.sha256()
        with path.open("wb") as file:
            for part in response.iter_raw():
                digest.update(part)
                file.write(part)
            os.fsync(file.fileno())


if __name__ == "__main__":
    rounds.pinned(0)
    print(probe(*sys.argv[1:]))
