"""Processes that call with a connection of a shared store: in rounds on a given clock, or once."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from connector import Client, Connection, Connector
from connector.errors import ConnectorError
from connector.runtime.storage.open import open_store
from support.processes.forked import become
from support.servers import GivenClock

if TYPE_CHECKING:
    from connector.runtime.storage.store import Store

ME = {"userId": "me"}
_cached: list[Connector] = []


def opened() -> Connector:
    """The bundled connector, read once."""
    if not _cached:
        _cached.append(Connector.open())
    return _cached[0]


def client_of(url: str, base_url: str, clock: Any = None) -> Client:
    """A client with the connection "work" of the store at a URL."""
    return client_with(open_store(url), base_url, clock)


def client_with(store: Store, base_url: str, clock: Any = None) -> Client:
    """A client with the connection "work" of a store."""
    return Client(opened(), Connection.load(opened(), "work", store=store), base_url=base_url, clock=clock)


def attempt(client: Client) -> Any:
    """The status of a call, or its error."""
    try:
        return client.run("getUser", ME, timeout=50).status
    except ConnectorError as error:
        return error


def call_in_rounds(pipe: Any, url: str, base_url: str, threads: int = 1) -> str:
    """Call once per round from each thread, at the time received, until there is none."""
    clock = GivenClock()
    with client_of(url, base_url, clock) as client:
        client.dry_run("getUser", ME)  # all that is done once an action is done now
        pipe.send("ready")
        while (now := pipe.recv()) is not None:
            clock.passed = now - clock.start
            with ThreadPoolExecutor(threads) as pool:
                pipe.send(list(pool.map(attempt, [client] * threads)))
    return "done"


def call_once(pipe: Any, url: str, base_url: str) -> Any:
    """Call, and send the outcome."""
    with client_of(url, base_url) as client:
        return attempt(client)


def tell_and_call(pipe: Any, url: str, base_url: str) -> Any:
    """Send the start of a call, and its outcome."""
    with client_of(url, base_url) as client:
        pipe.send("calling")
        return attempt(client)


def begin_and_call(pipe: Any, url: str, base_url: str, inputs: dict[str, str]) -> Any:
    """Call on command with a connection that is not stored yet."""
    work = Connection(opened(), "serverToServer", name="work", store=open_store(url), **inputs)
    with Client(opened(), work, base_url=base_url) as client:
        pipe.send("ready")
        pipe.recv()
        return attempt(client)


def fork_and_call(pipe: Any, url: str, base_url: str) -> list[Any]:
    """Fork during a refresh, and call in the child; send the outcomes of both."""
    with client_of(url, base_url) as client:
        got: list[Any] = []
        caller = threading.Thread(target=lambda: got.append(attempt(client)))
        caller.start()
        pipe.send("calling")
        pipe.recv()
        reading, writing = os.pipe()
        if os.fork() == 0:
            os.write(writing, str(attempt(client)).encode())
            os._exit(0)
        os.close(writing)
        pipe.send("forked")
        caller.join()
        with os.fdopen(reading, "rb") as told:
            return [*got, told.read().decode()]


def with_key(pipe: Any, key: str, function: Any, *args: Any) -> Any:
    """Run one of these functions where the environment has a key for stores."""
    os.environ["CONNECTOR_KEY"] = key
    return function(pipe, *args)


def read_on(pipe: Any, path: str) -> None:
    """Read an SQLite database until killed; from a process that opens its files in no other way, which ends locks."""
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM connector_store").fetchall()
    pipe.send("reading")
    pipe.recv()


class Notes(logging.Handler):
    """Records the log of connections."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        logging.getLogger("connector.connection").addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Record the message with its level."""
        self.said.append(f"{record.levelname}: {record.getMessage()}")


def call_and_note(pipe: Any, url: str, base_url: str, user: int | None = None) -> str:
    """Call at each time received, until there is none; send the outcomes and the log."""
    Client(opened(), None).dry_run("getUser", ME)  # while this user may read what that takes
    if user is not None:
        become(user)
    clock, notes = GivenClock(), Notes()
    with client_of(url, base_url, clock) as client:
        pipe.send("ready")
        while (now := pipe.recv()) is not None:
            clock.passed = now - clock.start
            pipe.send((attempt(client), notes.said))
            notes.said = []
    return "done"
