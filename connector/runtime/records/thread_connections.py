"""The connections that reads of the copy stay on: one for each thread, as to connect costs more than to read."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.exc import SQLAlchemyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from connector.runtime.database.database import Database

T = TypeVar("T")


class ThreadConnections:
    """Keeps a connection of a database open in each thread that reads.

    A forked child opens its own. One that was lost, or whose file was replaced, is opened anew.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._local = threading.local()

    def run(self, work: Callable[[Connection], T]) -> T:
        """Run work with this thread's connection. Raises StoreError."""
        connection = self._find()
        is_new = connection is None
        if connection is None:
            connection = self._open()
        try:
            with self._database.use_connection(connection):
                return self._database.run(work)
        except Exception:
            self.close()
            if is_new:
                raise
        return self.run(work)  # the server may have ended the old one

    def close(self) -> None:
        """Close this thread's connection; those of others end with their threads."""
        connection = self._find(stale=True)
        self._local.now = None
        if connection is not None:
            with contextlib.suppress(SQLAlchemyError):
                connection.close()

    def _find(self, *, stale: bool = False) -> Connection | None:
        pid, file_id, connection = getattr(self._local, "now", None) or (0, None, None)
        if pid != os.getpid() or connection is None:
            return None
        is_current = not connection.invalidated and file_id == self._database.identify_file()
        return connection if is_current or stale else None

    def _open(self) -> Connection:
        self.close()
        connection = self._database.open_connection()
        self._local.now = os.getpid(), self._database.identify_file(), connection
        return connection
