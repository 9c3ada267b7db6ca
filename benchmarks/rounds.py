"""Measuring: shuffled rounds, medians, processor time; and what a fresh process costs."""

from __future__ import annotations

import gc
import os
import platform
import random
import re
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report: what was measured, ours, what it is held against, the ratio and the goal."""

    what: str
    ours: str
    baseline: str
    ratio: float | None
    goal: str


def print_head(count: int) -> None:
    """Print when and where these rounds are measured, and the head of a table of Markdown."""
    today = datetime.now(UTC).date()
    cores = f"{os.cpu_count()} cores, {platform.machine()}"
    libraries = ", ".join(f"{name} {version(name)}" for name in ("httpx", "pydantic"))
    print(f"{today}, Python {platform.python_version()}, {libraries}, {cores}, {count} rounds\n")
    print("| what | ours | held against | ratio | goal |\n|---|---|---|---|---|", flush=True)


def print_row(row: Row) -> None:
    """Print a row as soon as it is known."""
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    print(f"| {row.what} | {row.ours} | {row.baseline} | {ratio} | {row.goal} |", flush=True)


def processor(jobs: Mapping[str, Callable[[], int]], rounds: int) -> dict[str, float]:
    """Return the processor seconds of one unit of each job, all threads counted: the median of shuffled rounds.

    A job does a batch of work and returns how many units that was.
    """
    return _medians(jobs, rounds, time.process_time)


def wall(jobs: Mapping[str, Callable[[], int]], rounds: int) -> dict[str, float]:
    """Return the seconds on the wall of one unit of each job; only where waiting is what is measured."""
    return _medians(jobs, rounds, time.perf_counter)


def _medians(jobs: Mapping[str, Callable[[], int]], rounds: int, clock: Callable[[], float]) -> dict[str, float]:
    for job in jobs.values():
        job()
    seen: dict[str, list[float]] = {name: [] for name in jobs}
    for name in shuffled(jobs, rounds):
        gc.collect()
        began = clock()
        units = jobs[name]()
        seen[name].append((clock() - began) / units)
    return {name: median(values) for name, values in seen.items()}


def shuffled(names: Iterable[str], rounds: int) -> list[str]:
    """Return the names once a round, each round in another order."""
    order: list[str] = []
    for _ in range(rounds):
        order += random.sample(list(names), len(list(names)))
    return order


def fresh(commands: Mapping[str, list[str]], rounds: int, **environment: str) -> dict[str, float]:
    """Return the processor seconds of a fresh process for each command: the median of shuffled rounds."""
    for command in commands.values():
        _spent(command, environment)
    seen: dict[str, list[float]] = {name: [] for name in commands}
    for name in shuffled(commands, rounds):
        seen[name].append(_spent(commands[name], environment))
    return {name: median(values) for name, values in seen.items()}


def _spent(command: list[str], environment: Mapping[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _run(command, environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def said(*arguments: str, **environment: str) -> str:
    """Run Python with these arguments and return what it printed, on both streams."""
    return _run([sys.executable, *arguments], environment)


def _run(command: list[str], environment: Mapping[str, str]) -> str:
    around = surroundings(**environment)
    ran = subprocess.run(command, check=False, env=around, cwd=ROOT, capture_output=True, text=True)
    if ran.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {ran.returncode}:\n{ran.stderr}")
    return ran.stdout + ran.stderr


def imported(module: str, rounds: int) -> float:
    """Return the seconds that importing a module takes, as `-X importtime` counts: the median."""
    line = re.compile(rf"\|\s*(\d+) \|\s*{re.escape(module)}$", re.MULTILINE)
    found = [line.search(said("-X", "importtime", "-c", f"import {module}")) for _ in range(rounds)]
    return median(int(match[1]) for match in found if match) / 1e6


def peak() -> float:
    """Return the most memory that this process has held, in MB; ru_maxrss begins with that of the parent process."""
    try:
        line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def surroundings(**more: str) -> dict[str, str]:
    """Return the environment of a child: ours, with this checkout importable."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def pinned(core: int) -> None:
    """Stay on one core, where the system lets a process choose."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {core})
