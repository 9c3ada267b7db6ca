"""What rows cost: each against the same calls from as many threads; and memory, of few rows and of many."""

from __future__ import annotations

import csv
import itertools
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import rounds, service
from benchmarks.calls import connected
from benchmarks.rounds import Row
from connector import Client
from connector.core.bulk.columns import ColumnMapping
from connector.runtime.bulk.journal import Journal
from connector.runtime.bulk.row_reader import RowReader
from connector.runtime.bulk.runner import DEFAULT_CONCURRENCY, BulkOptions, run_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BATCH = 400
FEW, MANY = 100_000, 1_000_000
NAMES = ("userId", "topic", "startTime", "duration")
_DRY = """
import os, sys
from benchmarks import rounds
from connector.cli.main import run
sys.stdout = open(os.devnull, "w")
code = run(["run", "getUser", "-f", sys.argv[1], "--dry-run"])
sys.stderr.write(f"{code} {rounds.peak()}")
"""


def rows(server: service.Service, count: int) -> Iterator[Row]:
    """Measure rows that are sent, and rows that are only shown."""
    with tempfile.TemporaryDirectory() as folder, Client(*connected(), base_url=server.url()) as client:
        path = Path(folder) / "rows.csv"
        write_rows(path, BATCH)
        jobs = _jobs(client, path)
        took = rounds.processor(jobs, count)
        yield _against("a row, noted in a journal: processor time", took, 1e6, "µs")
        took = rounds.wall(jobs, count)
        yield Row(
            f"rows a second, {DEFAULT_CONCURRENCY} at once, noted in a journal", f"{1 / took['rows']:,.0f}",
            f"a loop of client.run {1 / took['loop']:,.0f}", took["rows"] / took["loop"], "",
        )  # fmt: skip
        yield _memory(path)


def send_rows(client: Client, path: Path, count: int, kept: Path) -> None:
    """Make a meeting of each row of a file of so many, noted in a journal."""
    columns = ColumnMapping(client.connector.action("createMeeting"), {}, {}, client.connector.choices)
    with path.open("rb") as file, Journal(kept, {}, lambda: count) as journal:
        source = RowReader(path.name, file, "csv", columns)
        done = run_rows(
            client, "createMeeting", source.read_rows(), journal=journal, options=BulkOptions(DEFAULT_CONCURRENCY)
        )
        assert sum(one.outcome == "done" for one in done) == count


def write_rows(path: Path, count: int) -> None:
    """Write a file of so many rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(NAMES)
        writer.writerows(_row(place) for place in range(count))


def _jobs(client: Client, path: Path) -> dict[str, Callable[[], int]]:
    turn = itertools.count()
    given = [dict(zip(NAMES, _row(place), strict=True)) for place in range(BATCH)]

    def ours() -> int:
        send_rows(client, path, BATCH, path.with_name(f"{next(turn)}.journal"))
        return BATCH

    def loop() -> int:
        with ThreadPoolExecutor(DEFAULT_CONCURRENCY) as threads:
            for _ in threads.map(lambda one: client.run("createMeeting", one), given):
                pass
        return BATCH

    return {"rows": ours, "loop": loop}


def _against(what: str, took: dict[str, float], unit: float, name: str) -> Row:
    ours, loop = took["rows"] * unit, took["loop"] * unit
    return Row(what, f"{ours:.0f} {name}", f"a loop of client.run {loop:.0f} {name}", ours / loop, "at most 1.3")


def _memory(path: Path) -> Row:
    """Compare the most memory of a fresh process over few rows and over many."""
    grown = {}
    for rows_ in (FEW, MANY):
        with path.open("w", encoding="utf-8") as file:
            file.write("userId\n")
            file.writelines(f"user-{place}\n" for place in range(rows_))
        code, megabytes = rounds.said("-c", _DRY, str(path)).split()[-2:]
        assert code == "0"
        grown[rows_] = float(megabytes)
    more = grown[MANY] - grown[FEW]
    return Row(
        f"memory of {MANY:,} rows, checked and shown", f"{grown[MANY]:.0f} MB",
        f"of {FEW:,} {grown[FEW]:.0f} MB", None, f"at most 30 MB more ({more:+.1f})",
    )  # fmt: skip


def _row(place: int) -> list[Any]:
    return ["me", f"Harbour survey {place}", "2030-03-05T14:00:00Z", 30 + place % 60]
