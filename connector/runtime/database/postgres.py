"""PostgreSQL as a store: advisory locks of a session, which the server frees when their holder dies."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import threading
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import URL, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from connector.runtime.database.database import PATIENCE, Database
from connector.runtime.files.locks import HELD, ThreadLocks
from connector.runtime.storage.store import busy, process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Table

    from connector.errors import StoreError
    from connector.runtime.clock import Clock

_TOO_LATE = "55P03"  # lock_not_available: lock_timeout has passed
_RETRY = 0.1  # seconds between two tries when the server has no connection free
_NO_ROOM = ("too many clients", "remaining connection slots", "too many connections")
_ALIVE = {"connect_timeout": 10, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
_SESSION = text("""
    SELECT set_config(name, wanted, false) FROM pg_settings JOIN (VALUES
        ('application_name', CAST(:who AS text)), ('lock_timeout', CAST(:wait AS text)),
        ('statement_timeout', '0'), ('idle_session_timeout', '0'), ('client_connection_check_interval', '1000'),
        ('tcp_keepalives_idle', '10'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3')
    ) AS wishes (wish, wanted) ON name = wish
""")  # only what this server knows; the server learns of a dead host within half a minute
_LOCK = text("SELECT pg_advisory_lock(:number)")
_UNLOCK = text("SELECT pg_advisory_unlock(:number)")
_HOLDER = text("""
    SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND objsubid = 1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (CAST(classid AS bigint) << 32) | CAST(objid AS bigint) = :number
""")


class Postgres(Database):
    """A database of a server. A thread that holds a lock reads and writes over the connection that holds it.

    So a holder needs no second connection, and comes through even where the waiting have taken all there are.
    """

    hints: ClassVar = {
        "53100": "The server's disk is full: free some space, then try again.",
        "25006": "The server takes no writes now: name the primary in the URL.",
        "42501": "Grant this user SELECT, INSERT, UPDATE and DELETE on the tables that begin with connector_.",
        "28P01": "Look at the user and the password of the URL.",
        "28000": "Look at the user of the URL, and at the server's pg_hba.conf.",
        "3D000": "Make the database, or name another in the URL.",
        "": "Look whether the server runs and can be reached from here, and at user and password of the URL.",
    }
    durable: ClassVar = text(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    )

    def __init__(self, url: URL, table: Table, clock: Clock) -> None:
        place = f"{url.host or ''}{f':{url.port}' if url.port else ''}/{url.database or ''}"
        self.shown = f"postgresql://{place}"
        super().__init__(url.set(drivername="postgresql+psycopg"), table, clock)
        self._waiting = ThreadLocks(self.shown)  # one connection a process waits for a key, not one a thread

    def options(self) -> dict[str, Any]:
        """Give up on a server that is silent, unless the URL says otherwise."""
        alive = {name: value for name, value in _ALIVE.items() if name not in self._url.query}
        return {"connect_args": {**alive, "prepare_threshold": None}}

    def code(self, error: BaseException) -> str:
        """Return the SQLSTATE, or an empty text when there was no server to give one."""
        return str(getattr(error, "sqlstate", None) or "")

    def connect(self) -> Connection:
        """Return a new connection; waits a while for one when the server has none free."""
        return self._connect(self.clock.monotonic() + PATIENCE)

    @contextlib.contextmanager
    def hold(self, key: str, timeout: float) -> Iterator[None]:
        """Hold a key alone among all who share the database."""
        until = self.clock.monotonic() + timeout
        with self._waiting.hold(key, timeout):
            connection, handle = self._locked(key, until, timeout)
            pid = os.getpid()
            try:
                with self.pin(connection):
                    yield
            finally:
                if os.getpid() == pid:  # in a child that was forked meanwhile the lock is the parent's
                    with contextlib.suppress(SQLAlchemyError):  # a lost connection has freed it
                        connection.execute(_UNLOCK, {"number": _number(key)})
                    _close(connection, handle)

    def _locked(self, key: str, until: float, timeout: float) -> tuple[Connection, int]:
        """Return a connection that holds a key, and its socket."""
        failed: StoreError
        try:
            connection = self._connect(until)
        except SQLAlchemyError as error:
            failed = self.failure(error)
        else:
            handle = HELD.take(lambda: _socket(connection))
            try:
                self._lock(connection, key, until)
            except SQLAlchemyError as error:
                late = self.code(getattr(error, "orig", error)) == _TOO_LATE
                holder = self._holder(connection, key) if late else ""
                failed = busy(self.shown, key, timeout, holder) if late else self.failure(error)
                _close(connection, handle)
            except BaseException:
                _close(connection, handle)
                raise
            else:
                return connection, handle
        raise failed

    def _lock(self, connection: Connection, key: str, until: float) -> None:
        left = max(1, round((until - self.clock.monotonic()) * 1000))
        who = f"connector {os.getpid()} {socket.gethostname()}"
        connection.execute(_SESSION, {"who": who[:60], "wait": f"{left}ms"})
        connection.execute(_LOCK, {"number": _number(key)})
        connection.execute(_SESSION, {"who": who[:60], "wait": f"{round(PATIENCE)}s"})

    def _connect(self, until: float) -> Connection:
        while True:
            try:
                return self.engine().connect()
            except OperationalError as error:
                full = any(words in str(error.orig) for words in _NO_ROOM)
                if not full or self.clock.monotonic() >= until:
                    raise
            self.clock.wait(_RETRY, threading.Event())

    def _holder(self, connection: Connection, key: str) -> str:
        try:
            name = connection.scalar(_HOLDER, {"number": _number(key)})
        except SQLAlchemyError:
            return ""
        words = str(name or "").split(" ", 2)
        return process(int(words[1]), words[2]) if len(words) == 3 and words[1].isdecimal() else ""  # noqa: PLR2004


def _number(key: str) -> int:
    """Return a key as the number of its advisory lock, of 64 bits."""
    digest = hashlib.sha256(b"connector_store\0" + key.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _socket(connection: Connection) -> int:
    """Return the descriptor of a connection's socket, or -1 when the server has cut it already."""
    driver: Any = connection.connection.driver_connection
    try:
        return int(driver.fileno())
    except driver.Error:
        return -1


def _close(connection: Connection, handle: int) -> None:
    HELD.drop(handle)
    with contextlib.suppress(SQLAlchemyError):
        connection.close()
