"""PostgreSQL, with session advisory locks, which the server releases when their holder dies."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import threading
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import URL, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from connector.runtime.database.database import BUSY_TIMEOUT, Database
from connector.runtime.files.locks import LOCK_DESCRIPTORS, ThreadLocks, build_lock_timeout_error, describe_process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from connector.errors import StoreError
    from connector.runtime.clock import Clock
    from connector.runtime.database.schema import Schema

_LOCK_NOT_AVAILABLE = "55P03"  # lock_timeout has passed
_RETRY_SECONDS = 0.1  # between two tries when the server has no free connection
_TOO_MANY_CONNECTIONS = ("too many clients", "remaining connection slots", "too many connections")
_KEEPALIVES = {
    "connect_timeout": 10, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds that sent data may stay without an answer of the other host
}  # fmt: skip
_SESSION_SETTINGS = text("""
    SELECT set_config(name, wanted, false) FROM pg_settings JOIN (VALUES
        ('application_name', CAST(:who AS text)), ('lock_timeout', CAST(:wait AS text)),
        ('statement_timeout', '0'), ('idle_session_timeout', '0'), ('client_connection_check_interval', '1000'),
        ('tcp_keepalives_idle', '10'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3')
    ) AS wishes (wish, wanted) ON name = wish
""")  # only settings of this server version; it notices a dead host within 30 s
_LOCK_STATEMENT = text("SELECT pg_advisory_lock(:number)")
_UNLOCK_STATEMENT = text("SELECT pg_advisory_unlock(:number)")
_HOLDER_QUERY = text("""
    SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND objsubid = 1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (CAST(classid AS bigint) << 32) | CAST(objid AS bigint) = :number
""")


class Postgres(Database):
    """A PostgreSQL database. A thread that holds a lock uses the locking connection for all its work.

    So a holder needs no second connection, even when waiters have taken all of them.
    """

    hints: ClassVar = {
        "53100": "The server's disk is full: free some space, then try again.",
        "25006": "The server is read-only: name the primary in the URL.",
        "42501": "Grant this user SELECT, INSERT, UPDATE and DELETE on the tables whose names begin with connector_.",
        "": "Check that the server can be reached, that the database is there, and the user and password in the URL.",
    }
    sync_commit_statement: ClassVar = text(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    )

    def __init__(self, url: URL, schema: Schema, clock: Clock) -> None:
        address = f"{url.host or ''}{f':{url.port}' if url.port else ''}/{url.database or ''}"
        self.display_url = f"postgresql://{address}"
        super().__init__(url.set(drivername="postgresql+psycopg"), schema, clock)
        self._thread_locks = ThreadLocks(self.display_url)  # so that one connection per process waits for a key

    def build_engine_options(self) -> dict[str, Any]:
        """Set keepalives to detect a silent server, unless the URL sets them."""
        keepalives = {name: value for name, value in _KEEPALIVES.items() if name not in self._url.query}
        return {"connect_args": {**keepalives, "prepare_threshold": None}}

    def read_error_code(self, error: BaseException) -> str:
        """Return the SQLSTATE, or an empty string when no server answered."""
        return str(getattr(error, "sqlstate", None) or "")

    def connect(self) -> Connection:
        """Return a new connection; wait up to BUSY_TIMEOUT while the server has none free."""
        return self._connect(self.clock.monotonic() + BUSY_TIMEOUT)

    @contextlib.contextmanager
    def hold(self, key: str, timeout: float) -> Iterator[None]:
        """Hold a key exclusively among all processes that share the database."""
        deadline = self.clock.monotonic() + timeout
        with self._thread_locks.hold(key, timeout):
            connection, descriptor = self._connect_and_lock(key, deadline, timeout)
            pid = os.getpid()
            try:
                with self.use_connection(connection):
                    yield
            finally:
                if os.getpid() == pid:  # a child that was forked meanwhile must not release its parent's lock
                    with contextlib.suppress(SQLAlchemyError):  # a lost connection has released it
                        connection.execute(_UNLOCK_STATEMENT, {"number": _compute_lock_number(key)})
                    _close_connection(connection, descriptor)

    def _connect_and_lock(self, key: str, deadline: float, timeout: float) -> tuple[Connection, int]:
        """Return a connection that holds a key, and its socket's descriptor."""
        store_error: StoreError
        try:
            connection = self._connect(deadline)
        except SQLAlchemyError as error:
            store_error = self.build_error(error)
        else:
            descriptor = LOCK_DESCRIPTORS.register(lambda: _get_descriptor(connection))
            try:
                self._lock(connection, key, deadline)
            except SQLAlchemyError as error:
                timed_out = self.read_error_code(getattr(error, "orig", error)) == _LOCK_NOT_AVAILABLE
                holder = self._find_holder(connection, key) if timed_out else ""
                store_error = (
                    build_lock_timeout_error(self.display_url, key, timeout, holder)
                    if timed_out
                    else self.build_error(error)
                )
                _close_connection(connection, descriptor)
            except BaseException:
                _close_connection(connection, descriptor)
                raise
            else:
                return connection, descriptor
        raise store_error

    def _lock(self, connection: Connection, key: str, deadline: float) -> None:
        timeout_ms = max(1, round((deadline - self.clock.monotonic()) * 1000))
        application_name = f"connector {os.getpid()} {socket.gethostname()}"
        connection.execute(_SESSION_SETTINGS, {"who": application_name[:60], "wait": f"{timeout_ms}ms"})
        connection.execute(_LOCK_STATEMENT, {"number": _compute_lock_number(key)})
        connection.execute(_SESSION_SETTINGS, {"who": application_name[:60], "wait": f"{round(BUSY_TIMEOUT)}s"})

    def _connect(self, deadline: float) -> Connection:
        while True:
            try:
                return self.get_engine().connect()
            except OperationalError as error:
                no_slot_free = any(phrase in str(error.orig) for phrase in _TOO_MANY_CONNECTIONS)
                if not no_slot_free or self.clock.monotonic() >= deadline:
                    raise
            self.clock.wait_or_stop(_RETRY_SECONDS, threading.Event())

    def _find_holder(self, connection: Connection, key: str) -> str:
        try:
            name = connection.scalar(_HOLDER_QUERY, {"number": _compute_lock_number(key)})
        except SQLAlchemyError:
            return ""
        match str(name or "").split(" ", 2):
            case [_, pid, host] if pid.isdecimal():
                return describe_process(int(pid), host)
        return ""


def _compute_lock_number(key: str) -> int:
    """Return the 64-bit number of a key's advisory lock."""
    digest = hashlib.sha256(b"connector_store\0" + key.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _get_descriptor(connection: Connection) -> int:
    """Return the descriptor of a connection's socket, or -1 when the server has closed it."""
    driver: Any = connection.connection.driver_connection
    try:
        return int(driver.fileno())
    except driver.Error:
        return -1


def _close_connection(connection: Connection, descriptor: int) -> None:
    LOCK_DESCRIPTORS.unregister(descriptor)
    with contextlib.suppress(SQLAlchemyError):
        connection.close()
