"""Commands over rows that are kept in a database, in processes of their own, and a service that counts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support import private_postgres
from support.pace import PATIENCE
from support.servers import Counting, reply

from connector.runtime.bulk.shared_journal import SharedJournal
from connector.runtime.bulk.shared_results import count_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
HEADER = "email,firstName,lastName\n"


@dataclass(frozen=True)
class Ended:
    """A command that ended: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Its results."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def outcomes(self) -> dict[int, str]:
        """The outcome of each row; a row that is printed twice, or an error beside the rows, fails the test."""
        assert not self.out.startswith("{\n"), self.err
        rows = [line["row"] for line in self.lines]
        assert len(rows) == len(set(rows)), "a row has one result"
        return {line["row"]: line["outcome"] for line in self.lines}


class Commands:
    """Commands of one folder and one database, against one service; all of them end with the test."""

    def __init__(self, folder: Path, database: str, base_url: str) -> None:
        self.folder, self.database, self.base_url = folder, database, base_url
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ},
            "HOME": str(folder), "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "CONNECTOR_BULK": database,
            "ZOOM_ACCESS_TOKEN": "token-1", "ZOOM_BASE_URL": base_url,
        }  # fmt: skip
        self._started: list[subprocess.Popen[str]] = []

    def write_people(self, number: int, name: str = "rows.csv") -> None:
        """Write rows for createUser: u1@example.com and so on."""
        rows = "".join(f"u{place}@example.com,U,{place}\n" for place in range(1, number + 1))
        (self.folder / name).write_text(HEADER + rows, encoding="utf-8")

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command."""
        process = subprocess.Popen(
            [sys.executable, "-m", "connector", *words], cwd=self.folder, env={**self.environment, **environment},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._started.append(process)
        return process

    def start_creating(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """Start to create a user for each row."""
        return self.start("run", "createUser", "-f", "rows.csv", "-i", "userType=1", *words, **environment)

    def start_worker(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """Start a worker."""
        return self.start("bulk", "work", *words, **environment)

    def create(self, *words: str, **environment: str) -> Ended:
        """Create a user for each row."""
        return end(self.start_creating(*words, **environment))

    def bulk(self, *words: str) -> Ended:
        """Run another command of the group."""
        return end(self.start("bulk", *words))

    def count(self) -> dict[str, int]:
        """Return the rows of the only run by state."""
        with SharedJournal(self.database) as journal:
            return count_rows(journal, journal.choose_run(None)).by_state

    def status(self) -> dict[str, Any]:
        """Return the status of the only run, as the command tells it."""
        done = self.bulk("status", "--output", "json")
        assert done.code == 0, done.err
        return json.loads(done.out)[0]

    def close(self) -> None:
        """End what is running."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.communicate(timeout=PATIENCE)


def end(process: subprocess.Popen[str]) -> Ended:
    """Wait for a command."""
    out, err = process.communicate(timeout=PATIENCE)
    return Ended(process.returncode, out, err)


@pytest.fixture
def people() -> Iterator[Counting]:
    """A service that creates users and counts its requests."""
    with Counting(lambda request: reply(201, {"id": request.json()["user_info"]["email"]})) as server:
        yield server


@pytest.fixture
def on_sqlite(tmp_path: Path, people: Counting) -> Iterator[Commands]:
    """Commands whose rows are in SQLite."""
    commands = Commands(tmp_path, f"sqlite:///{tmp_path}/rows.db", people.url)
    yield commands
    commands.close()


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def commands(request: pytest.FixtureRequest, tmp_path: Path, people: Counting) -> Iterator[Commands]:
    """Commands whose rows are in either."""
    database = private_postgres.fresh() if request.param == "PostgreSQL" else f"sqlite:///{tmp_path}/rows.db"
    one = Commands(tmp_path, database, people.url)
    yield one
    one.close()
