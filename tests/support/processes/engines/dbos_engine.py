"""DBOS in this process, on SQLite or PostgreSQL."""

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from support import private_postgres

if TYPE_CHECKING:
    from pathlib import Path

    from connector import Event


class DbosEngine:
    """One launched runtime with a database of its own."""

    def __init__(self, database: str) -> None:
        from support.processes.engines import dbos_app

        self._app = dbos_app
        self.database = database
        dbos_app.launch(database)

    def start(self, action: str, given: dict[str, Any], **options: Any) -> Any:
        """Start an action; return its handle."""
        return self._app.DBOS.start_workflow(self._app.run_action, action, given, **options)

    def read_result(self, handle: Any) -> dict[str, Any]:
        """Wait for a result. Raises its ConnectorError."""
        return handle.get_result(polling_interval_sec=0.05)

    def cancel(self, handle: Any) -> None:
        """Cancel what waits for its next attempt."""
        self._app.DBOS.cancel_workflow(handle.workflow_id)

    def start_for_event(self, event: Event) -> Any:
        """Start what an event asks for."""
        from connector.integrations.dbos import start_for_event

        return start_for_event(event, self._app.read_user)

    def read_history(self) -> bytes:
        """Return all that the engine wrote down, with what it encoded decoded."""
        return b"\n".join(_decode(cell) for row in self._read_rows() for cell in row if cell is not None)

    def _read_rows(self) -> list[tuple]:
        if self.database.startswith("postgresql"):
            listed = (
                "select table_schema || '.' || table_name from information_schema.tables where table_schema = 'dbos'"
            )
            tables = private_postgres.execute(self.database, listed)
            return [
                row for (table,) in tables for row in private_postgres.execute(self.database, f"select * from {table}")
            ]
        with closing(sqlite3.connect(self.database.removeprefix("sqlite:///"))) as database:
            tables = database.execute("select name from sqlite_master where type = 'table'").fetchall()
            return [row for (table,) in tables for row in database.execute(f'select * from "{table}"')]

    def close(self) -> None:
        """End the runtime."""
        self._app.DBOS.destroy()


def start_engine(folder: Path, database: str) -> DbosEngine:
    """Launch a runtime with a new database."""
    return DbosEngine(private_postgres.fresh() if database == "PostgreSQL" else f"sqlite:///{folder}/dbos.sqlite")


def _decode(cell: Any) -> bytes:
    text = cell if isinstance(cell, bytes) else str(cell).encode()
    try:
        return text + b"\n" + base64.b64decode(text, validate=True)
    except ValueError:
        return text
