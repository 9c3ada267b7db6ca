"""Processes that bring tables up to date, some of which are killed in the middle."""

from __future__ import annotations

import os
import signal
from typing import Any

from connector.runtime.database.driver import open_driver
from connector.runtime.database.schema import Schema

TABLE = "connector_notes"


def create(session: Any) -> None:
    """Create the table of the newest version."""
    session.execute(f"CREATE TABLE IF NOT EXISTS {TABLE} (id INTEGER PRIMARY KEY, body TEXT, stars INTEGER)")


def take_over(session: Any) -> None:
    """Change nothing: the first version is what programs without versions wrote."""


def add_stars(session: Any) -> None:
    """Add a column, and fill it from the rows that are there."""
    session.execute(f"ALTER TABLE {TABLE} ADD COLUMN stars INTEGER")
    session.execute(f"UPDATE {TABLE} SET stars = id * 10")


def add_stars_and_die(session: Any) -> None:
    """Die when all is done but the commit."""
    add_stars(session)
    os.kill(os.getpid(), signal.SIGKILL)


FIRST = Schema("notes", "the notes", (TABLE,), create, (take_over,))
SECOND = Schema("notes", "the notes", (TABLE,), create, (take_over, add_stars))
DEADLY = Schema("notes", "the notes", (TABLE,), create, (take_over, add_stars_and_die))


def migrate(pipe: Any, url: str, deadly: bool = False) -> Any:
    """Use the table when told to; return its rows."""
    database = open_driver(url, DEADLY if deadly else SECOND)
    pipe.send("ready")
    pipe.recv()
    return database.read(f"SELECT id, body, stars FROM {TABLE} ORDER BY id")
