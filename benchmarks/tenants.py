"""What one more tenant costs: a client of its own, made and then used, beside those that are open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import rounds
from benchmarks.rounds import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.service import Service


def rows(server: Service, count: int) -> Iterator[Row]:
    """Measure a hundred more tenants in fresh processes."""
    del count  # each figure is a mean over a hundred already
    url = server.secure_url() if server.certificate else server.url()
    found = {}
    for kind in ("made", "sent", "bare"):
        said = rounds.said("-m", "benchmarks.probe", "tenants", kind, url, SSL_CERT_FILE=server.certificate)
        found[kind] = tuple(map(float, said.split()))
    for kind, what, goal in (
        ("made", "a client for one more tenant", "at most 1 ms and 0.1 MB"),
        ("sent", "the same, with a first request sent", "no goal of its own"),
    ):
        ratio = found[kind][0] / found["bare"][0]
        yield Row(what, _shown(*found[kind]), f"httpx.Client and a request {_shown(*found['bare'])}", ratio, goal)


def _shown(milliseconds: float, megabytes: float) -> str:
    return f"{milliseconds:.2f} ms, {megabytes:.3f} MB"
