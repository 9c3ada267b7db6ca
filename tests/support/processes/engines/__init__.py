"""Workflow engines under one contract: each is started, given work and searched for secrets in the same way.

A module `<name>_engine` here has `start_engine(folder, database)`, which returns a running engine with `start`,
`read_result`, `cancel`, `start_for_event`, `read_history` and `close`; `<name>_app` is what its workers import.
"""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# Prefect leaves clients of its own open, such as the one that asks the server for the place of results.
OPEN_CLIENTS = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


@dataclass(frozen=True, slots=True)
class EngineKind:
    """An engine, the package that it comes in, and where it keeps its work, if there is a choice."""

    name: str
    package: str
    database: str = ""

    def __str__(self) -> str:
        return f"{self.name} on {self.database}" if self.database else self.name

    def is_installed(self) -> bool:
        """Whether its package is."""
        return importlib.util.find_spec(self.package) is not None

    def start(self, folder: Path) -> Any:
        """Start one whose files are in a folder."""
        module = importlib.import_module(f"support.processes.engines.{self.name}_engine")
        return module.start_engine(folder, self.database)


KINDS = [
    EngineKind("dbos", "dbos", "SQLite"),
    EngineKind("dbos", "dbos", "PostgreSQL"),
    EngineKind("temporal", "temporalio", "SQLite"),
    EngineKind("airflow", "airflow", "SQLite"),
    EngineKind("prefect", "prefect", "SQLite"),
    EngineKind("dagster", "dagster", "SQLite"),
    EngineKind("celery", "celery", "Redis"),
]
INSTALLED = [kind for kind in KINDS if kind.is_installed()]
